//! A recorded world's header as a schema of the product, so that the product's codec can carry it.
//!
//! ```text
//!   archetype ─► a component and a kind of entity of the same name, all for everyone
//!   field     ─► wraps, 2^n codes, n to 16       angle
//!                more than 2^26 codes            all 32-bit integers
//!                else                            signed, of the field's range
//!   group quat3, 2^n - 1 codes, n 4 to 12         rotation
//! ```
//!
//! Values become codes by subtracting where the range begins. Predictors are chosen (see `choose`) or come with frames.
//!
//! Never here: rows (see `world`).

use super::header::{Archetype, ROTATION_FIELDS, TraceField, TraceHeader};
use serde::{Deserialize, Serialize};
use shared::limits::{PART_CODES_MAX, SLOT_BITS_MAX, SLOT_BITS_MIN};
use shared::schema::field::{ROTATION_BITS, bits_for, turn_half};
use shared::schema::registry::EntityKind;
use shared::schema::{Audience, Declaration, Field, FieldKind, Kind, Layout, Marks, Predictor, Schema, SchemaError};
use std::sync::Arc;

/// Bits that an angle of the product can have.
const ANGLE_BITS_MAX: u32 = 16;

/// The predictor of a field, as it stands in reports and beside frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    /// See [`Predictor::Hold`].
    Hold,
    /// See [`Predictor::Linear`].
    Linear,
    /// See [`Predictor::AlphaBeta`].
    AlphaBeta {
        /// See [`Predictor::AlphaBeta`].
        calm: u8,
    },
    /// See [`Predictor::Follow`].
    Follow {
        /// See [`Predictor::Follow`].
        field: u8,
        /// See [`Predictor::Follow`].
        times: i32,
        /// See [`Predictor::Follow`].
        shift: u8,
    },
    /// See [`Predictor::Tick`].
    Tick {
        /// See [`Predictor::Tick`].
        step: i32,
    },
}

impl From<Guess> for Predictor {
    fn from(guess: Guess) -> Self {
        match guess {
            Guess::Hold => Self::Hold,
            Guess::Linear => Self::Linear,
            Guess::AlphaBeta { calm } => Self::AlphaBeta { calm },
            Guess::Follow { field, times, shift } => Self::Follow { field, times, shift },
            Guess::Tick { step } => Self::Tick { step },
        }
    }
}

impl Guess {
    /// As people say it, for a field of `archetype`.
    pub(super) fn said(self, archetype: &Archetype) -> String {
        match self {
            Self::Hold => "hold".to_owned(),
            Self::Linear => "linear".to_owned(),
            Self::AlphaBeta { calm } => format!("alpha-beta, calm {calm}"),
            Self::Follow { field, times, shift } => {
                let leader = archetype.fields.get(usize::from(field)).map_or("nothing", |field| &field.name);
                format!("follow {leader} × {}", f64::from(times) / f64::from(1 << shift))
            }
            Self::Tick { step } => format!("tick {step:+}"),
        }
    }
}

/// A world that the product's codec cannot carry. Whoever made the trace must mend it.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// The schema that comes of it.
    #[error("the codec cannot carry it: {0}")]
    Schema(#[from] SchemaError),
    /// Predictors for other fields than it has.
    #[error("there are predictors for {got} fields of archetype {archetype:?}, which has {fields}")]
    Guesses {
        /// Which.
        archetype: String,
        /// How many predictors.
        got: usize,
        /// How many fields.
        fields: usize,
    },
    /// More entities than slots.
    #[error("it has {count} entity numbers, at most {max} have slots: cut it into shorter ones")]
    Entities {
        /// How many.
        count: usize,
        /// How many fit.
        max: usize,
    },
}

/// What the codec carries a recorded world as.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The schema: a component and a kind for each archetype, in their order.
    pub schema: Arc<Schema>,
    /// Its layout.
    pub layout: Arc<Layout>,
    /// The predictors, by archetype and field.
    pub guesses: Vec<Vec<Guess>>,
}

