//! What a key means.
//!
//! A terminal names a key by what it types, so a capital letter is Shift with it: a dash that way.
//!
//! Never here: how long a key counts as held (see `hands`), what is open (see `desk`).

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A direction of the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Up the screen.
    Up,
    /// Down the screen.
    Down,
    /// To the left.
    Left,
    /// To the right.
    Right,
}

/// A key that counts for as long as it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Go, or pan.
    Go(Way),
    /// Turn the aim against the clock.
    TurnLeft,
    /// Turn it with the clock.
    TurnRight,
    /// The trigger.
    Fire,
}

/// What a key means while no line is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Something that is held.
    Hold(Held),
    /// Go there, and leap.
    DashTo(Way),
    /// Leap.
    Dash,
    /// The rifle.
    Rifle,
    /// Rockets.
    RocketLauncher,
    /// Let the aim follow where we go.
    AimFollows,
    /// Type a line; `team`: for the own team alone.
    Say {
        /// For the own team alone.
        team: bool,
    },
    /// Open or close the net graph.
    NetGraph,
    /// Open or close the score.
    Scoreboard,
    /// Open or close the keys.
    Help,
    /// Look closer, or from farther away.
    Zoom,
    /// A spectator follows the next player.
    Next,
    /// It follows the one before.
    Previous,
    /// It follows nobody.
    Free,
    /// Close what is open, or ask whether to leave.
    Escape,
    /// A spectator has had enough.
    Quit,
    /// Leave at once.
    Leave,
}

/// Who sits there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// Somebody who plays.
    Player,
    /// Somebody who looks on.
    Spectator,
}

/// What a key means to who sits there; `None`: nothing.
#[must_use]
pub fn meaning(key: &KeyEvent, seat: Seat) -> Option<Meaning> {
    let held = |held| Some(Meaning::Hold(held));
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'C')).then_some(Meaning::Leave);
    }
    let by_shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let way = |way| if by_shift { Some(Meaning::DashTo(way)) } else { held(Held::Go(way)) };
    match (key.code, seat) {
        (KeyCode::Up, _) => way(Way::Up),
        (KeyCode::Down, _) => way(Way::Down),
        (KeyCode::Left, _) => way(Way::Left),
        (KeyCode::Right, _) => way(Way::Right),
        (KeyCode::Tab, _) => Some(Meaning::Scoreboard),
        (KeyCode::F(1), _) => Some(Meaning::Help),
        (KeyCode::F(3), _) => Some(Meaning::NetGraph),
        (KeyCode::Esc, _) => Some(Meaning::Escape),
        (KeyCode::Enter, Seat::Player) => Some(Meaning::Say { team: false }),
        (KeyCode::Char(letter), Seat::Player) => of_player(letter, by_shift),
        (KeyCode::Char(letter), Seat::Spectator) => of_spectator(letter),
        _ => None,
    }
}

fn of_player(letter: char, by_shift: bool) -> Option<Meaning> {
    let held = |held| Some(Meaning::Hold(held));
    // With the keyboard protocol Shift-w is w and Shift; without it, W.
    let leaps = by_shift || letter.is_ascii_uppercase();
    let way = |way| if leaps { Some(Meaning::DashTo(way)) } else { held(Held::Go(way)) };
    match letter {
        'w' | 'W' => way(Way::Up),
        's' | 'S' => way(Way::Down),
        'a' | 'A' => way(Way::Left),
        'd' | 'D' => way(Way::Right),
        'q' | 'j' => held(Held::TurnLeft),
        'e' | 'l' => held(Held::TurnRight),
        ' ' => held(Held::Fire),
        'x' | 'X' => Some(Meaning::Dash),
        '1' => Some(Meaning::Rifle),
        '2' => Some(Meaning::RocketLauncher),
        'f' => Some(Meaning::AimFollows),
        't' | 'T' => Some(Meaning::Say { team: leaps }),
        'n' => Some(Meaning::NetGraph),
        _ => of_anybody(letter),
    }
}

fn of_spectator(letter: char) -> Option<Meaning> {
    let held = |way| Some(Meaning::Hold(Held::Go(way)));
    match letter {
        'w' => held(Way::Up),
        's' => held(Way::Down),
        'a' => held(Way::Left),
        'd' => held(Way::Right),
        'n' => Some(Meaning::Next),
        'p' => Some(Meaning::Previous),
        'f' => Some(Meaning::Free),
        'g' => Some(Meaning::NetGraph),
        'q' => Some(Meaning::Quit),
        _ => of_anybody(letter),
    }
}

const fn of_anybody(letter: char) -> Option<Meaning> {
    match letter {
        'h' | '?' => Some(Meaning::Help),
        'z' => Some(Meaning::Zoom),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: KeyCode, modifiers: KeyModifiers) -> Option<Meaning> {
        meaning(&KeyEvent::new(code, modifiers), Seat::Player)
    }

    #[test]
    fn letters_and_arrows_go_and_with_shift_leap() {
        let plain = KeyModifiers::NONE;
        assert_eq!(of(KeyCode::Char('w'), plain), Some(Meaning::Hold(Held::Go(Way::Up))));
        assert_eq!(of(KeyCode::Right, plain), Some(Meaning::Hold(Held::Go(Way::Right))));
        assert_eq!(of(KeyCode::Char('A'), KeyModifiers::SHIFT), Some(Meaning::DashTo(Way::Left)));
        assert_eq!(of(KeyCode::Char('a'), KeyModifiers::SHIFT), Some(Meaning::DashTo(Way::Left)));
        assert_eq!(of(KeyCode::Down, KeyModifiers::SHIFT), Some(Meaning::DashTo(Way::Down)));
    }

    #[test]
    fn control_and_c_leaves_at_once_and_no_other_control_does_anything() {
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Meaning::Leave));
        assert_eq!(of(KeyCode::Char('w'), KeyModifiers::CONTROL), None);
    }

    #[test]
    fn a_spectator_turns_to_others_where_a_player_opens_the_net_graph() {
        let key = KeyEvent::new(KeyCode::Char('n'), KeyModifiers::NONE);
        assert_eq!(meaning(&key, Seat::Player), Some(Meaning::NetGraph));
        assert_eq!(meaning(&key, Seat::Spectator), Some(Meaning::Next));
    }
}
