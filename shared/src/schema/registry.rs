//! All declarations of a game, in order: the one thing that server, clients and tools must agree on.
//!
//! A game builds its schema with [`Schema::new`] and one line per declaration; the builder refuses what the codec could
//! not carry, and says what to change. Order is part of the schema: ids on the wire are positions in these lists.
//!
//! Never here: how it travels (see `fingerprint`), what the codec makes of it (see `facet`).

use super::component::{Declaration, Replicated};
use super::field::{
    Audience, CALM_MAX, FOLLOW_SHIFT_MAX, FOLLOW_TIMES_MAX, Field, FieldKind, Predictor, ROTATION_BITS,
};
use super::position::Positions;
use crate::limits::{
    COMPONENT_FIELDS_MAX, INPUT_PARTS_MAX, MESSAGE_PARTS_MAX, NAME_BYTES_MAX, PART_CODES_MAX, SCHEMA_ITEMS_MAX,
    TEXT_BYTES_MAX,
};

/// A kind of entity: a position in [`Schema::kinds`]. Which components an entity has is decided by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Kind(pub u8);

/// One kind of entity: a name and the components that every entity of it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityKind {
    /// The name, as clients see it.
    pub name: String,
    /// Positions in [`Schema::components`], ascending.
    pub components: Vec<u8>,
}

/// Everything a game declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The game's name.
    pub game: String,
    /// Components that travel.
    pub components: Vec<Declaration>,
    /// Kinds of entities.
    pub kinds: Vec<EntityKind>,
    /// What a player sends each tick.
    pub input: Declaration,
    /// What the game tells players once.
    pub events: Vec<Declaration>,
    /// What players ask for, answered.
    pub requests: Vec<Declaration>,
}

/// Why a schema cannot be used. Each is the game author's to mend (or, for a client, a server's that it cannot play on).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Two declarations of one list share a name.
    #[error("{name} is declared twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name is empty or too long.
    #[error("the name {name:?} must have 1 to {NAME_BYTES_MAX} bytes")]
    Name {
        /// The name.
        name: String,
    },
    /// Too many of something.
    #[error("{what} has {count}, at most {max} fit")]
    TooMany {
        /// Of what.
        what: String,
        /// How many there are.
        count: usize,
        /// How many fit.
        max: usize,
    },
    /// A field's range is empty or has more codes than a part may have.
    #[error("{declaration}.{field} has {codes} codes; give it a range and step with 1 to {PART_CODES_MAX}")]
    Range {
        /// The declaration.
        declaration: String,
        /// The field.
        field: String,
        /// How many codes it would need.
        codes: i64,
    },
    /// A mark stands where it means nothing.
    #[error("{declaration}.{field}: `{mark}` belongs into {belongs}")]
    Mark {
        /// The declaration.
        declaration: String,
        /// The field.
        field: String,
        /// The mark.
        mark: &'static str,
        /// Where it may stand.
        belongs: &'static str,
    },
    /// A predictor or tolerance that its field can't have.
    #[error("{declaration}.{field}: {why}")]
    Predictor {
        /// The declaration.
        declaration: String,
        /// The field.
        field: String,
        /// What is wrong, and what may be.
        why: &'static str,
    },
    /// A kind names a component that was not declared.
    #[error("kind {kind} names the component {component}, which is not declared before it")]
    UnknownComponent {
        /// The kind.
        kind: String,
        /// The component.
        component: String,
    },
    /// `kind` was called with a number that is not the next one.
    #[error("kind {name} is number {got}, but it is declared in place {expected}")]
    KindOrder {
        /// The kind.
        name: String,
        /// The number given.
        got: u8,
        /// Its place.
        expected: usize,
    },
    /// A reference that only some may read.
    #[error(
        "{declaration}.{field} is a reference, which goes to those who may see both entities: leave out its audience"
    )]
    Audience {
        /// The declaration.
        declaration: String,
        /// The field.
        field: String,
    },
    /// A mark `position` by which nothing can be decided.
    #[error("kind {kind}: {why}")]
    Position {
        /// The kind.
        kind: String,
        /// What is wrong, and what may be.
        why: &'static str,
    },
    /// There is no input.
    #[error("declare the input: .input::<YourInput>()")]
    NoInput,
}

