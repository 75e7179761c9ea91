//! What the engine promises of any simulation, shown with a game of one number.

use super::*;
use crate::game_api::Game;
use bevy_ecs::change_detection::DetectChanges;
use shared::Replicated;
use shared::schema::{Kind, Text};

#[derive(Component, Replicated, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Count {
    #[field(range = 0..=1000)]
    number: u16,
}

/// Of the server's own.
#[derive(Component, Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Pace(u16);

#[derive(Component)]
struct Stray;

#[derive(Resource)]
struct StrayResource;

#[derive(Replicated, Clone, Copy, Debug, Default)]
struct Push {
    hard: bool,
}

#[derive(Replicated, Clone, Copy, Debug)]
struct Full {
    who: EntityId,
}

#[derive(Replicated, Clone, Copy, Debug)]
struct Ask {}

#[derive(Replicated, Clone, Copy, Debug)]
struct Unheard {}

const COUNTER: Kind = Kind(0);

/// What is wrong with the game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    StrayComponent,
    StrayResource,
    StrayLater,
    Unnumbered,
    Ambiguous,
    Undeclared,
    WrongKind,
    ChangedConstant,
}

struct Counting(Fault);

#[derive(Resource)]
struct Limit(u16);

fn count(
    mut counts: Query<(&Networked, &Controls<Push>, &Pace, &mut Count)>,
    limit: Res<Limit>,
    mut outbox: ResMut<Outbox>,
) {
    for (networked, controls, pace, mut count) in counts.iter_mut().sort::<&Networked>() {
        let by = pace.0 * (1 + u16::from(controls.input.hard));
        if by > 0 {
            count.number = (count.number + by).min(limit.0);
        }
        if count.number == limit.0 {
            outbox.send(To::Everyone, &Full { who: networked.id });
        }
    }
}

fn draw(mut paces: Query<(&Networked, &mut Pace), With<Controls<Push>>>, mut randomness: ResMut<Randomness>) {
    for (_, mut pace) in paces.iter_mut().sort::<&Networked>() {
        pace.0 = randomness.below(3) as u16;
    }
}

fn answer(requests: Res<Requests>, mut outbox: ResMut<Outbox>) {
    for (player, number, Ask {}) in requests.of::<Ask>() {
        outbox.answer(player, number, Answer::Done);
    }
}

fn stray(tick: Res<SimTick>, counts: Query<Entity, With<Count>>, mut commands: Commands) {
    if tick.0 == Tick(2) {
        for entity in &counts {
            commands.entity(entity).insert(Stray);
        }
    }
}

fn raise(mut limit: ResMut<Limit>) {
    limit.0 += 1;
}

impl Game for Counting {
    type Input = Push;

    fn schema(&self) -> Schema {
        Schema::new("counting")
            .component::<Count>()
            .kind(COUNTER, "counter", &[Count::NAME])
            .input::<Push>()
            .event::<Full>()
            .request::<Ask>()
            .request::<Unheard>()
            .build()
            .expect("a sound schema")
    }

    fn install(&self, world: &mut World, stages: &mut Stages, _: &RoomOptions) -> Result<(), RoomRefused> {
        world.insert_resource(Limit(900));
        let networked = world.resource_mut::<EntityIds>().spawn(COUNTER);
        let first = world.spawn((networked, Count { number: 7 }, Pace(0))).id();
        stages.component::<Pace>().constant::<Limit>();
        if self.0 != Fault::Undeclared {
            stages.replicated::<Count>();
        }
        stages.add(Stage::Move, (draw, count).chain()).add(Stage::Rules, answer);
        match self.0 {
            Fault::None | Fault::Undeclared => {}
            Fault::StrayComponent => {
                world.entity_mut(first).insert(Stray);
            }
            Fault::StrayResource => world.insert_resource(StrayResource),
            Fault::StrayLater => {
                stages.add(Stage::Spawn, stray);
            }
            Fault::Unnumbered => {
                world.spawn(Pace(1));
            }
            Fault::Ambiguous => {
                stages.add(Stage::Move, count);
            }
            Fault::WrongKind => {
                let networked = world.resource_mut::<EntityIds>().spawn(COUNTER);
                world.spawn((networked, Pace(1)));
            }
            Fault::ChangedConstant => {
                stages.add(Stage::Rules, raise);
            }
        }
        Ok(())
    }

