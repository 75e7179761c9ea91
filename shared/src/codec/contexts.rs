//! Everything that a symbol's code may depend on, numbered.
//!
//! A context is what both sides know before a symbol is read: which part it is of and how large that part's last residual
//! was, which parts of a group the last piece corrected, what a count counts. [`super::Tables`] say which code stands for
//! which context; a sink takes symbols in their contexts, to write them or to count them.
//!
//! ```text
//!   numbers  0 ..            one for each Use
//!   kinds    USES            which kind of facet a record is of
//!   residual                 part × class of its last residual
//!   code, speed, class       part: what records say of it
//!   mask                     group × mask of the facet's last piece, and one for records
//!   past                     kind of facet: whether a record is of one that is no longer as it was born
//! ```

use super::predictor::CLASSES;
use super::prefix_code::{NUMBER_SYMBOLS, number_symbol};
use crate::schema::facet::Group;
use crate::schema::{FacetKind, Layout};

/// What a number that belongs to no part says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// How many facets of a section have a piece.
    PieceCount = 0,
    /// How many positions lie between two of them.
    PieceGap = 1,
    /// How many facets leave a section.
    LeaveCount = 2,
    /// How many positions lie between two of them.
    LeaveGap = 3,
    /// How many facets of a section become stale.
    DemotionCount = 4,
    /// How many positions lie between two of them.
    DemotionGap = 5,
    /// How many records a section has.
    RecordCount = 6,
    /// How many events a frame has.
    EventCount = 7,
}

/// Number of [`Use`]s.
pub const USES: usize = 8;

/// Where the context of the kinds is; those of parts follow.
const KIND: usize = USES;
const PARTS: usize = KIND + 1;
/// Contexts that each part has beside its residuals'.
const RECORD_CONTEXTS: usize = 3;

/// What a context's symbols are, as far as that alone tells how likely each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Numbers that count positions or what stands between them.
    Gap,
    /// Kinds of facets.
    Kind {
        /// How many there are.
        kinds: u16,
    },
    /// Residuals, less 1.
    Residual {
        /// The size class of the last one.
        class: u8,
    },
    /// Codes of parts that have `bits` bits.
    Code {
        /// Bits of the largest.
        bits: u8,
    },
    /// Speeds.
    Speed,
    /// Size classes.
    Class,
    /// Masks.
    Mask {
        /// Parts of the group.
        parts: u8,
        /// It is the facet's only group, so its mask is never empty.
        lone: bool,
    },
    /// Masks of last pieces.
    PastMask {
        /// Parts of the group.
        parts: u8,
    },
    /// Whether a state is a new one.
    Past,
}

impl Family {
    /// Number of symbols.
    #[must_use]
    pub const fn symbols(self) -> usize {
        match self {
            Self::Gap | Self::Residual { .. } | Self::Code { .. } | Self::Speed => NUMBER_SYMBOLS,
            Self::Kind { kinds } => kinds as usize,
            Self::Past => 2,
            Self::Class => CLASSES,
            Self::Mask { parts, lone } => (1 << parts) - lone as usize,
            Self::PastMask { parts } => 1 << parts,
        }
    }
}

/// The context of a number that belongs to no part.
#[must_use]
pub const fn number(of: Use) -> usize {
    of as usize
}

/// The context of a record's kind of facet.
#[must_use]
pub const fn kind() -> usize {
    KIND
}

/// The context of a residual of the layout's `part`-th part, after one of `class`.
#[inline]
#[must_use]
pub const fn residual(part: usize, class: u8) -> usize {
    // Layouts have far fewer than 2^32 contexts.
    part.wrapping_mul(CLASSES + RECORD_CONTEXTS).wrapping_add(PARTS + class as usize)
}

/// The context of a part's code in a record.
#[must_use]
pub const fn code(part: usize) -> usize {
    residual(part, CLASSES as u8)
}

/// The context of a part's speed in a record.
#[must_use]
pub const fn speed(part: usize) -> usize {
    code(part) + 1
}

/// The context of a part's size class in a record.
#[must_use]
pub const fn class(part: usize) -> usize {
    code(part) + 2
}

/// The context of the mask of the group whose contexts begin at `group`, after the mask `last`.
#[inline]
#[must_use]
pub const fn mask(layout: &Layout, group: usize, last: u8) -> usize {
    residual(layout.part_contexts(), 0).wrapping_add(group).wrapping_add(last as usize)
}

/// The context of the mask of a group's last piece in a record; the group's contexts begin at `group`.
#[must_use]
pub const fn past_mask(layout: &Layout, group: &Group) -> usize {
    residual(layout.part_contexts(), 0).wrapping_add(group.context).wrapping_add(group.masks())
}

/// The context of whether a facet of a kind is no longer as it was born, in a record.
#[must_use]
pub const fn past(layout: &Layout, kind: FacetKind) -> usize {
    residual(layout.part_contexts(), 0) + layout.mask_contexts() + kind.0 as usize
}

/// The family of every context, in their order.
#[must_use]
pub fn families(layout: &Layout) -> Vec<Family> {
    let mut families = vec![Family::Gap; USES];
    families.push(Family::Kind { kinds: layout.facets().len().max(1) as u16 });
    for part in layout.facets().iter().flat_map(|facet| &facet.parts) {
        families.extend((0..CLASSES as u8).map(|class| Family::Residual { class }));
        families.extend([Family::Code { bits: part.bits as u8 }, Family::Speed, Family::Class]);
    }
    for facet in layout.facets() {
        let lone = facet.groups.len() == 1;
        for group in &facet.groups {
            let family = Family::Mask { parts: group.parts as u8, lone };
            families.extend(std::iter::repeat_n(family, group.masks()));
            families.push(Family::PastMask { parts: group.parts as u8 });
        }
    }
    families.extend(layout.facets().iter().map(|_| Family::Past));
    families
}

/// What takes symbols in their contexts: a [`super::Packer`] writes them, a [`super::training::Tally`] counts them.
pub trait Sink {
    /// One symbol of a context's family.
    fn symbol(&mut self, context: usize, symbol: usize);

    /// The low `bits` bits of `value` as they are.
    fn raw(&mut self, value: u32, bits: u32);

    /// A number of any size, in a context whose family has numbers.
    #[inline]
    fn number(&mut self, context: usize, number: u32) {
        let (symbol, raw_bits) = number_symbol(number);
        self.symbol(context, symbol);
        self.raw(number & ((1 << raw_bits) - 1), raw_bits);
    }
}

/// Two that take the same.
pub struct Both<'a, A, B>(pub &'a mut A, pub &'a mut B);

impl<A: Sink, B: Sink> Sink for Both<'_, A, B> {
    #[inline(never)]
    fn symbol(&mut self, context: usize, symbol: usize) {
        self.0.symbol(context, symbol);
        self.1.symbol(context, symbol);
    }

    #[inline(never)]
    fn raw(&mut self, value: u32, bits: u32) {
        self.0.raw(value, bits);
        self.1.raw(value, bits);
    }
}

/// Where symbols go that nobody wants.
pub struct Nowhere;

impl Sink for Nowhere {
    fn symbol(&mut self, _: usize, _: usize) {}

    fn raw(&mut self, _: u32, _: u32) {}
}
