//! What is open on the screen and what is being typed: keys in, deeds out.
//!
//! Never here: how it looks (see `draw`), who does what is asked for (see `terminal_observer`).

use super::hands::{Hands, Stroke};
use super::keys::{Held, Meaning, Seat, meaning};
use crate::game::terminal::picture::camera::{CLOSE, FAR};
use crate::game::terminal::picture::scene::{Open, Typing};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use shared::game::chat::SAY_BYTES_MAX;
use shared::game::weapon::Weapon;

/// What a person asks for beside an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// To leave.
    Leave,
    /// To say something.
    Say(Typing),
    /// To follow the next player; `false`: the one before.
    Follow(bool),
    /// To follow nobody.
    Free,
}

/// What is open, and whose it is.
#[derive(Clone, Debug)]
pub struct Desk {
    seat: Seat,
    /// What is open.
    pub open: Open,
    /// The cell that the mouse pointed at last.
    pub pointer: Option<(u16, u16)>,
    /// World units per column that suit the size of the screen: what zoom turns from first.
    pub suits: u8,
    /// What was refused, for the next line that is typed.
    draft: String,
}

impl Desk {
    /// The desk of somebody who has just come.
    #[must_use]
    pub fn new(seat: Seat) -> Self {
        Self { seat, open: Open::default(), pointer: None, suits: FAR, draft: String::new() }
    }

    /// A key was heard of.
    pub fn key(&mut self, key: &KeyEvent, hands: &mut Hands, now_ms: f64) -> Option<Deed> {
        let stroke = match key.kind {
            KeyEventKind::Press => Stroke::Press,
            KeyEventKind::Repeat => Stroke::Repeat,
            KeyEventKind::Release => Stroke::Release,
        };
        let meaning = meaning(key, self.seat);
        if stroke == Stroke::Release {
            // With Shift held or not, what is let go is let go.
            if let Some(Meaning::Hold(held)) = meaning {
                hands.hold(held, stroke, now_ms);
            } else if let Some(Meaning::DashTo(way)) = meaning {
                hands.hold(Held::Go(way), stroke, now_ms);
            }
            return None;
        }
        if meaning == Some(Meaning::Leave) {
            return Some(Deed::Leave);
        }
        if self.open.typing.is_some() {
            return self.letter(key);
        }
        if self.open.leaving && matches!(key.code, KeyCode::Char('q' | 'y')) {
            return Some(Deed::Leave);
        }
        let meaning = meaning?;
        match meaning {
            Meaning::Hold(held) => hands.hold(held, stroke, now_ms),
            _ if stroke == Stroke::Repeat => return None,
            Meaning::DashTo(way) => hands.dash(Some(way), now_ms),
            Meaning::Dash => hands.dash(None, now_ms),
            Meaning::Rifle => hands.take(Weapon::Rifle),
            Meaning::RocketLauncher => hands.take(Weapon::RocketLauncher),
            Meaning::AimFollows => hands.follow(),
            Meaning::Say { team } => {
                hands.rest();
                self.open.typing = Some(Typing { text: std::mem::take(&mut self.draft), team });
            }
            _ => return self.open_or_close(meaning),
        }
        None
    }

    fn open_or_close(&mut self, meaning: Meaning) -> Option<Deed> {
        let open = &mut self.open;
        match meaning {
            Meaning::NetGraph => open.net_graph = !open.net_graph,
            Meaning::Scoreboard => open.scoreboard = !open.scoreboard,
            Meaning::Help => open.help = !open.help,
            Meaning::Zoom => {
                let suits = self.suits;
                let next = if open.units_per_column.unwrap_or(suits) == CLOSE { FAR } else { CLOSE };
                open.units_per_column = (next != suits).then_some(next);
            }
            Meaning::Escape if open.leaving || open.help || open.scoreboard => {
                (open.leaving, open.help, open.scoreboard) = (false, false, false);
            }
            Meaning::Escape => open.leaving = true,
            Meaning::Quit => return Some(Deed::Leave),
            Meaning::Next => return Some(Deed::Follow(true)),
            Meaning::Previous => return Some(Deed::Follow(false)),
            Meaning::Free => return Some(Deed::Free),
            _ => {}
        }
        None
    }

    /// The server refused what was said. It stands in the line again: in the next one if none is open, for whoever plays on types no letters.
    pub fn refused(&mut self, said: Typing) {
        match &mut self.open.typing {
            Some(typing) if typing.text.is_empty() => *typing = said,
            Some(_) => {}
            None => self.draft = said.text,
        }
    }

