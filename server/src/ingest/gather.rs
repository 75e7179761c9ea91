//! What was accepted to the tick it is for: inputs into their buffers, and out comes one value for the step.
//!
//! ```text
//!   inputs ─► each seat's input buffer ─► this tick's, one per player ─┐
//!   joins, leaves, absences, resumes, requests ────────────────────────┴─► StepInput, by player
//! ```
//!
//! Never here: which input stands in for a missing one (see `seats::input_buffer`), whether one is believed (see `validate`).

use super::validate::{Accepted, Validated};
use crate::counts::Counts;
use crate::seats::input_buffer::{Drawn, Fate, Taken};
use crate::seats::{Seat, Seats};
use crate::sim::{InputCodes, InputSource, Join, PlayerInput, Resume, StepInput};
use crate::standing::Standing;
use shared::ids::Tick;
use shared::wire::Input;

/// Who got a seat in this tick, or got its own back.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// New players.
    pub joins: Vec<Join>,
    /// Players who are back.
    pub resumes: Vec<Resume>,
}

/// Everything from outside that can change the World in this tick, as one value.
pub fn gather(
    Arrivals { mut joins, mut resumes }: Arrivals,
    accepted: Accepted,
    seats: &mut Seats,
    tick: Tick,
    counts: &mut Counts,
) -> StepInput {
    let Accepted { inputs, requests, .. } = accepted;
    let shape = seats.shape().clone();
    for (player, input, early) in inputs {
        let input = input.into_inner();
        let Input { tick: named, view, codes, .. } = input;
        let drawn = Drawn { codes: InputCodes::new(&codes), view };
        seats.reuse_codes(codes);
        let Some(seat) = seats.get_mut(player) else { continue };
        if seat.newest_codes.replace(drawn.codes) != Some(drawn.codes) {
            seat.changed = Some(tick);
        }
        match seat.inputs.put(&shape, named, drawn, tick) {
            Fate::InTime => counts.inputs_in_time += 1,
            Fate::Late => counts.inputs_late += 1,
            Fate::Duplicate => counts.inputs_duplicate += 1,
        }
        if seat.heard.is_none_or(|(newest, _)| named >= newest) {
            seat.heard = Some((named, early));
        }
    }
    let inputs = Vec::with_capacity(seats.count());
    let (leaves, absences) = (seats.take_leaving(), seats.take_absences());
    let mut step = StepInput { tick, inputs, leaves, absences, ..StepInput::default() };
    let plays = |seat: &&mut Seat| seat.connection.is_some() && seat.standing() == Standing::Player;
    for seat in seats.iter_mut().filter(plays) {
        let Taken { codes, source, view } = seat.inputs.take(&shape, tick);
        let own = source == InputSource::Own;
        counts.inputs_missing += u64::from(!own);
        seat.client.applied = seat.client.applied << 1 | u32::from(own);
        if let Some((named, early)) = seat.heard.take() {
            let sixteenths = named.minus(tick) * 16 + i64::from(early);
            seat.client.early = Some(sixteenths.clamp(i64::from(i8::MIN), i64::from(i8::MAX)) as i8);
        }
        step.inputs.push(PlayerInput { player: seat.player, codes, source, view });
    }
    counts.joins += joins.len() as u64;
    counts.leaves += step.leaves.len() as u64;
    counts.absences += step.absences.len() as u64;
    counts.resumes += resumes.len() as u64;
    joins.sort_unstable_by_key(|join| join.player);
    resumes.sort_unstable_by_key(|resume| resume.player);
    (step.joins, step.resumes) = (joins, resumes);
    // Who left in this tick leaves before its requests would be asked: no rule must meet a player that the World lacks.
    let asked = requests.into_iter().map(Validated::into_inner);
    step.requests = asked.filter(|request| seats.get(request.player).is_some()).collect();
    step.requests.sort_by_key(|request| (request.player, request.number));
    for request in &step.requests {
        if let Some(seat) = seats.get_mut(request.player) {
            seat.changed = Some(tick);
        }
    }
    step
}
