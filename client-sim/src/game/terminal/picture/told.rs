//! What the game told, in words.
//!
//! Never here: for how long they are shown (see `lately`).

use crate::plain_text::Plain;
use shared::game::chat::{REFUSED_EMPTY, REFUSED_NO_TEAM, REFUSED_TOO_FAST};
use shared::game::pickup::Sort;
use shared::game::round::{Faction, RoundOver};
use shared::ids::EntityId;

/// Why the game refused something.
pub(super) const fn refusal(reason: u8) -> &'static str {
    match reason {
        REFUSED_EMPTY => "not said: nothing of it can be shown",
        REFUSED_TOO_FAST => "not said: too much at once, wait a little",
        REFUSED_NO_TEAM => "not said: there is no team",
        _ => "the server refused that",
    }
}

/// What we took.
pub(super) const fn taken(sort: Sort) -> &'static str {
    match sort {
        Sort::Health => "you took health",
        Sort::Rounds => "you took rounds",
        Sort::Rockets => "you took rockets",
    }
}

/// How a round ended.
pub(super) fn result(over: &RoundOver, name: impl Fn(EntityId) -> Plain) -> String {
    let best = (over.best != EntityId::NONE).then(|| format!("{} killed most", name(over.best)));
    let winner = match over.winner {
        Faction::Red => Some("red wins".to_owned()),
        Faction::Blue => Some("blue wins".to_owned()),
        Faction::Alone => None,
    };
    match (winner, best) {
        (Some(winner), Some(best)) => format!("{winner} - {best}"),
        (Some(said), None) | (None, Some(said)) => said,
        (None, None) => "nobody wins".to_owned(),
    }
}
