//! Why it ends, for the person who is back at the prompt: their own wish, a game that is not drawn here, the server's words, or the network.
//!
//! Never here: when it ends (see `play`, `watch`), the prompt (see `main`).

use crate::plain_text::Plain;
use crate::session::{Session, SessionEvent};
use crate::transport::Ended;
use shared::schema::Schema;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// What to say, harmless for a terminal.
    pub words: String,
    /// It ended as the person wanted.
    pub is_well: bool,
}

/// Whether to go, and why.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaving {
    due: bool,
    /// Why we go, if it was not the person's wish.
    because: Option<String>,
}

impl Leaving {
    /// The person wishes to go.
    pub(super) const fn wish(&mut self) {
        self.due = true;
    }

    /// We cannot stay.
    pub(super) fn must(&mut self, because: &str) {
        self.because = Some(because.to_owned());
        self.due = true;
    }

    /// Whether to go now.
    pub(super) const fn is_due(&self) -> bool {
        self.due
    }

    /// Something happened in the session: perhaps a reason to go.
    pub(super) fn event(&mut self, session: &Session, event: &SessionEvent) {
        let schema = session.agreement().map(|agreement| &*agreement.schema);
        if let Some(because) = because_of(event, schema) {
            self.because = Some(because);
            // A session that failed, and a server that sends us on, close by themselves.
            self.due |= *event == SessionEvent::Welcomed;
        }
    }

    /// What to say at the end.
    pub(super) fn farewell(&self, ended: &Ended) -> Farewell {
        let left = self.due && self.because.is_none();
        let words = match (&self.because, ended) {
            (Some(because), _) => because.clone(),
            (None, Ended::Closed { code, reason }) if left => format!("You left ({code}: {}).", Plain::of(reason)),
            (None, Ended::Closed { code, reason }) => format!("The server closed with {code}: {}.", Plain::of(reason)),
            (None, Ended::Left) => "You left.".to_owned(),
            (None, Ended::Cut { cause }) if left => {
                format!("You left, and the connection was lost: {}.", Plain::of(cause))
            }
            (None, Ended::Cut { cause }) => format!("The connection was lost: {}.", Plain::of(cause)),
        };
        Farewell { words, is_well: left }
    }
}

/// Whether it is the game that is drawn here, in the version that is.
pub(super) fn is_ours(schema: &Schema) -> bool {
    schema.fingerprint() == shared::game::schema().fingerprint()
}

/// Why something that happened makes us go; `None`: it does not. `schema` is the server's, if we know it.
fn because_of(event: &SessionEvent, schema: Option<&Schema>) -> Option<String> {
    match event {
        SessionEvent::Welcomed => schema.and_then(another_game),
        SessionEvent::Failed(error) => Some(format!("{}.", Plain::of(&error.to_string()))),
        SessionEvent::Redirect(redirect) => Some(format!("The match goes on elsewhere: {}", Plain::of(&redirect.url))),
        _ => None,
    }
}

/// What to say of a game that is not drawn here.
fn another_game(schema: &Schema) -> Option<String> {
    let (game, theirs, ours) = (Plain::of(&schema.game), schema.fingerprint(), shared::game::schema().fingerprint());
    (!is_ours(schema)).then(|| {
        format!(
            "The server plays \"{game}\" (schema {theirs:016x}); this program draws Arena (schema {ours:016x}) only."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Disagreement;
    use crate::session::{SessionConfig, SessionError};
    use shared::schema::SchemaError;
    use shared::wire::Redirect;

    const NAME: &str = "\x1b]0;mine\x07\u{9b}2J\r\n\u{202e}";

    fn ended(code: u16) -> Ended {
        Ended::Closed { code, reason: NAME.to_owned() }
    }

    #[test]
    fn no_reason_that_a_server_gives_does_more_to_a_terminal_than_show_letters() {
        let declared = SchemaError::Twice { name: NAME.to_owned() };
        let failed = SessionEvent::Failed(SessionError::Disagreement(Disagreement::Schema(declared)));
        let redirect = Redirect { url: NAME.to_owned(), ..Redirect::default() };
        let events = [failed, SessionEvent::Redirect(Box::new(redirect)), SessionEvent::Welcomed];
        let schema = Schema { game: NAME.to_owned(), ..shared::game::schema() };
        let mut said: Vec<String> = events.iter().filter_map(|event| because_of(event, Some(&schema))).collect();
        assert_eq!(said.len(), 3);
        for end in [ended(1001), Ended::Cut { cause: NAME.to_owned() }] {
            said.push(Leaving::default().farewell(&end).words);
        }
        for words in said {
            assert!(words.contains("mine"), "{words:?}");
            assert!(!words.chars().any(|letter| letter.is_control() || letter == '\u{202e}'), "{words:?}");
        }
    }

    #[test]
    fn it_is_well_only_where_the_person_wished_it_and_nothing_else_was_the_reason() {
        let (session, mut leaving) = (Session::new(SessionConfig::named("ann")), Leaving::default());
        assert!(!leaving.is_due() && !leaving.farewell(&ended(1001)).is_well);
        leaving.wish();
        assert!(leaving.is_due() && leaving.farewell(&ended(1000)).is_well);
        leaving.event(&session, &SessionEvent::Redirect(Box::default()));
        assert!(!leaving.farewell(&ended(1000)).is_well);
    }

    #[test]
    fn the_game_in_the_box_is_ours_and_no_other() {
        assert_eq!(another_game(&shared::game::schema()), None);
        assert!(
            another_game(&Schema { game: "chess".to_owned(), ..shared::game::schema() })
                .is_some_and(|words| words.contains("\"chess\""))
        );
    }
}
