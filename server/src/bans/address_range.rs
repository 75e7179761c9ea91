//! Addresses that belong together: one, or all that begin with the same bits.
//!
//! An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) is the IPv4 address.
//!
//! Never here: where a connection comes from (see `front`).

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Bits that a range has at least, so that a typing error does not shut everybody out.
const BITS_MIN: [(Family, u8); 2] = [(Family::V4, 8), (Family::V6, 16)];

/// Which kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Family {
    /// 32 bits.
    V4,
    /// 128 bits.
    V6,
}

impl Family {
    const fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
}

/// How long the beginning is, and of what: all ranges of a kind can be looked up by one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Kind {
    family: Family,
    bits: u8,
}

impl Kind {
    /// What a range of this kind is looked up by that has `address` in it; none: no range of this kind can.
    pub(super) fn key_of(self, address: IpAddr) -> Option<u128> {
        let (family, number) = number_of(address);
        (family == self.family).then(|| number & self.mask())
    }

    const fn mask(self) -> u128 {
        let below = self.family.bits() - self.bits;
        match u128::MAX.checked_shl(below as u32) {
            Some(mask) => mask,
            None => 0,
        }
    }
}

/// One address, or all with the same beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    kind: Kind,
    first: u128,
}

/// Why a text is no range. The operator's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    /// It is no address.
    #[error("an address is written like 192.0.2.7 or 2001:db8::7, a range like 192.0.2.0/24 or 2001:db8::/32")]
    NotAnAddress,
    /// More bits than the address has, or so few that everybody would be shut out.
    #[error("a range has {min} to {max} bits here")]
    Bits {
        /// At least.
        min: u8,
        /// At most.
        max: u8,
    },
    /// Bits behind the beginning: perhaps a single address was meant.
    #[error("the range of that length is {range}; the single address has no /")]
    Beyond {
        /// What may have been meant.
        range: AddressRange,
    },
}

impl AddressRange {
    /// That address alone.
    #[must_use]
    pub fn one(address: IpAddr) -> Self {
        let (family, first) = number_of(address);
        Self { kind: Kind { family, bits: family.bits() }, first }
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        self.kind.key_of(address) == Some(self.first)
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) const fn key(&self) -> u128 {
        self.first
    }
}

impl FromStr for AddressRange {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, BadRange> {
        let Some((address, bits)) = text.split_once('/') else {
            return text.parse().map(Self::one).map_err(|_| BadRange::NotAnAddress);
        };
        let address: IpAddr = address.parse().map_err(|_| BadRange::NotAnAddress)?;
        let bits: u8 = bits.parse().map_err(|_| BadRange::NotAnAddress)?;
        let (family, first) = number_of(address);
        // Of an IPv4 address in the form of an IPv6 one the first 96 bits are that form.
        let bits = if address.is_ipv6() && family == Family::V4 { bits.checked_sub(96) } else { Some(bits) };
        let max = family.bits();
        let min = BITS_MIN.iter().find(|(of, _)| *of == family).map_or(max, |(_, min)| *min);
        let bits = bits.filter(|bits| (min..=max).contains(bits)).ok_or(BadRange::Bits { min, max })?;
        let kind = Kind { family, bits };
        let range = Self { kind, first: first & kind.mask() };
        if range.first == first { Ok(range) } else { Err(BadRange::Beyond { range }) }
    }
}

impl Display for AddressRange {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let address: IpAddr = match self.kind.family {
            Family::V4 => Ipv4Addr::from(self.first as u32).into(),
            Family::V6 => Ipv6Addr::from(self.first).into(),
        };
        if self.kind.bits == self.kind.family.bits() {
            return write!(to, "{address}");
        }
        write!(to, "{address}/{}", self.kind.bits)
    }
}

fn number_of(address: IpAddr) -> (Family, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (Family::V4, u128::from(u32::from(address))),
        IpAddr::V6(address) => (Family::V6, u128::from(address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn has(text: &str, address: &str) -> bool {
        range(text).has(address.parse().expect("an address"))
    }

    #[test]
    fn a_range_has_what_begins_like_it_and_nothing_else() {
        for (text, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::7", "2001:db8::7", "2001:db8::8"),
            ("2001:db8:0:1::/64", "2001:db8:0:1:ffff::", "2001:db8:0:2::"),
        ] {
            assert!(has(text, inside), "{inside} is in {text}");
            assert!(!has(text, outside), "{outside} is not in {text}");
        }
    }

    #[test]
    fn an_ipv4_address_in_the_form_of_an_ipv6_one_is_the_ipv4_address() {
        assert!(has("192.0.2.0/24", "::ffff:192.0.2.7"));
        assert!(has("::ffff:192.0.2.7", "192.0.2.7") && has("::ffff:192.0.2.0/120", "192.0.2.7"));
        assert_eq!(range("::ffff:192.0.2.0/120").to_string(), "192.0.2.0/24");
        assert!(!has("2000::/16", "32.0.0.1"), "and an IPv6 range has no IPv4 address in it");
    }

    #[test]
    fn a_range_is_written_as_it_is_read() {
        for text in ["192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "2001:db8::7"] {
            assert_eq!(range(text).to_string(), text);
        }
        assert_eq!(range("192.0.2.7/32"), range("192.0.2.7"));
    }

    #[test]
    fn what_is_no_range_or_would_shut_everybody_out_is_refused() {
        let refused = |text: &str| text.parse::<AddressRange>().expect_err(text);
        for text in ["", "localhost", "192.0.2", "192.0.2.0/", "192.0.2.0/x", "192.0.2.0/-1", "192.0.2.0/999", "/24"] {
            assert_eq!(refused(text), BadRange::NotAnAddress, "{text}");
        }
        for text in ["0.0.0.0/0", "10.0.0.0/7", "10.0.0.0/33", "::ffff:0.0.0.0/96", "::ffff:0.0.0.0/0"] {
            assert_eq!(refused(text), BadRange::Bits { min: 8, max: 32 }, "{text}");
        }
        assert_eq!(refused("::/0"), BadRange::Bits { min: 16, max: 128 });
        assert!(refused("192.0.2.7/24").to_string().contains("192.0.2.0/24"));
    }
}
