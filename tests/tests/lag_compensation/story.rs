//! A duel on a field of our own: who stands where in every tick, and a shooter at the end of a long path that knows only its frames.
//!
//! Never here: what is to be shown (see `lag_compensation`).

use bevy_ecs::prelude::*;
use client_sim::dice::Dice;
use client_sim::replica::Replica;
use glam::IVec2;
use server::game;
use server::game::ground::Rotation;
use server::game_api::Game;
use server::sim::{Networked, Outbox, RoomOptions, RoomRefused, SimTick, Stage, Stages, To};
use shared::game::PLAYER;
use shared::game::components::{Body, Health, Hit, Position, Traced};
use shared::game::constants::{HP_MAX, ROUNDS_MAX, TILE, UNIT};
use shared::game::input::ArenaInput;
use shared::game::map::Map;
use shared::ids::{EntityId, PlayerId, Tick};
use shared::interpolation::{Between, interpolate};
use shared::schema::{Replicated, Schema};
use shared::wire::client_message::ViewTick;
use shared::wire::{ClientMessage, Digest, FrameHeader, Input};
use std::collections::VecDeque;
use std::sync::Arc;
use tests::Arena;
use tests::link::{Link, LinkOptions};

/// A lane along which a target runs up and down, and beyond it a wall to hide behind.
pub(crate) const FIELD: [&str; 14] = [
    "####################################################",
    "#..................................................#",
    "#..................................................#",
    "#..................................................#",
    "#..................................................#",
    "#..................................................#",
    "#..................................................#",
    "#..................................................#",
    "#...........#......................................#",
    "#...........#......................................#",
    "#...........#......................................#",
    "#..................................................#",
    "#..................................................#",
    "####################################################",
];

/// The middle of a tile.
pub(crate) const fn middle_of(x: i32, y: i32) -> IVec2 {
    IVec2::new(x * TILE + TILE / 2, y * TILE + TILE / 2)
}

/// Where the shooter stands.
pub(crate) const SHOOTER: IVec2 = middle_of(3, 9);

/// Where the target is in a tick.
pub(crate) type Path = fn(Tick) -> IVec2;

/// Ticks of one way along the lane: ten tiles at five units a tick, as fast as a player runs.
pub(crate) const LEG: u32 = 32;

/// Up and down, across the shooter's line of sight.
pub(crate) fn strafes(tick: Tick) -> IVec2 {
    let phase = (tick.0 % (2 * LEG)) as i32;
    let leg = LEG as i32;
    let along = if phase < leg { phase } else { 2 * leg - phase };
    middle_of(11, 1) + IVec2::new(0, along * 5 * UNIT)
}

/// How long it stays in the open, how long it runs, and how long all of it takes.
pub(crate) const OPEN: u32 = 20;
/// See [`OPEN`].
pub(crate) const RUN: u32 = 6;
/// See [`OPEN`].
pub(crate) const ROUND: u32 = 56;

/// In the open for a while, then behind the wall, where nobody sees it from where the shooter stands, and back.
pub(crate) fn hides(tick: Tick) -> IVec2 {
    let phase = tick.0 % ROUND;
    let run = if phase < OPEN {
        0
    } else if phase < ROUND - RUN {
        (phase - OPEN).min(RUN)
    } else {
        ROUND - phase
    };
    middle_of(13, 3) + IVec2::new(0, run as i32 * TILE)
}

/// In sight, and farther away than a rifle reaches.
pub(crate) fn is_far(_: Tick) -> IVec2 {
    middle_of(48, 9)
}

/// The built-in game, where the story says who stands where.
pub(crate) struct Duel(Path);

#[derive(Resource, Clone, Copy)]
pub(crate) struct Scene(Path);

/// Before anything happens: the shooter (who came first) stands still, the target is where its path says, and nobody runs out of anything.
pub(crate) fn set_scene(
    scene: Res<Scene>,
    tick: Res<SimTick>,
    mut players: Query<(&Networked, &mut Health, &mut Body)>,
) {
    for (rank, (_, mut health, mut body)) in players.iter_mut().sort::<&Networked>().enumerate() {
        health.set_if_neq(Health { hp: HP_MAX });
        let at = if rank == 0 { SHOOTER } else { scene.0(tick.0) };
        body.set_if_neq(Body { at, velocity: IVec2::ZERO, rounds: ROUNDS_MAX, ..*body });
    }
}

