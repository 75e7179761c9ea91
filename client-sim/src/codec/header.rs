//! What a recorded world says of itself, before its first tick.
//!
//! JSON, of which we need names, ranges and marks. Keys that we do not know are kept as they are, so that a licence or a unit
//! that somebody wrote into a trace is still there after it went through the tool.
//!
//! Never here: rows (see `trace`), what the codec makes of a field (see `declare`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Archetypes that a trace may have: each is a component and a kind of entity.
pub const ARCHETYPES_MAX: usize = shared::limits::SCHEMA_ITEMS_MAX;
/// Fields that an archetype may have.
pub const FIELDS_MAX: usize = shared::limits::COMPONENT_FIELDS_MAX;

/// What a recorded world says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// What it is called.
    pub name: String,
    /// Ticks that follow.
    pub ticks: usize,
    /// What its entities are.
    pub archetypes: Vec<Archetype>,
    /// Per tick, what the recorded game itself sent: 1 a whole snapshot, [`DELTA`] a change. Empty: it does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kind: Vec<u8>,
    /// Per tick, the bytes in which the recorded game sent it. Empty: it does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_bytes: Vec<u32>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The [`TraceHeader::kind`] of a snapshot that goes on from the one before. Where a trace tells kinds, only these are measured.
pub const DELTA: u8 = 3;

/// One kind of entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Archetype {
    /// What it is called.
    pub name: String,
    /// Its fields, in the order of a row.
    pub fields: Vec<TraceField>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Fields of a rotation: which part is the largest, and the other three.
pub(super) const ROTATION_FIELDS: usize = 4;

impl Archetype {
    /// Where the fields of its rotations begin: groups of kind `quat3` whose fields stand one after the other.
    #[must_use]
    pub fn rotations(&self) -> Vec<usize> {
        let groups = self.rest.get("groups").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let rotations = groups.iter().filter(|group| group.get("kind").is_some_and(|kind| kind == "quat3"));
        let first_of = |group: &Value| {
            let named = group.get("fields")?.as_array()?;
            let first = self.fields.iter().position(|field| named.first().is_some_and(|name| *name == field.name))?;
            let fields = self.fields.get(first..first + ROTATION_FIELDS)?;
            let same =
                named.len() == ROTATION_FIELDS && fields.iter().zip(named).all(|(field, name)| *name == field.name);
            same.then_some(first)
        };
        rotations.filter_map(first_of).collect()
    }
}

/// One field of an archetype.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceField {
    /// What it is called.
    pub name: String,
    /// Its smallest value.
    pub min: i32,
    /// Its largest value.
    pub max: i32,
    /// The largest value is next to the smallest.
    #[serde(default, skip_serializing_if = "is_false")]
    pub wrap: bool,
    /// It never changes in an entity's life.
    #[serde(default, skip_serializing_if = "is_false")]
    pub constant: bool,
    /// What one is, for people and for `--interest`: `1/64` says that 64 make a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_false(mark: &bool) -> bool {
    !*mark
}

/// Why a header cannot be used. Whoever made the trace must mend it.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// No JSON, or without the keys that are needed.
    #[error("its header is not as the format says: {0}")]
    Json(#[from] serde_json::Error),
    /// Too many archetypes, or none.
    #[error("it has {count} archetypes; 1 to {ARCHETYPES_MAX} can be told apart")]
    Archetypes {
        /// How many.
        count: usize,
    },
    /// Too many fields.
    #[error("archetype {archetype:?} has {count} fields, at most {FIELDS_MAX} fit: split it into two archetypes")]
    Fields {
        /// Which.
        archetype: String,
        /// How many.
        count: usize,
    },
    /// A field without values.
    #[error("{archetype}.{field}: min {min} is above max {max}")]
    Range {
        /// Of which archetype.
        archetype: String,
        /// Which.
        field: String,
        /// Its smallest value.
        min: i32,
        /// Its largest value.
        max: i32,
    },
    /// A list that tells something of every tick tells it of another number of ticks.
    #[error("it tells {key:?} of {count} ticks and has {ticks}")]
    PerTick {
        /// Which list.
        key: &'static str,
        /// Its length.
        count: usize,
        /// Ticks.
        ticks: usize,
    },
}

impl TraceHeader {
    /// The header of some JSON, checked.
    ///
    /// # Errors
    /// [`HeaderError`] says what must be mended.
    pub fn from_json(json: &[u8]) -> Result<Self, HeaderError> {
        let header: Self = serde_json::from_slice(json)?;
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), HeaderError> {
        if !(1..=ARCHETYPES_MAX).contains(&self.archetypes.len()) {
            return Err(HeaderError::Archetypes { count: self.archetypes.len() });
        }
        for archetype in &self.archetypes {
            if archetype.fields.len() > FIELDS_MAX {
                let (archetype, count) = (archetype.name.clone(), archetype.fields.len());
                return Err(HeaderError::Fields { archetype, count });
            }
            if let Some(field) = archetype.fields.iter().find(|field| field.min > field.max) {
                let (archetype, name) = (archetype.name.clone(), field.name.clone());
                return Err(HeaderError::Range { archetype, field: name, min: field.min, max: field.max });
            }
        }
        for (key, count) in [("kind", self.kind.len()), ("own_bytes", self.own_bytes.len())] {
            if count != 0 && count != self.ticks {
                return Err(HeaderError::PerTick { key, count, ticks: self.ticks });
            }
        }
        Ok(())
    }

    /// The header of the part of this world that is `ticks`.
    #[must_use]
    pub fn cut(&self, ticks: std::ops::Range<usize>) -> Self {
        let kind = self.kind.get(ticks.clone()).unwrap_or_default().to_vec();
        let own_bytes = self.own_bytes.get(ticks.clone()).unwrap_or_default().to_vec();
        Self { ticks: ticks.len(), kind, own_bytes, ..self.clone() }
    }

    /// Whether a tick is one that figures count.
    #[must_use]
    pub fn counts(&self, tick: usize) -> bool {
        self.kind.get(tick).is_none_or(|&kind| kind == DELTA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"name":"w","tick_hz":30,"ticks":2,"licence":"ours","kind":[1,3],"archetypes":[
        {"name":"a","fields":[{"name":"x","min":0,"max":9,"unit":"1/64","wrap":true}],"groups":[]}]}"#;

    #[test]
    fn what_is_not_known_is_kept() {
        let header = TraceHeader::from_json(SMALL.as_bytes()).unwrap();
        let again = serde_json::to_vec(&header).unwrap();
        let text = String::from_utf8(again.clone()).unwrap();
        for kept in ["licence", "tick_hz", "groups", "unit"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        assert_eq!(TraceHeader::from_json(&again).unwrap(), header);
        assert_eq!(header.cut(1..2).kind, [3]);
        assert!(!header.counts(0) && header.counts(1));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let refused = |from: &str, to: &str| {
            let json = SMALL.replace(from, to);
            TraceHeader::from_json(json.as_bytes()).unwrap_err().to_string()
        };
        assert!(refused("\"min\":0", "\"min\":10").contains("a.x"));
        assert!(refused("\"min\":0", "\"min\":-3000000000").contains("header"));
        assert!(refused("[1,3]", "[1]").contains("kind"));
        assert!(TraceHeader::from_json(b"{}").is_err());
        assert!(TraceHeader::from_json(br#"{"name":"","ticks":0,"archetypes":[]}"#).is_err());
    }
}
