//! How Arena feels: sizes, speeds and times, in one place.
//!
//! Lengths are in units of the screen's world; the simulation counts in [`UNIT`]ths of one. Times are in milliseconds and
//! speeds per second; [`Tuning`] turns both into whole numbers per tick, the same on both sides, once per room.

use super::weapon::Weapon;

/// Parts of a unit: what the simulation's integers count.
pub const UNIT: i32 = 256;

/// Side of a map tile, in units; what maps in `assets/maps` are drawn with, in pixels.
pub const TILE_UNITS: i32 = 16;
/// Side of a map tile, in 1/256 unit.
pub const TILE: i32 = TILE_UNITS * UNIT;
/// Tiles that a map may have on a side: what a position's range holds. A larger map is refused.
pub const MAP_TILES_MAX: i32 = 128;
/// Largest coordinate that travels: a whole number of the 16/256 unit in which others see a position.
pub const POSITION_MAX: i32 = MAP_TILES_MAX * TILE - 16;

/// A player is a circle. Smaller than half a tile, so that it fits through a gap of one.
pub const PLAYER_RADIUS: i32 = 6 * UNIT;
/// A projectile is a circle for players and a point for walls, so that shots graze corners.
pub const PROJECTILE_RADIUS: i32 = 2 * UNIT;

/// What a player gains per second in the direction it wants to, in units per second.
pub const ACCELERATION: i32 = 960;
/// What share of its speed a player loses, in 1/256 per 1/1536 s: six times its speed per second. With
/// [`ACCELERATION`] this gives a top speed of 160 units (10 tiles) per second, nearly reached in a third of one.
pub const FRICTION: i32 = 6 * 256;
/// What a dash adds, in units per second; friction makes of it a leap of five tiles.
pub const DASH: i32 = 480;
/// Largest speed on an axis, in 1/256 unit per tick: what the owner's facet holds.
pub const VELOCITY_MAX: i32 = 8191;
/// Milliseconds between two dashes.
pub const DASH_MS: u32 = 1500;

/// Milliseconds from a shot of the rifle to the next shot.
pub const RIFLE_MS: u32 = 330;
/// Milliseconds from a rocket to the next shot.
pub const ROCKET_MS: u32 = 900;
/// Rounds that a new life has for its rifle.
pub const ROUNDS_AT_FIRST: u8 = 40;
/// Rounds that one can carry.
pub const ROUNDS_MAX: u8 = 80;
/// Rockets that a new life has.
pub const ROCKETS_AT_FIRST: u8 = 4;
/// Rockets that one can carry.
pub const ROCKETS_MAX: u8 = 12;

/// Speed of a rocket, in units per second: half as fast again as a player runs.
pub const ROCKET_SPEED: i32 = 240;
/// Largest speed of a rocket on an axis, in 1/256 unit per tick, at the slowest tick rate.
pub const ROCKET_VELOCITY_MAX: i32 = ROCKET_SPEED * UNIT / TICK_RATE_MIN as i32 + 1;
/// Milliseconds that a rocket flies before it bursts by itself.
pub const ROCKET_FLIGHT_MS: u32 = 3000;
/// Health that a rocket takes from whom it hits.
pub const ROCKET_DAMAGE: u8 = 75;
/// Health that a burst takes at its middle from who was not hit; it falls to nothing at [`SPLASH_RADIUS`].
pub const SPLASH_DAMAGE: u8 = 60;
/// How far a burst reaches: three tiles.
pub const SPLASH_RADIUS: i32 = 3 * TILE;
/// What share of a burst's harm its own shooter takes, in per cent: a rocket at one's feet is a mistake, not an end.
pub const SELF_DAMAGE_PERCENT: u8 = 50;

/// How near one must come to take something, centre to centre.
pub const PICKUP_REACH: i32 = PLAYER_RADIUS + 4 * UNIT;
/// Health that lies at a place.
pub const PICKUP_HEALTH: u8 = 40;
/// Rounds that lie at a place.
pub const PICKUP_ROUNDS: u8 = 20;
/// Rockets that lie at a place.
pub const PICKUP_ROCKETS: u8 = 3;
/// Milliseconds until something that was taken lies there again.
pub const PICKUP_MS: u32 = 15_000;

/// How near one must be to see who stands in the undergrowth: five tiles.
pub const STEALTH_NEAR: i32 = 5 * TILE;
/// Milliseconds for which one who was hit from the undergrowth sees by whom.
pub const ALARM_MS: u32 = 1500;

/// Milliseconds of a warm-up.
pub const WARM_UP_MS: u32 = 5000;
/// Milliseconds for which a result is shown.
pub const RESULT_MS: u32 = 8000;

/// Milliseconds that each thing said costs; who has used up [`SAY_CREDIT_MS`] waits.
pub const SAY_MS: u32 = 2000;
/// Milliseconds that one may be ahead: four things said at once.
pub const SAY_CREDIT_MS: u32 = 8000;

