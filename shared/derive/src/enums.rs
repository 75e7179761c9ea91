//! An enum of names: its codes are the places of its names.
//!
//! Never here: enums with values in them; a field holds one scalar, so such a thing is several fields.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DataEnum, Error, Fields, Result, Variant};

/// Writes `Enumerated` and `FieldValue` for the enum `name`.
pub(crate) fn expand(name: &Ident, data: &DataEnum) -> Result<TokenStream> {
    let Some(first) = data.variants.first() else {
        return Err(Error::new_spanned(name, "an enum without names has no codes: give it at least one"));
    };
    data.variants.iter().try_for_each(check)?;
    let variants: Vec<&Ident> = data.variants.iter().map(|variant| &variant.ident).collect();
    let names = variants.iter().map(|variant| variant.unraw().to_string());
    let codes: Vec<i32> = (0..).take(variants.len()).collect();
    let first = &first.ident;
    let enumerated = quote_spanned!(name.span()=> ::shared::schema::Enumerated);
    Ok(quote! {
        #[automatically_derived]
        impl #enumerated for #name {
            const NAMES: &'static [&'static str] = &[#(#names),*];

            fn code(self) -> i32 {
                match self {
                    #(Self::#variants => #codes,)*
                }
            }

            fn from_code(code: i32) -> Self {
                match code {
                    #(#codes => Self::#variants,)*
                    _ => Self::#first,
                }
            }
        }

        #[automatically_derived]
        impl ::shared::schema::FieldValue for #name {
            fn write(&self, _: &::shared::schema::FieldKind, out: &mut [i32]) -> ::shared::schema::Clamped {
                ::shared::schema::component::write_choice(*self, out)
            }

            fn read(_: &::shared::schema::FieldKind, codes: &[i32]) -> Self {
                ::shared::schema::component::read_choice(codes)
            }
        }
    })
}

fn check(variant: &Variant) -> Result<()> {
    if let Some(attribute) = variant.attrs.iter().find(|attribute| attribute.path().is_ident("field")) {
        return Err(Error::new_spanned(
            attribute,
            "a name has nothing to declare: put `field` on the field that holds it",
        ));
    }
    match &variant.fields {
        Fields::Unit => Ok(()),
        fields => Err(Error::new(
            fields.span(),
            "a choice is one of several names: move these values into fields of the struct that holds the enum",
        )),
    }
}
