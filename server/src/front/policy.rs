//! What a page of ours may do, said to the browser in headers: load from here, connect to here, be framed by nobody.
//!
//! Text that came from players can then do no harm as markup even if a page were careless: nothing inline runs.
//!
//! Never here: what pages of other origins may read (see `cross_origin`).

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::config::{Config, Transport};

/// Where everything comes from but connections, which follow.
const SOURCES: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
                       media-src 'self' blob:; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
                       frame-ancestors 'none'; connect-src 'self'";

/// What never changes.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// For two years this name is asked for by https only.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What pages may do on this server.
#[derive(Debug)]
pub(super) struct Policy {
    /// `wss`, or `ws` for a plain server.
    game_scheme: &'static str,
    /// Where pages may connect besides here: the operator's other origins, each for HTTP and for the game.
    others: String,
    /// The certificate is the operator's own: browsers may insist on it.
    https_only: bool,
}

impl Policy {
    /// As the operator wants it.
    pub(super) fn new(config: &Config) -> Self {
        let mut others = String::new();
        for origin in &config.origins {
            // https becomes wss, http ws.
            let game = origin.replacen("http", "ws", 1);
            others.push_str(&format!(" {origin} {game}"));
        }
        Self {
            game_scheme: if config.transport == Transport::Plain { "ws" } else { "wss" },
            others,
            https_only: matches!(config.transport, Transport::Files { .. }),
        }
    }

    /// Says it with a page or a file of one, to a browser that calls us `host`. Not every browser's `'self'` stands for the game's
    /// scheme, too.
    pub(super) fn apply(&self, host: Option<&str>, headers: &mut HeaderMap) {
        let Self { game_scheme, others, .. } = self;
        let own = host.map_or_else(String::new, |host| format!(" {game_scheme}://{host}"));
        if let Ok(policy) = HeaderValue::try_from(format!("{SOURCES}{own}{others}")) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in HEADERS {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }

    /// Says, with every answer, that there is https only, where that will stay true: a development certificate's name may be
    /// another program's tomorrow.
    pub(super) fn insist(&self, headers: &mut HeaderMap) {
        if self.https_only {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn said(change: impl FnOnce(&mut Config), host: Option<&str>) -> HeaderMap {
        let mut config = Config::local(PathBuf::new());
        change(&mut config);
        let policy = Policy::new(&config);
        let mut headers = HeaderMap::new();
        policy.apply(host, &mut headers);
        policy.insist(&mut headers);
        headers
    }

    fn directive(headers: &HeaderMap, name: &str) -> String {
        let policy = headers["content-security-policy"].to_str().expect("text");
        let found = policy.split(';').map(str::trim).find_map(|part| part.strip_prefix(name));
        found.unwrap_or_else(|| panic!("{name} is missing: {policy}")).trim().to_owned()
    }

    #[test]
    fn a_page_loads_from_here_only_and_runs_nothing_inline() {
        let headers = said(|_| {}, Some("127.0.0.1:4433"));
        for (name, sources) in [
            ("default-src", "'self'"),
            ("script-src", "'self'"),
            ("style-src", "'self'"),
            ("object-src", "'none'"),
            ("base-uri", "'none'"),
            ("form-action", "'none'"),
            ("frame-ancestors", "'none'"),
            ("connect-src", "'self' wss://127.0.0.1:4433"),
        ] {
            assert_eq!(directive(&headers, name), sources);
        }
        assert!(!headers["content-security-policy"].to_str().expect("text").contains("unsafe"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
    }

    #[test]
    fn a_page_connects_here_and_to_the_operators_other_origins() {
        let others = |config: &mut Config| {
            config.origins = vec!["https://eu.example".to_owned(), "http://127.0.0.1:8080".to_owned()];
        };
        let allowed = directive(&said(others, Some("us.example")), "connect-src");
        let expected =
            "'self' wss://us.example https://eu.example wss://eu.example http://127.0.0.1:8080 ws://127.0.0.1:8080";
        assert_eq!(allowed, expected);
        let plain = |config: &mut Config| config.transport = Transport::Plain;
        assert_eq!(directive(&said(plain, Some("[::1]:1")), "connect-src"), "'self' ws://[::1]:1");
        assert_eq!(directive(&said(|_| {}, None), "connect-src"), "'self'");
    }

    #[test]
    fn browsers_insist_on_https_only_where_the_certificate_is_the_operators() {
        let own = |config: &mut Config| {
            config.transport = Transport::Files { certificate: "c.pem".into(), key: "k.pem".into() };
        };
        assert!(said(own, None).contains_key("strict-transport-security"));
        for transport in [Transport::Development, Transport::Plain] {
            let headers = said(|config| config.transport = transport, None);
            assert!(!headers.contains_key("strict-transport-security"));
        }
    }
}
