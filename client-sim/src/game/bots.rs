//! Bots for Arena: wander, fight (and idle, which is any game's). Seeded, so that a run can be had again; without a clock or a map: they feel walls.
//!
//! ```text
//!   replica ─► Eyes (who is where) ─► Walker (where to) ─┐
//!                                  └► Gunner (whom, how) ─┴► ArenaInput ─► codes
//! ```
//!
//! Looking at everyone in every tick would cost a swarm more than its sockets, so a fighter picks an enemy now and then
//! and follows that one.
//!
//! Never here: sockets, frames (see `session`).

use crate::behaviour::{Behaviour, Idle, View};
use crate::dice::Dice;
use crate::replica::Replica;
use glam::IVec2;
use shared::game::PLAYER;
use shared::game::components::{Health, Position};
use shared::game::constants::{TILE, UNIT};
use shared::game::geometry::distance_squared;
use shared::game::input::ArenaInput;
use shared::ids::Slot;
use shared::schema::Replicated;

/// The name of the game that these bots play, as its schema gives it.
pub const GAME: &str = "arena";

/// The behaviours that this game has, by the names that `--behaviour` takes; none if there is no such name.
#[must_use]
pub fn behaviour(name: &str, seed: u64) -> Option<Box<dyn Behaviour>> {
    Some(match name {
        "wander" => Box::new(Wander::new(seed)),
        "fight" => Box::new(Fight::new(seed)),
        "idle" => Box::new(Idle),
        _ => return None,
    })
}

/// What a bot can see: a replica, or in a test what stands in for one.
pub trait Eyes {
    /// The bot's own entity.
    fn me(&self) -> Option<Slot>;
    /// All players, the bot among them.
    fn players(&self) -> Vec<Slot>;
    /// Where a player is; none if it is not seen, or dead.
    fn living(&self, player: Slot) -> Option<IVec2>;
}

impl Eyes for Replica {
    fn me(&self) -> Option<Slot> {
        Self::me(self)
    }

    fn players(&self) -> Vec<Slot> {
        self.anchors().filter(|&(_, kind)| kind == PLAYER).map(|(slot, _)| slot).collect()
    }

    fn living(&self, player: Slot) -> Option<IVec2> {
        let alive = self.read::<Health>(player)?.is_alive();
        let position = self.read::<Position>(player)?;
        alive.then_some(position.at)
    }
}

/// Goes here and there, looks where it goes, dashes now and then.
pub struct Wander {
    dice: Dice,
    walker: Walker,
}

impl Wander {
    /// A wanderer; its way is its seed's.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, 0), walker: Walker::default() }
    }

    /// What it does now.
    pub fn act(&mut self, eyes: &impl Eyes) -> ArenaInput {
        let Some(at) = eyes.me().and_then(|me| eyes.living(me)) else { return ArenaInput::default() };
        let thrust = self.walker.walk(at, None, &mut self.dice);
        let dash = self.dice.once_in(90);
        ArenaInput { thrust, aim: angle_of(thrust), dash, ..ArenaInput::default() }
    }
}

impl Behaviour for Wander {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        self.act(view.replica).write_codes(codes);
    }
}

/// Goes for the nearest enemy and shoots at it: turns as fast as a person might, misses as often.
pub struct Fight {
    dice: Dice,
    walker: Walker,
    aim: u16,
    enemy: Option<Enemy>,
    look_in: u32,
}

/// Who is being fought.
#[derive(Clone, Copy, Debug)]
struct Enemy {
    player: Slot,
    last: IVec2,
}

/// Ticks between two looks around.
const LOOK_TICKS: u32 = 10;
/// How far a fighter shoots.
const RANGE: i32 = 24 * TILE;
/// How near it wants to be; nearer, it circles.
const CLOSE: i32 = 6 * TILE;
/// How fast it turns, in 1/65,536 turn per tick: a quarter in four ticks.
const TURN_MAX: i32 = 4096;
/// How well it must be aligned to shoot, in 1/65,536 turn: five degrees.
const ALIGNED: i32 = 910;
/// How far off it aims at the most, in 1/65,536 turn: three degrees.
const ERROR: i32 = 546;
/// Ticks that a projectile needs per tile, for aiming ahead.
const FLIGHT_TICKS_PER_TILE: i32 = 1;