impl Game for Duel {
    type Input = ArenaInput;

    fn schema(&self) -> Schema {
        Game::schema(&game::Arena::default())
    }

    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused> {
        Game::install(&game::Arena::default(), world, stages, options)?;
        world.insert_resource(Rotation(vec![Arc::new(Map::from_rows("field", &FIELD))]));
        world.insert_resource(Scene(self.0));
        stages.constant::<Scene>().add(Stage::ReadInputs, set_scene);
        Ok(())
    }

    fn looks_back(&self, input: &ArenaInput) -> bool {
        Game::looks_back(&game::Arena::default(), input)
    }

    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        Game::on_join(&game::Arena::default(), world, player)
    }

    fn on_leave(&self, world: &mut World, player: PlayerId) {
        Game::on_leave(&game::Arena::default(), world, player);
    }
}

/// Ticks that a message takes: 100 ms at 30 Hz.
pub(crate) const PATH: u32 = 3;

/// What the shooter does in one tick.
#[derive(Clone, Copy)]
pub(crate) struct Act {
    /// For which tick, counted from the one that comes just in time.
    pub(crate) ahead: i64,
    /// Where it aims, if it shoots.
    pub(crate) aim: Option<IVec2>,
    /// What it says that it saw, if not the truth.
    pub(crate) claims: Option<ViewTick>,
}

pub(crate) const IDLE: Act = Act { ahead: 0, aim: None, claims: None };

/// A shooter, its target, the room, and what lies between.
pub(crate) struct Story {
    pub(crate) arena: Arena,
    pub(crate) shooter: usize,
    pub(crate) target: usize,
    down: Link,
    pub(crate) up: Link,
    heard: usize,
    pub(crate) now_us: u64,
    replica: Replica,
    /// The target's place in the newest frames, as codes, where it is held.
    pub(crate) frames: VecDeque<(Tick, Option<Vec<i32>>)>,
    pub(crate) path: Path,
    /// Shots that left, and those that hit.
    pub(crate) shots: u32,
    pub(crate) hits: u32,
}

impl Story {
    pub(crate) fn new(path: Path) -> Self {
        let look = tests::arena_truth::look;
        let mut arena = Arena::seeded(5).game(Arc::new(Duel(path)), look).start();
        let shooter = arena.guest("shooter");
        let target = arena.guest("target");
        let options = LinkOptions { delay_us: arena.ticks_us(PATH), ..LinkOptions::default() };
        let [down, up] = [0, 1].map(|stream| Link::new(options, Dice::new(5, stream)));
        let welcome = arena.strangers[shooter].welcome().expect("it was let in");
        let replicator = arena.room.replicator();
        let (schema, layout) = (Arc::clone(replicator.schema()), Arc::clone(replicator.layout()));
        let tables = replicator.tables().clone();
        let replica = Replica::new(schema, layout, tables, Tick(welcome.tick), Digest::Folded);
        let now_us = arena.ticks_us(arena.tick().0);
        let (heard, frames) = (0, VecDeque::new());
        let mut story =
            Self { arena, shooter, target, down, up, heard, now_us, replica, frames, path, shots: 0, hits: 0 };
        // Past the warm-up: at its end everybody begins anew somewhere else, and who jumps is judged by where it is now.
        for _ in 0..200 {
            story.step(IDLE);
        }
        story.forget();
        story
    }

    /// Counts shots and hits anew.
    pub(crate) const fn forget(&mut self) {
        (self.shots, self.hits) = (0, 0);
    }

    /// The tick for which an input that is sent now comes just in time.
    pub(crate) fn next(&self) -> Tick {
        self.arena.tick().after(1 + PATH)
    }

    /// One tick: the shooter acts on what it draws, the room steps, what has arrived is applied.
    pub(crate) fn step(&mut self, act: Act) {
        if let Some(&(newest, _)) = self.frames.back() {
            let input = ArenaInput {
                fire: act.aim.is_some(),
                aim: act.aim.map_or(0, |at| angle_to(at - SHOOTER)),
                ..ArenaInput::default()
            };
            let tick = Tick((i64::from(self.next().0) + act.ahead) as u32);
            let view = act.claims.or_else(|| self.view()).unwrap_or(ViewTick { older: newest, span: 0, sixteenths: 0 });
            self.say(tick, newest, view, &input);
        }
        self.step_room();
        while let Some((_, bytes)) = self.down.take_due(self.now_us) {
            self.apply(&bytes);
        }
    }

