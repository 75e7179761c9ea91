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

// `predictor = ...`.
mod guess;

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
/// All but references: `audience = everyone|team|owner`. Numbers: `position`, `tolerance = codes`, and `predictor =` one of
/// `hold`, `linear`, `alpha_beta(calm)`, `follow(field)`, `follow(field, times, shift)`, `tick(step)` (what each does:
/// `shared::schema::Predictor`). All: `predicted`, `constant`, `priority = 0..=15`. Numbers in attributes may be any
/// constant expression.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler's messages for a declaration, one after the other.
    fn refused(declaration: &str) -> String {
        let input: DeriveInput = syn::parse_str(declaration).expect("Rust");
        let errors = expand(&input).expect_err(declaration);
        errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("; ")
    }

    /// The message for one field.
    fn field(field: &str) -> String {
        refused(&format!("struct S {{ {field} }}"))
    }

    #[test]
    fn what_cannot_be_declared_is_refused_with_what_to_write_instead() {
        for (declaration, says) in [
            ("struct S(i32);", "clients know fields by name"),
            ("struct S<T> { a: T }", "remove the generic parameter"),
            ("union S { a: i32 }", "declare a struct or an enum"),
            ("enum E {}", "at least one"),
            ("enum E { A(i32) }", "move these values into fields"),
            ("enum E { A { b: i32 } }", "move these values into fields"),
            ("enum E { #[field(press)] A }", "put `field` on the field that holds it"),
            ("#[field(press)] struct S { a: bool }", "put it on one"),
        ] {
            let said = refused(declaration);
            assert!(said.contains(says), "{declaration}: {said}");
        }
    }

    #[test]
    fn a_type_that_does_not_travel_is_refused_with_one_that_does() {
        for (of, says) in [
            ("f32", "simulate in fixed point"),
            ("glam::Vec2", "IVec2"),
            ("u64", "use `u32`"),
            ("isize", "use `i32`"),
            ("String", "Text<16>"),
            ("&'static str", "by value"),
            ("Option<u8>", "NONE"),
            ("[u8; 4]", "one field for each"),
            ("(u8, u8)", "one field for each"),
            ("Vec<u8>", "one field for each"),
            ("Entity", "EntityId"),
            ("Box<u8>", "by value"),
            ("fn()", "not a field's type"),
            ("Text", "how many bytes"),
        ] {
            let said = field(&format!("a: {of}"));
            assert!(said.contains(says), "{of}: {said}");
        }
    }

    #[test]
    fn a_wrong_attribute_is_refused_with_a_right_one() {
        for (attributes, of, says) in [
            ("", "i32", "range = a..=b"),
            ("", "IVec2", "range = a..=b"),
            ("", "u16", "range = a..=b"),
            ("range = 0..5", "u8", "both ends"),
            ("range = ..=5", "u8", "both ends"),
            ("range = 5", "u8", "both ends"),
            ("range", "u8", "needs a value"),
            ("range = 0..=5, range = 0..=6", "u8", "said twice"),
            ("press = true", "bool", "takes no value"),
            ("colour = 3", "bool", "not known"),
            ("range = 0..=5, step = 0.5", "u8", "numbers here are whole"),
            ("audience = nobody", "bool", "`everyone` or `team` or `owner`"),
            ("predictor = 3", "u8", "`hold`, `linear`"),
            ("bytes = 4", "Text<4>", "Text<16>"),
            ("range = 0..=1", "bool", "remove `range`"),
            ("range = 0..=1", "Weapon", "its names"),
            ("bits = 8, range = 0..=1", "u16", "full turn"),
            ("bits = 8", "u8", "bits are for angles"),
            ("angle, range = 0..=9", "i16", "`u16`"),
            ("step = 2", "bool", "remove `step`"),
            ("unit = 2", "Text<4>", "remove `unit`"),
            ("angle", "bool", "remove `angle`"),
            ("bits = 3", "EntityId", "remove `bits`"),
            ("predictor = linear", "bool", "only numbers move on"),
            ("predictor = linear", "EntityId", "only numbers move on"),
            ("predictor = alpha_beta", "u8", "alpha_beta(calm)"),
            ("predictor = follow(b)", "u8", "no field of this struct"),
            ("predictor = follow(3)", "u8", "name of the field"),
            ("tolerance = 1", "bool", "remove `tolerance`"),
            ("position", "bool", "put `position` on one"),
            ("range = -1..=1, press", "i8", "first code"),
            ("audience = owner", "EntityId", "remove `audience`"),
            ("constant, press", "bool", "remove one of the two"),
            ("constant, predicted", "u8", "remove one of the two"),
            ("constant, predictor = linear", "u8", "remove one of the two"),
            ("constant, tolerance = 1", "u8", "remove one of the two"),
        ] {
            let said = field(&format!("#[field({attributes})] a: {of}"));
            assert!(said.contains(says), "{attributes} {of}: {said}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let said = field("a: f32, #[field(press)] b: bool, c: i32");
        assert!(said.contains("fixed point") && said.contains("range = a..=b"), "{said}");
    }
}
