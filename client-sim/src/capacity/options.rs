//! What a capacity report is asked for, and what does not go together.
//!
//! Never here: how flags are written (see `main`).

use crate::behaviour::Behaviours;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// Most players that one room of the server takes.
const PLAYERS_MAX: usize = 8_192;
/// Slots of a room for each player, as the server's configuration asks for.
const SLOTS_PER_PLAYER: usize = 4;
/// Slots of a room for each entity: half of them may be alive.
const SLOTS_PER_ENTITY: usize = 2;
/// Bits of a slot that the server allows.
const SLOT_BITS: std::ops::RangeInclusive<u32> = 6..=16;

/// What a capacity report is asked for.
#[derive(Clone)]
pub struct CapacityOptions {
    /// How many players, one row for each.
    pub players: Vec<usize>,
    /// Length of each measuring window.
    pub seconds: f64,
    /// Which game.
    pub game: Workload,
    /// Entities in all; those beyond the players are moved by the server. None: only players.
    pub entities: Option<usize>,
    /// How far players see, in world units; 0: everything.
    pub view: u32,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// Pairs of runs for each row; what is printed are medians.
    pub rounds: usize,
    /// The server's program.
    pub server: PathBuf,
    /// This program: it is the floor, too.
    pub floor: PathBuf,
    /// What bots do.
    pub behaviours: Arc<dyn Behaviours>,
}

/// A game that capacity is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Everything moves, nothing is decided: what servers are compared on.
    ArenaN,
    /// The game in the box, with all its rules.
    Arena,
}

impl Workload {
    /// What the server calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArenaN => "arena-n",
            Self::Arena => "arena",
        }
    }
}

/// What cannot be measured. The caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum CapacityOptionsError {
    /// The server's program is not there.
    #[error(
        "there is no server at {}: build it with `cargo build --release -p tickwire-server`, or say where it is with --server PATH",
        path.display()
    )]
    NoServer {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Only Arena-N has a setting for it.
    #[error("--entities is a setting of arena-n: {game} spawns what its rules say")]
    FixedEntities {
        /// The game that was asked for.
        game: &'static str,
    },
    /// Players are entities, too.
    #[error("--entities {entities} is less than the {players} players, which count among them")]
    FewEntities {
        /// What was asked for.
        entities: usize,
        /// The largest number of players.
        players: usize,
    },
    /// More than a room's slots can name.
    #[error("{entities} entities are more than a room has slots for: at most {}", max_entities())]
    ManyEntities {
        /// What was asked for.
        entities: usize,
    },
}

const fn max_entities() -> usize {
    (1 << *SLOT_BITS.end()) / SLOTS_PER_ENTITY
}

impl CapacityOptions {
    /// Whether all of it goes together and the server is there.
    ///
    /// # Errors
    /// [`CapacityOptionsError`]: what to change.
    pub fn check(&self) -> Result<(), CapacityOptionsError> {
        if !self.server.is_file() {
            return Err(CapacityOptionsError::NoServer { path: self.server.clone() });
        }
        let players = self.players.iter().copied().max().unwrap_or(0);
        let Some(entities) = self.entities else { return Ok(()) };
        match self.game {
            Workload::Arena => Err(CapacityOptionsError::FixedEntities { game: self.game.name() }),
            Workload::ArenaN if entities < players => Err(CapacityOptionsError::FewEntities { entities, players }),
            Workload::ArenaN if entities > max_entities() => Err(CapacityOptionsError::ManyEntities { entities }),
            Workload::ArenaN => Ok(()),
        }
    }

    /// How many entities the server moves when so many players are in.
    #[must_use]
    pub fn movers(&self, players: usize) -> usize {
        self.entities.unwrap_or(players).saturating_sub(players)
    }

    /// Bits of a slot that a room with so many players needs. Arena's shots need slots as well: as many as its players.
    #[must_use]
    pub fn slot_bits(&self, players: usize) -> u32 {
        let spawned = match self.game {
            Workload::ArenaN => players + self.movers(players),
            Workload::Arena => 4 * players,
        };
        let slots = (players * SLOTS_PER_PLAYER).max(spawned * SLOTS_PER_ENTITY);
        slots.next_power_of_two().trailing_zeros().clamp(*SLOT_BITS.start(), *SLOT_BITS.end())
    }
}

/// A list of numbers of players: `50,100,200`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayersList(pub Vec<usize>);

/// What is wrong with a `--players`. The caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?}: say numbers from 1 to {PLAYERS_MAX} with commas between: 50,100,200")]
pub struct PlayersListError {
    text: String,
}

impl FromStr for PlayersList {
    type Err = PlayersListError;

    fn from_str(text: &str) -> Result<Self, PlayersListError> {
        let number = |part: &str| part.trim().parse().ok().filter(|players| (1..=PLAYERS_MAX).contains(players));
        let list: Option<Vec<usize>> = text.split(',').map(number).collect();
        list.map(Self).ok_or_else(|| PlayersListError { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::{Behaviour, Idle};
    use shared::schema::Schema;

    fn options(players: &[usize], entities: Option<usize>) -> CapacityOptions {
        let this = std::env::current_exe().unwrap();
        CapacityOptions {
            players: players.to_vec(),
            seconds: 1.0,
            game: Workload::ArenaN,
            entities,
            view: 0,
            tick_rate_hz: 30,
            rounds: 3,
            server: this.clone(),
            floor: this,
            behaviours: Arc::new(|_: &Schema, _: u64| -> Box<dyn Behaviour> { Box::new(Idle) }),
        }
    }

    #[test]
    fn a_list_of_players_is_numbers_with_commas() {
        assert_eq!("50,100, 200".parse(), Ok(PlayersList(vec![50, 100, 200])));
        for wrong in ["", "a", "50,", "0", "-1", "9000", "50;100"] {
            assert!(wrong.parse::<PlayersList>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_what_to_do() {
        let why = |options: CapacityOptions| options.check().unwrap_err().to_string();
        assert!(options(&[10], None).check().is_ok());
        assert!(options(&[10, 20], Some(20)).check().is_ok());
        assert!(why(options(&[10, 20], Some(19))).contains("20 players"));
        assert!(why(options(&[10], Some(40_000))).contains("at most 32768"));
        let arena = CapacityOptions { game: Workload::Arena, ..options(&[10], Some(20)) };
        assert!(why(arena).contains("arena-n"));
        let missing = CapacityOptions { server: "no/such/server".into(), ..options(&[10], None) };
        assert!(why(missing).contains("--server"));
    }

    #[test]
    fn a_room_gets_the_slots_that_its_entities_need() {
        assert_eq!(options(&[], None).slot_bits(10), 6);
        assert_eq!(options(&[], None).slot_bits(1600), 13);
        assert_eq!(options(&[], Some(2000)).slot_bits(500), 12);
        assert_eq!((options(&[], Some(2000)).movers(500), options(&[], None).movers(500)), (1500, 0));
        assert_eq!(options(&[], Some(32_768)).slot_bits(1), 16);
    }
}
