//! What a game declares, and what both sides derive from it.
//!
//! ```text
//!   #[derive(Replicated)] struct        a component, input, event or request: fields with kind, range, audience, predictor
//!        └► Declaration (component.rs)
//!              └► Schema (registry.rs)  all of a game's declarations, in order; sent at join, named by its fingerprint
//!                    └► Layout (facet.rs)   facets, parts, groups: what the codec works on
//! ```
//!
//! The schema is data, not code: a client that was never built for a game decodes it from what the server sends.

// One field: what it holds, who may see it, how it is guessed.
pub mod field;

// A text of bounded length.
pub mod text;

// One declaration, and values as codes.
pub mod component;

// All declarations of a game.
pub mod registry;

// Facets, parts and groups: a schema laid out for the codec.
pub mod facet;

// Where entities are, and how far apart.
pub mod position;

// A schema as bytes, its inverse, and its name.
pub mod fingerprint;

pub use derive::Replicated;

pub use component::{Clamped, Declaration, FieldValue, Replicated};
pub use facet::{FacetKind, Layout, Section};
pub use field::{Audience, Enumerated, Field, FieldKind, Marks, Motion, Part, Predictor};
pub use fingerprint::SchemaBytesError;
pub use position::Positions;
pub use registry::{Kind, Schema, SchemaBuilder, SchemaError};
pub use text::Text;
