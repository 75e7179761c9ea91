//! Goes for the nearest enemy around walls, fetches what it lacks, and shoots as a person might: it needs a moment to
//! react, turns only so fast, aims a little off, and chooses its weapon by distance.
//!
//! Never here: how a way is found (see `route`).

use super::Eyes;
use super::route::Route;
use super::wander::Walker;
use super::ways::angle_of;
use crate::behaviour::{Behaviour, View};
use crate::dice::Dice;
use glam::IVec2;
use shared::game::components::Body;
use shared::game::constants::TILE;
use shared::game::geometry::distance_squared;
use shared::game::input::ArenaInput;
use shared::game::map::{Map, tile_of};
use shared::game::maps::Maps;
use shared::game::pickup::Sort;
use shared::game::weapon::Weapon;
use shared::ids::Slot;
use shared::schema::Replicated;
use std::sync::Arc;

/// Ticks between two looks around.
const LOOK_TICKS: u32 = 10;
/// How far a fighter shoots.
const RANGE: i32 = 24 * TILE;
/// How near it wants to be; nearer, it circles.
const CLOSE: i32 = 6 * TILE;
/// From where on a rocket is worth it, and does not hurt oneself.
const ROCKET_FROM: i32 = 4 * TILE;
/// Up to where a rocket hits who moves.
const ROCKET_TO: i32 = 12 * TILE;
/// Ticks that a rocket needs per tile, for aiming ahead.
const ROCKET_TICKS_PER_TILE: i32 = 2;
/// Ticks that an enemy must be in sight before it is shot at, at the least; and by how many it varies.
const REACTION_TICKS: (u32, u32) = (5, 6);
/// How fast it turns, in 1/65,536 turn per tick: a quarter in four ticks.
const TURN_MAX: i32 = 4096;
/// How well it must be aligned to shoot, in 1/65,536 turn: five degrees.
const ALIGNED: i32 = 910;
/// How far off it aims at the most, in 1/65,536 turn: three degrees. The error is held for [`ERROR_TICKS`], as a hand does.
const ERROR: i32 = 546;
/// See [`ERROR`].
const ERROR_TICKS: u32 = 8;
/// Below this it fetches health.
const HEALTH_LOW: u8 = 45;
/// Below this it fetches rounds.
const ROUNDS_LOW: u8 = 8;
/// How far it goes for what it lacks.
const FETCH_RANGE: i32 = 30 * TILE;

/// A fighter.
pub struct Fight {
    maps: Maps,
    dice: Dice,
    walker: Walker,
    aim: u16,
    error: i32,
    error_in: u32,
    enemy: Option<Enemy>,
    look_in: u32,
    map: Option<Arc<Map>>,
    weapon: Weapon,
    errand: Option<IVec2>,
    way: Way,
}

/// Who is being fought.
#[derive(Clone, Copy, Debug)]
struct Enemy {
    player: Slot,
    last: IVec2,
    /// Ticks that it has been in sight.
    in_sight: u32,
    /// Ticks that it must be in sight before it is shot at.
    reaction: u32,
}

/// The way that is being gone.
#[derive(Clone, Debug, Default)]
struct Way {
    route: Option<Route>,
    to: IVec2,
    plan_in: u32,
    /// Which way around an enemy, and for how long still.
    around: i32,
    turn_in: u32,
}

impl Fight {
    /// A fighter that knows these maps; its luck is its seed's.
    #[must_use]
    pub fn new(seed: u64, maps: Maps) -> Self {
        let mut dice = Dice::new(seed, 0);
        // Not all look around in the same tick.
        let look_in = dice.below(LOOK_TICKS);
        Self {
            maps,
            dice,
            walker: Walker::default(),
            aim: 0,
            error: 0,
            error_in: 0,
            enemy: None,
            look_in,
            map: None,
            weapon: Weapon::Rifle,
            errand: None,
            way: Way { around: 1, ..Way::default() },
        }
    }

    /// What it does now.
    pub fn act(&mut self, eyes: &impl Eyes) -> ArenaInput {
        let Some((me, at)) = eyes.me().and_then(|me| Some((me, eyes.living(me)?))) else {
            self.enemy = None;
            return ArenaInput { aim: self.aim, ..ArenaInput::default() };
        };
        self.look_in = self.look_in.saturating_sub(1);
        if self.look_in == 0 {
            self.look_in = LOOK_TICKS;
            self.map = eyes.map(&self.maps);
            self.enemy = self.choose_enemy(eyes, me, at);
            self.errand = errand(eyes, me, at);
        }
        let Some((now, ahead, ready)) = self.watch(eyes, at) else {
            let thrust = self.go(at, self.errand);
            return ArenaInput { thrust, aim: self.aim, weapon: self.weapon, ..ArenaInput::default() };
        };
        let apart = (now - at).abs().max_element();
        self.choose_weapon(eyes.body(), apart);
        let turn = self.turn_to(angle_of(ahead - at));
        let fire = ready && turn.abs() <= ALIGNED && apart <= RANGE;
        let thrust = match self.errand {
            Some(errand) => self.go(at, Some(errand)),
            None if apart <= CLOSE && ready => self.circle(at, now),
            None => self.go(at, Some(now)),
        };
        let dash = thrust != IVec2::ZERO && self.dice.once_in(if apart <= CLOSE { 60 } else { 120 });
        ArenaInput { thrust, aim: self.aim, weapon: self.weapon, fire, dash }
    }

