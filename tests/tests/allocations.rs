//! What a client's frame allocates in the steady state: nothing.

use allocation_counter::measure;
use tests::workload::Workload;

/// Entities, every one of which moves, turns or is hurt now and then: there are changes in every tick.
const ENTITIES: usize = 300;

#[test]
fn a_client_that_holds_everything_costs_no_allocation_in_any_tick() {
    for clients in [1, 20, 200] {
        let mut workload = Workload::new(ENTITIES, clients);
        for tick in 0..100 {
            workload.step();
            workload.pack();
            let mut bytes = 0;
            let allocated = measure(|| {
                for client in 0..clients {
                    bytes += workload.frame(client).len();
                }
            });
            assert!(bytes > 40 * clients, "{bytes} bytes for {clients} clients: nothing happens");
            assert_eq!(allocated.count_total, 0, "allocations in tick {tick} with {clients} clients");
        }
    }
}
