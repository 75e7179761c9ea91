//! A room that is served in lanes: the same bytes for everybody as by one, and over real sockets the same worlds.

use client_sim::behaviour::{AtRandom, Behaviour};
use client_sim::swarm;
use client_sim::swarm::options::{Mode, Rooms, SwarmOptions};
use client_sim::swarm::progress::Progress;
use client_sim::trust::Trust;
use server::config::Lanes;
use shared::schema::Schema;
use std::sync::Arc;
use tests::Arena;
use tests::link::LinkOptions;
use tests::loopback::Loopback;
use tests::zoo::Zoo;

/// A story with all that makes clients differ: they come and go, stall, and some see less than others.
fn story(lanes: usize, view: u32, shyness: u32) -> (u64, u64) {
    let mut arena = Arena::seeded(0x1A4E5)
        .zoo(Zoo { shyness, deaths: shyness / 3, ..Zoo::steady(40) })
        .view(view)
        .link(LinkOptions { delay_us: 30_000, ..LinkOptions::default() })
        .clients(7)
        .start();
    arena.lanes = lanes;
    arena.run(60);
    arena.stall(2, 10);
    arena.run(20);
    arena.join();
    arena.leave(4);
    arena.stall(6, 40);
    arena.run(80);
    arena.run_until_quiet();
    arena.assert_all_clients_agree_with_server();
    (arena.sent, arena.room.counts().frames)
}

#[test]
fn three_lanes_send_every_client_the_bytes_that_one_lane_sends() {
    // Where something hides, most see the same all the same, and share it; in a lane of its own, nobody does.
    for (view, shyness) in [(0, 0), (200, 0), (0, 2), (0, 30), (200, 30)] {
        let one = story(1, view, shyness);
        assert!(one.1 > 500, "{} frames", one.1);
        assert_eq!(story(3, view, shyness), one);
        assert_eq!(story(16, view, shyness), one, "more lanes than clients");
    }
}

#[test]
fn bots_over_wss_are_served_in_two_lanes_and_hold_no_wrong_world() {
    let server = Loopback::start_as(|config| config.rooms.lanes = Lanes::Fixed(2));
    let by_chance = |_: &Schema, seed: u64| -> Box<dyn Behaviour> { Box::new(AtRandom::new(seed)) };
    let options = SwarmOptions {
        cuts_s: Vec::new(),
        tickets: None,
        url: server.url(),
        tls: Some(Trust::Authority(server.authority()).tls().unwrap()),
        bots: 21,
        settle_seconds: 0.0,
        seconds: 3.0,
        ramp_per_second: 100.0,
        mode: Mode::Play(Arc::new(by_chance)),
        behaviour: "random".to_owned(),
        rooms: Rooms::Named("lanes".to_owned()),
        link: None,
        link_share: 0.0,
        from: None,
        seed: 7,
        full_digest: true,
        share: true,
        twins: None,
        audit: false,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let report = runtime.block_on(swarm::run(options, Progress::silent(), std::future::pending())).unwrap();
    assert_eq!(report.failures, [""; 0]);
    assert_eq!((report.bots_connected, report.digest_mismatches), (21, 0));
    assert!(report.digests_checked > 21 * 30, "{} digests", report.digests_checked);
}
