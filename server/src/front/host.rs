//! What the client calls us, and whether a plain server answers to that name.
//!
//! Never here: what is allowed to pages of other origins (see `upgrade`).

use std::net::IpAddr;

use hyper::{Request, StatusCode, header};

use super::answers::Refusal;

/// Without TLS nothing proves that a name is ours: a page elsewhere could point its own name at this machine and read
/// what it likes. So a plain server answers only to addresses and to `localhost`.
///
/// # Errors
/// The client's: another name.
pub(super) fn check_host<B>(scheme: &str, request: &Request<B>) -> Result<(), Refusal> {
    if scheme == "https" || host_of(request).is_none_or(is_local_name) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "this server is called by its address or localhost"))
}

/// What the client calls us, with the port if it said one.
pub(super) fn host_of<B>(request: &Request<B>) -> Option<&str> {
    let said = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    said.or_else(|| request.uri().authority().map(hyper::http::uri::Authority::as_str))
}

/// The same if it can be repeated to whoever reads it: nothing in it but what names and addresses have.
pub(super) fn plain_host_of<B>(request: &Request<B>) -> Option<&str> {
    let is_plain = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    host_of(request).filter(|host| !host.is_empty()).filter(is_plain)
}

fn is_local_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_server_answers_only_to_addresses_and_localhost() {
        for host in ["localhost", "localhost:4433", "127.0.0.1:4433", "[::1]:4433", "192.0.2.1"] {
            assert!(is_local_name(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:4433", "", "[evil]:1"] {
            assert!(!is_local_name(host), "{host}");
        }
        let request = Request::builder().header("host", "evil.example").body(()).expect("valid");
        assert!(check_host("http", &request).is_err());
        assert!(check_host("https", &request).is_ok());
    }
}
