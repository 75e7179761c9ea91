//! What became of bots whose connections were cut: are they back, as the same players, with the same entities and scores?
//!
//! ```text
//!   lost ─► what it was: seat, entity, score, next input ─┐
//!   whole again ─► what it is now ───────────────────────┴─► Return ─► all bots' together: the report's `resume`
//! ```
//!
//! A score may have grown meanwhile, for shots were under way and others hit; it may fall only with a new round (field `round` of the
//! component `Match`). In a game without scores there is none to lose.
//!
//! Never here: how one comes back (see `transport`), sockets, clocks.

use super::bot::BotRecord;
use super::own::{self, SCORE};
use crate::replica::Replica;
use crate::report::{ResumeReport, Times};
use crate::session::Session;
use crate::transport::Ended;
use shared::ids::{PlayerId, Slot, Tick};
use shared::schema::Schema;

/// The component, and its field, by which a game says which round is played.
const ROUND: (&str, &str) = ("Match", "round");

/// An entity as far as nothing but its own doings, and what is done to it, may change it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Likeness {
    slot: Slot,
    /// The codes of all fields that are constant.
    constants: Vec<i32>,
    score: Vec<i32>,
    round: Option<i32>,
}

impl Likeness {
    fn of(replica: &Replica) -> Option<Self> {
        let (slot, schema) = (replica.me()?, replica.schema());
        let (mut constants, mut score) = (Vec::new(), Vec::new());
        for (index, component) in schema.components.iter().enumerate() {
            let Some(row) = replica.row(slot, index) else { continue };
            let mut codes = row.iter().copied();
            for field in &component.fields {
                let part = codes.by_ref().take(field.part_count());
                match field.marks.constant {
                    true => constants.extend(part),
                    false => part.for_each(drop),
                }
            }
            if component.name == SCORE {
                score = row;
            }
        }
        Some(Self { slot, constants, score, round: round(replica, schema) })
    }

    /// Whether this can be what `before` has become.
    fn has_the_score_of(&self, before: &Self) -> bool {
        let grew = self.score.len() == before.score.len()
            && self.score.iter().zip(&before.score).all(|(now, before)| now >= before);
        grew || self.round != before.round
    }
}

/// Which round is played, in a game that says so.
fn round(replica: &Replica, schema: &Schema) -> Option<i32> {
    let component = schema.component_index(ROUND.0)?;
    let place = own::place(schema, component, ROUND.1)?;
    replica.anchors().find_map(|(slot, _)| replica.row(slot, component)?.get(place).copied())
}

/// What a bot was when its connection was lost.
#[derive(Clone, Debug)]
struct Before {
    lost_ms: f64,
    wire_bytes: u64,
    message_bytes: u64,
    digest_mismatches: u64,
    seat: Option<(PlayerId, u64)>,
    likeness: Option<Likeness>,
    next_input: Option<Tick>,
}

/// One return: the world is whole again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Return {
    /// Milliseconds from the cut.
    pub(super) ms: f64,
    /// The same player in the same life of the room.
    pub(super) same_seat: bool,
    /// The same entity.
    pub(super) same_entity: bool,
    /// Nothing of its score was lost.
    pub(super) same_score: bool,
    /// An input was used that is named behind all those from before the cut.
    pub(super) inputs_go_on: bool,
    /// TLS went on, too.
    pub(super) tls_resumed: bool,
    /// What came from the first byte of the new connection on.
    pub(super) came: Came,
}

/// Bytes from a connection's first one until the world was whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    /// Out of the socket, TLS and all.
    pub(super) wire_bytes: u64,
    /// In messages.
    pub(super) message_bytes: u64,
}

/// Cuts and returns of one bot.
#[derive(Debug, Default)]
pub(super) struct Returns {
    /// What its first connection brought.
    pub(super) join: Option<Came>,
    /// Times that it was cut while it was whole.
    pub(super) cuts: u64,
    /// Attempts that brought no connection.
    pub(super) attempts_failed: u64,
    /// What it found when it was back.
    pub(super) back: Vec<Return>,
    /// How connections ended that were not cut on purpose.
    pub(super) unasked: Vec<Ended>,
    /// Why it was given up, before the run ended.
    pub(super) given_up: Option<String>,
    /// Digests that differed after a cut.
    pub(super) digest_mismatches: u64,
    before: Option<Before>,
    /// Of the new connection.
    tls_resumed: bool,
    /// The input from which on they go on is not seen yet.
    awaits_input: Option<Tick>,
}

