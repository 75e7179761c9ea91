//! What a ticket says, and whether that lets somebody in now.
//!
//! Every claim has one type; another is an error and never "not there", so that nothing is let in by being misread. What is not known
//! is passed over.
//!
//! Never here: whether the ticket is genuine (see `mod`).

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};

use super::BadTicket;
use crate::identity::{
    Identity, NAME_BYTES_MAX, PlayerKey, ROOMS_ALLOWED_MAX, Role, RoomPattern, RoomsAllowed, TicketId, TicketKey,
};

/// The last second that a time may name: the end of the year 9999.
const SECONDS_MAX: f64 = 253_402_300_799.0;

/// Audiences that a ticket may name.
const AUDIENCES_MAX: usize = 16;

/// What a ticket says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Claims {
    /// Who issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iss: Option<String>,
    /// For whom it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aud: Option<Audience>,
    /// When it ends, in seconds since 1970.
    #[serde(serialize_with = "whole")]
    pub(crate) exp: f64,
    /// From when on it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<f64>,
    /// The player.
    pub(crate) sub: String,
    /// What the player is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Rooms that may be entered; none given: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rooms: Option<Vec<String>>,
    /// What the player may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<ClaimedRole>,
    /// Its own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<String>,
}

/// One or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// See [`Role`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClaimedRole {
    /// Plays, or looks on
    Player,
    /// Looks on
    Spectator,
    /// Plays, and may do what the game or the operator gives only such
    Admin,
}

/// What is asked of a ticket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
    pub(super) leeway: Duration,
    pub(super) now: SystemTime,
    /// It must be a guest's, or none.
    pub(super) is_guest: bool,
}

impl Claims {
    /// Who comes with it.
    ///
    /// # Errors
    /// What it says is not what is asked, or makes no sense.
    pub(super) fn identity(self, key: &TicketKey, address: IpAddr, asked: &Asked<'_>) -> Result<Identity, BadTicket> {
        let expires = time(self.exp)?;
        if asked.now >= expires + asked.leeway {
            return Err(BadTicket::Expired);
        }
        if let Some(begins) = self.nbf
            && asked.now + asked.leeway < time(begins)?
        {
            return Err(BadTicket::NotYet);
        }
        if asked.issuer.is_some_and(|issuer| self.iss.as_deref() != Some(issuer)) {
            return Err(BadTicket::Issuer);
        }
        if asked.audience.is_some_and(|audience| !self.is_for(audience)) {
            return Err(BadTicket::Audience);
        }
        let player = PlayerKey::new(&self.sub).ok_or(BadTicket::Claims("sub"))?;
        if player.is_guest() != asked.is_guest {
            return Err(BadTicket::Claims("sub"));
        }
        let is_name = |name: &String| (1..=NAME_BYTES_MAX).contains(&name.len());
        if self.name.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(BadTicket::Claims("name"));
        }
        Ok(Identity {
            player,
            name: self.name,
            ticket: self.jti.map(|jti| TicketId::new(&jti).ok_or(BadTicket::Claims("jti"))).transpose()?,
            earlier: Vec::new(),
            key: Some(key.clone()),
            role: match self.role {
                None | Some(ClaimedRole::Player) => Role::Player,
                Some(ClaimedRole::Spectator) => Role::Spectator,
                Some(ClaimedRole::Admin) => Role::Admin,
            },
            rooms: self.rooms.map_or(Ok(RoomsAllowed::All), |rooms| rooms_allowed(&rooms))?,
            expires: Some(expires),
            address,
        })
    }

    fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            None => false,
            Some(Audience::One(one)) => one == audience,
            Some(Audience::Several(several)) => several.iter().take(AUDIENCES_MAX).any(|one| one == audience),
        }
    }
}

fn rooms_allowed(rooms: &[String]) -> Result<RoomsAllowed, BadTicket> {
    if rooms.len() > ROOMS_ALLOWED_MAX {
        return Err(BadTicket::Claims("rooms"));
    }
    let patterns = rooms.iter().map(|room| RoomPattern::new(room).ok_or(BadTicket::Claims("rooms")));
    patterns.collect::<Result<_, _>>().map(RoomsAllowed::Of)
}

/// RFC 7519 lets a time have a fraction.
fn time(seconds: f64) -> Result<SystemTime, BadTicket> {
    if (0.0..=SECONDS_MAX).contains(&seconds) {
        Ok(UNIX_EPOCH + Duration::from_secs(seconds as u64))
    } else {
        Err(BadTicket::Claims("exp or nbf"))
    }
}

/// Without a fraction: not every reader likes one.
fn whole<S: Serializer>(seconds: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(*seconds as u64)
}

/// Seconds since 1970, as a ticket says them.
pub(crate) fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs() as f64)
}