    pub(crate) fn say(&mut self, tick: Tick, newest: Tick, view: ViewTick, input: &ArenaInput) {
        let mut codes = vec![0; ArenaInput::PART_COUNT];
        input.write_codes(&mut codes);
        let bytes = self.arena.message(&ClientMessage::Input(Input { tick, newest, view, codes }));
        self.up.send(bytes, self.now_us);
    }

    /// The room's tick, with what has arrived there.
    pub(crate) fn step_room(&mut self) {
        while let Some((_, bytes)) = self.up.take_due(self.now_us) {
            self.arena.strangers[self.shooter].say(bytes);
        }
        if let Some(newest) = self.arena.strangers[self.target].newest {
            let confirm = self.arena.message(&ClientMessage::Confirm { newest });
            self.arena.strangers[self.target].say(confirm);
        }
        self.arena.step();
        self.now_us += self.arena.ticks_us(1);
        for bytes in &self.arena.strangers[self.shooter].heard[self.heard..] {
            self.down.send(bytes.clone(), self.now_us);
        }
        self.heard = self.arena.strangers[self.shooter].heard.len();
        self.count();
    }

    fn apply(&mut self, bytes: &[u8]) {
        if !FrameHeader::is_frame(bytes) {
            return;
        }
        let applied = self.replica.apply(bytes).expect("a frame that can be read");
        assert!(applied.checked, "every frame is proven");
        let mut others =
            self.replica.anchors().filter(|&(slot, kind)| kind == PLAYER && Some(slot) != self.replica.me());
        let place = self.replica.schema().component_index(Position::NAME).expect("declared");
        let codes = others.next().and_then(|(slot, _)| self.replica.row(slot, place));
        self.frames.push_back((self.replica.tick(), codes));
        if self.frames.len() > 40 {
            self.frames.pop_front();
        }
    }

    /// Between which frames it draws: between the two before the newest, somewhere.
    pub(crate) fn view(&self) -> Option<ViewTick> {
        let [older, newer] = [3, 2].map(|back| self.frames.get(self.frames.len().checked_sub(back)?));
        let (older, newer) = (older?.0, newer?.0);
        let span = newer.since(older) as u8;
        Some(ViewTick { older, span, sixteenths: (self.arena.tick().0 * 7 % (16 * u32::from(span) + 1)) as u16 })
    }

    /// Where it draws the target.
    pub(crate) fn drawn(&self) -> Option<IVec2> {
        let view = self.view()?;
        let at = |tick: Tick| self.frames.iter().find(|(of, _)| *of == tick)?.1.clone();
        let (older, newer) = (at(view.older)?, at(view.older.after(view.span.into()))?);
        let field = &Position::declaration().fields[0];
        let mut values = [0; 2];
        interpolate(field, &older, &newer, Between::of(view), &mut values);
        Some(IVec2::from_array(values))
    }

    /// Shots that left in this tick and hits that came of it, by what the game told.
    fn count(&mut self) {
        let sim = self.arena.room.sim();
        let kind = |name: &str| sim.schema().event_index(name).map(|kind| kind as u8);
        let shooter = self.arena.strangers[self.shooter].welcome().map(|welcome| PlayerId(welcome.player));
        for event in sim.world().resource::<Outbox>().events() {
            self.shots += u32::from(Some(event.kind) == kind(Traced::NAME));
            let to_shooter = matches!(event.to, To::Player(player) if Some(player) == shooter);
            self.hits += u32::from(Some(event.kind) == kind(Hit::NAME) && to_shooter);
        }
    }

    /// Waits until the tick whose input would come just in time is this far into a round of so many.
    pub(crate) fn wait_for(&mut self, phase: u32, round: u32) {
        while self.next().0 % round != phase {
            self.step(IDLE);
        }
    }

    /// Lets what is under way arrive, and the weapon cool.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10 {
            self.step(IDLE);
        }
    }
}

/// The aim that points that way, as exactly as an input can say it.
pub(crate) fn angle_to(way: IVec2) -> u16 {
    let turns = f64::from(way.y).atan2(f64::from(way.x)) / std::f64::consts::TAU;
    (turns * 65_536.0).round() as i32 as u16
}