    /// The nearest living enemy; those behind walls count as twice as far.
    fn choose_enemy(&mut self, eyes: &impl Eyes, me: Slot, at: IVec2) -> Option<Enemy> {
        let own = eyes.faction(me);
        let others = eyes.players().into_iter().filter(|&player| player != me);
        let enemies = others.filter(|&player| !own.is_allied(eyes.faction(player)));
        let living = enemies.filter_map(|player| Some((player, eyes.living(player)?)));
        let far = |place: IVec2| {
            let hidden = self.map.as_ref().is_some_and(|map| !map.is_clear(at, place));
            distance_squared(place, at) * if hidden { 4 } else { 1 }
        };
        let (player, last) = living.min_by_key(|&(player, place)| (far(place), player))?;
        match self.enemy.filter(|enemy| enemy.player == player) {
            Some(enemy) => Some(enemy),
            None => {
                let (least, more) = REACTION_TICKS;
                let reaction = least + self.dice.below(more);
                Some(Enemy { player, last, in_sight: 0, reaction })
            }
        }
    }

    /// Where the enemy is, where it will be when a shot gets there, and whether it was in sight for long enough.
    fn watch(&mut self, eyes: &impl Eyes, at: IVec2) -> Option<(IVec2, IVec2, bool)> {
        let enemy = self.enemy.as_mut()?;
        let Some(now) = eyes.living(enemy.player) else {
            self.enemy = None;
            return None;
        };
        let in_sight = self.map.as_ref().is_none_or(|map| map.is_clear(at, now));
        enemy.in_sight = if in_sight { enemy.in_sight + 1 } else { 0 };
        let ready = enemy.in_sight > enemy.reaction;
        // A leap of more than half a tile is a new life, not a speed.
        let speed = (now - enemy.last).clamp(IVec2::splat(-TILE / 2), IVec2::splat(TILE / 2));
        enemy.last = now;
        let tiles = (now - at).abs().max_element() / TILE;
        let ticks = if self.weapon == Weapon::RocketLauncher { tiles * ROCKET_TICKS_PER_TILE } else { 0 };
        Some((now, now + speed * ticks, ready))
    }

    /// A rocket now and then where it is worth it; what is empty is not chosen.
    fn choose_weapon(&mut self, body: Option<Body>, apart: i32) {
        let Some(body) = body else { return };
        let worth_it = body.rockets > 0 && (ROCKET_FROM..=ROCKET_TO).contains(&apart);
        if body.rounds == 0 && body.rockets > 0 && apart >= ROCKET_FROM {
            self.weapon = Weapon::RocketLauncher;
        } else if !worth_it {
            self.weapon = Weapon::Rifle;
        } else if self.look_in == LOOK_TICKS {
            self.weapon = if self.dice.once_in(3) { Weapon::RocketLauncher } else { Weapon::Rifle };
        }
    }

    /// Turns as fast as a person might, a little off; how far it still had to turn.
    fn turn_to(&mut self, angle: u16) -> i32 {
        self.error_in = self.error_in.saturating_sub(1);
        if self.error_in == 0 {
            self.error_in = ERROR_TICKS;
            self.error = self.dice.below(2 * ERROR as u32 + 1) as i32 - ERROR;
        }
        let wanted = angle.wrapping_add_signed(self.error as i16);
        let turn = i32::from(wanted.wrapping_sub(self.aim) as i16);
        self.aim = self.aim.wrapping_add_signed(turn.clamp(-TURN_MAX, TURN_MAX) as i16);
        turn
    }

    /// Around the enemy, now this way, now that.
    fn circle(&mut self, at: IVec2, enemy: IVec2) -> IVec2 {
        self.way.turn_in = self.way.turn_in.saturating_sub(1);
        if self.way.turn_in == 0 {
            self.way.turn_in = 12 + self.dice.below(24);
            self.way.around = -self.way.around;
        }
        self.walker.walk(at, Some((enemy - at).perp() * self.way.around), &mut self.dice)
    }

