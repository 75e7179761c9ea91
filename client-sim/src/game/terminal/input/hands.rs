//! Held keys, the aim and the weapon, as the input of a tick.
//!
//! Terminals that speak the keyboard protocol tell when a key is let go; others only repeat it: after half a second or so, then thirty times a
//! second, and of several keys the last alone. There a key counts as held for a while after it was heard of:
//!
//! ```text
//!   pressed ─── FIRST_MS ──► let go            pressed, repeated, repeated ─ REPEAT_MS ─► let go
//!   w repeats, then d is pressed within CHORD_MS: w stays held for as long as d is (up and right)
//! ```
//!
//! Pure: keys and a clock in, an input out.
//!
//! Never here: what a key is called (see `keys`).

use super::keys::{Held, Way};
use glam::IVec2;
use shared::game::input::ArenaInput;
use shared::game::weapon::Weapon;

/// Milliseconds for which a key counts as held after it was pressed, where the terminal does not tell when it is let go.
pub const FIRST_MS: f64 = 300.0;
/// The same after each repeat.
pub const REPEAT_MS: f64 = 150.0;
/// A key that was heard of so many milliseconds ago is held together with the one that comes now.
pub const CHORD_MS: f64 = 60.0;
/// What a held key turns the aim per second, in 1/65,536 turn: half a turn.
const TURN_PER_SECOND: f64 = 32_768.0;
/// What a tap turns it: a sixty-fourth of a turn.
const TURN_TAP: f64 = 1_024.0;

/// What turns the aim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AimBy {
    /// It looks where one goes.
    #[default]
    Going,
    /// Keys turn it.
    Keys,
    /// It looks at the mouse.
    Mouse,
}

impl AimBy {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Going => "where you go",
            Self::Keys => "keys",
            Self::Mouse => "mouse",
        }
    }
}

/// How a key was heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// Pressed, or repeated where the terminal does not tell these apart.
    Press,
    /// Repeated.
    Repeat,
    /// Let go.
    Release,
}

/// A key that is held, or was.
#[derive(Clone, Copy, Debug, Default)]
struct Finger {
    heard_ms: Option<f64>,
    until_ms: f64,
    /// It lives on with this other one.
    with: Option<usize>,
}

impl Finger {
    fn holds(&self, now_ms: f64) -> bool {
        self.heard_ms.is_some() && now_ms < self.until_ms
    }
}

/// The keys that can be held, in the order of their fingers.
const HELD: [Held; 7] = [
    Held::Go(Way::Up),
    Held::Go(Way::Down),
    Held::Go(Way::Left),
    Held::Go(Way::Right),
    Held::TurnLeft,
    Held::TurnRight,
    Held::Fire,
];

/// What a person's hands do.
#[derive(Clone, Debug)]
pub struct Hands {
    fingers: [Finger; HELD.len()],
    /// The terminal tells when a key is let go.
    tells_release: bool,
    trigger: bool,
    dash: bool,
    dash_to: Option<Way>,
    aim: f64,
    aim_by: AimBy,
    weapon: Weapon,
    /// Until when the aim was turned.
    turned_ms: Option<f64>,
}

impl Hands {
    /// Hands that hold nothing.
    #[must_use]
    pub fn new(tells_release: bool) -> Self {
        Self {
            fingers: [Finger::default(); HELD.len()],
            tells_release,
            trigger: false,
            dash: false,
            dash_to: None,
            aim: 0.0,
            aim_by: AimBy::Going,
            weapon: Weapon::Rifle,
            turned_ms: None,
        }
    }

    /// Something that is held was heard of.
    pub fn hold(&mut self, held: Held, stroke: Stroke, now_ms: f64) {
        let Some(place) = HELD.iter().position(|&known| known == held) else { return };
        if stroke == Stroke::Release {
            self.fingers[place] = Finger::default();
            return;
        }
        let goes_on = self.fingers[place].holds(now_ms);
        if matches!(held, Held::TurnLeft | Held::TurnRight) && !goes_on {
            self.turn(held, TURN_TAP);
            self.turned_ms = Some(now_ms);
        }
        let for_ms = if self.tells_release {
            f64::INFINITY
        } else if goes_on || stroke == Stroke::Repeat {
            REPEAT_MS
        } else {
            FIRST_MS
        };
        // Repeats begin long after the press: until then the press counts.
        let until_ms = (now_ms + for_ms).max(if goes_on { self.fingers[place].until_ms } else { 0.0 });
        if !self.tells_release && matches!(held, Held::Go(_)) && !goes_on {
            self.join(place, now_ms);
        }
        let with = self.fingers[place].with.filter(|_| goes_on);
        self.fingers[place] = Finger { heard_ms: Some(now_ms), until_ms, with };
        for finger in &mut self.fingers {
            if finger.with == Some(place) && finger.heard_ms.is_some() {
                finger.until_ms = finger.until_ms.max(until_ms);
            }
        }
        if let Held::Go(_) = held
            && self.aim_by == AimBy::Going
        {
            self.look_ahead(now_ms);
        }
    }

