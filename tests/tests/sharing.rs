//! Bots that hold the same hold it together, and a wrong world is found all the same: by the bot whose frames made it wrong.

use client_sim::commons::Commons;
use client_sim::replica::{Replica, ReplicaError};
use shared::schema::Section;
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::Arena;
use tests::workload::Workload;
use tests::zoo::Zoo;

/// Bots that watch a world together.
struct Bots {
    workload: Workload,
    commons: Arc<Commons>,
    bots: Vec<(usize, Replica)>,
}

impl Bots {
    fn new(count: usize) -> Self {
        let mut bots = Self { workload: Workload::new(120, 1), commons: Arc::new(Commons::new()), bots: Vec::new() };
        for _ in 0..count {
            bots.join();
        }
        bots
    }

    fn join(&mut self) {
        let viewer = self.workload.watch();
        let replica = self.workload.replica().in_common(Some(self.commons.clone()));
        self.bots.push((viewer, replica));
    }

    /// A tick for all of them, whose frames are bent by `bend` on the way; who refused theirs, and why.
    fn tick(&mut self, mut bend: impl FnMut(usize, &mut Vec<u8>)) -> Vec<(usize, ReplicaError)> {
        self.workload.step();
        self.workload.pack();
        let mut refused = Vec::new();
        for (bot, (viewer, replica)) in self.bots.iter_mut().enumerate() {
            let mut frame = self.workload.frame(*viewer).to_vec();
            bend(bot, &mut frame);
            match replica.apply(&frame) {
                Ok(applied) => assert!(applied.checked || applied.ignored),
                Err(error) => refused.push((bot, error)),
            }
        }
        refused
    }

    fn ticks(&mut self, count: usize) {
        for _ in 0..count {
            assert_eq!(self.tick(|_, _| {}), []);
        }
    }

    /// How many replicas there are.
    fn replicas(&self) -> usize {
        self.bots.iter().map(|(_, replica)| replica.held_in_common()).collect::<BTreeSet<_>>().len()
    }
}

#[test]
fn bots_that_hold_the_same_hold_it_once_and_who_comes_later_joins_them() {
    let mut bots = Bots::new(5);
    bots.ticks(20);
    assert_eq!(bots.replicas(), 1);
    bots.join();
    bots.ticks(20);
    assert_eq!(bots.replicas(), 1);
    // Who was passed over comes to the same on another way.
    let (late, _) = bots.bots[2];
    bots.workload.step();
    bots.workload.pack();
    for (viewer, replica) in bots.bots.iter_mut().filter(|(viewer, _)| *viewer != late) {
        assert!(replica.apply(bots.workload.frame(*viewer)).unwrap().checked);
    }
    bots.workload.skip(late);
    assert_eq!(bots.replicas(), 2);
    bots.ticks(2);
    assert_eq!(bots.replicas(), 1);
}

#[test]
fn a_corrupted_body_is_found_by_the_bot_that_got_it_and_by_no_other() {
    for wrong in 0..4 {
        let mut bots = Bots::new(4);
        bots.ticks(10);
        let refused = bots.tick(|bot, frame| {
            if bot == wrong {
                // Behind the header, in the pieces that all of them get.
                let middle = frame.len() / 2;
                frame[middle] ^= 0x10;
            }
        });
        assert!(matches!(refused.as_slice(), [(bot, _)] if *bot == wrong), "{refused:?}");
        for _ in 0..10 {
            assert_eq!(bots.tick(|_, _| {}), [], "nobody else held it");
        }
        bots.bots.remove(wrong);
        assert_eq!(bots.replicas(), 1);
    }
}

#[test]
fn a_wrong_digest_is_found_by_the_bot_that_got_it_although_what_it_holds_is_right() {
    let mut bots = Bots::new(4);
    bots.ticks(10);
    let refused = bots.tick(|bot, frame| {
        if bot == 1 {
            // The first byte, covered, applied (a stand-in was), no `early`, plain, leaves: 17 bits, then the digest.
            frame[2] ^= 0b1000;
        }
    });
    assert!(matches!(refused.as_slice(), [(1, ReplicaError::DigestMismatch { .. })]), "{refused:?}");
    assert_eq!(bots.tick(|_, _| {}), []);
}

#[test]
fn what_one_bot_breaks_in_its_own_copy_is_in_no_other_copy() {
    let mut bots = Bots::new(4);
    bots.ticks(10);
    assert!(bots.bots[3].1.sabotage_flip_bit());
    let refused = bots.tick(|_, _| {});
    assert!(matches!(refused.as_slice(), [(3, ReplicaError::DigestMismatch { .. })]), "{refused:?}");
    assert_eq!(bots.tick(|_, _| {}), []);
}

#[test]
fn without_a_commons_every_bot_holds_its_own() {
    let workload = Workload::new(10, 1);
    assert_eq!(workload.replica().held_in_common(), [None; 4]);
}

#[test]
fn what_everyone_sees_is_held_once_where_each_has_something_of_its_own() {
    // In every other story clients hold together what is equal.
    for (seed, together) in [(0x0DD, true), (0xE7E, false)] {
        let mut arena = Arena::seeded(seed).zoo(Zoo::steady(30)).clients(4).start();
        arena.run(40);
        arena.assert_all_clients_agree_with_server();
        let names: Vec<_> = arena.clients.iter().filter_map(|client| client.session.replica()).collect();
        let of = |section: Section| -> BTreeSet<Option<u64>> {
            names.iter().map(|replica| replica.held_in_common()[section.index()]).collect()
        };
        assert_eq!(names.len(), 4);
        if together {
            assert_eq!((of(Section::Everyone).len(), of(Section::References).len()), (1, 1));
            assert_eq!(of(Section::Owner).len(), 4, "nobody has what is another's own");
        }
        assert_eq!(of(Section::Everyone).contains(&None), !together);
    }
}
