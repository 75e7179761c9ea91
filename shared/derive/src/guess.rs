//! `predictor = ...`: how a field is guessed, as it was written.
//!
//! ```text
//!   hold · linear · alpha_beta(calm) · follow(field) · follow(field, times, shift) · tick(step)
//! ```
//!
//! Never here: whether the numbers fit (the schema's check says so when the game is built).

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, Expr, Path, Result};

/// A predictor, as it was written.
pub(crate) struct Guess {
    at: Span,
    of: Of,
}

enum Of {
    Hold,
    Linear,
    AlphaBeta(Expr),
    Follow { field: Ident, rate: Option<Box<[Expr; 2]>> },
    Tick(Expr),
}

const KNOWN: &str = "not known: write `hold`, `linear`, `alpha_beta(calm)`, `follow(field)`, \
                     `follow(field, times, shift)` or `tick(step)`";

impl Guess {
    /// Reads what stands behind `predictor =`.
    pub(crate) fn parse(written: &Expr) -> Result<Self> {
        let unknown = || Error::new_spanned(written, KNOWN);
        let (name, arguments) = match written {
            Expr::Path(path) => (word(&path.path), Vec::new()),
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) => (word(&path.path), call.args.iter().cloned().collect()),
                _ => return Err(unknown()),
            },
            _ => return Err(unknown()),
        };
        let of = match (name.as_str(), arguments.as_slice()) {
            ("hold", []) => Of::Hold,
            ("linear", []) => Of::Linear,
            ("alpha_beta", [calm]) => Of::AlphaBeta(calm.clone()),
            ("tick", [step]) => Of::Tick(step.clone()),
            ("follow", [field]) => Of::Follow { field: field_name(field)?, rate: None },
            ("follow", [field, times, shift]) => {
                let rate = Box::new([times.clone(), shift.clone()]);
                Of::Follow { field: field_name(field)?, rate: Some(rate) }
            }
            _ => return Err(unknown()),
        };
        Ok(Self { at: written.span(), of })
    }

    /// Where it stands, unless it says what is so anyway.
    pub(crate) fn moves(&self) -> Option<Span> {
        (!matches!(self.of, Of::Hold)).then_some(self.at)
    }

    /// The `Predictor` of the declaration, among `fields`.
    pub(crate) fn value(&self, fields: &[Ident]) -> Result<TokenStream> {
        let predictor = quote!(::shared::schema::Predictor);
        Ok(match &self.of {
            Of::Hold => quote!(#predictor::Hold),
            Of::Linear => quote!(#predictor::Linear),
            Of::AlphaBeta(calm) => quote!(#predictor::AlphaBeta { calm: { #calm } }),
            Of::Tick(step) => quote!(#predictor::Tick { step: { #step } }),
            Of::Follow { field, rate } => {
                let place = fields.iter().position(|known| known == field);
                let place = place.ok_or_else(|| Error::new_spanned(field, "no field of this struct has that name"))?;
                let place = place as u8;
                let (times, shift) = match rate.as_deref() {
                    Some([times, shift]) => (quote!({ #times }), quote!({ #shift })),
                    None => (quote!(1), quote!(0)),
                };
                quote!(#predictor::Follow { field: #place, times: #times, shift: #shift })
            }
        })
    }
}

fn word(path: &Path) -> String {
    path.get_ident().map(Ident::to_string).unwrap_or_default()
}

fn field_name(written: &Expr) -> Result<Ident> {
    match written {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    }
    .ok_or_else(|| Error::new_spanned(written, "write the name of the field that leads"))
}