    /// Keys that were heard of just now are held with this one; keys from before that are let go.
    fn join(&mut self, place: usize, now_ms: f64) {
        for (other, finger) in self.fingers.iter_mut().enumerate() {
            let goes = matches!(HELD[other], Held::Go(_));
            if !goes || other == place || !finger.holds(now_ms) {
                continue;
            }
            // Opposite keys are a change of mind.
            let opposite = other / 2 == place / 2;
            if !opposite && finger.heard_ms.is_some_and(|heard_ms| now_ms - heard_ms <= CHORD_MS) {
                finger.with = Some(place);
            } else {
                *finger = Finger::default();
            }
        }
    }

    /// The mouse's button was pressed, or let go.
    pub const fn trigger(&mut self, held: bool) {
        self.trigger = held;
    }

    /// Leap with the next input; that way, if it is said.
    pub fn dash(&mut self, way: Option<Way>, now_ms: f64) {
        self.dash = true;
        if let Some(way) = way {
            self.hold(Held::Go(way), Stroke::Press, now_ms);
            self.dash_to = Some(way);
        }
    }

    /// Shoot with this.
    pub const fn take(&mut self, weapon: Weapon) {
        self.weapon = weapon;
    }

    /// Look at the mouse, which is in this direction.
    pub fn look_at(&mut self, angle: u16) {
        self.aim_by = AimBy::Mouse;
        self.aim = f64::from(angle);
    }

    /// Look where one goes, from now on.
    pub const fn follow(&mut self) {
        self.aim_by = AimBy::Going;
    }

    /// Lets go of everything: a line is typed, or the window lost the keyboard.
    pub fn rest(&mut self) {
        self.fingers = [Finger::default(); HELD.len()];
        (self.trigger, self.dash, self.dash_to) = (false, false, None);
    }

    /// Where the aim points, in 1/65,536 turn.
    #[must_use]
    pub fn aim(&self) -> u16 {
        self.aim.rem_euclid(65_536.0) as u16
    }

    /// What turns it.
    #[must_use]
    pub const fn aim_by(&self) -> AimBy {
        self.aim_by
    }

    /// Where to go: -1, 0 or 1 on each axis.
    #[must_use]
    pub fn wish(&self, now_ms: f64) -> IVec2 {
        let [up, down, left, right] = [0, 1, 2, 3].map(|place: usize| i32::from(self.fingers[place].holds(now_ms)));
        IVec2::new(right - left, down - up)
    }

    /// The input of a tick. A leap is in one of them only.
    pub fn input(&mut self, now_ms: f64) -> ArenaInput {
        let since_ms = now_ms - self.turned_ms.unwrap_or(now_ms);
        for held in [Held::TurnLeft, Held::TurnRight] {
            if HELD.iter().zip(&self.fingers).any(|(&known, finger)| known == held && finger.holds(now_ms)) {
                self.turn(held, TURN_PER_SECOND * since_ms.clamp(0.0, 100.0) / 1_000.0);
            }
        }
        self.turned_ms = Some(now_ms);
        let mut thrust = self.wish(now_ms);
        if let Some(way) = self.dash_to.take() {
            thrust = step(way);
        }
        ArenaInput {
            thrust,
            aim: self.aim(),
            weapon: self.weapon,
            fire: self.trigger || self.fingers[6].holds(now_ms),
            dash: std::mem::take(&mut self.dash),
        }
    }

    fn turn(&mut self, held: Held, by: f64) {
        self.aim_by = AimBy::Keys;
        self.aim += if held == Held::TurnLeft { -by } else { by };
    }

    fn look_ahead(&mut self, now_ms: f64) {
        let wish = self.wish(now_ms);
        if wish != IVec2::ZERO {
            let turn = f64::from(wish.y).atan2(f64::from(wish.x)) / std::f64::consts::TAU;
            self.aim = (turn * 65_536.0).round();
        }
    }
}

