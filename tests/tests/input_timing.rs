//! Inputs are named by the tick they are meant for: in time, missing, late, twice; and the client is told which was used.

use bevy_ecs::prelude::World;
use glam::IVec2;
use server::sim::{Controls, EntityIds, InputSource};
use shared::ids::{PlayerId, Tick};
use shared::limits::{INPUT_REPEAT_TICKS_MAX, PRESS_CARRY_TICKS_MAX};
use shared::schema::Replicated;
use shared::wire::client_message::ViewTick;
use shared::wire::{ClientMessage, CloseCode, FrameKind, Input};
use tests::Arena;
use tests::link::LinkOptions;
use tests::zoo::{Purse, Zoo, ZooInput};

/// One guest whose every input the story decides, in a zoo where nothing else happens.
struct Story {
    arena: Arena,
    guest: usize,
    player: PlayerId,
}

impl Story {
    fn new() -> Self {
        let mut arena = Arena::seeded(1).zoo(Zoo::calm(0)).start();
        let guest = arena.guest("guest");
        let player = PlayerId(arena.strangers[guest].welcome().expect("it was let in").player);
        arena.run(2);
        Self { arena, guest, player }
    }

    /// The tick that is stepped next.
    fn next(&self) -> Tick {
        self.arena.tick().next()
    }

    fn say(&mut self, tick: Tick, input: &ZooInput, early: i32) {
        let newest = self.arena.strangers[self.guest].newest.unwrap_or_default();
        let mut codes = vec![0; ZooInput::PART_COUNT];
        input.write_codes(&mut codes);
        let view = ViewTick { older: newest, span: 0, sixteenths: 0 };
        let bytes = self.arena.message(&ClientMessage::Input(Input { tick, newest, view, codes }));
        self.arena.strangers[self.guest].say_early(bytes, early);
    }

    /// The same input as the one before, in a bit; how many bytes that takes.
    fn say_same(&mut self, tick: Tick, input: &ZooInput) -> usize {
        let newest = self.arena.strangers[self.guest].newest.unwrap_or_default();
        let mut codes = vec![0; ZooInput::PART_COUNT];
        input.write_codes(&mut codes);
        let view = ViewTick { older: newest, span: 0, sixteenths: 0 };
        let before = codes.clone();
        let message = ClientMessage::Input(Input { tick, newest, view, codes });
        let bytes = message.to_bytes_after(self.arena.room.replicator().schema(), Some(&before));
        let length = bytes.len();
        self.arena.strangers[self.guest].say(bytes);
        length
    }

    fn of<T>(&self, read: impl Fn(&World, bevy_ecs::entity::Entity) -> T) -> T {
        let sim = self.arena.room.sim();
        let id = sim.entity_of(self.player).expect("the guest has a body");
        let entity = sim.world().resource::<EntityIds>().entity(id).expect("it lives");
        read(sim.world(), entity)
    }

    /// Steps, and reads what the World was given.
    fn step(&mut self) -> (ZooInput, InputSource) {
        self.arena.step();
        self.of(|world, entity| {
            let controls = world.get::<Controls<ZooInput>>(entity).expect("the engine gives controls");
            (controls.input.clone(), controls.source)
        })
    }

    fn coins(&self) -> u16 {
        self.of(|world, entity| world.get::<Purse>(entity).map_or(0, |purse| purse.coins))
    }
}

fn walk(x: i32) -> ZooInput {
    ZooInput { step: IVec2::new(x, 0), ..ZooInput::default() }
}

fn gift(coins: u8) -> ZooInput {
    ZooInput { gift: coins, ..ZooInput::default() }
}

#[test]
fn an_input_in_time_is_used_in_its_tick_and_not_before() {
    let mut story = Story::new();
    let tick = story.next().after(4);
    story.say(tick, &walk(9), 0);
    for _ in 0..4 {
        assert_eq!(story.step(), (walk(0), InputSource::Neutral));
    }
    assert_eq!(story.step(), (walk(9), InputSource::Own));
    assert_eq!(story.arena.tick(), tick);
}

#[test]
fn an_input_like_the_one_before_takes_a_bit_and_means_the_same() {
    let mut story = Story::new();
    let input = ZooInput { gift: 2, ..walk(7) };
    story.say(story.next(), &input, 0);
    assert_eq!(story.step(), (input.clone(), InputSource::Own));
    for _ in 0..3 {
        // Kind, three ticks, place between two frames: 70 bits, and one.
        assert_eq!(story.say_same(story.next(), &input), 9);
        assert_eq!(story.step(), (input.clone(), InputSource::Own));
    }
    assert_eq!(story.coins(), 8);
}

#[test]
fn the_first_input_of_a_connection_is_like_none_before() {
    let mut story = Story::new();
    for _ in 0..2 {
        story.say_same(story.next(), &walk(7));
        assert_eq!(story.step(), (walk(0), InputSource::Neutral));
    }
    assert_eq!(story.arena.room.counts().malformed, 2);
    story.say_same(story.next(), &walk(7));
    story.arena.step();
    assert_eq!(story.arena.strangers[story.guest].closed, Some(CloseCode::Malformed));
}

#[test]
fn a_missing_input_repeats_the_last_without_its_presses_and_then_gives_way_to_the_neutral_one() {
    let mut story = Story::new();
    story.say(story.next(), &ZooInput { gift: 3, ..walk(7) }, 0);
    assert_eq!(story.step().1, InputSource::Own);
    for _ in 0..INPUT_REPEAT_TICKS_MAX {
        assert_eq!(story.step(), (walk(7), InputSource::Repeated));
    }
    for _ in 0..5 {
        assert_eq!(story.step(), (walk(0), InputSource::Neutral));
    }
    assert_eq!(story.coins(), 3);
}

