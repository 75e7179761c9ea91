//! Who is connected and who is banned, in pages: each says after which number the next one begins.
//!
//! Never here: who may ask (see `api`).

use serde_json::{Value, json};
use shared::limits::ACT_TARGETS_MAX;

use super::super::Front;
use super::super::answers::Refusal;
use super::api::bad_body;
use crate::bans::Source;
use crate::sessions::Connected;
use crate::utc::Utc;

/// Lines of a page unless more or fewer are asked for; at most [`ACT_TARGETS_MAX`].
const PAGE_DEFAULT: usize = 100;

/// What was asked for in the query.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    after: Option<u64>,
    limit: usize,
    /// Which lines, by key.
    only: Vec<(&'a str, String)>,
}

impl<'a> Asked<'a> {
    /// Reads `key=value&…`; keys besides those of pages must be in `keys`.
    fn read(query: &'a str, keys: &[&str]) -> Result<Self, Refusal> {
        let mut asked = Self { after: None, limit: PAGE_DEFAULT, only: Vec::new() };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let wanted = || bad_body(format!("{key}: a number is wanted"));
            match key {
                "after" => asked.after = Some(value.parse().map_err(|_| wanted())?),
                "limit" => asked.limit = value.parse::<usize>().map_err(|_| wanted())?.clamp(1, ACT_TARGETS_MAX),
                key if keys.contains(&key) => {
                    let bad = || bad_body(format!("{key}: it is no text, with %XX for what an address cannot have"));
                    asked.only.push((key, decoded(value).ok_or_else(bad)?));
                }
                key => return Err(bad_body(format!("there is no {key} to ask for here"))),
            }
        }
        Ok(asked)
    }

    fn only(&self, wanted: &str) -> Option<&str> {
        self.only.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.as_str())
    }
}

/// What a part of an address stands for (RFC 3986): `steam%3A42` is `steam:42`. None: it stands for no text.
fn decoded(part: &str) -> Option<String> {
    let mut pieces = part.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// A page of those who are connected, by connection.
pub(super) fn clients(front: &Front, query: &str) -> Result<Value, Refusal> {
    let asked = Asked::read(query, &["room", "player"])?;
    let (room, player) = (asked.only("room"), asked.only("player"));
    let mut all = front.sessions.list();
    let connected = all.iter().filter(|one| !one.is_away).count();
    all.retain(|one| {
        asked.after.is_none_or(|after| one.connection > after)
            && room.is_none_or(|room| one.room.to_string() == room)
            && player.is_none_or(|player| one.identity.player.as_str() == player)
    });
    let more = all.len() > asked.limit;
    all.truncate(asked.limit);
    let next = all.last().filter(|_| more).map(|one| one.connection);
    let clients: Vec<Value> = all.iter().map(client_to_json).collect();
    Ok(json!({ "connected": connected, "clients": clients, "next": next }))
}

fn client_to_json(one: &Connected) -> Value {
    let Connected { connection, identity, room, since, is_away } = one;
    json!({
        "connection": connection,
        "player": identity.player.as_str(),
        "name": identity.name,
        "guest": identity.player.is_guest(),
        "ticket": identity.ticket.as_ref().map(|ticket| ticket.as_str()),
        "key": identity.key.as_ref().map(|key| key.id.as_str()),
        "role": identity.role.as_str(),
        "room": room.to_string(),
        "address": identity.address.to_canonical().to_string(),
        "away": is_away,
        "since": Utc::from(*since).to_string(),
        "expires": identity.expires.map(|expires| Utc::from(expires).to_string()),
    })
}

/// A page of bans: ours, or the operator's file's.
pub(super) fn bans(front: &Front, query: &str) -> Result<Value, Refusal> {
    let asked = Asked::read(query, &["source"])?;
    let source = match asked.only("source") {
        None | Some("api") => Source::Own,
        Some("file") => Source::File,
        Some(_) => return Err(bad_body("source is api or file")),
    };
    let mut page = front.operation.bans.page(source, asked.after, asked.limit + 1);
    let more = page.len() > asked.limit;
    page.truncate(asked.limit);
    let next = page.last().filter(|_| more).map(|one| one.number);
    let bans: Vec<_> = page.iter().map(|one| one.ban.written()).collect();
    Ok(json!({ "count": front.operation.bans.count(), "source": source.as_str(), "bans": bans, "next": next }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_by_numbers_and_known_keys_only() {
        let asked = Asked::read("after=7&limit=5&room=main", &["room"]).expect("good");
        assert_eq!((asked.after, asked.limit, asked.only("room")), (Some(7), 5, Some("main")));
        assert_eq!(Asked::read("", &[]).expect("good").limit, PAGE_DEFAULT);
        assert_eq!(Asked::read("limit=0", &[]).expect("good").limit, 1);
        assert_eq!(Asked::read("limit=99999999", &[]).expect("good").limit, ACT_TARGETS_MAX);
        for bad in ["limit=x", "after=-1", "after", "room=main", "x"] {
            assert!(Asked::read(bad, &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn whom_one_asks_for_may_be_written_as_programs_write_it_into_an_address() {
        let player = |query: &str| Asked::read(query, &["player"]).ok()?.only("player").map(str::to_owned);
        for query in ["player=steam:42", "player=steam%3A42", "player=%73team%3a42"] {
            assert_eq!(player(query).as_deref(), Some("steam:42"), "{query}");
        }
        assert_eq!(player("player=a%26b%3Dc").as_deref(), Some("a&b=c"));
        assert_eq!(player("player=Zo%C3%AB").as_deref(), Some("Zoë"));
        for bad in ["player=%", "player=%4", "player=%+4", "player=%zz", "player=%ff", "player=%é"] {
            assert_eq!(player(bad), None, "{bad}");
        }
    }
}
