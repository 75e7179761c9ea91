//! Joining: from nothing to everything that may be seen, over several frames if need be.

use tests::Arena;
use tests::link::LinkOptions;
use tests::zoo::Zoo;

#[test]
fn a_client_that_joins_a_match_holds_all_of_it_after_its_first_frame() {
    let mut arena = Arena::seeded(0x5EED).clients(3).start();
    arena.run(3);
    arena.run_until_quiet();
    arena.run(60);
    arena.assert_all_clients_agree_with_server();
    let late = arena.join();
    arena.run(3);
    assert!(arena.is_whole(late));
    assert_eq!(arena.clients[late].log.full_frames(), 1);
}

#[test]
fn with_a_tiny_budget_a_client_becomes_complete_over_several_frames() {
    let mut arena = Arena::seeded(0x5EED + 1).zoo(Zoo::calm(30)).budget(40).start();
    arena.run(10);
    let late = arena.join();
    arena.run(4);
    assert!(!arena.is_whole(late));
    arena.run_until_quiet();
    let log = &arena.clients[late].log;
    assert!(log.frames.len() > 10, "{} frames", log.frames.len());
    assert_eq!(log.full_frames(), 1);
    arena.run(30);
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn a_client_becomes_complete_while_what_it_is_being_told_of_dies() {
    let zoo = Zoo { crowd: 30, deaths: 40, whims: 30, ..Zoo::default() };
    let mut arena = Arena::seeded(0x5EED + 2).zoo(zoo).clients(1).budget(300).start();
    arena.run(20);
    arena.join();
    arena.run(300);
    let (held, fresh) = arena.clients[1].session.replica().map_or((0, 0), |it| (it.held_count(), it.fresh_count()));
    assert!(held > 30 && held == fresh, "{held} held, {fresh} fresh");
}

#[test]
fn clients_join_over_long_and_crooked_paths() {
    let link = LinkOptions { delay_us: 90_000, jitter_us: 60_000, ..LinkOptions::default() };
    let mut arena = Arena::seeded(0x5EED + 3).clients(4).link(link).start();
    arena.run(200);
    arena.run_until_quiet();
}

#[test]
fn a_client_that_watches_only_is_as_right_as_one_that_plays() {
    let mut arena = Arena::seeded(0x5EED + 4).clients(2).behaviours(None).start();
    arena.run(100);
    arena.assert_all_clients_agree_with_server();
}
