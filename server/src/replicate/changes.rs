//! What one step changed, as codes: a row of the ring that spectators are fed from.
//!
//! ```text
//!   extract, scrub ─► Changes { gone, came, reassigned, codes } ─┐
//!   outbox         ─►           told                             ├─► ring ─► `delayed`, as many ticks later as the operator says
//! ```
//!
//! Entities stand in it by their numbers, not by slots: whoever is fed from it has slots of its own. It is made of what extract reads
//! anyway, so nothing is quantised twice; what only an owner may see and what only players may hear is not in it.

use super::events::Told;
use crate::sim::To;
use shared::ids::EntityId;
use shared::schema::Kind;
use std::mem::size_of;
use std::sync::Arc;

/// An entity that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Its number.
    pub id: EntityId,
    /// What it is.
    pub kind: Kind,
    /// Its team.
    pub team: Option<u8>,
}

/// An entity that changed sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reassigned {
    /// Its number.
    pub id: EntityId,
    /// Its team now.
    pub team: Option<u8>,
}

/// A component's codes, as they are now.
#[derive(Clone, Copy, Debug)]
struct Run {
    id: EntityId,
    component: u8,
    start: u32,
}

/// What one step changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Who went, in order.
    pub gone: Vec<EntityId>,
    /// Who came, in order.
    pub came: Vec<Came>,
    /// Who changed sides.
    pub reassigned: Vec<Reassigned>,
    /// What was told that a spectator may hear.
    pub told: Vec<(To, Arc<Told>)>,
    runs: Vec<Run>,
    codes: Vec<i32>,
}

impl Changes {
    /// Notes what a component of an entity is now. A later note counts.
    pub fn note(&mut self, id: EntityId, component: usize, codes: &[i32]) {
        self.runs.push(Run { id, component: component as u8, start: self.codes.len() as u32 });
        self.codes.extend_from_slice(codes);
    }

    /// What was noted, in order: whose, which component, its codes.
    pub fn noted(&self) -> impl Iterator<Item = (EntityId, usize, &[i32])> + '_ {
        let ends = self.runs.iter().skip(1).map(|run| run.start as usize).chain([self.codes.len()]);
        self.runs.iter().zip(ends).map(|(run, end)| {
            let codes = self.codes.get(run.start as usize..end).unwrap_or_default();
            (run.id, usize::from(run.component), codes)
        })
    }

    /// Notes what was told, but for what is said to a team or to one player alone.
    pub fn tell(&mut self, told: &[(To, Arc<Told>)]) {
        let public = |(to, _): &&(To, Arc<Told>)| matches!(to, To::Everyone | To::Seeing(_));
        self.told.extend(told.iter().filter(public).cloned());
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let told: usize = self.told.iter().map(|(_, told)| size_of::<Told>() + told.codes.capacity() * 4).sum();
        size_of::<Self>()
            + self.gone.capacity() * size_of::<EntityId>()
            + self.came.capacity() * size_of::<Came>()
            + self.reassigned.capacity() * size_of::<Reassigned>()
            + self.told.capacity() * size_of::<(To, Arc<Told>)>()
            + self.runs.capacity() * size_of::<Run>()
            + self.codes.capacity() * size_of::<i32>()
            + told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_comes_back_in_order() {
        let mut changes = Changes::default();
        assert_eq!(changes.noted().count(), 0);
        changes.note(EntityId(7), 2, &[1, 2, 3]);
        changes.note(EntityId(3), 0, &[]);
        changes.note(EntityId(7), 2, &[4]);
        let noted: Vec<_> = changes.noted().collect();
        assert_eq!(noted, [(EntityId(7), 2, &[1, 2, 3][..]), (EntityId(3), 0, &[]), (EntityId(7), 2, &[4])]);
        assert!(changes.bytes() >= 16);
    }

    #[test]
    fn what_is_said_to_a_team_or_to_one_player_is_not_noted() {
        let told = |to| (to, Arc::new(Told { kind: 0, codes: Vec::new() }));
        let all = [To::Everyone, To::Team(1), To::Player(shared::ids::PlayerId(1)), To::Seeing(EntityId(1))].map(told);
        let mut changes = Changes::default();
        changes.tell(&all);
        let to: Vec<To> = changes.told.iter().map(|&(to, _)| to).collect();
        assert_eq!(to, [To::Everyone, To::Seeing(EntityId(1))]);
    }
}
