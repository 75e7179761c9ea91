//! Storms: random zoos, random paths, random faults, every checker after every step.
//!
//! `TICKWIRE_SEEDS=N` plays N seeds per storm, `TICKWIRE_SEED=S` one; a failure prints the line that plays it again.

use client_sim::dice::Dice;
use shared::ids::{EntityId, Slot};
use shared::wire::{CloseCode, Digest};
use tests::link::LinkOptions;
use tests::zoo::{Cull, Poke, Switch, Tell, Whom, Zoo};
use tests::{Arena, seeds};

/// How long each storm blows.
const TICKS: u32 = 160;
/// What a client may have per tick where nothing is squeezed.
const BUDGET_BYTES: usize = 16 * 1024;

/// How hard it blows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Weather {
    /// Chance in a thousand, per tick, of something happening to a client.
    gusts: u32,
    /// Slots are few, records small.
    cramped: bool,
    /// Paths are long, crooked and narrow.
    bad_paths: bool,
}

fn one_of<T: Copy>(dice: &mut Dice, items: &[T]) -> T {
    items[dice.below(items.len() as u32) as usize]
}

fn path(dice: &mut Dice, bad: bool) -> LinkOptions {
    if !bad || dice.once_in(4) {
        return LinkOptions::default();
    }
    LinkOptions {
        delay_us: u64::from(dice.below(150_000)),
        jitter_us: u64::from(dice.below(100_000)),
        bytes_per_second: one_of(dice, &[0, 0, 3_000, 20_000]),
        socket_bytes: one_of(dice, &[0, 200, 4_000]),
    }
}

fn storm(seed: u64, weather: Weather) {
    let mut dice = Dice::new(seed, 99);
    let shyness = if dice.once_in(2) { 0 } else { dice.below(40) };
    let zoo = Zoo {
        crowd: 4 + dice.below(if weather.cramped { 12 } else { 40 }),
        deaths: dice.below(40),
        whims: dice.below(50),
        turns: 50 + dice.below(300),
        shyness,
        still: false,
        ..Zoo::NOTHING
    };
    let budget = if weather.cramped { one_of(&mut dice, &[8, 60, 300, 4_000]) } else { BUDGET_BYTES };
    let mut arena = Arena::seeded(seed)
        .zoo(zoo)
        .clients(1 + dice.below(3) as usize)
        .slot_bits(if weather.cramped { 6 + dice.below(2) } else { 10 })
        .budget(budget)
        .tick_rate(one_of(&mut dice, &[10, 30, 30, 60, 128]))
        .players_max(6)
        .view(one_of(&mut dice, &[0, 0, 25, 80, 200, 400]))
        .link(path(&mut dice, weather.bad_paths))
        .digest(one_of(&mut dice, &[Digest::Whole, Digest::Folded]))
        .start();
    if dice.once_in(3) {
        arena.join_auditor();
    }
    if dice.once_in(8) {
        arena.lanes = 2;
    }
    for _ in 0..TICKS {
        if dice.below(1_000) < weather.gusts {
            gust(&mut arena, &mut dice, weather);
        }
        arena.step();
    }
    calm_down(&mut arena, budget);
}

/// Something happens to somebody.
fn gust(arena: &mut Arena, dice: &mut Dice, weather: Weather) {
    let plays = |client: &usize| arena.clients[*client].session.is_in() && !arena.clients[*client].audits;
    let here: Vec<usize> = (0..arena.clients.len()).filter(plays).collect();
    if here.len() < 2 || (here.len() < 5 && dice.once_in(8)) {
        let connected = arena.clients.iter().filter(|client| client.connection.is_some() && !client.audits).count();
        if connected < 6 && arena.clients.len() < 20 {
            arena.join();
        }
        return;
    }
    let client = one_of(dice, &here);
    match dice.below(16) {
        0 | 1 => {
            let ticks = 1 + dice.below(22);
            arena.stall(client, ticks);
        }
        2 => arena.freeze(client, dice.below(70)),
        3 => arena.cut(client),
        4 => arena.leave(client),
        5 => arena.clients[client].session.pause(true),
        6 => arena.clients[client].session.pause(false),
        7 => {
            let options = path(dice, weather.bad_paths);
            arena.clients[client].down.set(options);
        }
        8 => arena.room.sabotage_sim().permute_rows(u64::from(dice.bits())),
        9 | 10 => demote(arena, client, dice),
        11 | 12 => arena.squeeze(client, one_of(dice, &[8, 60, 300, 4_000, BUDGET_BYTES])),
        _ => ask(arena, client, dice),
    }
}

