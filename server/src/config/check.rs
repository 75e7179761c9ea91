//! From what was written to what was meant: ranges, relations, and what must be allowed by name.
//!
//! A server that others can reach starts only if each thing that makes it open was asked for: tickets or guests, a development
//! certificate, the admin port. So nobody runs one by accident.
//!
//! Never here: files and ports (they are tried at start-up).

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::sessions::Again;
use crate::sim::{Spectating, ViewRadii};
use shared::limits::{
    BUDGET_BYTES_MAX, BUDGET_BYTES_MIN, KEEP_SEATS_SECONDS_MAX, LANES_MAX, SLOT_BITS_MAX, SLOT_BITS_MIN,
    SPECTATOR_DELAY_SECONDS_MAX, SPECTATORS_MAX, TABLES_SECONDS_MIN, TICK_RATE_HZ_MAX,
};
use tracing_subscriber::filter::Targets;

use super::{
    Config, ConfigError, GuestsConfig, Lanes, NamedCertificate, Network, RawAgain, RawConfig, RawGuests,
    RawNamedCertificate, RawServer, RawSpectators, RawTables, RawTickets, RawTls, RoomsConfig, TablesConfig,
    TicketsConfig, TlsConfig, Transport,
};

/// Slots of a room for each player that it may hold: one facet for everyone, one for its owner, twice as many as are
/// alive. What the game spawns besides must fit into the rest.
const SLOTS_PER_PLAYER: u32 = 4;

/// Checks everything.
///
/// # Errors
/// The operator's: [`ConfigError::OutOfRange`] or [`ConfigError::Refused`], each names the key.
pub fn check(raw: RawConfig) -> Result<Config, ConfigError> {
    ranges(&raw)?;
    openness(&raw)?;
    let origins = raw.server.origins.iter().map(|origin| checked_origin(origin)).collect::<Result<_, _>>()?;
    let (waits, unchanged) = raw.idle.checked()?;
    let RawConfig {
        server,
        tls,
        game,
        rooms,
        tick,
        tables,
        budget,
        limits,
        admin,
        bans,
        tickets,
        guests,
        audit,
        spectators,
        resume,
        idle: _,
        drain,
        log,
    } = raw;
    let among_us = is_among_us(&server);
    Ok(Config {
        listen: server.listen,
        admin_listen: server.admin_listen,
        tls: certificates(&tls)?,
        transport: transport(&server, tls)?,
        guests: guests_config(&guests, !tickets.required && (server.guests || among_us)),
        tickets: tickets_config(tickets),
        proxies: server.proxies.iter().map(|proxy| checked_network(proxy)).collect::<Result<_, _>>()?,
        forwarded: server.forwarded,
        data: server.data,
        web: filled(server.web),
        workers: if server.workers == 0 { processors() } else { server.workers },
        origins,
        game: game.name,
        maps: filled(game.maps),
        rooms: RoomsConfig {
            tick_rate_hz: rooms.tick_rate_hz,
            players_max: rooms.players_max,
            rooms_max: rooms.rooms_max,
            empty_after: Duration::from_secs(rooms.empty_after_s),
            slot_bits: rooms.slot_bits,
            view: ViewRadii::new(rooms.view_units, rooms.view_leave_percent),
            late_steps_max: tick.late_steps_max,
            bytes_per_tick: budget.bytes_per_tick,
            lanes: lanes(tick.lanes),
            spectators: spectating(&spectators, among_us),
            keep_seats_s: resume.keep_s,
            waits,
            unchanged,
            settings: game.settings,
        },
        tables: learning(tables),
        limits: limits.into(),
        admin: admin.checked()?,
        bans: bans.checked()?,
        allow_audit: audit.allow,
        drain_limit: Duration::from_secs(drain.limit_s),
        log,
        #[cfg(feature = "sabotage")]
        leak: None,
    })
}

fn learning(raw: RawTables) -> TablesConfig {
    let retrain = (raw.retrain_s > 0).then(|| Duration::from_secs(raw.retrain_s));
    TablesConfig { file: filled(raw.file), retrain, save: filled(raw.save) }
}

fn spectating(raw: &RawSpectators, is_among_us: bool) -> Spectating {
    let max = if raw.allow || is_among_us { raw.per_room_max } else { 0 };
    Spectating { max, delay_ms: raw.delay_s * 1_000 }
}