impl Returns {
    /// The connection is lost.
    pub(super) fn lost(&mut self, session: &Session, wire_bytes: u64, now_ms: f64) {
        // Cut again before it was whole: it is still on its way back from the first cut.
        if self.before.is_some() || self.join.is_none() {
            return;
        }
        self.cuts += 1;
        let counters = session.counters();
        self.before = Some(Before {
            lost_ms: now_ms,
            wire_bytes,
            message_bytes: counters.message_bytes,
            digest_mismatches: counters.digest_mismatches,
            seat: seat(session),
            likeness: session.replica().and_then(Likeness::of),
            next_input: session.next_input(),
        });
        self.awaits_input = session.next_input();
    }

    /// An attempt brought a connection, or none.
    pub(super) const fn tried(&mut self, tls_resumed: Option<bool>) {
        match tls_resumed {
            Some(resumed) => self.tls_resumed = resumed,
            None => self.attempts_failed += 1,
        }
    }

    /// Everything that may be seen is held.
    pub(super) fn whole(&mut self, session: &Session, wire_bytes: u64, now_ms: f64) {
        let counters = session.counters();
        if self.join.is_none() {
            self.join = Some(Came { wire_bytes, message_bytes: counters.message_bytes });
        }
        let Some(before) = self.before.take() else { return };
        let now = session.replica().and_then(Likeness::of);
        let both = before.likeness.as_ref().zip(now.as_ref());
        self.digest_mismatches += counters.digest_mismatches - before.digest_mismatches;
        self.back.push(Return {
            ms: now_ms - before.lost_ms,
            same_seat: before.seat.is_some() && before.seat == seat(session),
            // Who had none, and has none, has lost none.
            same_entity: both.is_some_and(|(old, new)| (old.slot, &old.constants) == (new.slot, &new.constants))
                || (before.likeness.is_none() && now.is_none()),
            same_score: both.is_none_or(|(old, new)| new.has_the_score_of(old)),
            inputs_go_on: before.next_input.is_none() || self.awaits_input.is_none(),
            tls_resumed: self.tls_resumed,
            came: Came {
                wire_bytes: wire_bytes - before.wire_bytes,
                message_bytes: counters.message_bytes - before.message_bytes,
            },
        });
    }

    /// The effect of the input for that tick is here.
    pub(super) fn input_seen(&mut self, tick: Tick) {
        if self.awaits_input.take_if(|from| tick >= *from).is_some()
            && self.before.is_none()
            && let Some(back) = self.back.last_mut()
        {
            back.inputs_go_on = true;
        }
    }
}

fn seat(session: &Session) -> Option<(PlayerId, u64)> {
    session.agreement().map(|agreement| (agreement.player, agreement.incarnation))
}

/// What all bots' cuts came to; none: nobody was cut.
pub(super) fn summarise(records: &[BotRecord]) -> Option<ResumeReport> {
    let of = || records.iter().map(|record| &record.returns);
    let cut: u64 = of().map(|returns| returns.cuts).sum();
    if cut == 0 {
        return None;
    }
    let back: Vec<Return> = of().flat_map(|returns| returns.back.iter().copied()).collect();
    let count = |is: fn(&Return) -> bool| back.iter().filter(|back| is(back)).count() as u64;
    let mut within = Times::new();
    back.iter().for_each(|back| within.record(back.ms));
    let mean = |bytes: &[u64]| (!bytes.is_empty()).then(|| bytes.iter().sum::<u64>() as f64 / bytes.len() as f64);
    let joins: Vec<Came> = of().filter_map(|returns| returns.join).collect();
    let resumes: Vec<Came> = back.iter().filter(|back| back.same_seat).map(|back| back.came).collect();
    let wire = |came: &[Came]| mean(&came.iter().map(|came| came.wire_bytes).collect::<Vec<_>>());
    let messages = |came: &[Came]| mean(&came.iter().map(|came| came.message_bytes).collect::<Vec<_>>());
    Some(ResumeReport {
        cut,
        back: back.len() as u64,
        refused: count(|back| !back.same_seat),
        attempts_failed: of().map(|returns| returns.attempts_failed).sum(),
        within_ms: within.percentiles(),
        same_seat: count(|back| back.same_seat),
        same_entity: count(|back| back.same_entity),
        same_score: count(|back| back.same_score),
        inputs_go_on: count(|back| back.inputs_go_on),
        digest_mismatches: of().map(|returns| returns.digest_mismatches).sum(),
        tls_resumed: count(|back| back.tls_resumed),
        wire_bytes_per_resume: wire(&resumes),
        wire_bytes_per_join: wire(&joins),
        message_bytes_per_resume: messages(&resumes),
        message_bytes_per_join: messages(&joins),
    })
}

