//! How many bytes a client gets that sees what is near: so few that nobody makes them more without noticing.

use tests::workload::Workload;

/// Clients, entities of their world, and how far they see: about 40 each.
const CLIENTS: usize = 200;
/// See [`CLIENTS`].
const ENTITIES: usize = 2_000;
/// See [`CLIENTS`].
const UNITS: u32 = 80;
/// Ticks that are counted.
const TICKS: usize = 60;

#[test]
fn a_client_that_sees_forty_of_two_thousand_gets_few_bytes() {
    let mut workload = Workload::seen_as_far_as(UNITS, ENTITIES, CLIENTS);
    let seen: usize = (0..CLIENTS).map(|client| workload.seen_by(client)).sum();
    assert!((38..48).contains(&(seen / CLIENTS)), "{} each", seen / CLIENTS);
    let (mut bytes, mut frames) = (0, 0);
    for _ in 0..TICKS {
        workload.step();
        workload.pack();
        for client in 0..CLIENTS {
            bytes += workload.frame_of_player(client).len();
            frames += 1;
        }
    }
    let mean = bytes as f64 / f64::from(frames);
    println!("{mean:.2} bytes per client and tick");
    assert!(mean <= 45.5, "{mean:.2} bytes per client and tick");
}
