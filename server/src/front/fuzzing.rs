//! Doors for fuzzers into what is private here: what a request alone decides. Never in a build that serves.

use hyper::Request;

use super::{host, upgrade};
use crate::directory::RoomName;

// Whose ticket it is, too, decides whether a request is granted.
pub use crate::tickets::fuzzing::{AUDIENCE, Desk, ISSUER, KEYS};

/// The room that a path asks for; `None`: the path is not one of ours; an error is a status.
#[must_use]
pub fn room_of(path: &str) -> Option<Result<Option<RoomName>, u16>> {
    upgrade::room_of(path).map(|room| room.map_err(|refusal| refusal.status.as_u16()))
}

/// The answer to the key of a request to upgrade, or status and reason of the refusal.
///
/// # Errors
/// The client's fault.
pub fn check(request: &Request<()>, scheme: &str, origins: &[String]) -> Result<String, (u16, &'static str)> {
    let refused = |refusal: super::answers::Refusal| (refusal.status.as_u16(), refusal.reason);
    host::check_host(scheme, request).map_err(refused)?;
    let accept = upgrade::check(request, scheme, origins).map_err(refused)?;
    Ok(accept.to_str().unwrap_or_default().to_owned())
}

/// What the client calls us, where that can be repeated.
#[must_use]
pub fn plain_host(request: &Request<()>) -> Option<&str> {
    host::plain_host_of(request)
}