impl Schema {
    /// Begins the schema of `game`.
    #[must_use]
    #[allow(clippy::new_ret_no_self, reason = "the builder is how one comes to a schema")]
    pub fn new(game: &str) -> SchemaBuilder {
        SchemaBuilder {
            game: game.to_owned(),
            components: Vec::new(),
            kinds: Vec::new(),
            input: None,
            events: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// The place of the component called `name`.
    #[must_use]
    pub fn component_index(&self, name: &str) -> Option<usize> {
        self.components.iter().position(|declaration| declaration.name == name)
    }

    /// The place of the event called `name`.
    #[must_use]
    pub fn event_index(&self, name: &str) -> Option<usize> {
        self.events.iter().position(|declaration| declaration.name == name)
    }

    /// The place of the request called `name`.
    #[must_use]
    pub fn request_index(&self, name: &str) -> Option<usize> {
        self.requests.iter().position(|declaration| declaration.name == name)
    }

    /// Whether the codec can carry it.
    ///
    /// # Errors
    /// [`SchemaError`] names the first thing that must be changed.
    pub fn check(&self) -> Result<(), SchemaError> {
        check_name(&self.game)?;
        for (what, list) in [("components", &self.components), ("events", &self.events), ("requests", &self.requests)] {
            check_count(what, list.len(), SCHEMA_ITEMS_MAX)?;
            check_unique(list.iter().map(|declaration| &declaration.name))?;
            for declaration in list {
                check_declaration(declaration, false)?;
            }
        }
        let messages = self.events.iter().chain(&self.requests).map(|declaration| (declaration, MESSAGE_PARTS_MAX));
        for (declaration, most) in messages.chain([(&self.input, INPUT_PARTS_MAX)]) {
            check_count(&format!("{} (parts)", declaration.name), declaration.part_count(), most)?;
        }
        check_declaration(&self.input, true)?;
        check_count("kinds", self.kinds.len(), SCHEMA_ITEMS_MAX)?;
        check_unique(self.kinds.iter().map(|kind| &kind.name))?;
        for kind in &self.kinds {
            check_name(&kind.name)?;
            let known = |&&component: &&u8| usize::from(component) >= self.components.len();
            if let Some(component) = kind.components.iter().find(known) {
                return Err(SchemaError::UnknownComponent {
                    kind: kind.name.clone(),
                    component: component.to_string(),
                });
            }
            if !kind.components.is_sorted_by(|earlier, later| earlier < later) {
                return Err(SchemaError::Twice { name: kind.name.clone() });
            }
        }
        Positions::of(self).map(|_| ())
    }
}

/// Builds a [`Schema`], one line per declaration.
#[derive(Clone, Debug)]
pub struct SchemaBuilder {
    game: String,
    components: Vec<Declaration>,
    kinds: Vec<(Kind, String, Vec<String>)>,
    input: Option<Declaration>,
    events: Vec<Declaration>,
    requests: Vec<Declaration>,
}

impl SchemaBuilder {
    /// A component that travels.
    #[must_use]
    pub fn component<T: Replicated>(mut self) -> Self {
        self.components.push(T::declaration());
        self
    }

    /// A kind of entity and the components that each entity of it has. `number` must be its place among the kinds.
    #[must_use]
    pub fn kind(mut self, number: Kind, name: &str, components: &[&str]) -> Self {
        let components = components.iter().map(|&name| name.to_owned()).collect();
        self.kinds.push((number, name.to_owned(), components));
        self
    }

    /// What a player sends each tick.
    #[must_use]
    pub fn input<T: Replicated>(mut self) -> Self {
        self.input = Some(T::declaration());
        self
    }

    /// Something the game tells players once.
    #[must_use]
    pub fn event<T: Replicated>(mut self) -> Self {
        self.events.push(T::declaration());
        self
    }

    /// Something players may ask for.
    #[must_use]
    pub fn request<T: Replicated>(mut self) -> Self {
        self.requests.push(T::declaration());
        self
    }

    /// The finished schema.
    ///
    /// # Errors
    /// [`SchemaError`] names the first thing that must be changed.
    pub fn build(self) -> Result<Schema, SchemaError> {
        let mut kinds = Vec::with_capacity(self.kinds.len());
        for (place, (number, name, names)) in self.kinds.into_iter().enumerate() {
            if usize::from(number.0) != place {
                return Err(SchemaError::KindOrder { name, got: number.0, expected: place });
            }
            let mut components = Vec::with_capacity(names.len());
            for component in names {
                match self.components.iter().position(|declaration| declaration.name == component) {
                    Some(index) => components.push(index as u8),
                    None => return Err(SchemaError::UnknownComponent { kind: name, component }),
                }
            }
            components.sort_unstable();
            kinds.push(EntityKind { name, components });
        }
        let input = self.input.ok_or(SchemaError::NoInput)?;
        let schema = Schema {
            game: self.game,
            components: self.components,
            kinds,
            input,
            events: self.events,
            requests: self.requests,
        };
        schema.check()?;
        Ok(schema)
    }
}

fn check_name(name: &str) -> Result<(), SchemaError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(SchemaError::Name { name: name.to_owned() });
    }
    Ok(())
}

fn check_count(what: &str, count: usize, max: usize) -> Result<(), SchemaError> {
    if count > max {
        return Err(SchemaError::TooMany { what: what.to_owned(), count, max });
    }
    Ok(())
}

fn check_unique<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), SchemaError> {
    let mut seen: Vec<&String> = names.collect();
    seen.sort_unstable();
    match seen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(SchemaError::Twice { name: pair[0].clone() }),
        None => Ok(()),
    }
}