    /// On the way to a goal, around walls where the map is known; without one, anywhere.
    fn go(&mut self, at: IVec2, goal: Option<IVec2>) -> IVec2 {
        let (Some(goal), Some(map)) = (goal, &self.map) else {
            return self.walker.walk(at, goal.map(|goal| goal - at), &mut self.dice);
        };
        if map.is_clear(at, goal) {
            self.way.route = None;
            return self.walker.walk(at, Some(goal - at), &mut self.dice);
        }
        self.way.plan_in = self.way.plan_in.saturating_sub(1);
        if self.way.plan_in == 0 || self.way.route.is_none() {
            self.way.plan_in = 2 * LOOK_TICKS + self.dice.below(LOOK_TICKS);
            if self.way.route.is_none() || tile_of(goal) != tile_of(self.way.to) {
                self.way.route = Route::find(map, at, goal);
                self.way.to = goal;
            }
        }
        let next = self.way.route.as_mut().and_then(|route| route.next(at));
        if next.is_none() {
            self.way.route = None;
        }
        self.walker.walk(at, Some(next.unwrap_or(goal) - at), &mut self.dice)
    }
}

/// The nearest thing that it lacks, if there is one not too far.
fn errand(eyes: &impl Eyes, me: Slot, at: IVec2) -> Option<IVec2> {
    let weak = eyes.health(me).is_some_and(|hp| hp < HEALTH_LOW);
    let short = eyes.body().is_some_and(|body| body.rounds < ROUNDS_LOW);
    if !weak && !short {
        return None;
    }
    let wanted = eyes.pickups().into_iter().filter(|(_, sort)| match sort {
        Sort::Health => weak,
        Sort::Rounds => short,
        Sort::Rockets => short && !weak,
    });
    let near = wanted.map(|(place, _)| place).filter(|place| (*place - at).abs().max_element() <= FETCH_RANGE);
    near.min_by_key(|&place| (distance_squared(place, at), place.to_array()))
}

impl Behaviour for Fight {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        self.act(view).write_codes(codes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::game::constants::Tuning;
    use shared::game::constants::{HP_MAX, UNIT};
    use shared::game::movement;

    /// Two players on a map, the bot and one who stands.
    struct Field {
        places: [IVec2; 2],
        hp: u8,
        pickups: Vec<(IVec2, Sort)>,
        map: Option<Arc<Map>>,
    }

    impl Field {
        fn open(places: [IVec2; 2]) -> Self {
            Self { places, hp: HP_MAX, pickups: Vec::new(), map: None }
        }
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
        fn health(&self, _: Slot) -> Option<u8> {
            Some(self.hp)
        }
        fn pickups(&self) -> Vec<(IVec2, Sort)> {
            self.pickups.clone()
        }
        fn map(&self, _: &Maps) -> Option<Arc<Map>> {
            self.map.clone()
        }
    }

    fn middle(x: i32, y: i32) -> IVec2 {
        IVec2::new(x, y) * TILE + IVec2::splat(TILE / 2)
    }

    /// Plays for so many ticks; how often it held the trigger.
    fn play(field: &mut Field, map: &Map, ticks: u32) -> u32 {
        let (mut fighter, tuning) = (Fight::new(1, Maps::in_the_box()), Tuning::at(30));
        let mut body = Body::begin(field.places[0]);
        let mut shots = 0;
        for _ in 0..ticks {
            let input = fighter.act(field);
            body = movement::step(body, &input, map, &tuning).body;
            field.places[0] = body.at;
            shots += u32::from(input.fire);
        }
        shots
    }

    #[test]
    fn a_fighter_turns_to_its_enemy_approaches_and_shoots() {
        let mut field = Field::open([IVec2::splat(10 * TILE), IVec2::new(10, 22) * TILE]);
        let mut fighter = Fight::new(1, Maps::in_the_box());
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
    fn a_fighter_goes_around_walls_and_does_not_shoot_through_them() {
        let rows = ["############", "#....#.....#", "#....#.....#", "#....#.....#", "#..........#", "############"];
        let map = Arc::new(Map::from_rows("yard", &rows));
        let mut field = Field::open([middle(2, 1), middle(9, 1)]);
        field.map = Some(map.clone());
        assert_eq!(play(&mut field, &map, 15), 0, "a wall is between");
        let shots = play(&mut field, &map, 200);
        assert!(map.is_clear(field.places[0], field.places[1]) && shots > 20, "{} {shots}", field.places[0]);
    }

    #[test]
    fn a_weak_fighter_fetches_health() {
        let map = Arc::new(Map::from_rows("hall", &["################", "#..............#", "################"]));
        let mut field = Field::open([middle(6, 1), middle(13, 1)]);
        (field.map, field.hp) = (Some(map.clone()), 20);
        field.pickups = vec![(middle(1, 1), Sort::Health), (middle(8, 1), Sort::Rounds)];
        play(&mut field, &map, 60);
        assert!((field.places[0] - middle(1, 1)).abs().max_element() < TILE, "{}", field.places[0]);
    }

    #[test]
    fn the_same_seed_goes_the_same_way() {
        let field = Field::open([IVec2::splat(10 * TILE), IVec2::splat(15 * TILE)]);
        let run = |seed| {
            let mut fighter = Fight::new(seed, Maps::in_the_box());
            (0..50).map(|_| fighter.act(&field)).collect::<Vec<_>>()
        };
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
    }
}
