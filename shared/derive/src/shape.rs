//! Which kind of field a type and its attributes make, and whether the two fit.
//!
//! A macro sees names only, so a type is known by the last word of its path: `glam::IVec2` and `IVec2` are the same.
//! Any other type is taken for an enum; the compiler says so if it is none.
//!
//! Never here: the values of expressions (see the assertions in `structs`).

use crate::attributes::Attributes;
use crate::guess::Guess;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, GenericArgument, Lit, PathArguments, PathSegment, Result, Type};

/// The ends of a range and, for numbers that are quantised, step and unit.
pub(crate) struct Numbers {
    /// The integer type that holds the values.
    pub(crate) integer: TokenStream,
    /// First value.
    pub(crate) low: Expr,
    /// Last value.
    pub(crate) high: Expr,
    /// Distance between two codes.
    pub(crate) step: Expr,
    /// How many make one unit on a screen.
    pub(crate) unit: Expr,
}

/// What a field holds, with what its kind needs to know.
pub(crate) enum Shape {
    /// Yes or no.
    Bool,
    /// Counts from 0.
    Unsigned(Numbers),
    /// Any whole number of a range.
    Signed(Numbers),
    /// Fixed point.
    Fixed(Numbers),
    /// A direction, and its bits.
    Angle(Expr),
    /// Two or three fixed-point numbers.
    Vector(usize, Numbers),
    /// A rotation in space, and the bits of each of its three.
    Rotation(Expr),
    /// Another entity.
    Reference,
    /// A text, and the bytes that its type gives it.
    Text(TokenStream),
    /// An enum.
    Choice,
}

impl Shape {
    /// The shape of a field of type `written` with `attributes`.
    pub(crate) fn of(written: &Type, attributes: &Attributes) -> Result<Self> {
        let shape = Self::of_type(written, attributes)?;
        shape.check_numbers(attributes)?;
        shape.check_marks(attributes)?;
        Ok(shape)
    }

    fn of_type(written: &Type, attributes: &Attributes) -> Result<Self> {
        let last = last_word(written)?;
        let name = last.ident.to_string();
        let integer = last.ident.to_token_stream();
        let quantised = attributes.step.is_some() || attributes.unit.is_some();
        let numbers = |integer| Numbers::new(integer, written, attributes);
        Ok(match name.as_str() {
            "bool" => Self::Bool,
            "u16" if attributes.angle.is_some() || attributes.bits.is_some() => {
                Self::Angle(attributes.bits.clone().unwrap_or_else(|| number(16)))
            }
            "u8" | "u16" | "u32" | "i8" | "i16" | "i32" if quantised => Self::Fixed(numbers(integer)?),
            "u8" | "u16" | "u32" => Self::Unsigned(numbers(integer)?),
            "i8" | "i16" | "i32" => Self::Signed(numbers(integer)?),
            "IVec2" => Self::Vector(2, numbers(quote!(i32))?),
            "IVec3" => Self::Vector(3, numbers(quote!(i32))?),
            "Rotation" => Self::Rotation(attributes.bits.clone().unwrap_or_else(|| number(10))),
            "EntityId" => Self::Reference,
            "Text" => Self::Text(text_bytes(last)?),
            _ => match unfit(&name) {
                Some(instead) => return Err(Error::new_spanned(written, instead)),
                None => Self::Choice,
            },
        })
    }

    /// Refuses what only numbers can have.
    fn check_numbers(&self, attributes: &Attributes) -> Result<()> {
        let what = match self {
            Self::Unsigned(_) | Self::Signed(_) | Self::Fixed(_) | Self::Vector(..) => {
                refuse(attributes.bits.as_ref(), "bits are for angles: a range gives a number the bits that it needs")?;
                return match attributes.angle {
                    Some(at) => Err(Error::new(at, "an angle is a `u16` in 1/65,536 turn: change the type")),
                    None => Ok(()),
                };
            }
            Self::Angle(_) => "an angle's range is the full turn",
            Self::Rotation(_) => "a rotation's range is all rotations",
            Self::Bool => "a bool is yes or no",
            Self::Reference => "a reference is an entity",
            Self::Text(_) => "a text is no number",
            Self::Choice => "an enum's range is its names",
        };
        if let Some((low, _)) = &attributes.range {
            return Err(Error::new_spanned(low, format!("{what}: remove `range`")));
        }
        refuse(attributes.step.as_ref(), &format!("{what}: remove `step`"))?;
        refuse(attributes.unit.as_ref(), &format!("{what}: remove `unit`"))?;
        if matches!(self, Self::Angle(_)) {
            return Ok(());
        }
        if !matches!(self, Self::Rotation(_)) {
            refuse(attributes.bits.as_ref(), &format!("{what}: remove `bits`"))?;
        }
        match attributes.angle {
            Some(at) => Err(Error::new(at, format!("{what}: remove `angle`, or make it a `u16`"))),
            None => Ok(()),
        }
    }