fn check_declaration(declaration: &Declaration, is_input: bool) -> Result<(), SchemaError> {
    check_name(&declaration.name)?;
    check_count(&declaration.name, declaration.fields.len(), COMPONENT_FIELDS_MAX)?;
    check_unique(declaration.fields.iter().map(|field| &field.name))?;
    for field in &declaration.fields {
        check_name(&field.name)?;
        let codes = codes_of(field);
        let whole = matches!(field.kind, FieldKind::Signed { .. } | FieldKind::Unsigned { .. }) && codes == 1 << 32;
        let carried = whole || (1..=i64::from(PART_CODES_MAX)).contains(&codes);
        if !carried {
            return Err(SchemaError::Range { declaration: declaration.name.clone(), field: field.name.clone(), codes });
        }
        // References travel in a section of their own: an audience would be dropped there without a word.
        if field.kind == FieldKind::Reference && field.audience != Audience::Everyone {
            let (declaration, field) = (declaration.name.clone(), field.name.clone());
            return Err(SchemaError::Audience { declaration, field });
        }
        if field.marks.press && !is_input {
            return Err(SchemaError::Mark {
                declaration: declaration.name.clone(),
                field: field.name.clone(),
                mark: "press",
                belongs: "an input",
            });
        }
        check_predictor(declaration, field)?;
        let snaps =
            matches!(field.kind, FieldKind::Fixed { .. } | FieldKind::Vector2 { .. } | FieldKind::Vector3 { .. });
        if field.marks.snap > 0 && !snaps {
            return Err(SchemaError::Mark {
                declaration: declaration.name.clone(),
                field: field.name.clone(),
                mark: "snap",
                belongs: "a vector or a fixed-point number",
            });
        }
    }
    Ok(())
}

/// What moves must be a number, and who leads must move with who follows.
fn check_predictor(declaration: &Declaration, field: &Field) -> Result<(), SchemaError> {
    let refuse = |why: &'static str| {
        let (declaration, field) = (declaration.name.clone(), field.name.clone());
        Err(SchemaError::Predictor { declaration, field, why })
    };
    if matches!(field.kind, FieldKind::Rotation { .. }) {
        if field.marks.tolerance > 0 {
            return refuse("only numbers may be off by a tolerance");
        }
        return match field.predictor {
            Predictor::Follow { .. } | Predictor::Tick { .. } => refuse("a rotation holds or turns on"),
            Predictor::AlphaBeta { calm } if !(1..=CALM_MAX).contains(&calm) => refuse("`calm` is 1 to 4"),
            _ => Ok(()),
        };
    }
    if field.predictor != Predictor::Hold && !field.is_number() {
        return refuse("only numbers move on");
    }
    if field.marks.tolerance > 0 && !field.is_number() {
        return refuse("only numbers may be off by a tolerance");
    }
    match field.predictor {
        Predictor::Hold | Predictor::Linear => Ok(()),
        Predictor::AlphaBeta { calm } if (1..=CALM_MAX).contains(&calm) => Ok(()),
        Predictor::AlphaBeta { .. } => refuse("`calm` is 1 to 4"),
        Predictor::Tick { step } if step.unsigned_abs() <= PART_CODES_MAX => Ok(()),
        Predictor::Tick { .. } => refuse("the step of a tick is at most 2^26"),
        Predictor::Follow { field: leader, times, shift } => {
            if times.abs() > FOLLOW_TIMES_MAX || shift > FOLLOW_SHIFT_MAX {
                return refuse("it follows by at most 32,768 / 1, and at least by parts of 2^24");
            }
            let Some(leader) = declaration.fields.get(usize::from(leader)) else {
                return refuse("it follows a field that is not there");
            };
            if !leader.is_number() || matches!(leader.predictor, Predictor::Follow { .. }) {
                return refuse("it follows a field that is no number or follows itself");
            }
            if leader.part_count() != field.part_count() || leader.audience != field.audience {
                return refuse("it follows a field with another number of axes or another audience");
            }
            Ok(())
        }
    }
}

/// How many codes the field's widest part needs, counted where nothing overflows; 0 or less if its range is empty.
fn codes_of(field: &Field) -> i64 {
    match &field.kind {
        FieldKind::Bool => 2,
        FieldKind::Unsigned { max } => i64::from(*max) + 1,
        FieldKind::Signed { min, max } => i64::from(*max) - i64::from(*min) + 1,
        FieldKind::Fixed { quantiser, unit }
        | FieldKind::Vector2 { quantiser, unit }
        | FieldKind::Vector3 { quantiser, unit } => {
            let sound = quantiser.step >= 1 && quantiser.min <= quantiser.max && *unit >= 1;
            if sound { quantiser.codes() } else { 0 }
        }
        FieldKind::Angle { bits } => {
            if (1..=16).contains(bits) {
                1 << bits
            } else {
                0
            }
        }
        FieldKind::Choice { names } => names.len() as i64,
        FieldKind::Rotation { bits } => {
            if ROTATION_BITS.contains(bits) {
                1 << bits
            } else {
                0
            }
        }
        FieldKind::Reference => 1,
        FieldKind::Text { bytes } => {
            if (1..=TEXT_BYTES_MAX as u32).contains(bytes) {
                1
            } else {
                0
            }
        }
    }
}