fn lanes(wanted: u8) -> Lanes {
    match usize::from(wanted) {
        0 => Lanes::UpTo(processors().min(LANES_MAX)),
        lanes => Lanes::Fixed(lanes),
    }
}

fn ranges(raw: &RawConfig) -> Result<(), ConfigError> {
    let RawConfig { rooms, limits, .. } = raw;
    within("server.workers", raw.server.workers, 0..=256)?;
    within("rooms.tick_rate_hz", rooms.tick_rate_hz, 1..=TICK_RATE_HZ_MAX)?;
    within("rooms.players_max", rooms.players_max, 1..=8192)?;
    within("rooms.rooms_max", rooms.rooms_max, 1..=4096)?;
    within("rooms.empty_after_s", rooms.empty_after_s, 0..=86_400)?;
    within("rooms.slot_bits", rooms.slot_bits, SLOT_BITS_MIN..=SLOT_BITS_MAX)?;
    within("rooms.view_units", rooms.view_units, 0..=1_000_000)?;
    within("rooms.view_leave_percent", rooms.view_leave_percent, 0..=100)?;
    within("tick.late_steps_max", raw.tick.late_steps_max, 0..=16)?;
    within("tick.lanes", raw.tick.lanes, 0..=LANES_MAX as u8)?;
    if raw.tables.retrain_s > 0 {
        within("tables.retrain_s", raw.tables.retrain_s, u64::from(TABLES_SECONDS_MIN)..=86_400)?;
    }
    within("budget.bytes_per_tick", raw.budget.bytes_per_tick, BUDGET_BYTES_MIN..=BUDGET_BYTES_MAX)?;
    within("limits.connections_max", limits.connections_max, 1..=1_000_000)?;
    within("limits.connections_per_address_max", limits.connections_per_address_max, 1..=1_000_000)?;
    within("limits.unseated_per_address_max", limits.unseated_per_address_max, 1..=1_000_000)?;
    within("limits.away_per_address_max", limits.away_per_address_max, 0..=1_000_000)?;
    within("limits.handshakes_max", limits.handshakes_max, 1..=100_000)?;
    within("limits.handshakes_per_s", limits.handshakes_per_s, 1..=10_000)?;
    within("limits.handshakes_burst", limits.handshakes_burst, 1..=100_000)?;
    within("limits.handshakes_total_per_s", limits.handshakes_total_per_s, 1..=100_000)?;
    within("tls.watch_s", raw.tls.watch_s, 0..=86_400)?;
    within("tls.warn_days", raw.tls.warn_days, 0..=365)?;
    within("limits.upgrade_s", limits.upgrade_s, 1..=60)?;
    within("limits.idle_s", limits.idle_s, 1..=300)?;
    within("limits.requests_max", limits.requests_max, 16..=10_000)?;
    within("limits.header_bytes_max", limits.header_bytes_max, 8192..=65_536)?;
    within("limits.headers_max", limits.headers_max, 16..=256)?;
    within("spectators.per_room_max", raw.spectators.per_room_max, 0..=SPECTATORS_MAX)?;
    within("resume.keep_s", raw.resume.keep_s, 0..=KEEP_SEATS_SECONDS_MAX)?;
    within("spectators.delay_s", raw.spectators.delay_s, 0..=SPECTATOR_DELAY_SECONDS_MAX)?;
    within("tickets.leeway_s", raw.tickets.leeway_s, 0..=300)?;
    within("tickets.notice_s", raw.tickets.notice_s, 0..=3600)?;
    within("tickets.grace_s", raw.tickets.grace_s, 0..=3600)?;
    within("guests.per_minute", raw.guests.per_minute, 1..=60_000)?;
    within("guests.burst", raw.guests.burst, 1..=10_000)?;
    within("guests.session_max_s", raw.guests.session_max_s, 0..=604_800)?;
    within("drain.limit_s", raw.drain.limit_s, 0..=86_400)?;
    if raw.log.filter.parse::<Targets>().is_err() {
        let why = "it is a level or target=level, separated by commas";
        return Err(ConfigError::Refused { key: "log.filter", why });
    }
    within("log.lines_per_second", raw.log.lines_per_second, 0..=10_000)?;
    if raw.log.kib_per_minute != 0 {
        within("log.kib_per_minute", raw.log.kib_per_minute, 64..=1 << 20)?;
    }
    if u32::from(rooms.players_max) * SLOTS_PER_PLAYER > 1 << rooms.slot_bits {
        let why = "a room needs four slots per player, and has 2 to the power of rooms.slot_bits: \
                   raise that or lower rooms.players_max";
        return Err(ConfigError::Refused { key: "rooms.slot_bits", why });
    }
    Ok(())
}

