//! What a person is told while the connection is lost, and when it is there again.
//!
//! Never here: how one comes back (see `transport`), where it is shown (see `terminal_observer`, `line_observer`).

use crate::plain_text::Plain;
use crate::session::SessionEvent;
use crate::transport::{ConnectError, Ended};

/// From a cut until the world is whole again.
#[derive(Clone, Debug, Default)]
pub(super) struct Absence {
    away: Option<Away>,
}

#[derive(Clone, Debug)]
struct Away {
    because: String,
    attempts: u32,
    /// The seat was kept for us.
    resumed: bool,
}

impl Absence {
    /// The connection is lost. In words, for whoever reads them.
    pub(super) fn begin(&mut self, ended: &Ended) -> String {
        let because = match ended {
            Ended::Closed { code, reason } => format!("closed with {code}: {}", Plain::of(reason)),
            Ended::Cut { cause } => Plain::of(cause).to_string(),
            Ended::Left => "left".to_owned(),
        };
        let words = format!("the connection was lost ({because}): coming back");
        self.away = Some(Away { because, attempts: 0, resumed: false });
        words
    }

    /// An attempt to come back failed, or brought a connection.
    pub(super) fn tried(&mut self, error: Option<&ConnectError>) {
        if let Some(away) = &mut self.away {
            away.attempts += 1;
            away.because = error.map_or_else(String::new, |error| Plain::of(&error.to_string()).to_string());
        }
    }

    /// Something happened in the session. Words, if that ended the absence.
    pub(super) fn event(&mut self, event: &SessionEvent) -> Option<&'static str> {
        match event {
            SessionEvent::Resumed => {
                if let Some(away) = &mut self.away {
                    away.resumed = true;
                }
                None
            }
            SessionEvent::Complete => self
                .away
                .take()
                .map(|away| if away.resumed { "you are back where you were" } else { "you are back, as somebody new" }),
            _ => None,
        }
    }

    /// What to show as long as it lasts; none: we are there.
    pub(super) fn banner(&self) -> Option<String> {
        let Away { because, attempts, .. } = self.away.as_ref()?;
        let why = if because.is_empty() { String::new() } else { format!(" ({because})") };
        let again = if *attempts == 0 { String::new() } else { format!(", attempt {}", attempts + 1) };
        Some(if because.is_empty() {
            "the connection is there again: waiting for the world".to_owned()
        } else {
            format!("the connection was lost{why}: coming back{again}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_that_it_was_cut_how_often_it_was_tried_and_whether_the_seat_was_kept() {
        let mut absence = Absence::default();
        assert_eq!((absence.banner(), absence.event(&SessionEvent::Complete)), (None, None));
        let words = absence.begin(&Ended::Cut { cause: "reset\x1b[2J".to_owned() });
        assert_eq!(words, "the connection was lost (reset\u{fffd}[2J): coming back");
        assert_eq!(absence.banner(), Some(words));
        absence.tried(Some(&ConnectError::Slow));
        assert!(absence.banner().is_some_and(|banner| banner.ends_with("15 s): coming back, attempt 2")));
        absence.tried(None);
        assert_eq!(absence.banner().as_deref(), Some("the connection is there again: waiting for the world"));
        assert_eq!(absence.event(&SessionEvent::Resumed), None);
        assert_eq!(absence.event(&SessionEvent::Complete), Some("you are back where you were"));
        assert_eq!(absence.banner(), None);
        absence.begin(&Ended::Closed { code: 4005, reason: "nothing heard".to_owned() });
        assert_eq!(absence.event(&SessionEvent::Complete), Some("you are back, as somebody new"));
    }
}
