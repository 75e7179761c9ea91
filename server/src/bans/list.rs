//! Many bans, each found by its ticket, its player or an address in its range.
//!
//! ```text
//!   ticket ─► hash ─┐
//!   player ─► hash ─┼─► number ─► ban            numbers only grow: the order in which they came, and what a page begins after
//!   range  ─► its length ─► hash of the beginning ─┘
//! ```
//!
//! Never here: whether a ban still holds (whoever asks knows the time), files.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::address_range::Kind;
use super::ban::{Ban, Target};
use crate::identity::{Identity, PlayerKey, TicketId};
use crate::utc::Utc;

/// Bans, one for each target.
#[derive(Debug, Default)]
pub(super) struct List {
    next: u64,
    bans: BTreeMap<u64, Arc<Ban>>,
    tickets: HashMap<TicketId, u64>,
    players: HashMap<PlayerKey, u64>,
    ranges: BTreeMap<Kind, HashMap<u128, u64>>,
}

impl List {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bans.len()
    }

    /// Puts one in. Gives the one that was there for the same target.
    pub(super) fn insert(&mut self, ban: Arc<Ban>) -> Option<Arc<Ban>> {
        let replaced = self.remove(&ban.target);
        let number = self.next;
        self.next += 1;
        match &ban.target {
            Target::Ticket(ticket) => drop(self.tickets.insert(ticket.clone(), number)),
            Target::Player(player) => drop(self.players.insert(player.clone(), number)),
            Target::Address(range) => {
                self.ranges.entry(range.kind()).or_default().insert(range.key(), number);
            }
        }
        self.bans.insert(number, ban);
        replaced
    }

    /// Takes the one for this target out.
    pub(super) fn remove(&mut self, target: &Target) -> Option<Arc<Ban>> {
        let number = match target {
            Target::Ticket(ticket) => self.tickets.remove(ticket),
            Target::Player(player) => self.players.remove(player),
            Target::Address(range) => {
                let of_kind = self.ranges.get_mut(&range.kind())?;
                let number = of_kind.remove(&range.key());
                if of_kind.is_empty() {
                    self.ranges.remove(&range.kind());
                }
                number
            }
        };
        self.bans.remove(&number?)
    }

    /// The one for exactly this target.
    pub(super) fn of(&self, target: &Target) -> Option<&Arc<Ban>> {
        let number = match target {
            Target::Ticket(ticket) => self.tickets.get(ticket),
            Target::Player(player) => self.players.get(player),
            Target::Address(range) => self.ranges.get(&range.kind()).and_then(|of_kind| of_kind.get(&range.key())),
        };
        self.bans.get(number?)
    }

    /// All that are for this one.
    pub(super) fn for_one<'a>(&'a self, identity: &'a Identity) -> impl Iterator<Item = &'a Arc<Ban>> {
        let tickets = identity.tickets().filter_map(|(ticket, _)| self.tickets.get(ticket));
        let player = self.players.get(&identity.player);
        let ranges = self.ranges.iter().filter_map(|(kind, of_kind)| of_kind.get(&kind.key_of(identity.address)?));
        tickets.chain(player).chain(ranges).filter_map(|number| self.bans.get(number))
    }

    /// Drops those that do not hold any more; gives how many.
    pub(super) fn prune(&mut self, now: Utc) -> usize {
        let over: Vec<Target> =
            self.bans.values().filter(|ban| !ban.holds(now)).map(|ban| ban.target.clone()).collect();
        for target in &over {
            self.remove(target);
        }
        over.len()
    }

    /// Those that came after this number, in order, each with its own.
    pub(super) fn after(&self, number: Option<u64>) -> impl Iterator<Item = (u64, &Arc<Ban>)> {
        let first = number.map_or(0, |number| number.saturating_add(1));
        self.bans.range(first..).map(|(number, ban)| (*number, ban))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(line: &str) -> Arc<Ban> {
        Arc::new(Ban::from_line(line).expect("a ban"))
    }

    fn list(lines: &[&str]) -> List {
        let mut list = List::default();
        for line in lines {
            list.insert(ban(line));
        }
        list
    }

    fn somebody(player: &str, ticket: Option<&str>, address: &str) -> Identity {
        let player = PlayerKey::new(player).expect("a player");
        let ticket = ticket.map(|ticket| TicketId::new(ticket).expect("a ticket"));
        Identity { ticket, ..Identity::guest(player, None, address.parse().expect("an address")) }
    }

    #[test]
    fn each_ban_finds_whom_it_is_for_and_nobody_else() {
        let list = list(&[
            r#"{"player":"anna"}"#,
            r#"{"ticket":"t1"}"#,
            r#"{"address":"192.0.2.0/24"}"#,
            r#"{"address":"2001:db8::/32"}"#,
            r#"{"address":"192.0.2.7"}"#,
        ]);
        let count = |who: &Identity| list.for_one(who).count();
        assert_eq!(count(&somebody("bert", None, "198.51.100.1")), 0);
        assert_eq!(count(&somebody("anna", None, "198.51.100.1")), 1);
        assert_eq!(count(&somebody("bert", Some("t1"), "198.51.100.1")), 1);
        assert_eq!(count(&somebody("bert", Some("t2"), "::ffff:192.0.2.9")), 1);
        assert_eq!(count(&somebody("bert", None, "2001:db8::9")), 1);
        assert_eq!(count(&somebody("anna", Some("t1"), "192.0.2.7")), 4, "both ranges, the player and the ticket");
        assert_eq!(count(&somebody("t1", Some("anna"), "198.51.100.1")), 0, "a ticket is no player");
    }

    #[test]
    fn a_second_ban_for_the_same_replaces_the_first() {
        let mut list = list(&[r#"{"player":"anna"}"#]);
        let replaced = list.insert(ban(r#"{"player":"anna","reason":"again"}"#));
        assert!(replaced.is_some_and(|old| old.reason.is_empty()) && list.len() == 1);
        let target = ban(r#"{"player":"anna"}"#).target.clone();
        assert_eq!(list.of(&target).map(|ban| ban.reason.as_str()), Some("again"));
        assert!(list.remove(&target).is_some() && list.remove(&target).is_none() && list.len() == 0);
    }

    #[test]
    fn what_is_over_is_dropped_and_the_rest_stays() {
        let mut list = list(&[
            r#"{"player":"anna","until":"2031-05-04T12:00:00Z"}"#,
            r#"{"address":"192.0.2.0/24","until":"2031-05-04T12:00:01Z"}"#,
            r#"{"ticket":"t1"}"#,
        ]);
        assert_eq!(list.prune("2031-05-04T12:00:00Z".parse().expect("a time")), 1);
        assert_eq!(list.prune("2031-05-04T12:00:01Z".parse().expect("a time")), 1);
        assert_eq!(list.len(), 1);
        assert_eq!(list.for_one(&somebody("anna", Some("t1"), "192.0.2.1")).count(), 1);
    }

    #[test]
    fn a_page_goes_on_where_the_last_one_ended() {
        let list = list(&[r#"{"player":"a"}"#, r#"{"player":"b"}"#, r#"{"player":"c"}"#]);
        let first: Vec<u64> = list.after(None).take(2).map(|(number, _)| number).collect();
        let rest: Vec<u64> = list.after(first.last().copied()).map(|(number, _)| number).collect();
        assert_eq!((first, rest), (vec![0, 1], vec![2]));
    }
}