/// What of it is not as it must be.
pub(super) fn judge(resume: Option<&ResumeReport>, cuts_asked: usize, failures: &mut Vec<String>) {
    let Some(resume) = resume else {
        if cuts_asked > 0 {
            failures.push("nobody was cut: there is nothing to come back from".to_owned());
        }
        return;
    };
    let ResumeReport { cut, back, same_seat, same_entity, same_score, inputs_go_on, .. } = *resume;
    let wrong = [
        (cut - back.min(cut), "did not come back after a cut"),
        (back - same_seat, "came back as somebody else"),
        (back - same_entity, "came back to another entity"),
        (back - same_score, "came back to another score"),
        (back - inputs_go_on, "came back and no input of theirs was used"),
        (resume.digest_mismatches, "held a wrong world after a cut"),
    ];
    failures.extend(wrong.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} bots {what}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Return = Return {
        ms: 300.0,
        same_seat: true,
        same_entity: true,
        same_score: true,
        inputs_go_on: true,
        tls_resumed: true,
        came: Came { wire_bytes: 2_000, message_bytes: 900 },
    };

    fn record(cuts: u64, back: &[Return]) -> BotRecord {
        let join = Some(Came { wire_bytes: 9_000, message_bytes: 6_000 });
        BotRecord { returns: Returns { join, cuts, back: back.to_vec(), ..Returns::default() }, ..BotRecord::default() }
    }

    fn judged(records: &[BotRecord], cuts_asked: usize) -> Vec<String> {
        let mut failures = Vec::new();
        judge(summarise(records).as_ref(), cuts_asked, &mut failures);
        failures
    }

    #[test]
    fn a_run_in_which_all_are_back_as_they_were_is_good_and_says_what_it_cost() {
        let records = [record(1, &[GOOD]), record(2, &[GOOD, Return { ms: 900.0, ..GOOD }])];
        assert_eq!(judged(&records, 2), Vec::<String>::new());
        let resume = summarise(&records).unwrap();
        assert_eq!((resume.cut, resume.back, resume.same_seat, resume.tls_resumed), (3, 3, 3, 3));
        assert_eq!((resume.wire_bytes_per_resume, resume.wire_bytes_per_join), (Some(2_000.0), Some(9_000.0)));
        assert_eq!((resume.message_bytes_per_resume, resume.message_bytes_per_join), (Some(900.0), Some(6_000.0)));
        assert!(resume.within_ms.max.is_some_and(|ms| (899.0..=901.0).contains(&ms)));
    }

    #[test]
    fn whatever_is_not_as_it_was_fails_the_run_by_name() {
        let with = |change: fn(&mut Return)| {
            let mut back = GOOD;
            change(&mut back);
            judged(&[record(1, &[GOOD]), record(1, &[back])], 1)
        };
        assert_eq!(judged(&[record(1, &[])], 1), ["1 bots did not come back after a cut"]);
        assert_eq!(with(|back| back.same_seat = false), ["1 bots came back as somebody else"]);
        assert_eq!(with(|back| back.same_entity = false), ["1 bots came back to another entity"]);
        assert_eq!(with(|back| back.same_score = false), ["1 bots came back to another score"]);
        assert_eq!(with(|back| back.inputs_go_on = false), ["1 bots came back and no input of theirs was used"]);
        let mut wrong = record(1, &[GOOD]);
        wrong.returns.digest_mismatches = 1;
        assert_eq!(judged(&[wrong], 1), ["1 bots held a wrong world after a cut"]);
    }

    #[test]
    fn a_cut_that_was_asked_for_and_met_nobody_fails_the_run() {
        assert_eq!(judged(&[record(0, &[])], 1), ["nobody was cut: there is nothing to come back from"]);
        assert_eq!(judged(&[record(0, &[])], 0), Vec::<String>::new());
    }

    #[test]
    fn a_score_may_grow_and_falls_only_with_a_new_round() {
        let likeness =
            |score: &[i32], round| Likeness { slot: Slot(3), constants: vec![], score: score.to_vec(), round };
        let before = likeness(&[3, 1, 90], Some(4));
        assert!(likeness(&[3, 2, 90], Some(4)).has_the_score_of(&before));
        assert!(!likeness(&[0, 0, 0], Some(4)).has_the_score_of(&before));
        assert!(!likeness(&[3, 1, 89], Some(4)).has_the_score_of(&before));
        assert!(likeness(&[0, 0, 0], Some(5)).has_the_score_of(&before));
        assert!(!likeness(&[], Some(4)).has_the_score_of(&before));
    }
}