    /// A key while a line is typed.
    fn letter(&mut self, key: &KeyEvent) -> Option<Deed> {
        let typing = self.open.typing.as_mut()?;
        match key.code {
            KeyCode::Esc => self.open.typing = None,
            KeyCode::Enter => {
                let said = self.open.typing.take()?;
                return (!said.text.trim().is_empty()).then_some(Deed::Say(said));
            }
            KeyCode::Backspace => drop(typing.text.pop()),
            KeyCode::Char(letter)
                if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
                    && typing.text.len() + letter.len_utf8() <= SAY_BYTES_MAX =>
            {
                typing.text.push(letter);
            }
            _ => {}
        }
        None
    }

    /// Which way a spectator pans.
    #[must_use]
    pub fn pan(&self, hands: &Hands, now_ms: f64) -> Option<[f64; 2]> {
        let wish = hands.wish(now_ms);
        let pans = self.seat == Seat::Spectator && wish != glam::IVec2::ZERO;
        pans.then(|| [f64::from(wish.x), f64::from(wish.y)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn a_line_is_typed_and_said_and_meanwhile_no_letter_moves_anybody() {
        let (mut desk, mut hands) = (Desk::new(Seat::Player), Hands::new(false));
        assert_eq!(desk.key(&key(KeyCode::Char('t')), &mut hands, 0.0), None);
        for letter in "wad!".chars() {
            assert_eq!(desk.key(&key(KeyCode::Char(letter)), &mut hands, 1.0), None);
        }
        desk.key(&key(KeyCode::Backspace), &mut hands, 2.0);
        assert_eq!(hands.wish(3.0), glam::IVec2::ZERO);
        let said = Typing { text: "wad".to_owned(), team: false };
        assert_eq!(desk.key(&key(KeyCode::Enter), &mut hands, 3.0), Some(Deed::Say(said)));
        assert_eq!(desk.open.typing, None);
    }

    #[test]
    fn nothing_is_said_by_escape_or_by_an_empty_line_and_no_more_than_fits() {
        let (mut desk, mut hands) = (Desk::new(Seat::Player), Hands::new(false));
        for end in [KeyCode::Esc, KeyCode::Enter] {
            desk.key(&key(KeyCode::Enter), &mut hands, 0.0);
            desk.key(&key(KeyCode::Char(' ')), &mut hands, 0.0);
            assert_eq!(desk.key(&key(end), &mut hands, 1.0), None);
            assert_eq!(desk.open.typing, None);
        }
        desk.key(&key(KeyCode::Enter), &mut hands, 0.0);
        for _ in 0..200 {
            desk.key(&key(KeyCode::Char('é')), &mut hands, 0.0);
        }
        assert_eq!(desk.open.typing.map(|typing| typing.text.len()), Some(SAY_BYTES_MAX));
    }

    #[test]
    fn escape_closes_what_is_open_and_then_asks_and_q_leaves_only_then() {
        let (mut desk, mut hands) = (Desk::new(Seat::Player), Hands::new(false));
        desk.key(&key(KeyCode::Tab), &mut hands, 0.0);
        desk.key(&key(KeyCode::Esc), &mut hands, 0.0);
        assert_eq!(desk.open, Open::default());
        assert_eq!(desk.key(&key(KeyCode::Char('q')), &mut hands, 0.0), None, "it turns the aim");
        desk.key(&key(KeyCode::Esc), &mut hands, 0.0);
        assert!(desk.open.leaving);
        assert_eq!(desk.key(&key(KeyCode::Char('q')), &mut hands, 0.0), Some(Deed::Leave));
    }

    #[test]
    fn what_was_refused_stands_in_the_next_line_or_in_one_that_is_empty_and_overwrites_nothing() {
        let (mut desk, mut hands) = (Desk::new(Seat::Player), Hands::new(false));
        let said = |text: &str| Typing { text: text.to_owned(), team: false };
        desk.refused(said("hello"));
        assert_eq!(desk.open.typing, None, "no line opens by itself");
        desk.key(&key(KeyCode::Enter), &mut hands, 0.0);
        assert_eq!(desk.open.typing, Some(said("hello")));
        desk.refused(said("later"));
        assert_eq!(desk.open.typing, Some(said("hello")));
        desk.key(&key(KeyCode::Esc), &mut hands, 0.0);
        desk.key(&key(KeyCode::Enter), &mut hands, 0.0);
        assert_eq!(desk.open.typing, Some(said("")));
        desk.refused(said("later"));
        assert_eq!(desk.open.typing, Some(said("later")));
    }

    #[test]
    fn each_press_of_zoom_changes_what_is_seen_whatever_suits_the_screen() {
        for (suits, pressed) in [(FAR, [Some(CLOSE), None]), (CLOSE, [Some(FAR), None])] {
            let (mut desk, mut hands) = (Desk { suits, ..Desk::new(Seat::Player) }, Hands::new(false));
            for units in pressed {
                desk.key(&key(KeyCode::Char('z')), &mut hands, 0.0);
                assert_eq!(desk.open.units_per_column, units);
            }
        }
    }
}