/// How far back a shot of the rifle is judged by what its player saw, in milliseconds: the way of a frame to it and of its input back.
/// With what drawing between frames takes ([`INTERPOLATION_MS_MAX`](crate::limits::INTERPOLATION_MS_MAX)) it is how long one can be
/// in cover and still be hit. Beyond, it hits what is there now.
pub const REWIND_MS_MAX: u32 = 250;
/// How far a rifle reaches: further than a screen shows.
pub const RIFLE_RANGE: i32 = 640 * UNIT;

/// Health of a new life.
pub const HP_MAX: u8 = 100;
/// Health that a hit takes.
pub const DAMAGE: u8 = 25;
/// Milliseconds between death and the next life.
pub const RESPAWN_MS: u32 = 2000;
/// Spawn points that are drawn for a new life; the one farthest from all enemies is taken. All of them would make the
/// place predictable.
pub const SPAWN_CHOICES: usize = 6;

/// Steps per second below which speeds no longer fit their ranges.
pub const TICK_RATE_MIN: u16 = 20;
/// Steps per second above which a tick's acceleration is too few whole numbers.
pub const TICK_RATE_MAX: u16 = 128;

/// The constants above, per tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Gained per tick, in 1/256 unit per tick.
    pub acceleration: i32,
    /// Lost per tick, in 1/256 of the speed.
    pub friction: i32,
    /// Gained by a dash, in 1/256 unit per tick.
    pub dash: i32,
    /// Ticks between two dashes.
    pub dash_ticks: u8,
    /// Ticks from a shot of the rifle to the next shot.
    pub rifle_ticks: u8,
    /// Ticks from a rocket to the next shot.
    pub rocket_ticks: u8,
    /// Speed of a rocket, in 1/256 unit per tick.
    pub rocket_speed: i32,
    /// Ticks that a rocket flies.
    pub rocket_flight_ticks: u16,
    /// Ticks until a pickup is there again.
    pub pickup_ticks: u16,
    /// Ticks for which one sees who hit one.
    pub alarm_ticks: u16,
    /// Ticks of a warm-up.
    pub warm_up_ticks: u32,
    /// Ticks for which a result is shown.
    pub result_ticks: u32,
    /// Ticks that each thing said costs.
    pub say_ticks: u16,
    /// Ticks that one may be ahead with what one says.
    pub say_credit_ticks: u16,
    /// Ticks between death and the next life.
    pub respawn_ticks: u16,
}

impl Tuning {
    /// The constants at `tick_rate_hz` steps per second; a rate outside [`TICK_RATE_MIN`]`..=`[`TICK_RATE_MAX`] counts
    /// as the nearest inside.
    #[must_use]
    pub fn at(tick_rate_hz: u16) -> Self {
        let rate = tick_rate_hz.clamp(TICK_RATE_MIN, TICK_RATE_MAX);
        let hz = i32::from(rate);
        let ticks = |ms: u32| (ms * u32::from(rate)).div_ceil(1000).max(1);
        Self {
            acceleration: ACCELERATION * UNIT / (hz * hz),
            friction: FRICTION / hz,
            dash: DASH * UNIT / hz,
            dash_ticks: ticks(DASH_MS) as u8,
            rifle_ticks: ticks(RIFLE_MS) as u8,
            rocket_ticks: ticks(ROCKET_MS) as u8,
            rocket_speed: ROCKET_SPEED * UNIT / hz,
            rocket_flight_ticks: ticks(ROCKET_FLIGHT_MS) as u16,
            pickup_ticks: ticks(PICKUP_MS) as u16,
            alarm_ticks: ticks(ALARM_MS) as u16,
            warm_up_ticks: ticks(WARM_UP_MS),
            result_ticks: ticks(RESULT_MS),
            say_ticks: ticks(SAY_MS) as u16,
            say_credit_ticks: ticks(SAY_CREDIT_MS) as u16,
            respawn_ticks: ticks(RESPAWN_MS) as u16,
        }
    }

    /// Ticks from a shot of `weapon` to the next shot.
    #[must_use]
    pub const fn cooldown_ticks(&self, weapon: Weapon) -> u8 {
        match weapon {
            Weapon::Rifle => self.rifle_ticks,
            Weapon::RocketLauncher => self.rocket_ticks,
        }
    }
}

const _: () = assert!(PLAYER_RADIUS * 2 < TILE, "a player fits through a gap of one tile");
const _: () = assert!(DASH_MS * TICK_RATE_MAX as u32 / 1000 < 255, "a cooldown fits a byte");
const _: () = assert!(FRICTION / (TICK_RATE_MIN as i32) < 256, "friction slows, it does not turn");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_a_second_at_any_rate() {
        for rate in [TICK_RATE_MIN, 30, 60, TICK_RATE_MAX] {
            let tuning = Tuning::at(rate);
            let per_second = tuning.rocket_speed * i32::from(rate);
            assert!((per_second - ROCKET_SPEED * UNIT).abs() < i32::from(rate));
            let top = tuning.acceleration * 256 / tuning.friction * i32::from(rate);
            assert!((140 * UNIT..=180 * UNIT).contains(&top), "top speed {top} at {rate} Hz");
        }
    }
}
