//! `#[derive(Replicated)]`: one declaration gives quantising, packing, hashing and the schema.
//!
//! ```text
//!   struct ─► attributes ─► shape (type + attributes) ─► structs ─► impl Replicated
//!   enum ───────────────────────────────────────────────► enums ──► impl Enumerated, impl FieldValue
//! ```
//!
//! Everything that can be wrong with a declaration is said here, at the word that is wrong, with what to write instead.
//! What only the compiler knows (the value of `range = -SIZE..=SIZE`) is checked by assertions that it evaluates.
//!
//! Generated code names everything from `::shared`, so it works in every crate that depends on shared, and in shared itself.

use proc_macro::TokenStream;
use syn::{Data, DeriveInput, Error, Result, parse_macro_input};

// What was written in `#[field(...)]`.
mod attributes;

// Which kind of field a type and its attributes make.
mod shape;

// A struct: the whole of `Replicated`.
mod structs;

// An enum of names: a field's value.
mod enums;

/// Declares a component, input, event or request (a struct with named fields), or an enum that is a field of one.
///
/// A field's type decides what travels; `#[field(...)]` says the rest:
///
/// | type | needs | may have |
/// |---|---|---|
/// | `bool` | | `press` |
/// | `u8` | | `range = 0..=n` (0..=255), `step`, `unit`, `press` |
/// | `u16`, `u32` | `range = 0..=n` | `step = n`, `unit = n` (then it may start anywhere), `press` |
/// | `u16` as an angle | `angle` or `bits = 1..=16` | |
/// | `i8`, `i16`, `i32` | `range = a..=b` | `step = n`, `unit = n` |
/// | `IVec2`, `IVec3` | `range = a..=b`, for each axis | `step = n`, `unit = n` |
/// | `EntityId` | | |
/// | `Text<N>` | | |
/// | an enum that derives this | | `press` |
///
/// All but references: `audience = everyone|team|owner`. Numbers: `predictor = hold|linear`, `position`. All:
/// `predicted`, `constant`, `priority = 0..=15`. Numbers in attributes may be any constant expression.
#[proc_macro_derive(Replicated, attributes(field))]
pub fn replicated(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> Result<proc_macro2::TokenStream> {
    if let Some(generic) = input.generics.params.first() {
        return Err(Error::new_spanned(generic, "a declaration has one layout: remove the generic parameter"));
    }
    if let Some(attribute) = input.attrs.iter().find(|attribute| attribute.path().is_ident("field")) {
        return Err(Error::new_spanned(attribute, "`field` speaks of a field: put it on one"));
    }
    match &input.data {
        Data::Struct(data) => structs::expand(&input.ident, data),
        Data::Enum(data) => enums::expand(&input.ident, data),
        Data::Union(data) => {
            Err(Error::new_spanned(data.union_token, "a union has no fixed meaning: declare a struct or an enum"))
        }
    }
}