    /// Refuses marks that mean nothing on this shape.
    fn check_marks(&self, attributes: &Attributes) -> Result<()> {
        let refuse = |at: Option<Span>, say: &str| at.map_or(Ok(()), |at| Err(Error::new(at, say)));
        let moves =
            matches!(self, Self::Unsigned(_) | Self::Signed(_) | Self::Fixed(_) | Self::Vector(..) | Self::Angle(_));
        let guessed = attributes.predictor.as_ref().and_then(Guess::moves);
        let tolerance = attributes.tolerance.as_ref().map(Spanned::span);
        if matches!(self, Self::Rotation(_)) {
            refuse(tolerance, "only numbers can be a little off: remove `tolerance`")?;
        } else if !moves {
            refuse(guessed, "only numbers move on: remove `predictor`, such a field holds")?;
            refuse(tolerance, "only numbers can be a little off: remove `tolerance`")?;
        }
        if !moves || matches!(self, Self::Angle(_)) {
            refuse(attributes.position, "a place is made of numbers and vectors: put `position` on one")?;
        }
        if !matches!(self, Self::Fixed(_) | Self::Vector(..)) {
            let snap = attributes.snap.as_ref().map(Spanned::span);
            refuse(snap, "vectors and fixed-point numbers are drawn on their way: remove `snap`, or add `step = 1`")?;
        }
        if !matches!(self, Self::Bool | Self::Unsigned(_) | Self::Choice) {
            refuse(
                attributes.press,
                "a press is a bool, an unsigned number or an enum: its first code means \"not now\"",
            )?;
        }
        if matches!(self, Self::Reference) {
            let audience = attributes.audience.as_ref().map(Spanned::span);
            refuse(audience, "a reference goes to those who may see both entities: remove `audience`")?;
        }
        if attributes.constant.is_some() {
            refuse(guessed, "what is `constant` does not move on: remove one of the two")?;
            refuse(tolerance, "what is `constant` is sent once and exactly: remove one of the two")?;
            refuse(attributes.predicted, "what is `constant` needs no predicting: remove one of the two")?;
            refuse(attributes.press, "what is `constant` cannot be pressed: remove one of the two")?;
        }
        Ok(())
    }
}

impl Numbers {
    fn new(integer: TokenStream, written: &Type, attributes: &Attributes) -> Result<Self> {
        let (low, high) = match (&attributes.range, integer.to_string().as_str()) {
            (Some(ends), _) => ends.clone(),
            (None, "u8") => (number(0), number(255)),
            (None, _) => {
                let say = "say what fits: `#[field(range = a..=b)]`";
                return Err(Error::new_spanned(written, say));
            }
        };
        let step = attributes.step.clone().unwrap_or_else(|| number(1));
        let unit = attributes.unit.clone().unwrap_or_else(|| number(1));
        Ok(Self { integer, low, high, step, unit })
    }
}

fn refuse(written: Option<&Expr>, say: &str) -> Result<()> {
    written.map_or(Ok(()), |written| Err(Error::new_spanned(written, say)))
}

fn number(value: u8) -> Expr {
    let literal = proc_macro2::Literal::u8_unsuffixed(value);
    Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::new(literal) })
}

/// The last word of a type's path: all that a macro can know it by.
fn last_word(written: &Type) -> Result<&PathSegment> {
    let say = match written {
        Type::Group(group) => return last_word(&group.elem),
        Type::Paren(paren) => return last_word(&paren.elem),
        Type::Path(path) => match path.path.segments.last() {
            Some(last) => return Ok(last),
            None => "name a type",
        },
        Type::Reference(_) => "a value travels whole: hold it by value (a text as `Text<16>`)",
        Type::Array(_) | Type::Slice(_) | Type::Tuple(_) => "a field is one value: write one field for each",
        _ => "not a field's type: write an integer, bool, IVec2, IVec3, Rotation, EntityId, Text<N> or an enum",
    };
    Err(Error::new_spanned(written, say))
}

/// What to write instead of a type that looks like an enum to a macro and is known to be none.
fn unfit(name: &str) -> Option<&'static str> {
    Some(match name {
        "f32" | "f64" => "floats differ between machines: simulate in fixed point (an `i32` with `range` and `unit`)",
        "Vec2" | "Vec3" | "Vec3A" | "Vec4" | "DVec2" | "DVec3" | "DVec4" | "Quat" | "DQuat" => {
            "floats differ between machines: simulate in fixed point (`IVec2`, `IVec3`, `Rotation`, a `u16` with `angle`)"
        }
        "u64" | "u128" | "usize" => "no code is that large: use `u32`",
        "i64" | "i128" | "isize" => "no code is that large: use `i32`",
        "String" | "str" | "Cow" | "char" => "a text has a bound: use `Text<16>`",
        "Entity" => "an `Entity` names a row of one process: use `EntityId`",
        "Option" => "write the absence as a value: `EntityId::NONE`, an empty text, a name of the enum",
        "Vec" | "VecDeque" | "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" => {
            "a field is one value of known size: write one field for each, or one entity for each"
        }
        "Box" | "Rc" | "Arc" => "a value travels whole: hold it by value",
        _ => return None,
    })
}

fn text_bytes(text: &PathSegment) -> Result<TokenStream> {
    let say = "say how many bytes fit: `Text<16>`";
    let PathArguments::AngleBracketed(arguments) = &text.arguments else { return Err(Error::new_spanned(text, say)) };
    match arguments.args.first() {
        // A constant's name is parsed as a type; as an expression it is the constant.
        Some(GenericArgument::Const(bytes)) => Ok(bytes.to_token_stream()),
        Some(GenericArgument::Type(Type::Path(bytes))) => Ok(bytes.to_token_stream()),
        _ => Err(Error::new_spanned(text, say)),
    }
}