impl Declared {
    /// Declares a world of `entities` entity numbers.
    ///
    /// # Errors
    /// [`DeclareError`] names what must be mended.
    pub fn new(header: &TraceHeader, guesses: Vec<Vec<Guess>>, entities: usize) -> Result<Self, DeclareError> {
        let slots_max = 1 << SLOT_BITS_MAX;
        if entities > slots_max {
            return Err(DeclareError::Entities { count: entities, max: slots_max });
        }
        let slot_bits = bits_for(entities as u32).max(SLOT_BITS_MIN);
        let mut components = Vec::with_capacity(header.archetypes.len());
        for (archetype, guesses) in header.archetypes.iter().zip(&guesses) {
            let (got, fields) = (guesses.len(), archetype.fields.len());
            if got != fields {
                return Err(DeclareError::Guesses { archetype: archetype.name.clone(), got, fields });
            }
            components.push(declaration(archetype, guesses));
        }
        if let Some(archetype) = header.archetypes.get(guesses.len()) {
            let (archetype, fields) = (archetype.name.clone(), archetype.fields.len());
            return Err(DeclareError::Guesses { archetype, got: 0, fields });
        }
        let schema = schema_of(&header.name, components);
        schema.check()?;
        let layout = Layout::new(&schema, slot_bits)?;
        Ok(Self { schema: Arc::new(schema), layout: Arc::new(layout), guesses })
    }
}

/// The schema of a world with these components, one kind for each.
pub(super) fn schema_of(name: &str, components: Vec<Declaration>) -> Schema {
    let kind = |(place, component): (usize, &Declaration)| EntityKind {
        name: component.name.clone(),
        components: vec![place as u8],
    };
    Schema {
        game: name.to_owned(),
        kinds: components.iter().enumerate().map(kind).collect(),
        components,
        input: Declaration { name: "none".to_owned(), fields: Vec::new() },
        events: Vec::new(),
        requests: Vec::new(),
    }
}

/// An archetype as a component. The four fields of a rotation become one, guessed as the first is.
pub(super) fn declaration(archetype: &Archetype, guesses: &[Guess]) -> Declaration {
    let rotations = rotations(archetype);
    let (mut fields, mut places) = (Vec::new(), Vec::new());
    let mut given = archetype.fields.iter().zip(guesses).enumerate();
    while let Some((at, (field, &guess))) = given.next() {
        let rotation = rotations.iter().find(|&&(first, _)| first == at);
        places.resize(at + rotation.map_or(1, |_| ROTATION_FIELDS), fields.len() as u8);
        let kind = match rotation {
            Some(&(_, bits)) => {
                given.by_ref().take(ROTATION_FIELDS - 1).for_each(drop);
                FieldKind::Rotation { bits }
            }
            None => kind_of(field),
        };
        fields.push(Field {
            name: field.name.clone(),
            kind,
            audience: Audience::Everyone,
            predictor: guess.into(),
            marks: Marks { constant: field.constant, ..Marks::default() },
        });
    }
    for field in &mut fields {
        if let Predictor::Follow { field: leader, .. } = &mut field.predictor {
            *leader = places.get(usize::from(*leader)).copied().unwrap_or(u8::MAX);
        }
    }
    Declaration { name: archetype.name.clone(), fields }
}

/// Where an archetype has rotations that the product's codec can carry as one value, and in how many bits.
pub(super) fn rotations(archetype: &Archetype) -> Vec<(usize, u32)> {
    let bits_of = |first: usize| {
        let [which, three @ ..] = archetype.fields.get(first..first + ROTATION_FIELDS)? else { return None };
        let bits = 64 - codes_of(three.first()?).leading_zeros();
        let fits = |field: &TraceField| {
            !field.wrap && field.constant == which.constant && codes_of(field) == 2 * i64::from(turn_half(bits)) + 1
        };
        let carried = ROTATION_BITS.contains(&bits) && codes_of(which) == 4 && three.iter().all(fits);
        carried.then_some((first, bits))
    };
    archetype.rotations().into_iter().filter_map(bits_of).collect()
}

/// Where the fields of an archetype are among the parts of its facet: field, part.
pub(super) fn places(layout: &Layout, archetype: usize) -> impl Iterator<Item = (usize, usize)> {
    let routes = layout.routes(Kind(archetype as u8)).iter();
    routes.flat_map(|route| (0..route.count).map(|at| (route.source + at, route.part + at)))
}

fn codes_of(field: &TraceField) -> i64 {
    i64::from(field.max) - i64::from(field.min) + 1
}

fn kind_of(field: &TraceField) -> FieldKind {
    let codes = codes_of(field);
    let bits = codes.trailing_zeros();
    if field.wrap && codes == 1 << bits && (1..=ANGLE_BITS_MAX).contains(&bits) {
        FieldKind::Angle { bits }
    } else if codes > i64::from(PART_CODES_MAX) {
        FieldKind::Signed { min: i32::MIN, max: i32::MAX }
    } else {
        FieldKind::Signed { min: field.min, max: field.max }
    }
}

/// The value that a field's code 0 stands for.
pub(super) fn zero_of(field: &TraceField) -> i32 {
    if codes_of(field) > i64::from(PART_CODES_MAX) { i32::MIN } else { field.min }
}