pub(super) fn within<T: PartialOrd + Display + Copy>(
    key: &'static str,
    got: T,
    allowed: RangeInclusive<T>,
) -> Result<(), ConfigError> {
    if allowed.contains(&got) {
        return Ok(());
    }
    let allowed = format!("{}..={}", allowed.start(), allowed.end());
    Err(ConfigError::OutOfRange { key, got: got.to_string(), allowed })
}

/// What an address that others can reach asks for by name.
fn openness(raw: &RawConfig) -> Result<(), ConfigError> {
    let RawServer { listen, admin_listen, .. } = raw.server;
    let refused = |key, why| Err(ConfigError::Refused { key, why });
    if !is_local(admin_listen) && !raw.server.admin_anywhere {
        return refused(
            "server.admin_listen",
            "others can reach this address, and the admin port is plain HTTP and shows health and metrics to everybody: \
             listen on a loopback address, or allow it with server.admin_anywhere = true",
        );
    }
    let has_tickets = !raw.tickets.keys.is_empty();
    if raw.tickets.required && !has_tickets {
        return refused(
            "tickets.required",
            "nobody could come in, for no key is known that a ticket may be signed with: \
             name one in tickets.keys (tickwire-server ticket key makes one)",
        );
    }
    if raw.audit.allow && !is_among_us(&raw.server) {
        return refused(
            "audit.allow",
            "others can reach this address, themselves or by a proxy, and an auditor sees what nobody else may: \
             listen on a loopback address, and name no proxies",
        );
    }
    if is_local(listen) && (raw.server.proxies.is_empty() || raw.server.guests || has_tickets) {
        return Ok(());
    }
    if is_local(listen) {
        return refused(
            "server.proxies",
            "others reach this server by its proxies: name in tickets.keys whose tickets let players in, \
             or say server.guests = true to let anyone in",
        );
    }
    if raw.server.plain {
        return refused("server.plain", "without TLS it may only listen on a loopback address");
    }
    if !raw.server.guests && !has_tickets {
        return refused(
            "server.listen",
            "others can reach this address: name in tickets.keys whose tickets let players in, \
             or say server.guests = true to let anyone in",
        );
    }
    if filled(raw.tls.certificate.clone()).is_none() && !raw.tls.development_anywhere {
        return refused(
            "server.listen",
            "others can reach this address, and no browser trusts a development certificate: \
             set tls.certificate and tls.key, or allow it with tls.development_anywhere = true",
        );
    }
    Ok(())
}

fn tickets_config(raw: RawTickets) -> TicketsConfig {
    let said = |text: String| (!text.is_empty()).then_some(text);
    TicketsConfig {
        keys: raw.keys,
        issuer: said(raw.issuer),
        audience: said(raw.audience),
        leeway: Duration::from_secs(raw.leeway_s),
        query: raw.query,
        again: match raw.again {
            RawAgain::Replaces => Again::Replaces,
            RawAgain::Refused => Again::Refused,
        },
        notice: Duration::from_secs(raw.notice_s),
        grace: Duration::from_secs(raw.grace_s),
    }
}

fn guests_config(raw: &RawGuests, allowed: bool) -> GuestsConfig {
    GuestsConfig {
        allowed,
        every: Duration::from_secs(60) / raw.per_minute,
        burst: raw.burst,
        session_max: (raw.session_max_s > 0).then(|| Duration::from_secs(raw.session_max_s)),
    }
}

/// Whether only this machine's own programs reach the game port: nothing listens for others, and no proxy brings them.
fn is_among_us(server: &RawServer) -> bool {
    is_local(server.listen) && server.proxies.is_empty()
}

fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn transport(server: &RawServer, tls: RawTls) -> Result<Transport, ConfigError> {
    let why = "a certificate and its key belong together: set both or none";
    match (filled(tls.certificate), filled(tls.key)) {
        (None, Some(_)) => Err(ConfigError::Refused { key: "tls.certificate", why }),
        (Some(_), None) => Err(ConfigError::Refused { key: "tls.key", why }),
        _ if server.plain => Ok(Transport::Plain),
        (None, None) => Ok(Transport::Development),
        (Some(certificate), Some(key)) => Ok(Transport::Files { certificate, key }),
    }
}

fn certificates(tls: &RawTls) -> Result<TlsConfig, ConfigError> {
    Ok(TlsConfig {
        names: tls.names.iter().map(named).collect::<Result<_, _>>()?,
        watch: (tls.watch_s > 0).then(|| Duration::from_secs(tls.watch_s)),
        warn: Duration::from_secs(tls.warn_days * 24 * 60 * 60),
    })
}

fn named(raw: &RawNamedCertificate) -> Result<NamedCertificate, ConfigError> {
    let RawNamedCertificate { name, certificate, key } = raw.clone();
    let plain = name.strip_prefix("*.").unwrap_or(&name);
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let is_name = plain.contains(|letter: char| letter.is_ascii_alphabetic()) && plain.bytes().all(is_host);
    if !is_name || certificate.as_os_str().is_empty() || key.as_os_str().is_empty() {
        let why = "each has a name (play.example.org, or *.example.org), a certificate and a key";
        return Err(ConfigError::Refused { key: "tls.names", why });
    }
    Ok(NamedCertificate { name: name.to_ascii_lowercase(), certificate, key })
}

fn checked_network(text: &str) -> Result<Network, ConfigError> {
    let why = "a proxy is an address, 10.0.0.7, or a network, 10.0.0.0/8; not everybody, or nobody would have limits";
    let network = text.parse().ok().filter(|network: &Network| !network.is_everybody());
    network.ok_or(ConfigError::Refused { key: "server.proxies", why })
}

fn checked_origin(origin: &str) -> Result<String, ConfigError> {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '*', ' ']) => Ok(origin.to_ascii_lowercase()),
        _ => {
            let why = "an origin is https://host or https://host:port, without a path and without a star";
            Err(ConfigError::Refused { key: "server.origins", why })
        }
    }
}

