//! Who plays: what decides a client's input from what the client sees.
//!
//! ```text
//!   View (replica, own entity, tick) ─► Behaviour ─► codes of the input ─► input_sender
//!                                            └─────► now and then a request
//! ```
//!
//! A game brings behaviours of its own (see the `game` folder). Any other game is played from its schema alone by
//! [`AtRandom`]: valid inputs, held for a while, and now and then a request. [`Idle`] sends the neutral input.
//!
//! Never here: bits, sockets, clocks; a behaviour decides from what it sees and from its own [`Dice`].

use crate::dice::Dice;
use crate::interpolate::Interpolator;
use crate::predict::Predictor;
use crate::replica::{Event, Replica};
use shared::ids::{Slot, Tick};
use shared::rotation::Rotation;
use shared::schema::{Declaration, Field, FieldKind, Schema};
use shared::wire::values::NO_REFERENCE;

/// What a behaviour may look at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The world as far as this client may see it.
    pub replica: &'a Replica,
    /// The anchor of the own entity, if there is one now.
    pub me: Option<Slot>,
    /// The tick that the input is meant for.
    pub tick: Tick,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// The names of the maps, with commas between; empty if the game has none.
    pub maps: &'a str,
    /// Others as they are drawn; `None` where nothing is drawn.
    pub drawn: Option<&'a Interpolator>,
    /// The own entity as predicted; `None` for a game without a twin.
    pub own: Option<&'a Predictor>,
}

/// A request that a behaviour makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Position in the schema's requests.
    pub kind: u8,
    /// Its codes.
    pub codes: Vec<i32>,
}

/// Decides what a player does.
pub trait Behaviour: Send {
    /// Fills in the codes of the input for `view.tick`. They are neutral when it is called, and each must stay in its range.
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]);

    /// A request to make now; asked once per tick, after the input.
    fn request(&mut self, view: &View<'_>) -> Option<Wish> {
        let _ = view;
        None
    }

    /// The game told us something.
    fn event(&mut self, event: &Event) {
        let _ = event;
    }
}

/// Finds the behaviour for a game once its schema is known: the server says what is played.
pub trait Behaviours: Send + Sync {
    /// The behaviour for a game with this schema, with its own chance from `seed`.
    fn choose(&self, schema: &Schema, seed: u64) -> Box<dyn Behaviour>;
}

impl<F> Behaviours for F
where
    F: Fn(&Schema, u64) -> Box<dyn Behaviour> + Send + Sync,
{
    fn choose(&self, schema: &Schema, seed: u64) -> Box<dyn Behaviour> {
        self(schema, seed)
    }
}

/// Stands still: the neutral input, every tick.
#[derive(Clone, Copy, Debug, Default)]
pub struct Idle;

impl Behaviour for Idle {
    fn input(&mut self, _: &View<'_>, _: &mut [i32]) {}
}

/// Plays any game from its schema: seeded, valid inputs that are held for a third of a second to a second and a half (so that
/// whatever moves gets somewhere), presses now and then, and a request about every five seconds.
#[derive(Clone, Debug)]
pub struct AtRandom {
    dice: Dice,
    held: Vec<i32>,
    hold_ticks: u32,
}

impl AtRandom {
    /// The behaviour with the chance of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, 0), held: Vec::new(), hold_ticks: 0 }
    }
}

impl Behaviour for AtRandom {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        let input = &view.replica.schema().input;
        if self.hold_ticks == 0 {
            let second = u32::from(view.tick_rate_hz);
            self.hold_ticks = second / 3 + self.dice.below(second * 7 / 6) + 1;
            self.held = random_codes(&mut self.dice, input, view.replica);
        }
        self.hold_ticks -= 1;
        for (code, held) in codes.iter_mut().zip(&self.held) {
            *code = *held;
        }
        // A press is an edge: it would make no sense to hold it.
        let mut at = 0;
        for field in &input.fields {
            if field.marks.press && !self.dice.once_in(10) {
                let neutral = neutral_code(field);
                codes.iter_mut().skip(at).take(field.part_count()).for_each(|code| *code = neutral);
            }
            at += field.part_count();
        }
    }

    fn request(&mut self, view: &View<'_>) -> Option<Wish> {
        let requests = &view.replica.schema().requests;
        if !self.dice.once_in(u32::from(view.tick_rate_hz) * 5) || requests.is_empty() {
            return None;
        }
        let kind = self.dice.below(requests.len() as u32) as u8;
        let codes = random_codes(&mut self.dice, requests.get(usize::from(kind))?, view.replica);
        Some(Wish { kind, codes })
    }
}

/// The codes of a declaration's neutral value: zero, no, nothing, empty, and where zero is out of range the value nearest to it.
#[must_use]
pub fn neutral_codes(declaration: &Declaration) -> Vec<i32> {
    let codes = declaration.fields.iter().flat_map(|field| match field.kind {
        FieldKind::Rotation { bits } => Rotation::IDENTITY.codes(bits).to_vec(),
        _ => vec![neutral_code(field); field.part_count()],
    });
    codes.collect()
}

fn neutral_code(field: &Field) -> i32 {
    match &field.kind {
        FieldKind::Signed { min, max } => 0_i32.clamp(*min, *max).saturating_sub(*min),
        FieldKind::Fixed { quantiser, .. }
        | FieldKind::Vector2 { quantiser, .. }
        | FieldKind::Vector3 { quantiser, .. } => quantiser.code(0).code,
        FieldKind::Reference => NO_REFERENCE,
        FieldKind::Bool
        | FieldKind::Unsigned { .. }
        | FieldKind::Angle { .. }
        | FieldKind::Rotation { .. }
        | FieldKind::Choice { .. }
        | FieldKind::Text { .. } => 0,
    }
}

/// Codes of a declaration by chance, each in its range; a reference points at something held, or at nothing.
pub fn random_codes(dice: &mut Dice, declaration: &Declaration, replica: &Replica) -> Vec<i32> {
    let mut codes = Vec::with_capacity(declaration.part_count());
    for field in &declaration.fields {
        match &field.kind {
            FieldKind::Reference => {
                let held = replica.anchors().count() as u32;
                let at = dice.below(held + 1) as usize;
                codes.push(replica.anchors().nth(at).map_or(NO_REFERENCE, |(slot, _)| i32::from(slot.0)));
            }
            FieldKind::Text { bytes } => codes.extend(random_text(dice, *bytes, field.part_count())),
            _ => codes.extend(field.parts().iter().map(|part| dice.up_to(part.last) as i32)),
        }
    }
    codes
}

/// A text of small letters: its length, then three bytes to a code.
fn random_text(dice: &mut Dice, bytes_max: u32, parts: usize) -> Vec<i32> {
    let length = dice.below(bytes_max.min(24) + 1);
    let mut codes = vec![0; parts];
    for at in 0..length {
        let letter = b'a' as i32 + dice.below(26) as i32;
        if let Some(code) = codes.get_mut(1 + at as usize / 3) {
            *code |= letter << (8 * (at % 3));
        }
    }
    if let Some(code) = codes.first_mut() {
        *code = length as i32;
    }
    codes
}
