//! How a rotation is guessed: four parts as one value, that turns on as it turned.
//!
//! ```text
//!   parts       which of x y z w is the largest · the other three, in this order              ("smallest three")
//!   guess       q goes on by the turn of one tick: q + spin ⊗ q, made as long as it was; whatever is then the largest is named
//!   residuals   which ─► the same guess with that one left out ─► the other three             a switch costs two bits, no jumps
//!   correction  spin goes on by the turn from the guess to what was right, less if it is small
//! ```
//!
//! Everything is counted in 1/64 of a part's code. In that unit a unit quaternion is `64 × half × √2` long, whose square is whole: so
//! the largest is a square root of integers. `spin` is the axis of a tick's turn, as long as the tangent of half its angle.
//! Sums of products are below 2^38. Smallest three: Fiedler, "Snapshot Compression" (2015).
//!
//! Never here: what a rotation is for a game (see `rotation`).

use super::predictor::{PartState, class_of, edge};
use crate::schema::Part;
use crate::schema::field::{Motion, STILL};

/// Bits of the fraction of a code.
pub(super) const TURN_BITS: u32 = 6;
/// Codes are counted in this.
const PARTS: i64 = 1 << TURN_BITS;
/// The middle of a code.
const MIDDLE: i64 = PARTS / 2;

/// A rotation in 1/64 code: x, y, z, w.
type Quaternion = [i64; 4];

/// The largest spin about an axis, up or down: half of that length, 53 degrees in a tick.
pub(super) const fn spin_max(part: &Part) -> u32 {
    (length(half(part)) / 2) as u32
}

/// The code that stands for 0.
const fn half(part: &Part) -> i64 {
    part.last as i64 / 2
}

/// How long a unit quaternion is.
const fn length(half: i64) -> i64 {
    square(half).isqrt()
}

const fn square(half: i64) -> i64 {
    2 * (PARTS * half) * (PARTS * half)
}

/// Moves to the guess for the next tick. Says whether it may be other than before.
pub(super) fn advance(part: &Part, states: &mut [PartState]) -> bool {
    let [which, a, b, c] = states else { return false };
    if a.speed == 0 && b.speed == 0 && c.speed == 0 {
        return false;
    }
    let half = half(part);
    let one = length(half);
    let spin = [a.speed, b.speed, c.speed].map(i64::from);
    let [sx, sy, sz] = spin;
    let [x, y, z, w] = read(half, which.code, &[*a, *b, *c]);
    let longer = (square(half) + sx * sx + sy * sy + sz * sz).isqrt().max(1);
    let next = [
        one * x + sx * w + sy * z - sz * y,
        one * y + sy * w + sz * x - sx * z,
        one * z + sz * w + sx * y - sy * x,
        one * w - sx * x - sy * y - sz * z,
    ]
    .map(|sum| rounded(sum, longer));
    // The first of those that are as large, unless it is the one that was: nothing switches to and fro.
    let mut largest = which.code.rem_euclid(4) as usize;
    for (at, one) in next.iter().enumerate() {
        if one.abs() > next.get(largest).map_or(0, |best| best.abs()) {
            largest = at;
        }
    }
    which.code = largest as i32;
    put(part, next, largest, [a, b, c]);
    true
}

/// The same guess with another one left out: `which` is the largest, as it turned out.
pub(super) fn leave_out(part: &Part, states: &mut [PartState], guessed: i32, which: i32) {
    if guessed == which {
        return;
    }
    let [_, a, b, c] = states else { return };
    let guess = read(half(part), guessed, &[*a, *b, *c]);
    put(part, guess, which.rem_euclid(4) as usize, [a, b, c]);
}

/// Corrects the three by what was sent, and the spin by how the guess was wrong. The largest is corrected already.
pub(super) fn correct(part: &Part, states: &mut [PartState], residuals: [i32; 3]) {
    let [which, a, b, c] = states else { return };
    let half = half(part);
    let guess = read(half, which.code, &[*a, *b, *c]);
    for (state, residual) in [&mut *a, &mut *b, &mut *c].into_iter().zip(residuals) {
        if residual != 0 {
            state.code = state.code.wrapping_add(residual);
            state.class = class_of(residual);
            state.fraction = edge(residual, TURN_BITS);
        }
    }
    let [gx, gy, gz, gw] = guess;
    let [x, y, z, w] = read(half, which.code, &[*a, *b, *c]);
    let one = length(half).max(1);
    let most = residuals.into_iter().map(i32::unsigned_abs).max().unwrap_or(0);
    let Motion::Turn { calm, .. } = part.motion else { return };
    if calm == STILL {
        return;
    }
    let shift = match most {
        0 | 1 => calm,
        2..=3 => calm / 2,
        4..=7 => calm / 4,
        _ => 0,
    };
    let error =
        [x * gw - w * gx - y * gz + z * gy, y * gw - w * gy - z * gx + x * gz, z * gw - w * gz - x * gy + y * gx]
            .map(|sum| rounded(sum, one) >> shift);
    let most = i64::from(spin_max(part));
    let spins = [a.speed, b.speed, c.speed].map(i64::from);
    let [sx, sy, sz] = spins;
    let [ex, ey, ez] = error;
    let spins = [sx + ex, sy + ey, sz + ez];
    let jumps = spins.iter().any(|spin| spin.abs() > most);
    for (state, spin) in [a, b, c].into_iter().zip(spins) {
        state.speed = if jumps { 0 } else { spin as i32 };
    }
}

