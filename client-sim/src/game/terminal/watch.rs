//! Somebody looks on: on a screen as players see it, or in lines.
//!
//! A spectator plays nothing, sees everything and sees it later than the players do, as its server says in the Welcome.
//!
//! Never here: the screen (see `terminal_observer`), the lines (see `line_observer`).

use super::device::shell::is_terminal;
use super::farewell::Farewell;
use super::input::keys::Seat;
use super::line_observer::LineObserver;
use super::options::WatchOptions;
use super::picture::follow::Follow;
use super::picture::scene_builder::SceneBuilder;
use super::play::{Begun, PlayError, connect, sit_down};
use crate::session::{Drawing, Session, SessionConfig};
use crate::transport::{Line, drive};
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
    let builder =
        SceneBuilder::following(options.follow.as_deref().map_or_else(Follow::default, Follow::named)).on(maps);
    let config = || SessionConfig { role: Role::Spectator, ..SessionConfig::named(NAME) };
    if !options.plain && is_terminal() {
        return sit_down((Seat::Spectator, builder), &options.to, |_| config(), stop).await;
    }
    let Begun { mut way, connection, link, epoch } = connect(&options.to, Seat::Spectator).await?;
    let mut session = Session::new(SessionConfig { drawing: Drawing::WhenAsked, seed: options.to.seed, ..config() });
    let mut observer = LineObserver::new(builder, epoch, way.wire_bytes(), stop)?;
    let line = Line { connection, link, way: Some(&mut way) };
    let ended = drive(line, &mut session, epoch, &mut observer).await;
    Ok(observer.farewell(&ended))
}
