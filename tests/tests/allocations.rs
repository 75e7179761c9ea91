//! What a client's frame allocates in the steady state: nothing.

use allocation_counter::measure;
use server::replicate::replicator::ReplicateOptions;
use tests::workload::Workload;

/// Entities, every one of which moves, turns or is hurt now and then: there are changes in every tick.
const ENTITIES: usize = 300;

#[test]
fn a_client_that_sees_what_is_near_costs_no_allocation_once_lanes_are_warm() {
    let clients = 100;
    let mut workload = Workload::seen_as_far_as(80, 2_000, clients);
    let seen: usize = (0..clients).map(|client| workload.seen_by(client)).sum();
    assert!((30..50).contains(&(seen / clients)), "{} each", seen / clients);
    // Records of whoever enters a view are written into a buffer that grows to what the busiest tick needs.
    let mut late = 0;
    for tick in 0..150 {
        workload.step();
        workload.pack();
        let mut bytes = 0;
        let allocated = measure(|| {
            for client in 0..clients {
                bytes += workload.frame(client).len();
            }
        });
        assert!(bytes > 10 * clients, "{bytes} bytes for {clients} clients: nothing happens");
        late += if tick < 50 { 0 } else { allocated.count_total };
        assert!(allocated.count_total <= 4, "{} allocations in tick {tick}", allocated.count_total);
    }
    assert!(late <= 4, "{late} allocations in a hundred ticks");
}

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

#[test]
fn who_is_skipped_costs_no_allocation_in_any_tick_however_long_it_takes() {
    let mut workload = Workload::new(ENTITIES, 3);
    for tick in 0..300 {
        workload.step();
        workload.pack();
        let allocated = measure(|| workload.skip(1));
        assert_eq!(allocated.count_total, 0, "allocations in tick {tick}");
        workload.frame(0);
    }
}

#[test]
fn who_may_have_little_takes_its_memory_once() {
    let options = ReplicateOptions { bytes_per_tick: 100, ..ReplicateOptions::default() };
    let mut workload = Workload::with_replication(ENTITIES, 3, options);
    for tick in 0..200 {
        workload.step();
        workload.pack();
        let allocated = measure(|| {
            for client in 0..3 {
                assert!(workload.frame(client).len() < 200);
            }
        });
        assert!(tick < 100 || allocated.count_total == 0, "{} allocations in tick {tick}", allocated.count_total);
    }
}