/// One step that way.
const fn step(way: Way) -> IVec2 {
    match way {
        Way::Up => IVec2::new(0, -1),
        Way::Down => IVec2::new(0, 1),
        Way::Left => IVec2::new(-1, 0),
        Way::Right => IVec2::new(1, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Held = Held::Go(Way::Up);
    const RIGHT: Held = Held::Go(Way::Right);

    #[test]
    fn without_releases_a_tap_goes_for_a_while_and_a_repeated_key_until_it_stops() {
        let mut hands = Hands::new(false);
        hands.hold(UP, Stroke::Press, 0.0);
        assert_eq!(hands.wish(FIRST_MS - 1.0), IVec2::new(0, -1));
        assert_eq!(hands.wish(FIRST_MS), IVec2::ZERO);
        for at in 0..20 {
            hands.hold(UP, Stroke::Press, 1_000.0 + f64::from(at) * 33.0);
        }
        let last = 1_000.0 + 19.0 * 33.0;
        assert_eq!(hands.wish(last + REPEAT_MS - 1.0), IVec2::new(0, -1));
        assert_eq!(hands.wish(last + REPEAT_MS + 1.0), IVec2::ZERO);
    }

    #[test]
    fn with_releases_a_key_is_held_until_it_is_let_go() {
        let mut hands = Hands::new(true);
        hands.hold(UP, Stroke::Press, 0.0);
        hands.hold(RIGHT, Stroke::Press, 10.0);
        assert_eq!(hands.wish(60_000.0), IVec2::new(1, -1));
        hands.hold(UP, Stroke::Release, 60_001.0);
        assert_eq!(hands.wish(60_002.0), IVec2::new(1, 0));
    }

    #[test]
    fn a_key_that_still_repeated_when_another_came_stays_held_with_it_and_an_older_one_does_not() {
        let mut hands = Hands::new(false);
        hands.hold(UP, Stroke::Press, 0.0);
        hands.hold(RIGHT, Stroke::Press, 30.0);
        for at in 0..20 {
            hands.hold(RIGHT, Stroke::Press, 300.0 + f64::from(at) * 33.0);
        }
        assert_eq!(hands.wish(900.0), IVec2::new(1, -1), "both");
        hands.hold(Held::Go(Way::Left), Stroke::Press, 920.0);
        assert_eq!(hands.wish(921.0), IVec2::new(-1, 0), "a change of mind, and up was not heard of for long");
    }

    #[test]
    fn the_aim_follows_where_one_goes_until_keys_or_the_mouse_turn_it() {
        let mut hands = Hands::new(true);
        hands.hold(Held::Go(Way::Down), Stroke::Press, 0.0);
        assert_eq!((hands.aim(), hands.aim_by()), (1 << 14, AimBy::Going));
        hands.hold(Held::TurnRight, Stroke::Press, 10.0);
        let tapped = hands.input(10.0).aim;
        assert!(tapped > 1 << 14 && hands.aim_by() == AimBy::Keys);
        assert!(hands.input(60.0).aim > tapped, "it turns while it is held");
        hands.hold(Held::TurnRight, Stroke::Release, 60.0);
        hands.hold(UP, Stroke::Press, 70.0);
        assert_ne!(hands.aim(), 3 << 14);
        hands.look_at(99);
        assert_eq!((hands.input(80.0).aim, hands.aim_by()), (99, AimBy::Mouse));
        hands.follow();
        hands.hold(RIGHT, Stroke::Press, 90.0);
        assert_eq!(hands.aim_by(), AimBy::Going);
    }

    #[test]
    fn a_leap_is_in_one_input_and_goes_where_it_was_told() {
        let mut hands = Hands::new(false);
        hands.dash(Some(Way::Left), 0.0);
        let input = hands.input(1.0);
        assert_eq!((input.dash, input.thrust), (true, IVec2::new(-1, 0)));
        assert!(!hands.input(34.0).dash);
    }

    #[test]
    fn who_types_a_line_goes_nowhere() {
        let mut hands = Hands::new(true);
        hands.hold(UP, Stroke::Press, 0.0);
        hands.trigger(true);
        hands.rest();
        let input = hands.input(1.0);
        assert_eq!((input.thrust, input.fire), (IVec2::ZERO, false));
    }
}