    fn on_join(&self, world: &mut World, _: PlayerId) -> EntityId {
        let networked = world.resource_mut::<EntityIds>().spawn(COUNTER);
        world.spawn((networked, Count { number: 0 }, Pace(1)));
        networked.id
    }

    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

fn try_sim(fault: Fault) -> Result<Sim, RoomRefused> {
    Sim::new(Arc::new(Counting(fault)), &RoomOptions::default(), 0x5EED)
}

fn sim() -> Sim {
    try_sim(Fault::None).expect("a sound game")
}

fn refused(fault: Fault) -> String {
    try_sim(fault).map(|_| ()).expect_err("refused").to_string()
}

fn join(player: u32) -> Join {
    Join { player: PlayerId(player), name: Text::new("Ann"), secret: None }
}

fn step(tick: u32) -> StepInput {
    StepInput { tick: Tick(tick), ..StepInput::default() }
}

/// Some players come, go and push.
fn story(tick: u32) -> StepInput {
    let mut step = step(tick);
    if tick.is_multiple_of(5) {
        step.joins.push(join(tick));
    }
    if tick % 20 == 17 {
        step.leaves.push(PlayerId(tick - 12));
    }
    for player in (0..tick).step_by(5) {
        let codes = InputCodes::new(&[i32::from((tick + player).is_multiple_of(3))]);
        step.inputs.push(PlayerInput { player: PlayerId(player), codes, source: InputSource::Own, view: None });
    }
    step
}

#[test]
fn what_is_not_registered_is_refused() {
    let message = refused(Fault::StrayComponent);
    assert!(message.contains("component") && message.contains("Count"), "it says where to look: {message}");
    assert!(refused(Fault::StrayResource).contains("resource"));
    assert!(matches!(try_sim(Fault::StrayComponent), Err(RoomRefused::UnregisteredComponent { .. })));
    assert!(matches!(try_sim(Fault::Unnumbered), Err(RoomRefused::Unnumbered { .. })));
    assert!(matches!(try_sim(Fault::Undeclared), Err(RoomRefused::NotDeclared { name }) if name == "Count"));
}

#[test]
fn systems_whose_order_is_not_clear_are_refused() {
    assert!(matches!(try_sim(Fault::Ambiguous), Err(RoomRefused::AmbiguousSystems { .. })));
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "not registered")]
fn what_a_rule_adds_later_without_registering_is_caught_in_its_tick() {
    let mut sim = try_sim(Fault::StrayLater).expect("nothing is wrong yet");
    (1..4).for_each(|tick| sim.step(&step(tick)));
}

#[test]
#[should_panic(expected = "kind counter declares Count")]
fn an_entity_without_the_components_of_its_kind_is_caught() {
    try_sim(Fault::WrongKind).expect("install is not looked at").step(&step(1));
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "is a constant")]
fn a_constant_that_changes_is_caught() {
    try_sim(Fault::ChangedConstant).expect("nothing is wrong yet").step(&step(1));
}

#[test]
fn the_same_steps_give_the_same_world_whatever_the_rows_are() {
    let (mut straight, mut moved) = (sim(), sim());
    for tick in 1..=300 {
        straight.step(&story(tick));
        moved.permute_rows(u64::from(tick));
        moved.step(&story(tick));
        assert_eq!(straight.hash(), moved.hash(), "tick {tick}");
    }
}

#[test]
fn another_seed_gives_another_world() {
    let mut other = Sim::new(Arc::new(Counting(Fault::None)), &RoomOptions::default(), 1).expect("a sound game");
    let mut sim = sim();
    for tick in 1..=30 {
        sim.step(&story(tick));
        other.step(&story(tick));
    }
    assert_ne!(sim.hash(), other.hash());
}

#[test]
fn a_loaded_world_is_the_saved_one_and_goes_the_same_way() {
    let mut saved = sim();
    (1..=60).for_each(|tick| saved.step(&story(tick)));
    let mut loaded = sim();
    loaded.load(&saved.save()).expect("its own save");
    assert_eq!(loaded.hash(), saved.hash());
    for tick in 61..=120 {
        saved.step(&story(tick));
        loaded.step(&story(tick));
        assert_eq!(loaded.hash(), saved.hash(), "tick {tick}");
    }
}

