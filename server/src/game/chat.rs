//! What players say: cleaned, no faster than one can read, to all or to the own team.
//!
//! Control characters, directions and what is invisible are taken out; what is left is told as it is. Who shows it must
//! take it for text.
//!
//! Never here: names (see `names`).

use super::Feel;
use crate::sim::{Answer, EntityIds, Outbox, Players, Requests, Team, To};
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use shared::game::chat::{REFUSED_EMPTY, REFUSED_NO_TEAM, REFUSED_TOO_FAST, SAY_BYTES_MAX, Said, Say};
use shared::game::components::Nameplate;
use shared::schema::Text;
use unicode_normalization::UnicodeNormalization;

/// How much a player said lately.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// Ticks that what was said cost and that have not passed yet.
    pub spent: u16,
}

/// Rules: who asks to say something is heard, in the order of players.
pub fn speak(
    (requests, players, ids, feel): (Res<Requests>, Res<Players>, Res<EntityIds>, Res<Feel>),
    mut speakers: Query<(&Nameplate, Option<&Team>, &mut Voice)>,
    mut outbox: ResMut<Outbox>,
) {
    for (_, _, mut voice) in &mut speakers {
        if voice.spent > 0 {
            voice.spent -= 1;
        }
    }
    for (player, number, say) in requests.of::<Say>() {
        let Some(id) = players.entity(player) else { continue };
        let Some((nameplate, team, mut voice)) = ids.entity(id).and_then(|entity| speakers.get_mut(entity).ok()) else {
            continue;
        };
        let to = match (say.team, team) {
            (false, _) => Ok(To::Everyone),
            (true, Some(team)) => Ok(To::Team(team.0)),
            (true, None) => Err(REFUSED_NO_TEAM),
        };
        let heard = to.and_then(|to| {
            let text = clean(say.text.as_str()).ok_or(REFUSED_EMPTY)?;
            let spent = voice.spent + feel.0.say_ticks;
            if spent > feel.0.say_credit_ticks {
                return Err(REFUSED_TOO_FAST);
            }
            voice.spent = spent;
            Ok((to, text))
        });
        match heard {
            Ok((to, text)) => {
                outbox.send(to, &Said { speaker: id, name: nameplate.name, team: say.team, text });
                outbox.answer(player, number, Answer::Done);
            }
            Err(reason) => outbox.answer(player, number, Answer::Refused(reason)),
        }
    }
}

/// What may be told of a text; none if nothing is left.
fn clean(text: &str) -> Option<Text<SAY_BYTES_MAX>> {
    let spaced = text.nfc().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    let kept: String = spaced.filter(|&letter| !is_hidden(letter)).collect();
    let kept = kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (!kept.is_empty()).then(|| Text::new(&kept))
}

/// Control characters, marks of direction, joiners, variation selectors, tags and what else shows nothing by itself.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_told_without_what_nobody_sees() {
        let told = |text| clean(text).map(|text| text.as_str().to_owned());
        assert_eq!(told("hello  \t there"), Some("hello there".to_owned()));
        assert_eq!(told("a\u{202e}b\u{200b}c\u{0}d\u{2066}\u{e0041}"), Some("abcd".to_owned()));
        assert_eq!(told("grüße, 世界 <b>"), Some("grüße, 世界 <b>".to_owned()));
        assert_eq!(told(" \u{200b}\n"), None);
    }
}