impl Fight {
    /// A fighter; its luck is its seed's.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0);
        // Not all look around in the same tick.
        let look_in = dice.below(LOOK_TICKS);
        Self { dice, walker: Walker::default(), aim: 0, enemy: None, look_in }
    }

    /// What it does now.
    pub fn act(&mut self, eyes: &impl Eyes) -> ArenaInput {
        let Some((me, at)) = eyes.me().and_then(|me| Some((me, eyes.living(me)?))) else {
            self.enemy = None;
            return ArenaInput { aim: self.aim, ..ArenaInput::default() };
        };
        let Some((enemy, ahead)) = self.watch(eyes, me, at) else {
            let thrust = self.walker.walk(at, None, &mut self.dice);
            return ArenaInput { thrust, aim: self.aim, ..ArenaInput::default() };
        };
        let way = enemy - at;
        let goal = if way.abs().max_element() > CLOSE { way } else { way.perp() };
        let thrust = self.walker.walk(at, Some(goal), &mut self.dice);
        let off = self.dice.below(2 * ERROR as u32 + 1) as i32 - ERROR;
        let wanted = angle_of(ahead - at).wrapping_add_signed(off as i16);
        let turn = i32::from(wanted.wrapping_sub(self.aim) as i16);
        self.aim = self.aim.wrapping_add_signed(turn.clamp(-TURN_MAX, TURN_MAX) as i16);
        let fire = turn.abs() <= ALIGNED && way.abs().max_element() <= RANGE;
        ArenaInput { thrust, aim: self.aim, fire, dash: self.dice.once_in(120), ..ArenaInput::default() }
    }

    /// Where the enemy is, and where it will be when a shot gets there.
    fn watch(&mut self, eyes: &impl Eyes, me: Slot, at: IVec2) -> Option<(IVec2, IVec2)> {
        self.look_in = self.look_in.saturating_sub(1);
        let known = self.enemy.and_then(|enemy| Some((enemy, eyes.living(enemy.player)?)));
        let (enemy, now) = match known {
            Some(known) if self.look_in > 0 => known,
            _ => {
                self.look_in = LOOK_TICKS;
                let others = eyes.players().into_iter().filter(|&player| player != me);
                let living = others.filter_map(|player| Some((player, eyes.living(player)?)));
                let nearest = living.min_by_key(|&(player, place)| (distance_squared(place, at), player));
                let Some((player, now)) = nearest else {
                    self.enemy = None;
                    return None;
                };
                let last = known.filter(|(enemy, _)| enemy.player == player).map_or(now, |(enemy, _)| enemy.last);
                (Enemy { player, last }, now)
            }
        };
        self.enemy = Some(Enemy { last: now, ..enemy });
        let ticks = (now - at).abs().max_element() / TILE * FLIGHT_TICKS_PER_TILE;
        // A leap of more than a tile is a new life, not a speed.
        let speed = (now - enemy.last).clamp(IVec2::splat(-TILE / 2), IVec2::splat(TILE / 2));
        Some((now, now + speed * ticks))
    }
}

impl Behaviour for Fight {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        self.act(view.replica).write_codes(codes);
    }
}

/// Legs without a map: goes on until its time is over or it stands before a wall, then another way.
#[derive(Clone, Debug, Default)]
struct Walker {
    thrust: IVec2,
    ticks_left: u32,
    last: IVec2,
    stuck_ticks: u32,
    /// This leg is its own, whatever the goal: to get around a wall.
    aside: bool,
}