/// The rotation of some states.
fn read(half: i64, which: i32, three: &[PartState; 3]) -> Quaternion {
    let mut three =
        three.iter().map(|state| (i64::from(state.code) - half) * PARTS + i64::from(state.fraction) - MIDDLE);
    let mut left = square(half);
    let mut rotation = [0; 4];
    let largest = which.rem_euclid(4) as usize;
    for (at, one) in rotation.iter_mut().enumerate() {
        if at != largest {
            *one = three.next().unwrap_or(0);
            left -= *one * *one;
        }
    }
    if let Some(one) = rotation.get_mut(largest) {
        *one = left.max(0).isqrt();
    }
    rotation
}

/// Puts a rotation into the states of the three that are not `largest`.
fn put(part: &Part, rotation: Quaternion, largest: usize, three: [&mut PartState; 3]) {
    let half = half(part);
    let sign = if rotation.get(largest).is_some_and(|&one| one < 0) { -1 } else { 1 };
    let others = rotation.iter().enumerate().filter(|&(at, _)| at != largest).map(|(_, &one)| sign * one);
    for (state, one) in three.into_iter().zip(others) {
        let place = one + half * PARTS + MIDDLE;
        let code = place.div_euclid(PARTS);
        let inside = code.clamp(0, i64::from(part.last));
        state.fraction = if code == inside { place.rem_euclid(PARTS) as i16 } else { MIDDLE as i16 };
        state.code = inside as i32;
    }
}

/// `sum / by`, half rounded up.
const fn rounded(sum: i64, by: i64) -> i64 {
    (2 * sum + by).div_euclid(2 * by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::Rotation;
    use crate::schema::{Audience, Field, FieldKind, Marks, Predictor};

    /// How often a body's rotation was guessed wrong in each of two times 200 ticks, and how often another part became the largest.
    fn wrong_guesses(predictor: Predictor, spin: Rotation) -> ([usize; 2], usize) {
        let kind = FieldKind::Rotation { bits: 10 };
        let marks = Marks::default();
        let field = Field { name: String::new(), kind, audience: Audience::Everyone, predictor, marks };
        let parts = field.parts();
        let three = parts[1];
        let mut rotation = Rotation::IDENTITY.after(Rotation { x: 3, y: -1, z: 2, w: 7 });
        let born = rotation.codes(10);
        let mut states: Vec<PartState> =
            parts.iter().zip(born).map(|(part, code)| PartState::new(part, code)).collect();
        let (mut wrong, mut switches) = ([0; 2], 0);
        for tick in 0..400 {
            rotation = spin.after(rotation);
            let codes = rotation.codes(10);
            switches += usize::from(codes[0] != states[0].code);
            advance(&three, &mut states);
            let guessed = states[0].code;
            leave_out(&three, &mut states, guessed, codes[0]);
            states[0].code = codes[0];
            let residuals = [1, 2, 3].map(|at| codes[at] - states[at].code);
            wrong[tick / 200] += usize::from(residuals != [0; 3]);
            correct(&three, &mut states, residuals);
            assert_eq!(states.iter().map(|state| state.code).collect::<Vec<_>>(), codes);
        }
        (wrong, switches)
    }

    #[test]
    fn what_goes_on_turning_is_guessed_whichever_part_is_the_largest() {
        let spin = Rotation { x: 1_500, y: 900, z: -700, w: Rotation::ONE };
        let ([_, settled], switches) = wrong_guesses(Predictor::AlphaBeta { calm: 3 }, spin);
        assert!(settled < 70 && switches > 10, "{settled} of 200 wrong, {switches} switches");
        let ([_, held], _) = wrong_guesses(Predictor::Hold, spin);
        assert_eq!(held, 200);
    }

    #[test]
    fn what_does_not_turn_costs_nothing() {
        assert_eq!(wrong_guesses(Predictor::Linear, Rotation::IDENTITY), ([0; 2], 0));
    }
}