/// The server keeps up to four facets no more exact for this client, and has to make that good.
fn demote(arena: &mut Arena, client: usize, dice: &mut Dice) {
    let replica = arena.clients[client].session.replica();
    let held: Vec<Slot> =
        replica.into_iter().flat_map(|replica| replica.facets()).map(|(held, ..)| held.slot).collect();
    let Some(view) = arena.clients[client].player.and_then(|player| arena.room.sabotage_view(player)) else { return };
    for _ in 0..dice.below(5).min(held.len() as u32) {
        view.sabotage_demote(one_of(dice, &held));
    }
}

fn ask(arena: &mut Arena, client: usize, dice: &mut Dice) {
    let named: Vec<_> =
        arena.clients[client].session.replica().into_iter().flat_map(|replica| replica.anchors()).collect();
    let Some((slot, _)) = (!named.is_empty()).then(|| one_of(dice, &named)) else { return };
    let about = EntityId(u32::from(slot.0));
    match dice.below(4) {
        0 => arena.try_request(client, &Cull { about }),
        1 => arena.try_request(client, &Poke { about }),
        2 => arena.try_request(client, &Switch { team: dice.below(4) as u8 }),
        _ => {
            let whom = one_of(dice, &[Whom::All, Whom::Witnesses, Whom::Witnesses]);
            arena.try_request(client, &Tell { whom, count: 5, about })
        }
    };
}

/// The storm is over: everybody who is still here holds everything, if its budget is not too small for a zoo that goes on.
fn calm_down(arena: &mut Arena, budget: usize) {
    for client in 0..arena.clients.len() {
        if arena.clients[client].connection.is_some() && arena.clients[client].player.is_some() {
            arena.squeeze(client, budget);
        }
    }
    for client in &mut arena.clients {
        if !client.audits {
            client.session.pause(false);
        }
        client.down.set(LinkOptions::default());
    }
    arena.run(arena.ticks_in(2_700).max(80));
    if budget >= 4_000 {
        arena.run_until_quiet();
    }
    let here: Vec<usize> =
        (0..arena.clients.len()).filter(|&client| arena.clients[client].connection.is_some()).collect();
    for client in here {
        arena.expect_close(client, CloseCode::Normal);
        arena.clients[client].session.leave();
    }
    arena.run(arena.ticks_in(340).max(10));
    assert_eq!(arena.room.counts().players, 0);
    assert!(arena.room.is_empty(), "somebody is left");
}

#[test]
fn a_breeze_over_a_wide_zoo() {
    let weather = Weather { gusts: 150, cramped: false, bad_paths: false };
    seeds::each("storm", "a_breeze_over_a_wide_zoo", 10, |seed| storm(seed, weather));
}

#[test]
fn a_storm_where_slots_are_few_and_records_small() {
    let weather = Weather { gusts: 300, cramped: true, bad_paths: false };
    seeds::each("storm", "a_storm_where_slots_are_few_and_records_small", 16, |seed| storm(seed, weather));
}

#[test]
fn a_storm_over_long_crooked_and_narrow_paths() {
    let weather = Weather { gusts: 300, cramped: false, bad_paths: true };
    seeds::each("storm", "a_storm_over_long_crooked_and_narrow_paths", 10, |seed| storm(seed, weather));
}

#[test]
fn a_storm_over_the_built_in_game() {
    seeds::each("storm", "a_storm_over_the_built_in_game", 6, |seed| {
        let mut dice = Dice::new(seed, 98);
        let weather = Weather { gusts: 200, cramped: false, bad_paths: true };
        let link = path(&mut dice, weather.bad_paths);
        let mut arena = Arena::seeded(seed).built_in().clients(4).players_max(6).link(link).start();
        for _ in 0..TICKS {
            if dice.below(1_000) < weather.gusts {
                gust(&mut arena, &mut dice, weather);
            }
            arena.step();
        }
        calm_down(&mut arena, BUDGET_BYTES);
    });
}

#[test]
fn everything_at_once() {
    let weather = Weather { gusts: 600, cramped: true, bad_paths: true };
    seeds::each("storm", "everything_at_once", 16, |seed| storm(seed, weather));
}
