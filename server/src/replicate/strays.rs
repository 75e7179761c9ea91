//! What tests look at: whether the shadow is what the World says, by a path of its own.

use super::extract::Extract;
use super::facets::Facets;
use super::shadow::Shadow;
use crate::sim::{EntityIds, Sim};
use shared::codec::PartState;
use shared::ids::{EntityId, Slot};
use shared::schema::{Layout, Part, Section};

/// Facets whose codes are not what the World says.
pub(super) fn strays(sim: &Sim, layout: &Layout, extract: &Extract, facets: &Facets, shadow: &Shadow) -> Vec<Slot> {
    let mut strays = Vec::new();
    for (id, tracked) in facets.tracked() {
        for route in layout.routes(tracked.kind) {
            let column = &extract.columns()[route.component];
            let mut codes = vec![0; column.part_count()];
            let Some(slot) = facets.slot_at(id, route.facet) else { continue };
            let entity = sim.world().resource::<EntityIds>().entity(id);
            if !entity.is_some_and(|entity| column.one(sim.world(), entity, &mut codes)) {
                continue;
            }
            let facet = facets.alive(slot).and_then(|alive| layout.facet(alive.record.kind));
            if facet.is_some_and(|facet| facet.section == Section::References) {
                let target = facets.anchor(EntityId(codes[route.source] as u32));
                codes[route.source] = target.map_or(-1, |slot| i32::from(slot.0));
            }
            let states = &shadow.states(slot)[route.part..][..route.count];
            let parts = facet.map_or(&[][..], |facet| &facet.parts[route.part..][..route.count]);
            // What moves may be off by its tolerance, what stands may not.
            let strayed = |((state, part), &code): ((&PartState, &Part), &i32)| {
                let off = state.residual_to(part, code).unsigned_abs();
                off > if state.speed == 0 { 0 } else { u32::from(part.tolerance) }
            };
            if states.iter().zip(parts).zip(&codes[route.source..]).any(strayed) {
                strays.push(slot);
            }
        }
    }
    strays
}
