//! A struct: its fields' kinds as statics, assertions on their numbers, and the whole of `Replicated` around them.
//!
//! ```text
//!   const _: () = {
//!       const __LOW_0: i64 = ...;            each number of an attribute, evaluated once
//!       const _: () = assert!(...);          what only the compiler can check, at the attribute's place
//!       static __KIND_0: FieldKind = ...;    what writing and reading look at; no declaration is built for it
//!       const __AT_0: usize = 0;             where each field's codes begin
//!       impl Replicated for ...
//!   };
//! ```

use crate::attributes::Attributes;
use crate::shape::{Numbers, Shape};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DataStruct, Error, Expr, Field, Fields, Result};

/// Writes `Replicated` for the struct `name`.
pub(crate) fn expand(name: &Ident, data: &DataStruct) -> Result<TokenStream> {
    let fields = match &data.fields {
        Fields::Named(fields) => fields.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(fields) => {
            return Err(Error::new_spanned(fields, "clients know fields by name: write `{ name: type }`"));
        }
    };
    let mut written = Vec::with_capacity(fields.len());
    let mut errors: Option<Error> = None;
    let names: Vec<Ident> = fields.iter().filter_map(|field| field.ident.clone()).collect();
    for (place, field) in fields.iter().enumerate() {
        match Written::new(name, place, field, &names) {
            Ok(field) => written.push(field),
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    match errors {
        Some(errors) => Err(errors),
        None => Ok(implementation(name, &written)),
    }
}

/// Everything that one field adds.
struct Written {
    /// Its name.
    ident: Ident,
    /// Its type.
    of: syn::Type,
    /// Constants, assertions and the static kind.
    items: TokenStream,
    /// The name of the static kind.
    kind: Ident,
    /// Number of codes.
    part_count: TokenStream,
    /// The `Field` of the declaration.
    declared: TokenStream,
}

impl Written {
    fn new(owner: &Ident, place: usize, field: &Field, names: &[Ident]) -> Result<Self> {
        let Some(ident) = field.ident.clone() else {
            return Err(Error::new_spanned(field, "clients know fields by name: give it one"));
        };
        let attributes = Attributes::parse(&field.attrs)?;
        let shape = Shape::of(&field.ty, &attributes)?;
        let kind = format_ident!("__KIND_{place}");
        let said = format!("{owner}.{}", ident.unraw());
        let (mut items, value) = kind_of(&shape, &said, place);
        items.extend(quote!(static #kind: ::shared::schema::FieldKind = #value;));
        items.extend(priority_of(&attributes, &said, place));
        items.extend(tolerance_of(&attributes, &said, place));
        items.extend(snap_of(&attributes, &said, place));
        let part_count = match &shape {
            Shape::Vector(axes, _) => quote!(#axes),
            Shape::Rotation(_) => quote!(4),
            Shape::Text(bytes) => quote!(1 + ({ #bytes } as usize).div_ceil(3)),
            _ => quote!(1),
        };
        let declared = declared(&ident, &field.ty, &shape, &attributes, names, place)?;
        Ok(Self { ident, of: field.ty.clone(), items, kind, part_count, declared })
    }
}

fn implementation(name: &Ident, fields: &[Written]) -> TokenStream {
    let called = name.unraw().to_string();
    let items = fields.iter().map(|field| &field.items);
    let counts = fields.iter().map(|field| &field.part_count);
    let declared = fields.iter().map(|field| &field.declared);
    let places: Vec<_> = (0..=fields.len()).map(|place| format_ident!("__AT_{place}")).collect();
    let (begins, ends) = (&places[..fields.len()], &places[1..]);
    let last = &places[fields.len()];
    let replicated = quote_spanned!(name.span()=> ::shared::schema::Replicated);
    let codes = write_and_read(fields, begins, ends);
    quote! {
        #[allow(unused_qualifications, clippy::all, reason = "generated code names everything in full")]
        const _: () = {
            #(#items)*
            const __AT_0: usize = 0;
            #(const #ends: usize = #begins + #counts;)*

            #[automatically_derived]
            impl #replicated for #name {
                const NAME: &'static str = #called;

                const PART_COUNT: usize = #last;

                fn declaration() -> ::shared::schema::Declaration {
                    ::shared::schema::Declaration {
                        name: ::std::string::String::from(#called),
                        fields: ::std::vec![#(#declared),*],
                    }
                }

                #codes
            }
        };
    }
}

/// The two inverse functions: each field at its own stretch of the codes, and never outside of what it was given.
fn write_and_read(fields: &[Written], begins: &[Ident], ends: &[Ident]) -> TokenStream {
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let values: Vec<_> = fields
        .iter()
        .map(|Written { of, .. }| quote_spanned!(of.span()=> <#of as ::shared::schema::FieldValue>))
        .collect();
    let kinds: Vec<_> = fields.iter().map(|field| &field.kind).collect();
    quote! {
        #[allow(unused_mut, unused_variables, reason = "a struct without fields has nothing to write")]
        fn write_codes(&self, out: &mut [i32]) -> ::shared::schema::Clamped {
            let mut clamped = ::shared::schema::Clamped(0);
            #(
                clamped += #values::write(
                    &self.#idents,
                    &#kinds,
                    out.get_mut(#begins..#ends).unwrap_or_default(),
                );
            )*
            clamped
        }

        #[allow(unused_variables, reason = "a struct without fields has nothing to read")]
        fn read_codes(codes: &[i32]) -> Self {
            Self {
                #(
                    #idents: #values::read(
                        &#kinds,
                        codes.get(#begins..#ends).unwrap_or_default(),
                    ),
                )*
            }
        }
    }
}

/// Constants and assertions of a field, and the value of its static kind. An enum's names stay out of it: they cannot be
/// built in a constant, and neither writing nor reading looks at them.
fn kind_of(shape: &Shape, said: &str, place: usize) -> (TokenStream, TokenStream) {
    let kind = quote!(::shared::schema::FieldKind);
    match shape {
        Shape::Bool => (TokenStream::new(), quote!(#kind::Bool)),
        Shape::Reference => (TokenStream::new(), quote!(#kind::Reference)),
        Shape::Choice => (TokenStream::new(), quote!(#kind::Choice { names: ::std::vec::Vec::new() })),
        Shape::Angle(bits) => {
            let name = format_ident!("__BITS_{place}");
            let say = format!("{said}: an angle has 1 to 16 bits");
            let check = check(bits.span(), &quote!(#name >= 1 && #name <= 16), &say);
            let constant = constant(&name, bits);
            (quote!(#constant #check), quote!(#kind::Angle { bits: #name as u32 }))
        }
        Shape::Rotation(bits) => {
            let name = format_ident!("__BITS_{place}");
            let say = format!("{said}: each of a rotation's three has 4 to 12 bits");
            let check = check(bits.span(), &quote!(#name >= 4 && #name <= 12), &say);
            let constant = constant(&name, bits);
            (quote!(#constant #check), quote!(#kind::Rotation { bits: #name as u32 }))
        }
        Shape::Text(bytes) => {
            let name = format_ident!("__BYTES_{place}");
            let say = format!("{said}: a text has 1 to TEXT_BYTES_MAX (96) bytes");
            let bound = quote!(#name >= 1 && #name <= ::shared::limits::TEXT_BYTES_MAX);
            let check = check(bytes.span(), &bound, &say);
            (quote!(const #name: usize = { #bytes }; #check), quote!(#kind::Text { bytes: #name as u32 }))
        }
        Shape::Unsigned(numbers) => {
            let (mut items, [low, high, ..]) = numbers_of(numbers, said, place);
            let say = format!("{said}: start the range at 0, or add `step = 1` to send it as fixed point");
            items.extend(check(numbers.low.span(), &quote!(#low == 0), &say));
            (items, quote!(#kind::Unsigned { max: #high as u32 }))
        }
        Shape::Signed(numbers) => {
            let (items, [low, high, ..]) = numbers_of(numbers, said, place);
            (items, quote!(#kind::Signed { min: #low as i32, max: #high as i32 }))
        }
        Shape::Fixed(numbers) => quantised(&quote!(Fixed), numbers, said, place),
        Shape::Vector(axes, numbers) => quantised(&vector(*axes), numbers, said, place),
    }
}

fn vector(axes: usize) -> TokenStream {
    if axes == 2 { quote!(Vector2) } else { quote!(Vector3) }
}

fn quantised(variant: &TokenStream, numbers: &Numbers, said: &str, place: usize) -> (TokenStream, TokenStream) {
    let (items, [low, high, step, unit]) = numbers_of(numbers, said, place);
    let kind = quote! {
        ::shared::schema::FieldKind::#variant {
            quantiser: ::shared::quantise::Quantiser { min: #low as i32, max: #high as i32, step: #step as i32 },
            unit: #unit as u32,
        }
    };
    (items, kind)
}

/// The constants of a field's numbers, each with what must hold of it, and their names: low, high, step, unit.
fn numbers_of(numbers: &Numbers, said: &str, place: usize) -> (TokenStream, [Ident; 4]) {
    let names = ["LOW", "HIGH", "STEP", "UNIT"].map(|name| format_ident!("__{name}_{place}"));
    let [low, high, step, unit] = &names;
    let integer = &numbers.integer;
    let mut items = [(low, &numbers.low), (high, &numbers.high), (step, &numbers.step), (unit, &numbers.unit)]
        .map(|(name, value)| constant(name, value))
        .into_iter()
        .collect::<TokenStream>();
    let range = numbers.high.span();
    items.extend(check(
        range,
        &quote!(#low <= #high),
        &format!("{said}: the range is empty, put the smaller end first"),
    ));
    let fits = quote!(#low >= #integer::MIN as i64 && #high <= #integer::MAX as i64);
    items.extend(check(range, &fits, &format!("{said}: {integer} does not hold all of the range, make it smaller")));
    let bounded = quote!(#low >= i32::MIN as i64 && #high <= i32::MAX as i64);
    items.extend(check(range, &bounded, &format!("{said}: values end at 2,147,483,647, make the range smaller")));
    let positive = quote!(#step >= 1 && #step <= i32::MAX as i64);
    items.extend(check(numbers.step.span(), &positive, &format!("{said}: a step is at least 1")));
    let positive = quote!(#unit >= 1 && #unit <= u32::MAX as i64);
    items.extend(check(numbers.unit.span(), &positive, &format!("{said}: a unit is at least 1")));
    let few = quote! {
        #step < 1
            || (#high - #low + #step / 2) / #step < ::shared::limits::PART_CODES_MAX as i64
            || (#step == 1 && #high - #low == u32::MAX as i64)
    };
    let say = format!(
        "{said}: more than PART_CODES_MAX (67,108,864) codes, make the range smaller or the step larger (or take all of i32)"
    );
    items.extend(check(range, &few, &say));
    (items, names)
}

/// A number of an attribute, evaluated. It may have any integer type; `&` is what refuses floats.
fn constant(name: &Ident, value: &Expr) -> TokenStream {
    quote_spanned!(value.span()=> const #name: i64 = ((#value) & !0) as i64;)
}

/// An assertion that the compiler evaluates, shown at `at`.
fn check(at: Span, holds: &TokenStream, say: &str) -> TokenStream {
    quote_spanned!(at=> const _: () = ::std::assert!(#holds, #say);)
}

fn priority_of(attributes: &Attributes, said: &str, place: usize) -> TokenStream {
    let Some(value) = &attributes.priority else { return TokenStream::new() };
    let name = format_ident!("__PRIORITY_{place}");
    let check = check(value.span(), &quote!(#name >= 0 && #name <= 15), &format!("{said}: a priority is 0 to 15"));
    let constant = constant(&name, value);
    quote!(#constant #check)
}

fn tolerance_of(attributes: &Attributes, said: &str, place: usize) -> TokenStream {
    let Some(value) = &attributes.tolerance else { return TokenStream::new() };
    let name = format_ident!("__TOLERANCE_{place}");
    let say = format!("{said}: a tolerance is 0 to 65,535 codes");
    let check = check(value.span(), &quote!(#name >= 0 && #name <= 65_535), &say);
    let constant = constant(&name, value);
    quote!(#constant #check)
}

fn snap_of(attributes: &Attributes, said: &str, place: usize) -> TokenStream {
    let Some(value) = &attributes.snap else { return TokenStream::new() };
    let name = format_ident!("__SNAP_{place}");
    let say = format!("{said}: a snap is 1 to 2,147,483,647");
    let check = check(value.span(), &quote!(#name >= 1 && #name <= i32::MAX as i64), &say);
    let constant = constant(&name, value);
    quote!(#constant #check)
}

/// The field as data: one entry of the declaration.
fn declared(
    ident: &Ident,
    of: &syn::Type,
    shape: &Shape,
    attributes: &Attributes,
    names: &[Ident],
    place: usize,
) -> Result<TokenStream> {
    let name = ident.unraw().to_string();
    let kind = match shape {
        Shape::Choice => {
            let enumerated = quote_spanned!(of.span()=> <#of as ::shared::schema::Enumerated>);
            quote! {
                ::shared::schema::FieldKind::Choice {
                    names: #enumerated::NAMES.iter().map(|&name| ::std::string::String::from(name)).collect(),
                }
            }
        }
        _ => {
            let kind = format_ident!("__KIND_{place}");
            quote!(::std::clone::Clone::clone(&#kind))
        }
    };
    let audience = attributes.audience.clone().unwrap_or_else(|| Ident::new("Everyone", Span::call_site()));
    let predictor = match &attributes.predictor {
        Some(guess) => guess.value(names)?,
        None => quote!(::shared::schema::Predictor::Hold),
    };
    let [predicted, position, press, constant] =
        [attributes.predicted, attributes.position, attributes.press, attributes.constant].map(|mark| mark.is_some());
    let priority = match &attributes.priority {
        Some(_) => {
            let name = format_ident!("__PRIORITY_{place}");
            quote!(#name as u8)
        }
        None => quote!(0),
    };
    let tolerance = match &attributes.tolerance {
        Some(_) => {
            let name = format_ident!("__TOLERANCE_{place}");
            quote!(#name as u16)
        }
        None => quote!(0),
    };
    let snap = match &attributes.snap {
        Some(_) => {
            let name = format_ident!("__SNAP_{place}");
            quote!(#name as u32)
        }
        None => quote!(0),
    };
    Ok(quote! {
        ::shared::schema::Field {
            name: ::std::string::String::from(#name),
            kind: #kind,
            audience: ::shared::schema::Audience::#audience,
            predictor: #predictor,
            marks: ::shared::schema::Marks {
                predicted: #predicted,
                position: #position,
                priority: #priority,
                press: #press,
                constant: #constant,
                tolerance: #tolerance,
                snap: #snap,
            },
        }
    })
}