#[test]
fn a_damaged_save_is_refused() {
    let mut saved = sim();
    (1..=30).for_each(|tick| saved.step(&story(tick)));
    let bytes = saved.save();
    for cut in 0..bytes.len() {
        assert!(sim().load(&bytes[..cut]).is_err(), "{cut} bytes");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(sim().load(&longer), Err(LoadError::Damaged));
}

#[test]
fn what_install_and_load_made_stands_in_the_next_log() {
    let mut first = sim();
    first.step(&step(1));
    assert_eq!(first.world().resource::<EntityIds>().spawned().len(), 1);
    first.step(&step(2));
    assert!(first.world().resource::<EntityIds>().spawned().is_empty());

    let mut loaded = sim();
    loaded.load(&first.save()).expect("its own save");
    loaded.step(&step(3));
    let ids = loaded.world().resource::<EntityIds>();
    assert_eq!((ids.spawned().len(), ids.gone().len()), (1, 0));
}

#[test]
fn a_player_enters_and_leaves_exactly_once() {
    let mut sim = sim();
    sim.step(&StepInput { joins: vec![join(1)], ..step(1) });
    let id = sim.entity_of(PlayerId(1)).expect("it is in");
    let entity = sim.world().resource::<EntityIds>().entity(id).expect("it lives");
    assert_eq!(sim.world().get::<Owner>(entity), Some(&Owner(PlayerId(1))));
    assert_eq!(sim.world().resource::<Players>().name(PlayerId(1)).as_str(), "Ann");
    for tick in 2..4 {
        sim.step(&StepInput { leaves: vec![PlayerId(1)], ..step(tick) });
        assert_eq!(sim.entity_of(PlayerId(1)), None);
        let gone = sim.world().resource::<EntityIds>().gone();
        assert_eq!(gone.len(), usize::from(tick == 2));
    }
}

#[test]
fn every_request_is_answered() {
    let mut sim = sim();
    let ask = |number, kind| PlayerRequest { player: PlayerId(1), number, kind, codes: Vec::new() };
    sim.step(&StepInput { joins: vec![join(1)], requests: vec![ask(1, 0), ask(2, 1)], ..step(1) });
    let answers: Vec<(u16, Answer)> =
        sim.world().resource::<Outbox>().answers().iter().map(|answered| (answered.number, answered.answer)).collect();
    assert_eq!(answers, [(1, Answer::Done), (2, Answer::Refused(Answer::UNHANDLED))]);
    sim.step(&step(2));
    assert!(sim.world().resource::<Outbox>().answers().is_empty());
}

#[test]
fn a_column_tells_what_changed_in_the_last_step_and_one_tells_the_same() {
    let mut sim = sim();
    let mut columns = sim.columns();
    let mut last: std::collections::BTreeMap<EntityId, i32> = std::collections::BTreeMap::new();
    for tick in 1..=60 {
        sim.step(&story(tick));
        let mut changed = Vec::new();
        columns[0].changed(sim.world(), sim.changed_since(), &mut |entity, networked, codes, _| {
            changed.push((entity, networked.id, codes[0]));
        });
        for (entity, id, code) in changed {
            let mut one = [0];
            assert!(columns[0].one(sim.world(), entity, &mut one));
            assert_eq!(one, [code]);
            last.insert(id, code);
        }
        let ids = sim.world().resource::<EntityIds>();
        for id in ids.gone() {
            last.remove(id);
        }
        let all: std::collections::BTreeMap<EntityId, i32> = ids
            .iter()
            .filter_map(|(id, entity)| Some((id, i32::from(sim.world().get::<Count>(entity)?.number))))
            .collect();
        assert_eq!(last, all, "tick {tick}");
    }
    let counters = sim.world().resource::<EntityIds>().count();
    sim.step(&step(61));
    let still = sim.world().resource::<EntityIds>().iter().filter(|&(_, entity)| {
        !sim.world().entity(entity).get_ref::<Count>().is_some_and(|count| count.is_changed_after(sim.changed_since()))
    });
    assert!((1..counters).contains(&still.count()), "who did not move is not told of");
}

#[test]
fn an_event_carries_its_kind_and_codes() {
    let mut sim = sim();
    sim.step(&StepInput { joins: vec![join(1)], ..step(1) });
    let codes = InputCodes::new(&[1]);
    let id = sim.entity_of(PlayerId(1)).expect("it is in");
    for tick in 2..2000 {
        let input = PlayerInput { player: PlayerId(1), codes, source: InputSource::Own, view: None };
        sim.step(&StepInput { inputs: vec![input], ..step(tick) });
        if let [sent] = sim.world().resource::<Outbox>().events() {
            assert_eq!(sent, &Sent { to: To::Everyone, kind: 0, codes: vec![id.0 as i32] });
            return;
        }
    }
    panic!("the count never became full");
}