impl Walker {
    fn walk(&mut self, at: IVec2, goal: Option<IVec2>, dice: &mut Dice) -> IVec2 {
        let moved = (at - self.last).abs().max_element();
        self.last = at;
        self.stuck_ticks = if moved < UNIT { self.stuck_ticks + 1 } else { 0 };
        self.ticks_left = self.ticks_left.saturating_sub(1);
        let stuck = self.stuck_ticks > 4;
        if stuck || self.ticks_left == 0 {
            self.stuck_ticks = 0;
            // Now and then a way of its own, or two that want to the same place would never part.
            self.aside = goal.is_none() || stuck || dice.once_in(5);
            self.ticks_left = if self.aside { 8 + dice.below(20) } else { 15 };
            if self.aside {
                self.thrust = any_way(dice);
            }
        }
        match goal {
            Some(goal) if !self.aside => eight_way(goal),
            _ => self.thrust,
        }
    }
}

/// The nearest of eight ways.
fn eight_way(way: IVec2) -> IVec2 {
    let size = way.abs();
    // Less than half as much on an axis as on the other does not count: within 26.6 degrees of straight.
    let x = if size.x * 2 >= size.y { way.x.signum() } else { 0 };
    let y = if size.y * 2 >= size.x { way.y.signum() } else { 0 };
    IVec2::new(x, y)
}

/// The angle of a way, in 1/65,536 turn. A bot decides nothing but its own input, so floats do.
fn angle_of(way: IVec2) -> u16 {
    let turns = f64::from(way.y).atan2(f64::from(way.x)) / std::f64::consts::TAU;
    (turns * 65_536.0).round() as i32 as u16
}

/// One of the eight ways.
fn any_way(dice: &mut Dice) -> IVec2 {
    const WAYS: [(i32, i32); 8] = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];
    let (x, y) = WAYS[dice.below(8) as usize];
    IVec2::new(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two players on an open field.
    struct Field {
        places: [IVec2; 2],
    }

    impl Eyes for Field {
        fn me(&self) -> Option<Slot> {
            Some(Slot(0))
        }
        fn players(&self) -> Vec<Slot> {
            vec![Slot(0), Slot(1)]
        }
        fn living(&self, player: Slot) -> Option<IVec2> {
            self.places.get(player.index()).copied()
        }
    }

    #[test]
    fn a_fighter_turns_to_its_enemy_approaches_and_shoots() {
        let mut field = Field { places: [IVec2::splat(10 * TILE), IVec2::new(10, 22) * TILE] };
        let mut fighter = Fight::new(1);
        let mut shots = 0;
        for _ in 0..90 {
            let input = fighter.act(&field);
            field.places[0] += input.thrust * 4 * UNIT;
            shots += u32::from(input.fire);
        }
        assert!(shots > 30, "{shots}");
        assert!((field.places[0] - field.places[1]).abs().max_element() < 12 * TILE);
    }

    #[test]
    fn a_wanderer_before_a_wall_goes_another_way() {
        let field = Field { places: [IVec2::splat(10 * TILE); 2] };
        let mut wanderer = Wander::new(1);
        let ways: std::collections::BTreeSet<[i32; 2]> =
            (0..120).map(|_| wanderer.act(&field).thrust.to_array()).collect();
        assert!(ways.len() > 4, "it stands still, so it tries {ways:?}");
    }

    #[test]
    fn the_same_seed_goes_the_same_way() {
        let field = Field { places: [IVec2::splat(10 * TILE), IVec2::splat(15 * TILE)] };
        let run = |seed| {
            let mut fighter = Fight::new(seed);
            (0..50).map(|_| fighter.act(&field)).collect::<Vec<_>>()
        };
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
    }

    #[test]
    fn eight_ways_are_found_and_angles_grow_from_x_to_y() {
        assert_eq!(eight_way(IVec2::new(100, 10)), IVec2::new(1, 0));
        assert_eq!(eight_way(IVec2::new(-100, 90)), IVec2::new(-1, 1));
        assert_eq!(angle_of(IVec2::new(0, 5)), 1 << 14);
        assert_eq!(angle_of(IVec2::new(-5, 0)), 1 << 15);
    }
}
