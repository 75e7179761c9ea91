//! Where in a request a ticket stands: the second sub-protocol, the `Authorization` header, or the address if the operator allows that.
//!
//! A browser can set no header of a WebSocket but the list of sub-protocols. Two tickets are unclear: whoever puts one into a request of
//! somebody else must not be heard.
//!
//! Never here: whether the ticket is good (see `tickets`). What is found is never repeated, neither in a log nor in an answer.

use hyper::header::{self, HeaderMap};
use hyper::{Request, StatusCode};

use super::answers::Refusal;

/// What stands before a ticket in the list of sub-protocols.
const SUBPROTOCOL: &str = "ticket.";

/// What stands before it in the address.
const QUERY: &str = "ticket=";

/// The ticket of a request, if it has one.
///
/// # Errors
/// The client's: it has two, or one where none may be.
pub(super) fn ticket_of<B>(request: &Request<B>, is_query_allowed: bool) -> Result<Option<&str>, Refusal> {
    let headers = request.headers();
    let mut found = None;
    let unclear = |message: &'static str| Refusal::unauthorized("ticket_unclear", message);
    let mut take = |ticket| match found.replace(ticket) {
        None => Ok(()),
        Some(_) => Err(unclear("there are two tickets: send one, in one place")),
    };
    for ticket in listed(headers).filter_map(|item| item.strip_prefix(SUBPROTOCOL)) {
        take(ticket)?;
    }
    for value in headers.get_all(header::AUTHORIZATION) {
        let value = value.to_str().map_err(|_| unclear("Authorization is no plain text"))?;
        match value.trim().split_once(' ') {
            Some((scheme, ticket)) if scheme.eq_ignore_ascii_case("bearer") => take(ticket.trim())?,
            _ => return Err(unclear("Authorization is not Bearer and a ticket")),
        }
    }
    for ticket in parts(request).filter_map(|part| part.strip_prefix(QUERY)) {
        if !is_query_allowed {
            let message = "no ticket may stand in the address here (tickets.query): send it as a sub-protocol or in Authorization";
            return Err(Refusal::unauthorized("ticket_in_query", message));
        }
        take(ticket)?;
    }
    Ok(found)
}

/// What an address asks for behind its question mark.
pub(super) fn parts<B>(request: &Request<B>) -> impl Iterator<Item = &str> {
    request.uri().query().unwrap_or("").split('&')
}

fn listed(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).map(str::trim)
}

impl Refusal {
    /// Somebody else, or with something else, might be let in: 401.
    pub(super) fn unauthorized(reason: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        let asked = header::HeaderValue::from_static("Bearer realm=\"tickwire\"");
        Self::new(StatusCode::UNAUTHORIZED, reason, message).with(header::WWW_AUTHENTICATE, asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(uri: &str, headers: &[(&str, &str)], is_query_allowed: bool) -> Result<Option<String>, &'static str> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("valid");
        let ticket = ticket_of(&request, is_query_allowed);
        ticket.map(|ticket| ticket.map(str::to_owned)).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn a_ticket_is_found_in_each_of_its_places_and_nowhere_else() {
        let sub = ("sec-websocket-protocol", "tickwire.v1, ticket.a.b.c");
        let bearer = ("authorization", "bEARER a.b.c");
        let ticket = Ok(Some("a.b.c".to_owned()));
        assert_eq!(found("/play", &[sub], false), ticket);
        assert_eq!(found("/play", &[bearer], false), ticket);
        assert_eq!(found("/play?watch&ticket=a.b.c", &[], true), ticket);
        assert_eq!(found("/play?tickets=a&ticket", &[("sec-websocket-protocol", "tickwire.v1")], false), Ok(None));
        assert_eq!(found("/play?ticket=a.b.c", &[], false), Err("ticket_in_query"));
    }

    #[test]
    fn two_tickets_are_unclear_wherever_they_stand_and_even_if_they_are_the_same() {
        let sub = ("sec-websocket-protocol", "tickwire.v1, ticket.a");
        let twice = ("sec-websocket-protocol", "ticket.a, ticket.a");
        let bearer = ("authorization", "Bearer a");
        for headers in
            [&[twice][..], &[sub, sub], &[sub, bearer], &[bearer, bearer], &[("authorization", "Basic eDp5")]]
        {
            assert_eq!(found("/play", headers, false), Err("ticket_unclear"), "{headers:?}");
        }
        assert_eq!(found("/play?ticket=a", &[bearer], true), Err("ticket_unclear"));
        assert_eq!(found("/play?ticket=a&ticket=b", &[], true), Err("ticket_unclear"));
    }
}
