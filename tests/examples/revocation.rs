//! How soon is closed who is banned, and what do the others notice? Half of the players go, half of these by the admin port, half by a file.
//!
//! ```text
//!   cargo run --release -p tests --example revocation -- [PLAYERS [PLAYERS-OF-A-ROOM [BANS]]]
//! ```
//!
//! Before that it says what a look-up among so many bans takes (100,000 unless said otherwise): a third players, a third tickets, a third
//! address ranges of nine lengths.
//!
//! The server and all players are in this process. Exit code 1 if somebody went who was not banned, stayed who was, went later than a
//! second after the first act, was let in again, or if one who stayed missed a frame or held a wrong world.

use server::bans::{Ban, Bans};
use server::identity::{Identity, PlayerKey, TicketId};
use server::utc::Utc;
use std::collections::BTreeMap;
use std::env;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tests::revocation::{Fate, Plan, Way, tell};

/// What a ban may take at most.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Look-ups that are timed.
const LOOKS: u32 = 200_000;

fn main() -> ExitCode {
    let numbers: Vec<u32> = env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    look_up(number(2, 100_000));
    let (players, room_players) = (number(0, 400) as u16, number(1, 50) as u16);
    let (before, after) = (Duration::from_secs(3), Duration::from_secs(3));
    let plan = Plan { players, room_players: room_players.max(1), before, after, patience: Duration::from_secs(10) };
    let outcome = tell(plan);

    let gone = |way| {
        let of_way = outcome.fates.iter().filter(move |fate| fate.banned == Some(way));
        let mut took: Vec<Duration> = of_way.filter_map(|fate| Some(fate.ended.as_ref()?.1)).collect();
        took.sort_unstable();
        took
    };
    let wanted = |way| outcome.fates.iter().filter(|fate| fate.banned == Some(way)).count();
    let mut good = true;
    for (way, name) in [(Way::AdminPort, "by the admin port"), (Way::File, "by the file")] {
        let took = gone(way);
        let last = took.last().copied().unwrap_or_default();
        good &= took.len() == wanted(way) && last < AT_ONCE;
        let median = took.get(took.len() / 2).copied().unwrap_or_default();
        println!(
            "{name:<18} {} of {} closed; median {median:.0?}, last {last:.0?} after the first act",
            took.len(),
            wanted(way)
        );
    }
    let stay: Vec<&Fate> = outcome.fates.iter().filter(|fate| fate.banned.is_none()).collect();
    let closed = stay.iter().filter(|fate| fate.ended.is_some()).count();
    let sum = |count: fn(&Fate) -> u64| stay.iter().map(|fate| count(fate)).sum::<u64>();
    let (skipped, wrong) = (sum(|fate| fate.counted.ticks_skipped), sum(|fate| fate.counted.digest_mismatches));
    println!(
        "not banned         {} play on, {closed} closed; ticks skipped {skipped}, digests {}, wrong {wrong}",
        stay.len() - closed,
        sum(|fate| fate.counted.digests_checked),
    );
    let refused = BTreeMap::from([(403, wanted(Way::AdminPort) + wanted(Way::File))]);
    println!(
        "again at upgrade   {:?}; after a restart {:?} (status: count)",
        outcome.refused_again, outcome.refused_after_restart
    );
    good &= closed == 0 && skipped == 0 && wrong == 0 && outcome.stayed_after_restart == 101;
    good &= outcome.refused_again == refused && outcome.refused_after_restart == refused;
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What it takes to look somebody up who is not banned, and how much memory the bans take.
fn look_up(count: u32) {
    let before = resident_kb();
    let ban = |number: u32| {
        let id = number / 3;
        let line = match number % 3 {
            0 => format!("{{\"player\":\"player-{id}\"}}"),
            1 => format!("{{\"ticket\":\"ticket-{id}\"}}"),
            // Nine lengths from /32 to /24; the first address of each range is its own.
            _ => {
                let bits = 32 - id % 9;
                let first = 0x0a00_0000_u32.wrapping_add(id << 8) & (u32::MAX << (32 - bits));
                format!("{{\"address\":\"{}/{bits}\"}}", Ipv4Addr::from(first))
            }
        };
        Ban::from_line(&line).expect("a ban")
    };
    let nowhere = env::temp_dir().join("tickwire-no-such-folder");
    let bans = Bans::open(&nowhere, count as usize, Utc::now()).expect("nothing is kept there");
    bans.replace_file((0..count).map(ban).collect());
    let now = Utc::now();
    let mut found = 0_u32;
    let somebody: Vec<Identity> = (0..1000)
        .map(|number: u32| {
            let player = PlayerKey::new(&format!("somebody-{number}")).expect("a player");
            let address = Ipv4Addr::from(0xc600_0000 + number * 7919).into();
            Identity { ticket: TicketId::new(&format!("good-{number}")), ..Identity::guest(player, None, address) }
        })
        .collect();
    let began = Instant::now();
    for look in 0..LOOKS {
        found += u32::from(bans.check(&somebody[look as usize % somebody.len()], now).is_some());
    }
    let each = began.elapsed() / LOOKS;
    let kb = resident_kb().saturating_sub(before);
    println!(
        "{} bans           a look-up takes {each:?}, {} bytes each; {found} found",
        bans.count(),
        kb * 1024 / u64::from(count.max(1))
    );
}

/// Memory in use, where the system tells it.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}
