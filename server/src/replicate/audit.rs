//! What an auditor is told beside its frames: who is who and whose is what, read from the World once more.
//!
//! ```text
//!   World: Players, Owner, Team, Outbox ─► Audit ─┬─► auditor      (Facets only say by which slot an entity goes)
//!                                                 └─► auditor      at most AUDITORS_MAX per room
//! ```
//!
//! None of it comes from what decides who sees what (`view`, audiences in `facets`): an auditor is there to find that wrong.
//!
//! Never here: the rule that it checks by (see `client_sim::audit`), who may be an auditor (see `seats` and `worker`).

use super::facets::Facets;
use crate::sim::{EntityIds, Outbox, Owner, Player, Players, Sim, Team, To};
use bevy_ecs::world::World;
use shared::ids::{EntityId, PlayerId, Tick};
use shared::limits::{AUDIT_BYTES_MAX, AUDIT_EVENTS_WAITING_MAX};
use shared::schema::{Kind, Schema};
use shared::wire::ServerMessage;
use shared::wire::audit::{Audit, AuditedAudience, AuditedEntity, AuditedEvent, AuditedHiding, AuditedPlayer};
use shared::wire::values::{NO_REFERENCE, is_reference};
use std::collections::VecDeque;

/// What is true after a tick.
#[derive(Debug)]
pub struct AuditTruth {
    said: Audit,
    events: Vec<AuditedEvent>,
}

/// What waits for one auditor.
#[derive(Clone, Debug)]
pub struct AuditLane {
    events: VecDeque<AuditedEvent>,
    gap: bool,
}

impl Default for AuditLane {
    /// Whoever comes now does not know what was told before.
    fn default() -> Self {
        Self { events: VecDeque::new(), gap: true }
    }
}

impl AuditTruth {
    /// Reads it after a tick was packed.
    #[must_use]
    pub fn read(sim: &Sim, facets: &Facets, tick: Tick) -> Self {
        let world = sim.world();
        let ids = world.resource::<EntityIds>();
        let anchor = |id: EntityId| facets.anchor(id).map(|slot| slot.0);
        let team_of = |id: EntityId| world.get::<Team>(ids.entity(id)?).map(|team| team.0);
        let players = world.resource::<Players>().iter().map(|(player, known)| AuditedPlayer {
            player: player.0,
            entity: anchor(known.entity),
            team: team_of(known.entity),
        });
        let entities = ids.iter().filter_map(|(id, entity)| {
            let (owner, team) = (world.get::<Owner>(entity), world.get::<Team>(entity));
            let narrows = owner.is_some() || team.is_some();
            let anchor = anchor(id).filter(|_| narrows)?;
            Some(AuditedEntity { anchor, owner: owner.map(|owner| owner.0.0), team: team.map(|team| team.0) })
        });
        let said = Audit {
            tick: tick.0,
            players: players.collect(),
            entities: entities.collect(),
            hidden: hidden(sim, facets),
            ..Audit::default()
        };
        Self { said, events: events(world, sim.schema(), facets, tick) }
    }
}

/// What the game's own rule hides from each player: asked anew about everything but its own, if there is such a rule. Kinds without a
/// position are no secret, whatever the rule would say.
fn hidden(sim: &Sim, facets: &Facets) -> Vec<AuditedHiding> {
    let (world, Some(rule)) = (sim.world(), sim.sight()) else { return Vec::new() };
    let target = |(id, entity)| {
        let kind = facets.get(id)?.kind;
        let owner = world.get::<Owner>(entity).map(|owner| owner.0);
        Some((facets.anchor(id)?.0, id, owner)).filter(|_| is_placed(sim.schema(), kind))
    };
    let targets: Vec<_> = world.resource::<EntityIds>().iter().filter_map(target).collect();
    let of_player = |(player, known): (PlayerId, Player)| {
        let others = targets.iter().filter(|(_, id, owner)| *id != known.entity && *owner != Some(player));
        let hidden = others.filter(|(_, id, _)| !rule.sees(known.entity, *id));
        let mut anchors: Vec<u16> = hidden.map(|&(anchor, ..)| anchor).collect();
        anchors.sort_unstable();
        (!anchors.is_empty()).then_some(AuditedHiding { player: player.0, anchors })
    };
    world.resource::<Players>().iter().filter_map(of_player).collect()
}

fn is_placed(schema: &Schema, kind: Kind) -> bool {
    let components = schema.kinds.get(usize::from(kind.0)).into_iter().flat_map(|kind| &kind.components);
    let mut fields = components.filter_map(|&at| schema.components.get(usize::from(at))).flat_map(|of| &of.fields);
    fields.any(|field| field.marks.position)
}

/// What the game told in this tick, entities by their anchors' slots.
fn events(world: &World, schema: &Schema, facets: &Facets, tick: Tick) -> Vec<AuditedEvent> {
    let sent = world.resource::<Outbox>().events().iter().map(|sent| {
        let to = match sent.to {
            To::Everyone => AuditedAudience::Everyone,
            To::Team(team) => AuditedAudience::Team(team),
            To::Player(player) => AuditedAudience::Player(player.0),
            To::Seeing(entity) => AuditedAudience::Seeing(facets.anchor(entity).map(|slot| slot.0)),
        };
        let mut codes = sent.codes.clone();
        let mut at = 0;
        for field in schema.events.get(usize::from(sent.kind)).map_or(&[][..], |declaration| &declaration.fields) {
            if is_reference(field) {
                let anchor = facets.anchor(EntityId(codes[at] as u32));
                codes[at] = anchor.map_or(NO_REFERENCE, |slot| i32::from(slot.0));
            }
            at += field.part_count();
        }
        AuditedEvent { tick: tick.0, to, kind: sent.kind, codes }
    });
    sent.collect()
}

impl AuditLane {
    /// A tick is over.
    pub fn push(&mut self, truth: &AuditTruth) {
        if self.events.len() + truth.events.len() > AUDIT_EVENTS_WAITING_MAX {
            self.gap = true;
            return;
        }
        self.events.extend(truth.events.iter().cloned());
    }

    /// The message behind this tick's frame; `None` if it would be larger than it may be: then the next one says so.
    pub fn tell(&mut self, truth: &AuditTruth) -> Option<Vec<u8>> {
        let gap = std::mem::take(&mut self.gap);
        let audit = Audit { gap, events: self.events.drain(..).collect(), ..truth.said.clone() };
        let bytes = ServerMessage::Audit(Box::new(audit)).to_bytes();
        self.gap = bytes.len() > AUDIT_BYTES_MAX;
        (!self.gap).then_some(bytes)
    }
}