#[test]
fn the_presses_of_a_late_input_count_once_in_the_next_tick() {
    let mut story = Story::new();
    let missed = story.next();
    for _ in 0..3 {
        story.step();
    }
    for _ in 0..3 {
        story.say(missed, &ZooInput { gift: 5, ..walk(9) }, 0);
        story.step();
    }
    assert_eq!(story.coins(), 5);
    assert_eq!(story.arena.room.counts().inputs_late, 1);
    assert_eq!(story.arena.room.counts().inputs_duplicate, 2);
    let moved = story.of(|world, entity| world.get::<tests::zoo::Body>(entity).map(|body| body.at.x));
    assert_eq!(moved, Some(0), "what is held in a late input is not made up for");
}

#[test]
fn presses_that_are_too_old_do_not_count() {
    for (age, coins) in [(PRESS_CARRY_TICKS_MAX, 5), (PRESS_CARRY_TICKS_MAX + 1, 0)] {
        let mut story = Story::new();
        let missed = story.next();
        for _ in 0..age {
            story.step();
        }
        story.say(missed, &gift(5), 0);
        story.step();
        story.step();
        assert_eq!(story.coins(), coins, "{age} ticks late");
    }
}

#[test]
fn the_first_input_for_a_tick_counts_and_no_other() {
    let mut story = Story::new();
    let tick = story.next().after(1);
    for coins in [1, 2, 4] {
        story.say(tick, &gift(coins), 0);
    }
    story.step();
    story.say(tick, &gift(7), 0);
    story.step();
    story.say(tick, &gift(7), 0);
    story.step();
    assert_eq!(story.coins(), 1);
    assert_eq!(story.arena.room.counts().inputs_duplicate, 4);
}

#[test]
fn the_applied_bits_say_for_each_tick_whether_the_own_input_was_used() {
    let mut story = Story::new();
    let mut expected = Vec::new();
    for round in 0..40u32 {
        // Every third is missing, every fifth late by one.
        let tick = story.next();
        if round % 3 != 0 && round % 5 != 0 {
            story.say(tick, &walk(1), 0);
        }
        if round % 5 == 1 {
            story.say(Tick(tick.0 - 1), &walk(2), 0);
        }
        // For a while the socket takes nothing, so that a frame covers several ticks.
        story.arena.strangers[story.guest].busy = (10..20).contains(&round);
        let (_, source) = story.step();
        expected.push((tick, source == InputSource::Own));
    }
    let mut told = Vec::new();
    for header in story.arena.strangers[story.guest].frames() {
        if let FrameKind::Step { covered, applied } = header.kind {
            let bit = |place: u32| (Tick(header.tick.0 - (covered - 1 - place)), applied >> place & 1 == 1);
            told.extend((0..covered).map(bit));
        }
    }
    told.retain(|(tick, _)| *tick >= expected[0].0);
    assert_eq!(told, expected);
    assert!(told.iter().any(|(_, own)| *own) && told.iter().any(|(_, own)| !own));
}

#[test]
fn the_client_is_told_how_early_its_newest_input_came() {
    let mut story = Story::new();
    for (ahead, early, told) in [(0, 0, 0), (0, 8, 8), (1, 8, 24), (3, 15, 63), (20, 0, 127)] {
        let tick = story.next().after(ahead);
        story.say(tick, &walk(1), early);
        story.step();
        let headers = story.arena.strangers[story.guest].frames();
        assert_eq!(headers.last().and_then(|header| header.early), Some(told), "{ahead} ticks ahead and {early}/16");
        for _ in 0..ahead {
            story.step();
        }
    }
    let late = Tick(story.next().0 - 2);
    story.arena.run(1);
    story.say(late, &walk(1), 4);
    story.step();
    let headers = story.arena.strangers[story.guest].frames();
    assert_eq!(headers.last().and_then(|header| header.early), Some(-44), "three ticks late, less a quarter");
}

#[test]
fn over_a_steady_path_every_input_of_a_real_client_is_used() {
    let link = LinkOptions { delay_us: 70_000, ..LinkOptions::default() };
    let mut arena = Arena::seeded(2).clients(2).link(link).start();
    arena.run(150);
    let before = *arena.clients[0].session.counters();
    arena.run(150);
    let after = arena.clients[0].session.counters();
    assert_eq!(after.inputs_late, before.inputs_late);
    assert!(after.inputs_used - before.inputs_used >= 148, "{} were used", after.inputs_used - before.inputs_used);
}

#[test]
fn over_a_crooked_path_some_inputs_of_a_real_client_are_late_and_it_knows_which() {
    let link = LinkOptions { delay_us: 30_000, jitter_us: 250_000, ..LinkOptions::default() };
    let mut arena = Arena::seeded(3).clients(3).link(link).start();
    arena.run(400);
    let counters = arena.clients[0].session.counters();
    assert!(counters.inputs_late > 0 && counters.inputs_used > counters.inputs_late, "{counters:?}");
}

#[test]
fn a_client_whose_path_stood_still_for_twelve_seconds_is_not_taken_for_an_abuser() {
    let mut arena = Arena::seeded(4).clients(2).start();
    arena.run(30);
    for _ in 0..4 {
        arena.freeze(0, 12 * 30);
        arena.run(12 * 30 + 20);
        assert_eq!(arena.clients[0].log.closed, None);
    }
    arena.run_until_quiet();
    assert_eq!(arena.room.counts().out_of_place, 0);
    assert!(arena.room.counts().inputs_late > 200);
}
