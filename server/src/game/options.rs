//! What an operator may set for a room.
//!
//! | setting | values | default |
//! |---|---|---|
//! | `map` | one map's name | the first |
//! | `maps` | several with commas, in the order in which they are played | `map` alone |
//! | `mode` | `ffa`, `teams` | `ffa` |
//! | `round_s` | seconds that a round is played, 10 to 3600 | 300 |
//! | `kills` | kills that end a round, of one player or one team; 0: only time does | 30, with teams 60 |
//!
//! Never here: the engine's own options.

use crate::sim::{RoomOptions, RoomRefused};
use bevy_ecs::prelude::Resource;
use shared::game::constants::{TICK_RATE_MAX, TICK_RATE_MIN};
use shared::game::maps::Maps;
use shared::game::round::{Mode, PHASE_TICKS_MAX};

/// The settings that there are.
const KNOWN: &str = "map, maps, mode, round_s, kills";
/// Maps that a rotation may have.
const ROTATION_MAX: usize = 16;
/// Seconds that a round may be played.
const ROUND_S: std::ops::RangeInclusive<u32> = 10..=3600;
/// Kills that a round may be played to.
const KILLS_MAX: u16 = 1000;

const _: () = assert!(3600 * TICK_RATE_MAX as u32 <= PHASE_TICKS_MAX, "the longest round can be told");

/// By which rules a room is played, never changed.
#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Who is whose enemy.
    pub mode: Mode,
    /// Ticks that a round is played.
    pub round_ticks: u32,
    /// Kills that end a round; 0: none do.
    pub kills: u16,
}

/// What a room is to be played by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Places among the maps that there are, in the order in which they are played.
    pub maps: Vec<usize>,
    /// By which rules.
    pub rules: Rules,
}

/// Reads a room's settings.
///
/// # Errors
/// The operator's: which setting or rate is wrong, and what is allowed.
pub fn choose(options: &RoomOptions, maps: &Maps) -> Result<Chosen, RoomRefused> {
    let settings = &options.settings;
    if let Some(key) = settings.keys().find(|key| !KNOWN.split(", ").any(|known| known == *key)) {
        return Err(RoomRefused::UnknownSetting { key: key.clone(), known: KNOWN });
    }
    check_rate(options.tick_rate_hz)?;
    let wanted = |key| settings.get(key).map(String::as_str);
    let chosen = match (wanted("map"), wanted("maps")) {
        (Some(_), Some(list)) => return Err(refuse("maps", list, "one of map and maps")),
        (Some(map), None) => vec![find_map(maps, "map", map)?],
        (None, Some(list)) => find_maps(maps, list)?,
        (None, None) => vec![0],
    };
    let mode = match wanted("mode") {
        None | Some("ffa") => Mode::FreeForAll,
        Some("teams") => Mode::Teams,
        Some(other) => return Err(refuse("mode", other, "ffa, teams")),
    };
    let round_s = match wanted("round_s") {
        None => 300,
        Some(text) => number(text)
            .filter(|seconds| ROUND_S.contains(seconds))
            .ok_or_else(|| refuse("round_s", text, &format!("{} to {}", ROUND_S.start(), ROUND_S.end())))?,
    };
    let kills = match wanted("kills") {
        None if mode == Mode::Teams => 60,
        None => 30,
        Some(text) => number(text)
            .and_then(|kills| u16::try_from(kills).ok())
            .filter(|kills| *kills <= KILLS_MAX)
            .ok_or_else(|| refuse("kills", text, &format!("0 to {KILLS_MAX}")))?,
    };
    let round_ticks = round_s * u32::from(options.tick_rate_hz);
    Ok(Chosen { maps: chosen, rules: Rules { mode, round_ticks, kills } })
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

fn find_maps(maps: &Maps, list: &str) -> Result<Vec<usize>, RoomRefused> {
    let found = list.split(',').map(|name| find_map(maps, "maps", name.trim())).collect::<Result<Vec<_>, _>>()?;
    if found.len() > ROTATION_MAX {
        return Err(refuse("maps", list, &format!("at most {ROTATION_MAX} names")));
    }
    Ok(found)
}

fn find_map(maps: &Maps, key: &str, name: &str) -> Result<usize, RoomRefused> {
    maps.position(name).ok_or_else(|| {
        let known: Vec<_> = maps.names().collect();
        refuse(key, name, &known.join(", "))
    })
}

fn check_rate(tick_rate_hz: u16) -> Result<(), RoomRefused> {
    if (TICK_RATE_MIN..=TICK_RATE_MAX).contains(&tick_rate_hz) {
        return Ok(());
    }
    Err(refuse("tick rate", &tick_rate_hz.to_string(), &format!("{TICK_RATE_MIN} to {TICK_RATE_MAX} Hz")))
}

fn refuse(key: &str, value: &str, allowed: &str) -> RoomRefused {
    RoomRefused::BadSetting { key: key.to_owned(), value: value.to_owned(), allowed: allowed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(settings: &[(&str, &str)]) -> Result<Chosen, String> {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        choose(&RoomOptions { settings, ..RoomOptions::default() }, &Maps::in_the_box())
            .map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_room_without_settings_is_free_for_all_on_the_first_map() {
        let rules = Rules { mode: Mode::FreeForAll, round_ticks: 9000, kills: 30 };
        assert_eq!(chosen(&[]), Ok(Chosen { maps: vec![0], rules }));
    }

    #[test]
    fn a_rotation_teams_and_limits_can_be_set() {
        let set = [("maps", "gardens, courtyard"), ("mode", "teams"), ("round_s", "20"), ("kills", "0")];
        let rules = Rules { mode: Mode::Teams, round_ticks: 600, kills: 0 };
        assert_eq!(chosen(&set), Ok(Chosen { maps: vec![2, 1], rules }));
    }

    #[test]
    fn a_setting_or_rate_that_the_game_does_not_know_is_refused_by_name() {
        let refused = |key, value| chosen(&[(key, value)]).expect_err("refused");
        assert_eq!(refused("mpa", "x"), r#"the game has no setting "mpa"; it knows map, maps, mode, round_s, kills"#);
        assert_eq!(refused("map", "moon"), r#"map = "moon": the game allows crossroads, courtyard, gardens"#);
        assert_eq!(refused("mode", "duel"), r#"mode = "duel": the game allows ffa, teams"#);
        assert_eq!(refused("round_s", "5"), r#"round_s = "5": the game allows 10 to 3600"#);
        assert_eq!(refused("kills", "-1"), r#"kills = "-1": the game allows 0 to 1000"#);
        let both = chosen(&[("map", "gardens"), ("maps", "gardens")]).expect_err("refused");
        assert_eq!(both, r#"maps = "gardens": the game allows one of map and maps"#);
        let slow = RoomOptions { tick_rate_hz: 5, ..RoomOptions::default() };
        let refused = choose(&slow, &Maps::in_the_box()).expect_err("refused").to_string();
        assert_eq!(refused, r#"tick rate = "5": the game allows 20 to 128 Hz"#);
    }
}
