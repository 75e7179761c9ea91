//! What the client calls us, and whether a plain server answers to that name.
//!
//! Never here: what is allowed to pages of other origins (see `upgrade`).

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::http::uri::Authority;
use hyper::{Request, StatusCode, Version, header};

use super::answers::Refusal;

/// Without TLS nothing proves that a name is ours: a page elsewhere could point its own name at this machine and read
/// what it likes. So a plain server answers only to addresses and to `localhost`.
///
/// # Errors
/// The client's: another name.
pub(super) fn check_host<B>(scheme: &str, request: &Request<B>) -> Result<(), Refusal> {
    check_one_host(request)?;
    if scheme == "https" || host_of(request).is_none_or(is_local_name) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "this server is called by its address or localhost"))
}

/// Whom a request is for must be clear to everybody on its way (RFC 9112, 3.2).
///
/// # Errors
/// The client's: no name, or two.
pub(super) fn check_one_host<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_missing = hosts.next().is_none() && request.version() == Version::HTTP_11;
    if is_missing || hosts.next().is_some() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "Host must stand there once"));
    }
    Ok(())
}

/// What the client calls us, with the port if it said one.
pub(super) fn host_of<B>(request: &Request<B>) -> Option<&str> {
    let said = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    said.or_else(|| request.uri().authority().map(Authority::as_str))
}

/// The same if it can be repeated to whoever reads it: nothing in it but what names and addresses have.
pub(super) fn plain_host_of<B>(request: &Request<B>) -> Option<&str> {
    let is_plain = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    host_of(request).filter(|host| !host.is_empty()).filter(is_plain)
}

fn is_local_name(host: &str) -> bool {
    let Some(authority) = host.parse::<Authority>().ok().filter(|_| !host.contains('@')) else { return false };
    let name = authority.host();
    if !host.strip_prefix(name).is_some_and(|port| port.is_empty() || port.starts_with(':')) {
        return false;
    }
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => name.eq_ignore_ascii_case("localhost") || name.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_server_answers_only_to_addresses_and_localhost() {
        for host in ["localhost", "localhost:4433", "127.0.0.1:4433", "[::1]:4433", "192.0.2.1"] {
            assert!(is_local_name(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:4433",
            "",
            "[evil]:1",
            "127.0.0.1:1@evil.example",
            "[::1].evil.example",
        ] {
            assert!(!is_local_name(host), "{host}");
        }
        let request = Request::builder().header("host", "evil.example").body(()).expect("valid");
        assert!(check_host("http", &request).is_err());
        assert!(check_host("https", &request).is_ok());
        for hosts in [&[][..], &["a.example", "a.example"]] {
            let unclear = hosts.iter().fold(Request::builder(), |request, host| request.header("host", *host));
            assert!(check_host("https", &unclear.body(()).expect("valid")).is_err(), "{hosts:?}");
        }
        let old = Request::builder().version(Version::HTTP_10).body(()).expect("valid");
        assert!(check_host("https", &old).is_ok(), "it knew no Host");
    }
}
