//! Somebody looks on: on a screen as players see it, or in lines.
//!
//! A spectator plays nothing, sees everything and sees it later than the players do, as its server says in the Welcome.
//!
//! Never here: the screen (see `table`), the lines (see `plain`).

use super::farewell::Farewell;
use super::follow::Follow;
use super::keys::Seat;
use super::onlooker::Onlooker;
use super::options::WatchOptions;
use super::plain::Plainly;
use super::play::{PlayError, connect, sit_down};
use super::shell::is_terminal;
use crate::session::{Drawing, Session, SessionConfig};
use crate::transport::drive;
use shared::game::maps::Maps;
use shared::wire::Role;

/// The name that a spectator gives: nobody reads it.
const NAME: &str = "spectator";

/// Looks on, with these maps, until the person leaves, `stop` completes, or the connection ends.
///
/// # Errors
/// [`PlayError`]: it could not begin.
pub async fn watch(
    options: &WatchOptions,
    maps: Maps,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Farewell, PlayError> {
    let onlooker = Onlooker::following(options.follow.as_deref().map_or_else(Follow::default, Follow::named)).on(maps);
    let config = || SessionConfig { role: Role::Spectator, ..SessionConfig::named(NAME) };
    if !options.plain && is_terminal() {
        return sit_down((Seat::Spectator, onlooker), &options.to, |_| config(), stop).await;
    }
    let (connection, link, epoch) = connect(&options.to, Seat::Spectator).await?;
    let mut session = Session::new(SessionConfig { drawing: Drawing::WhenAsked, seed: options.to.seed, ..config() });
    let mut plainly = Plainly::new(onlooker, epoch, connection.wire_bytes(), stop)?;
    let ended = drive(connection, &mut session, link, epoch, &mut plainly).await;
    Ok(plainly.farewell(&ended))
}
