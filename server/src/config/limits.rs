//! Who may take how much, and who is believed about where others come from.
//!
//! Never here: bounds of the protocol (`shared::limits`).

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Who may take how much.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLimits {
    /// Connections in all, pages included. 1..=1000000. Over it: closed at once.
    pub connections_max: usize,
    /// Connections per address; an IPv6 address stands for its /64. 1..=1000000. Over it: closed at once.
    pub connections_per_address_max: usize,
    /// Of these, those that were upgraded and have not said Hello. 1..=1000000. Over it: 503.
    pub unseated_per_address_max: usize,
    /// Seats that are kept at once for players of an address who were cut. 0..=1000000. Over it: the seat is not kept.
    pub away_per_address_max: usize,
    /// TLS handshakes under way. 1..=100000. Over it: closed at once.
    pub handshakes_max: usize,
    /// Connections that one address may begin per second. 1..=10000. Over it, and over the burst: closed before TLS; 503 on a plain server.
    pub handshakes_per_s: u32,
    /// Of these, how many at once. 1..=100000.
    pub handshakes_burst: u32,
    /// Connections that all addresses together may begin per second. 1..=100000. Over it, and over twice as many at once: the same.
    pub handshakes_total_per_s: u32,
    /// Whether loopback addresses are limited like others.
    pub loopback: bool,
    /// Seconds from the accepted connection to the finished upgrade or the first answer. 1..=60.
    pub upgrade_s: u64,
    /// Seconds that a connection may stay open between two requests, and that an answer may take. 1..=300.
    pub idle_s: u64,
    /// Requests of a connection within `idle_s`. 16..=10000. Over it: 429, closed.
    pub requests_max: u32,
    /// Bytes of a request's head. 8192..=65536. Over it: 431.
    pub header_bytes_max: usize,
    /// Header lines of a request. 16..=256. Over it: 431.
    pub headers_max: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            connections_max: 8192,
            connections_per_address_max: 64,
            unseated_per_address_max: 16,
            away_per_address_max: 32,
            handshakes_max: 2048,
            handshakes_per_s: 10,
            handshakes_burst: 64,
            handshakes_total_per_s: 1000,
            loopback: false,
            upgrade_s: 5,
            idle_s: 15,
            requests_max: 512,
            header_bytes_max: 8192,
            headers_max: 64,
        }
    }
}

/// Who may take how much, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Connections in all.
    pub connections_max: usize,
    /// Connections per address.
    pub connections_per_address_max: usize,
    /// Of these, those with a place and without a seat.
    pub unseated_per_address_max: usize,
    /// Seats that are kept at once for players of an address who were cut.
    pub away_per_address_max: usize,
    /// TLS handshakes under way.
    pub handshakes_max: usize,
    /// Connections that one address may begin per second.
    pub handshakes_per_s: u32,
    /// Of these, how many at once.
    pub handshakes_burst: u32,
    /// Connections that all addresses may begin per second.
    pub handshakes_total_per_s: u32,
    /// Whether loopback addresses are limited like others.
    pub loopback: bool,
    /// From TCP accept to the finished upgrade.
    pub upgrade: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// Requests of a connection within `idle`.
    pub requests_max: u32,
    /// Bytes of a request's head.
    pub header_bytes_max: usize,
    /// Header lines of a request.
    pub headers_max: usize,
}

impl From<RawLimits> for LimitsConfig {
    fn from(raw: RawLimits) -> Self {
        Self {
            connections_max: raw.connections_max,
            connections_per_address_max: raw.connections_per_address_max,
            unseated_per_address_max: raw.unseated_per_address_max,
            away_per_address_max: raw.away_per_address_max,
            handshakes_max: raw.handshakes_max,
            handshakes_per_s: raw.handshakes_per_s,
            handshakes_burst: raw.handshakes_burst,
            handshakes_total_per_s: raw.handshakes_total_per_s,
            loopback: raw.loopback,
            upgrade: Duration::from_secs(raw.upgrade_s),
            idle: Duration::from_secs(raw.idle_s),
            requests_max: raw.requests_max,
            header_bytes_max: raw.header_bytes_max,
            headers_max: raw.headers_max,
        }
    }
}

/// In which header a proxy says where its client comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses, separated by commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// A text is neither an address nor a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor a network")]
pub struct BadNetwork;

impl Network {
    /// Whether every address of its kind is in it.
    #[must_use]
    pub const fn is_everybody(&self) -> bool {
        self.bits == 0
    }

    /// Whether an address is in it. An IPv4 address in the form of an IPv6 one is the IPv4 address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| BadNetwork)?)),
            None => (text, None),
        };
        let first = address.parse::<IpAddr>().map_err(|_| BadNetwork)?;
        let all = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        if bits > all { Err(BadNetwork) } else { Ok(Self { first, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_those_that_begin_alike() {
        let has = |network: &str, address: &str| {
            network.parse::<Network>().expect("a network").has(address.parse().expect("an address"))
        };
        assert!(has("10.0.0.0/8", "10.255.1.2") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("192.0.2.7", "192.0.2.7") && !has("192.0.2.7", "192.0.2.8"));
        assert!(has("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(has("fd00::/16", "fd00:1::1") && !has("fd00::/16", "fd01::1") && !has("fd00::/16", "10.0.0.1"));
        assert!(has("0.0.0.0/0", "203.0.113.9") && has("::/0", "2001:db8::1") && !has("::/0", "10.0.0.1"));
        for bad in ["", "10.0.0.0/33", "::/129", "localhost", "10.0.0.0/x", "10.0.0/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
