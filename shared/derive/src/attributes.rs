//! What was written in `#[field(...)]`, as it was written: each word once, each with its place in the source.
//!
//! Never here: whether a word fits the field's type (see `shape`).

use crate::guess::Guess;
use proc_macro2::{Ident, Span};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, ExprRange, Lit, RangeLimits, Result, Token};

/// Everything that `#[field(...)]` can say.
#[derive(Default)]
pub(crate) struct Attributes {
    /// `range = a..=b`: its ends.
    pub(crate) range: Option<(Expr, Expr)>,
    /// `step = n`.
    pub(crate) step: Option<Expr>,
    /// `unit = n`.
    pub(crate) unit: Option<Expr>,
    /// `bits = n`.
    pub(crate) bits: Option<Expr>,
    /// `angle`.
    pub(crate) angle: Option<Span>,
    /// `audience = ...`, as the variant's name.
    pub(crate) audience: Option<Ident>,
    /// `predictor = ...`.
    pub(crate) predictor: Option<Guess>,
    /// `predicted`.
    pub(crate) predicted: Option<Span>,
    /// `position`.
    pub(crate) position: Option<Span>,
    /// `press`.
    pub(crate) press: Option<Span>,
    /// `constant`.
    pub(crate) constant: Option<Span>,
    /// `priority = n`.
    pub(crate) priority: Option<Expr>,
    /// `tolerance = n`.
    pub(crate) tolerance: Option<Expr>,
    /// `snap = n`.
    pub(crate) snap: Option<Expr>,
}

impl Attributes {
    /// Reads the `#[field(...)]` among `attributes`; other attributes are others' business.
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("field")) {
            attribute.parse_nested_meta(|word| found.take(&word))?;
        }
        Ok(found)
    }

    fn take(&mut self, word: &ParseNestedMeta) -> Result<()> {
        let name = word.path.get_ident().map(Ident::to_string).unwrap_or_default();
        match name.as_str() {
            "range" => once(word, &mut self.range, ends),
            "step" => once(word, &mut self.step, value),
            "unit" => once(word, &mut self.unit, value),
            "bits" => once(word, &mut self.bits, value),
            "priority" => once(word, &mut self.priority, value),
            "tolerance" => once(word, &mut self.tolerance, value),
            "snap" => once(word, &mut self.snap, value),
            "angle" => once(word, &mut self.angle, flag),
            "predicted" => once(word, &mut self.predicted, flag),
            "position" => once(word, &mut self.position, flag),
            "press" => once(word, &mut self.press, flag),
            "constant" => once(word, &mut self.constant, flag),
            "audience" => once(word, &mut self.audience, |word| {
                one_of(word, &[("everyone", "Everyone"), ("team", "Team"), ("owner", "Owner")])
            }),
            "predictor" => once(word, &mut self.predictor, |word| Guess::parse(&value(word)?)),
            "bytes" => Err(word.error("a text's length stands in its type: write `Text<16>`")),
            _ => Err(word.error(
                "not known: write range, step, unit, bits, angle, audience, predictor, predicted, position, press, \
                 constant, priority, tolerance or snap",
            )),
        }
    }
}

fn once<T>(
    word: &ParseNestedMeta,
    place: &mut Option<T>,
    read: impl FnOnce(&ParseNestedMeta) -> Result<T>,
) -> Result<()> {
    if place.is_some() {
        return Err(word.error("said twice: remove one of the two"));
    }
    *place = Some(read(word)?);
    Ok(())
}

fn flag(word: &ParseNestedMeta) -> Result<Span> {
    if word.input.peek(Token![=]) {
        return Err(word.error("takes no value: write the word alone"));
    }
    Ok(word.path.span())
}

fn value(word: &ParseNestedMeta) -> Result<Expr> {
    if !word.input.peek(Token![=]) {
        return Err(word.error("needs a value: write `name = number`"));
    }
    let written: Expr = word.value()?.parse()?;
    match &written {
        Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => {
            Err(Error::new_spanned(float, "numbers here are whole: count in the simulation's integers"))
        }
        _ => Ok(written),
    }
}

fn ends(word: &ParseNestedMeta) -> Result<(Expr, Expr)> {
    let written = value(word)?;
    match written {
        Expr::Range(ExprRange { start: Some(start), end: Some(end), limits: RangeLimits::Closed(_), .. }) => {
            Ok((*start, *end))
        }
        other => Err(Error::new_spanned(other, "write both ends, the last one included: `range = -100..=100`")),
    }
}

/// The variant that stands for the name after `=`.
fn one_of(word: &ParseNestedMeta, names: &[(&str, &str)]) -> Result<Ident> {
    let written = value(word)?;
    let name = match &written {
        Expr::Path(path) => path.path.get_ident().map(Ident::to_string).unwrap_or_default(),
        _ => String::new(),
    };
    match names.iter().find(|(known, _)| *known == name) {
        Some((_, variant)) => Ok(Ident::new(variant, written.span())),
        None => {
            let known: Vec<_> = names.iter().map(|(known, _)| format!("`{known}`")).collect();
            Err(Error::new_spanned(written, format!("not known: write {}", known.join(" or "))))
        }
    }
}