pub(super) fn filled(path: PathBuf) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then_some(path)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut RawConfig)) -> Result<Config, ConfigError> {
        let mut raw = RawConfig::default();
        change(&mut raw);
        check(raw)
    }

    fn refused_key(result: Result<Config, ConfigError>) -> &'static str {
        match result {
            Err(ConfigError::Refused { key, .. } | ConfigError::OutOfRange { key, .. }) => key,
            other => panic!("not refused: {other:?}"),
        }
    }

    fn anywhere(raw: &mut RawConfig) {
        raw.server.listen = ([0, 0, 0, 0], 4433).into();
    }

    #[test]
    fn the_defaults_run_out_of_the_box() {
        let config = with(|_| {}).expect("valid");
        assert_eq!(config.transport, Transport::Development);
        assert!(config.workers > 0 && config.web.is_none());
    }

    #[test]
    fn a_server_that_others_can_reach_lets_guests_in_only_when_told() {
        assert_eq!(refused_key(with(anywhere)), "server.listen");
        let told = with(|raw| {
            anywhere(raw);
            raw.server.guests = true;
        });
        let why = told.expect_err("a development certificate, too, must be allowed").to_string();
        assert!(why.contains("tls.development_anywhere"), "{why}");
        let allowed = with(|raw| {
            anywhere(raw);
            raw.server.guests = true;
            raw.tls.development_anywhere = true;
        });
        assert_eq!(allowed.expect("asked for by name").transport, Transport::Development);
        let own = with(|raw| {
            anywhere(raw);
            raw.server.guests = true;
            raw.tls.certificate = "cert.pem".into();
            raw.tls.key = "key.pem".into();
        });
        assert!(matches!(own.expect("has its certificate").transport, Transport::Files { .. }));
    }

    #[test]
    fn a_reachable_address_needs_tickets_or_guests_and_the_error_says_both() {
        let why = with(anywhere).expect_err("refused").to_string();
        assert!(why.contains("guests = true") && why.contains("tickets.keys"), "{why}");
        let told = |tickets: bool, guests: bool, required: bool| {
            with(|raw| {
                anywhere(raw);
                raw.tls.development_anywhere = true;
                raw.tickets.keys = if tickets { vec!["keys".into()] } else { Vec::new() };
                (raw.server.guests, raw.tickets.required) = (guests, required);
            })
        };
        assert!(!told(true, false, false).expect("has tickets").guests.allowed);
        assert!(told(true, true, false).expect("has both").guests.allowed);
        assert!(!told(true, true, true).expect("a ticket is asked of everybody").guests.allowed);
        assert_eq!(refused_key(told(false, true, true)), "tickets.required");
    }

    #[test]
    fn guests_are_let_in_on_loopback_unless_tickets_are_required() {
        let local = with(|_| {}).expect("the defaults").guests;
        assert!(local.allowed);
        assert_eq!((local.every, local.session_max), (Duration::from_secs(2), Some(Duration::from_secs(43_200))));
        let required = |raw: &mut RawConfig| raw.tickets.required = true;
        assert_eq!(refused_key(with(required)), "tickets.required");
        let keyed = with(|raw| {
            required(raw);
            raw.tickets.keys = vec!["keys".into()];
            raw.guests.session_max_s = 0;
        });
        let guests = keyed.expect("there are keys").guests;
        assert!(!guests.allowed && guests.session_max.is_none());
        assert_eq!(refused_key(with(|raw| raw.guests.per_minute = 0)), "guests.per_minute");
        assert_eq!(refused_key(with(|raw| raw.tickets.grace_s = 3601)), "tickets.grace_s");
    }

    #[test]
    fn plain_is_for_loopback_only() {
        assert_eq!(with(|raw| raw.server.plain = true).expect("loopback").transport, Transport::Plain);
        let refused = with(|raw| {
            anywhere(raw);
            raw.server.guests = true;
            raw.server.plain = true;
        });
        assert_eq!(refused_key(refused), "server.plain");
        let v6 = with(|raw| {
            raw.server.plain = true;
            raw.server.listen = "[::1]:4433".parse().expect("an address");
        });
        assert!(v6.is_ok());
    }

    #[test]
    fn auditors_are_for_loopback_only_and_come_in_only_when_told() {
        assert!(!with(|_| {}).expect("the defaults").allow_audit);
        assert!(with(|raw| raw.audit.allow = true).expect("loopback").allow_audit);
        let open = with(|raw| {
            anywhere(raw);
            (raw.server.guests, raw.tls.development_anywhere) = (true, true);
            raw.audit.allow = true;
        });
        assert_eq!(refused_key(open), "audit.allow");
    }

    #[test]
    fn whom_a_proxy_brings_is_no_neighbour() {
        let behind = |guests: bool, keys: bool| {
            with(|raw| {
                raw.server.proxies = vec!["127.0.0.1".to_owned()];
                raw.server.guests = guests;
                raw.tickets.keys = if keys { vec!["keys".into()] } else { Vec::new() };
            })
        };
        assert_eq!(refused_key(behind(false, false)), "server.proxies");
        let keyed = behind(false, true).expect("there are keys");
        assert!(!keyed.guests.allowed && keyed.rooms.spectators.max == 0);
        assert!(behind(true, false).expect("said so").guests.allowed);
        let audited = with(|raw| {
            raw.server.proxies = vec!["127.0.0.1".to_owned()];
            (raw.server.guests, raw.audit.allow) = (true, true);
        });
        assert_eq!(refused_key(audited), "audit.allow");
    }

    #[test]
    fn spectators_look_on_where_nobody_else_can_reach_and_elsewhere_when_allowed() {
        let local = with(|_| {}).expect("the defaults").rooms.spectators;
        assert_eq!((local.max, local.delay_ms), (16, 5_000));
        let open = |allow| {
            let open = with(|raw| {
                anywhere(raw);
                (raw.server.guests, raw.tls.development_anywhere) = (true, true);
                (raw.spectators.allow, raw.spectators.delay_s) = (allow, 30);
            });
            open.expect("all that is open was asked for").rooms.spectators
        };
        assert_eq!(open(false).max, 0);
        assert_eq!((open(true).max, open(true).delay_ms), (16, 30_000));
        assert_eq!(refused_key(with(|raw| raw.spectators.delay_s = 121)), "spectators.delay_s");
        assert_eq!(refused_key(with(|raw| raw.spectators.per_room_max = 1025)), "spectators.per_room_max");
        assert_eq!(refused_key(with(|raw| raw.resume.keep_s = 601)), "resume.keep_s");
    }

    #[test]
    fn the_admin_port_is_local_unless_allowed_by_name() {
        let open = |raw: &mut RawConfig| raw.server.admin_listen = ([192, 0, 2, 1], 4480).into();
        assert_eq!(refused_key(with(open)), "server.admin_listen");
        let allowed = with(|raw| {
            open(raw);
            raw.server.admin_anywhere = true;
        });
        assert!(allowed.is_ok());
    }

    #[test]
    fn a_certificate_needs_its_key() {
        assert_eq!(refused_key(with(|raw| raw.tls.certificate = "c.pem".into())), "tls.key");
        assert_eq!(refused_key(with(|raw| raw.tls.key = "k.pem".into())), "tls.certificate");
    }

    #[test]
    fn numbers_have_ranges_and_the_error_names_key_and_range() {
        let why = with(|raw| raw.rooms.tick_rate_hz = 0).expect_err("out of range").to_string();
        assert_eq!(why, "rooms.tick_rate_hz is 0, allowed 1..=128");
        assert_eq!(refused_key(with(|raw| raw.tick.late_steps_max = 17)), "tick.late_steps_max");
        assert_eq!(refused_key(with(|raw| raw.budget.bytes_per_tick = 63)), "budget.bytes_per_tick");
        assert_eq!(refused_key(with(|raw| raw.tick.lanes = 17)), "tick.lanes");
        assert_eq!(refused_key(with(|raw| raw.rooms.slot_bits = 17)), "rooms.slot_bits");
        assert_eq!(refused_key(with(|raw| raw.rooms.players_max = 1025)), "rooms.slot_bits", "no slots for so many");
    }

    #[test]
    fn an_origin_is_a_whole_one() {
        let origins = |origin: &str| with(|raw| raw.server.origins = vec![origin.to_owned()]);
        assert_eq!(origins("https://Play.Example").expect("good").origins, ["https://play.example"]);
        for bad in ["*", "https://*.example", "play.example", "https://a/b", "https://"] {
            assert_eq!(refused_key(origins(bad)), "server.origins", "{bad}");
        }
    }

    #[test]
    fn a_certificate_for_a_name_has_the_name_and_both_files() {
        let names = |name: &str, key: &str| {
            with(|raw| {
                let (name, certificate, key) = (name.to_owned(), "c.pem".into(), key.into());
                raw.tls.names = vec![RawNamedCertificate { name, certificate, key }];
            })
        };
        for good in ["play.example", "*.Example.org", "xn--bcher-kva.example"] {
            assert_eq!(names(good, "k.pem").expect("good").tls.names[0].name, good.to_ascii_lowercase());
        }
        for (bad, key) in [("", "k"), ("*", "k"), ("a b", "k"), ("10.0.0.1", "k"), ("a.*.b", "k"), ("play.example", "")]
        {
            assert_eq!(refused_key(names(bad, key)), "tls.names", "{bad:?}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let proxies = |text: &str| with(|raw| (raw.server.guests, raw.server.proxies) = (true, vec![text.to_owned()]));
        assert!(proxies("10.0.0.0/8").is_ok() && proxies("::1").is_ok());
        assert_eq!(refused_key(proxies("proxy.example")), "server.proxies");
        assert_eq!(refused_key(proxies("0.0.0.0/0")), "server.proxies");
        assert_eq!(refused_key(proxies("::/0")), "server.proxies");
    }

    #[test]
    fn a_log_filter_must_be_one() {
        assert!(with(|raw| raw.log.filter = "warn,server::front=debug".to_owned()).is_ok());
        assert_eq!(refused_key(with(|raw| raw.log.filter = "info,server=loud".to_owned())), "log.filter");
    }
}
