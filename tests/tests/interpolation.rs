//! Others at 80 ms of round trip and more: what the real client draws between two frames is what the World was between these two
//! ticks, and its inputs say so.

use client_sim::game::twin::twins;
use client_sim::interpolate::{DrawingCounts, JITTER_MS_MAX};
use server::sim::EntityIds;
use shared::game::components::Position;
use shared::game::maps::Maps;
use shared::ids::{EntityId, Slot, Tick};
use shared::interpolation::{Between, interpolate};
use shared::schema::Replicated;
use std::collections::BTreeMap;
use tests::Arena;
use tests::link::LinkOptions;

fn fighters(seed: u64, jitter_us: u64) -> Arena {
    let link = LinkOptions { delay_us: 40_000, jitter_us, ..LinkOptions::default() };
    Arena::seeded(seed).built_in().clients(6).link(link).predicting(twins(Maps::in_the_box())).start()
}

fn drawing(arena: &Arena) -> DrawingCounts {
    let all = arena.clients.iter().map(|client| client.session.counters().drawing);
    all.fold(DrawingCounts::default(), |sum, counts| DrawingCounts {
        drawn: sum.drawn + counts.drawn,
        underruns: sum.underruns + counts.underruns,
        jumps: sum.jumps + counts.jumps,
    })
}

#[test]
fn with_15_ms_of_jitter_the_newer_frame_is_there_for_all_but_a_few_drawn_frames() {
    let mut arena = fighters(0xD4A3, 15_000);
    arena.run(150);
    let before = drawing(&arena);
    arena.run(900);
    let DrawingCounts { drawn, underruns, jumps } = drawing(&arena).since(&before);
    assert!(drawn > 6 * 1_750, "{drawn}");
    assert!(underruns * 100 < drawn, "{underruns} of {drawn}");
    assert_eq!(jumps, 0);
    for client in &arena.clients {
        let delay_ms = client.session.interpolator().and_then(|drawn| drawn.delay_ms()).expect("it draws");
        assert!((35.0..80.0).contains(&delay_ms), "{delay_ms}");
    }
}

#[test]
fn the_delay_follows_jitter_up_and_down_within_its_bounds() {
    let mut arena = fighters(0xD4A4, 2_000);
    let delay_ms = |arena: &Arena| arena.clients[0].session.interpolator().and_then(|drawn| drawn.delay_ms());
    arena.run(200);
    let calm = delay_ms(&arena);
    for client in &mut arena.clients {
        client.down.set(LinkOptions { delay_us: 40_000, jitter_us: 70_000, ..LinkOptions::default() });
    }
    arena.run(100);
    let rough = delay_ms(&arena);
    assert!(rough > calm.map(|calm| calm + 25.0), "{calm:?} {rough:?}");
    assert!(rough < Some(JITTER_MS_MAX + 60.0));
    for client in &mut arena.clients {
        client.down.set(LinkOptions { delay_us: 40_000, jitter_us: 2_000, ..LinkOptions::default() });
    }
    arena.run(200);
    let again = delay_ms(&arena);
    assert!(again < calm.map(|calm| calm + 10.0), "{calm:?} {again:?}");
}

/// Where everybody was, by tick.
type Places = BTreeMap<Tick, BTreeMap<EntityId, Position>>;

fn note(arena: &Arena, places: &mut Places) {
    let world = arena.room.sim().world();
    let ids = world.resource::<EntityIds>().iter();
    let now = ids.filter_map(|(id, entity)| Some((id, *world.get::<Position>(entity)?)));
    places.insert(arena.tick(), now.collect());
}

fn entity(arena: &Arena, slot: Slot) -> Option<EntityId> {
    let mut tracked = arena.room.replicator().facets().tracked();
    tracked.find_map(|(id, tracked)| (tracked.slots[0] == Some(slot)).then_some(id))
}

fn codes(position: Position) -> Vec<i32> {
    let mut codes = vec![0; Position::PART_COUNT];
    position.write_codes(&mut codes);
    codes
}

#[test]
fn what_is_drawn_is_what_the_world_was_at_the_view_that_inputs_name() {
    let mut arena = fighters(0xD4A5, 15_000);
    let schema = arena.room.replicator().schema().clone();
    let component = schema.component_index(Position::NAME).expect("Arena has places");
    let field = &schema.components[component].fields[0];
    let (mut places, mut compared, mut moving) = (Places::new(), 0, 0);
    for _ in 0..900 {
        arena.run(1);
        note(&arena, &mut places);
        for client in &arena.clients {
            let Some(drawn) = client.session.interpolator() else { continue };
            let Some(view) = drawn.view() else { continue };
            for (slot, _) in drawn.drawn() {
                let at = |tick| Some(codes(*places.get(&tick)?.get(&entity(&arena, slot)?)?));
                let newer = at(view.older.after(u32::from(view.span)));
                // Who left since, or whose slot another has by now, is not to be found.
                let (Some(older), Some(newer)) = (at(view.older), newer) else { continue };
                let mut expected = vec![0; Position::PART_COUNT];
                interpolate(field, &older, &newer, Between::of(view), &mut expected);
                let extrapolated = view.span == 0;
                let values = drawn.values(slot, component).expect("it is drawn");
                assert!(extrapolated || values == expected, "{view:?} {slot:?}: {values:?}, not {expected:?}");
                compared += u32::from(!extrapolated);
                moving += u32::from(older != newer && !extrapolated);
            }
        }
    }
    assert!(compared > 20_000 && moving > 5_000, "{compared} compared, {moving} of them moving");
    assert_eq!(arena.room.counts().out_of_place, 0);
}
