//! Who asks, where a proxy stands between: the last hop that is none of ours.
//!
//! ```text
//!   client ──► others' proxies ──► our proxies ──► us
//!   X-Forwarded-For:  said by anyone, said by anyone, 203.0.113.7, 10.0.0.2
//!                                                     └ the last that is no proxy of ours: what our first proxy saw
//! ```
//!
//! What a stranger says about itself is not read: only a peer that the operator lists as a proxy is asked where its client comes from,
//! and only in the one header that this proxy is known to write; another might come from the client as it is.
//!
//! Never here: what an address may do (see `throttle`, `directory`).

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HeaderMap, HeaderName};
use hyper::{StatusCode, header};

use super::answers::Refusal;
use crate::config::{ForwardedHeader, Network};

/// Hops that are read at most.
const HOPS_MAX: usize = 32;

/// The operator's proxies.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    networks: Vec<Network>,
    header: ForwardedHeader,
}

impl Proxies {
    /// These.
    pub(super) const fn new(networks: Vec<Network>, header: ForwardedHeader) -> Self {
        Self { networks, header }
    }

    /// Whether it is one of them.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.has(address))
    }

    /// Where the client of a request comes from that a proxy of ours has sent; the proxy itself if it names nobody.
    ///
    /// # Errors
    /// The proxy's: what it says is no address.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Refusal> {
        let name = match self.header {
            ForwardedHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardedHeader::Forwarded => header::FORWARDED,
        };
        let mut hops = Vec::new();
        for value in headers.get_all(name) {
            let text = value.to_str().map_err(|_| unclear())?;
            hops.extend(text.split(','));
        }
        let mut client = peer;
        for hop in hops.iter().rev().take(HOPS_MAX) {
            client = self.address_in(hop).ok_or_else(unclear)?;
            if !self.has(client) {
                break;
            }
        }
        Ok(client)
    }

    fn address_in(&self, hop: &str) -> Option<IpAddr> {
        let text = match self.header {
            ForwardedHeader::XForwardedFor => hop,
            ForwardedHeader::Forwarded => {
                let said = hop.split(';').filter_map(|pair| pair.split_once('='));
                said.map(|(key, value)| (key.trim(), value)).find(|(key, _)| key.eq_ignore_ascii_case("for"))?.1
            }
        };
        let text = text.trim().trim_matches('"');
        let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let address = plain.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
        address.ok().map(|address| address.to_canonical())
    }
}

fn unclear() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "forwarded", "the proxy does not say clearly where the client comes from")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::REFUSAL_REASONS;

    fn client(header: ForwardedHeader, lines: &[(&'static str, &str)]) -> Result<String, &'static str> {
        let networks = ["10.0.0.0/8", "fd00::/16"].map(|text| text.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().expect("a header"));
        }
        let proxies = Proxies::new(networks.to_vec(), header);
        let client = proxies.client([10, 0, 0, 1].into(), &headers);
        client.map(|address| address.to_string()).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn the_last_hop_that_is_no_proxy_of_ours_is_the_client_whatever_it_says_of_itself() {
        for (said, wanted) in [
            ("203.0.113.7", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7, 10.0.0.2 , 10.9.9.9", "203.0.113.7"),
            ("nonsense, 203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8::1, fd00::5", "2001:db8::1"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ] {
            assert_eq!(client(ForwardedHeader::XForwardedFor, &[("x-forwarded-for", said)]).as_deref(), Ok(wanted));
        }
        let lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.7, 10.0.0.2")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, &lines).as_deref(), Ok("203.0.113.7"));
    }

    #[test]
    fn the_standard_header_is_read_where_the_operator_says_so_and_the_other_is_not() {
        let said = r#"for=1.2.3.4;proto=https, For="[2001:db8::1]:4711"; by=10.0.0.1, for=10.0.0.2"#;
        let lines = [("forwarded", said), ("x-forwarded-for", "6.6.6.6")];
        assert_eq!(client(ForwardedHeader::Forwarded, &lines).as_deref(), Ok("2001:db8::1"));
        assert_eq!(client(ForwardedHeader::XForwardedFor, &lines).as_deref(), Ok("6.6.6.6"));
    }

    #[test]
    fn a_proxy_that_names_nobody_is_the_client_and_one_that_speaks_nonsense_is_refused() {
        assert_eq!(client(ForwardedHeader::XForwardedFor, &[]).as_deref(), Ok("10.0.0.1"));
        for nonsense in ["", "unknown", "203.0.113.7, _hidden", "300.1.1.1"] {
            assert_eq!(client(ForwardedHeader::XForwardedFor, &[("x-forwarded-for", nonsense)]), Err("forwarded"));
        }
        assert!(REFUSAL_REASONS.contains(&"forwarded"));
    }
}
