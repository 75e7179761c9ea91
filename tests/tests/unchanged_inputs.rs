//! Players who change nothing for long: told in time, closed if it stays so, and left alone where the operator wants it or they do something.

use client_sim::behaviour::{AtRandom, Behaviour, Idle, View, Wish};
use server::sim::Unchanged;
use shared::limits::INPUT_REPEAT_TICKS_MAX;
use shared::schema::Schema;
use shared::wire::{CloseCode, NoticeReason};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::Arena;
use tests::player::wish;
use tests::zoo::{Tell, Whom};

const RATE: u32 = 30;
/// Told after 20 s, closed after 30 s.
const LIMIT: Unchanged = Unchanged { after_s: 30, notice_s: 10 };

/// What a player of these stories does.
#[derive(Clone, Copy)]
enum Does {
    /// Nothing.
    Nothing,
    /// Whatever.
    Something,
    /// Nothing, but for one key that is pressed at this second and held from there on.
    PressesAt(u32),
    /// Nothing, but asks for something every so many seconds.
    AsksEvery(u32),
}

/// Does nothing but one thing, or asks for one.
struct Rarely {
    does: Does,
    began: Option<u32>,
}

impl Behaviour for Rarely {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        let began = *self.began.get_or_insert(view.tick.0);
        if let Does::PressesAt(second) = self.does
            && view.tick.0 >= began + second * RATE
        {
            codes[0] = i32::from(codes[0] == 0);
        }
    }

    fn request(&mut self, view: &View<'_>) -> Option<Wish> {
        match self.does {
            Does::AsksEvery(seconds) if view.tick.0.is_multiple_of(seconds * RATE) => {
                wish(view.replica.schema(), &Tell { whom: Whom::Me, count: 1, about: Default::default() })
            }
            _ => None,
        }
    }
}

/// Clients that do this, in the order in which they come.
fn story(seed: u64, limit: Unchanged, does: &'static [Does]) -> Arena {
    let came = AtomicUsize::new(0);
    let choose = move |_: &Schema, seed: u64| -> Box<dyn Behaviour> {
        match does[came.fetch_add(1, Ordering::Relaxed) % does.len()] {
            Does::Nothing => Box::new(Idle),
            Does::Something => Box::new(AtRandom::new(seed)),
            does => Box::new(Rarely { does, began: None }),
        }
    };
    Arena::seeded(seed)
        .clients(does.len())
        .behaviours(Some(Arc::new(choose)))
        .spectators(1, 1_000)
        .unchanged(limit)
        .start()
}

#[test]
fn who_changes_nothing_is_told_and_then_closed_and_who_plays_notices_nothing() {
    let mut arena = story(1, LIMIT, &[Does::Nothing, Does::Something]);
    arena.expect_close(0, CloseCode::Unchanged);
    arena.run(19 * RATE);
    assert_eq!(arena.clients[0].log.notices, []);
    arena.run(3 * RATE);
    assert_eq!(arena.clients[0].log.notices, [(NoticeReason::Unchanged, 10)]);
    assert_eq!(arena.clients[0].log.closed, None);
    arena.run(10 * RATE);
    assert_eq!(arena.clients[0].log.closed, Some(CloseCode::Unchanged));
    assert_eq!((arena.clients[1].log.closed, arena.clients[1].log.notices.len()), (None, 0));
    let counts = arena.room.counts();
    assert_eq!((counts.unchanged_told, counts.unchanged_closed, counts.leaves, counts.players), (1, 1, 1, 1));
    arena.assert_all_clients_agree_with_server();
}

#[test]
fn one_key_after_the_notice_is_enough_but_not_for_ever() {
    let mut arena = story(2, LIMIT, &[Does::PressesAt(25), Does::Something]);
    arena.expect_close(0, CloseCode::Unchanged);
    arena.run(50 * RATE);
    assert_eq!(arena.clients[0].log.closed, None);
    let told = (NoticeReason::Unchanged, 10);
    assert_eq!(arena.clients[0].log.notices, [told, told], "a key that is held is no change either");
    arena.run(10 * RATE);
    assert_eq!(arena.clients[0].log.closed, Some(CloseCode::Unchanged));
}

#[test]
fn who_asks_for_something_is_there() {
    let mut arena = story(3, LIMIT, &[Does::AsksEvery(15), Does::Nothing]);
    arena.expect_close(1, CloseCode::Unchanged);
    arena.run(60 * RATE);
    assert_eq!((arena.clients[0].log.closed, arena.clients[0].log.notices.len()), (None, 0));
    assert_eq!(arena.clients[1].log.closed, Some(CloseCode::Unchanged));
}

#[test]
fn inputs_that_do_not_come_are_no_change_and_who_looks_on_is_not_asked() {
    let mut arena = story(4, LIMIT, &[Does::Something]);
    arena.run(RATE);
    // Its client confirms what it gets, and sends no input: a tab in the background.
    arena.clients[0].session.pause(true);
    let onlooker = arena.join_spectator();
    arena.run(INPUT_REPEAT_TICKS_MAX + 21 * RATE);
    assert_eq!(arena.clients[0].log.notices, [(NoticeReason::Unchanged, 10)]);
    arena.clients[0].session.pause(false);
    arena.run(30 * RATE);
    assert_eq!((arena.clients[0].log.closed, arena.clients[0].log.notices.len()), (None, 1));
    assert_eq!((arena.clients[onlooker].log.closed, arena.clients[onlooker].log.notices.len()), (None, 0));
}

#[test]
fn unless_the_operator_says_otherwise_nobody_is_closed_for_it() {
    let mut arena = story(5, Unchanged::FOR_EVER, &[Does::Nothing, Does::Something]);
    arena.run(90 * RATE);
    assert_eq!((arena.clients[0].log.closed, arena.clients[0].log.notices.len()), (None, 0));
    assert_eq!(arena.room.counts().unchanged_told, 0);
}
