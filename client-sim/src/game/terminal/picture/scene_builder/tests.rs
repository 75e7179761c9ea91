//! Sessions that were told this or that, and the scenes that come of it.

use super::*;
use crate::game::terminal::picture::scene::{Round, Standing};
use crate::session::SessionConfig;
use shared::codec::Tables;
use shared::game::chat::{REFUSED_EMPTY, REFUSED_NO_TEAM, REFUSED_TOO_FAST};
use shared::game::pickup::Sort;
use shared::game::round::Faction;
use shared::schema::{Layout, Text};
use shared::wire::server_message::ServerMessage;
use shared::wire::version::PROTOCOL;
use shared::wire::{Role, Welcome};

const SECOND_MS: f64 = 1_000.0;

/// A spectator whom a server has just let in that shows everything so much later.
fn welcomed(delay_ms: u32) -> (Session, SceneBuilder) {
    let mut session = Session::new(SessionConfig { role: Role::Spectator, ..SessionConfig::named("eve") });
    session.handle_tick(0.0);
    let schema = shared::game::schema();
    let layout = Layout::new(&schema, 8).unwrap();
    let welcome = Welcome {
        protocol: PROTOCOL,
        tick_rate_hz: 30,
        tick: 1_000,
        slot_bits: 8,
        schema_fingerprint: schema.fingerprint(),
        schema: Some(schema.to_bytes()),
        tables_fingerprint: 7,
        tables: Some(Tables::untrained(&layout).to_bytes()),
        delay_ms,
        ..Welcome::default()
    };
    session.handle_frame(&ServerMessage::Welcome(Box::new(welcome)).to_bytes(), 0.0);
    let mut builder = SceneBuilder::following(Follow::default());
    while let Some(event) = session.poll_event() {
        assert_eq!(event, SessionEvent::Welcomed);
        builder.event(&session, &event, 0.0);
    }
    (session, builder)
}

fn banner((session, builder): &mut (Session, SceneBuilder), now_ms: f64) -> Option<String> {
    builder.scene(session, &Overlay::default(), 0, now_ms).banner
}

/// The event as a frame tells it.
fn told<T: Replicated>(event: &T) -> SessionEvent {
    let kind = shared::game::schema().events.iter().position(|one| one.name == T::NAME).unwrap();
    let mut codes = vec![0; T::PART_COUNT];
    event.write_codes(&mut codes);
    SessionEvent::Told(vec![Event { kind: kind as u8, codes }])
}

#[test]
fn who_waits_for_a_picture_reads_for_how_long() {
    let mut late = welcomed(5_000);
    assert_eq!(banner(&mut late, 0.0).as_deref(), Some("the first picture comes within 5 s"));
    assert_eq!(banner(&mut late, 3.2 * SECOND_MS).as_deref(), Some("the first picture comes within 2 s"));
    assert_eq!(banner(&mut late, 5.0 * SECOND_MS).as_deref(), Some("joining"));
    assert_eq!(late.1.take_news(), ["the first picture comes within 5 s"], "one line for who reads lines");
    let mut at_once = welcomed(0);
    assert_eq!(banner(&mut at_once, 0.0).as_deref(), Some("joining"));
    assert_eq!(at_once.1.take_news(), [] as [String; 0]);
}

#[test]
fn what_happened_is_shown_and_told_in_words() {
    let (session, mut builder) = welcomed(0);
    let said = Said { speaker: EntityId(3), name: Text::new("ann"), team: true, text: Text::new("over\u{202e} here") };
    let over = RoundOver { winner: Faction::Red, best: EntityId::NONE };
    let kill = |killer, victim| told(&Kill { killer: EntityId(killer), victim: EntityId(victim) });
    let events = [kill(3, 4), kill(4, 4), told(&said), told(&over), told(&Taken { sort: Sort::Rockets })];
    events.iter().for_each(|event| builder.event(&session, event, 10.0));
    let expected = [
        "somebody killed somebody",
        "somebody died",
        "ann (team): over\u{fffd} here",
        "the round is over: red wins",
        "you took rockets",
    ];
    assert_eq!(builder.take_news(), expected);
    let scene = builder.scene(&session, &Overlay::default(), 0, 20.0);
    assert_eq!((scene.kills.len(), scene.chat.len()), (2, 2));
    assert!(scene.kills[0].killer.is_some() && scene.kills[1].killer.is_none());
}

#[test]
fn why_nothing_was_said_is_told_by_the_numbers_that_the_game_refuses_with() {
    let (session, mut builder) = welcomed(0);
    for reason in [REFUSED_EMPTY, REFUSED_TOO_FAST, REFUSED_NO_TEAM, 200] {
        let reply = SessionEvent::Reply { number: 1, outcome: Outcome::Refused(reason) };
        builder.event(&session, &reply, 0.0);
    }
    let told = builder.take_news();
    assert!(told[..3].iter().all(|line| line.starts_with("not said: ")), "{told:?}");
    assert_eq!(told[3], "the server refused that");
    assert!((0..3).all(|at| !told[at + 1..].contains(&told[at])), "each has words of its own: {told:?}");
}

#[test]
fn shots_are_read_where_the_schema_has_them() {
    let schema = shared::game::schema();
    let (places, score) = (Places::of(&schema), Score { shots: 77, ..Score::default() });
    let mut codes = vec![0; Score::PART_COUNT];
    score.write_codes(&mut codes);
    assert_eq!(codes.get(places.shots), Some(&77));
    assert_eq!(part(&schema, "Score", "wins"), usize::MAX);
}

#[test]
fn a_shot_flies_to_the_first_wall_or_to_the_end_of_its_range() {
    let map = Map::from_rows("yard", &["#####", "#...#", "#####"]);
    let [x, y] = reach(Some(&map), [24.0, 24.0], 0);
    assert!((60.0..=68.0).contains(&x) && (y - 24.0).abs() < 0.1, "{x} {y}");
    let [x, _] = reach(None, [24.0, 24.0], 0);
    assert!((x - 24.0 - f64::from(RIFLE_RANGE / UNIT)).abs() <= 2.0, "{x}");
}

/// A moment of somebody with so much health who plays with so many others.
fn played(hp: u8, others: usize) -> Scene {
    let standing = |is_own| Standing { name: Plain::of("ann"), faction: Faction::Alone, kills: 0, deaths: 0, is_own };
    let standings = (0..=others).map(|place| standing(place == 0)).collect();
    let round = Round { map: Plain::of("gardens"), ..Round::default() };
    Scene { own: Some(Own { hp, ..Own::default() }), standings, round: Some(round), ..Scene::default() }
}

#[test]
fn who_died_reads_who_did_it_if_that_was_told() {
    let mut builder = SceneBuilder::default();
    let read = |builder: &SceneBuilder, now_ms| builder.announcement(&played(0, 1), now_ms).unwrap();
    assert_eq!(read(&builder, 0.0), "you died - a new life begins in a moment");
    builder.killer = Some((0.0, Plain::of("eve")));
    assert_eq!(read(&builder, 100.0), "eve killed you - a new life begins in a moment");
    assert!(read(&builder, KILLER_MS).starts_with("you died"), "that was another death");
}

#[test]
fn who_plays_alone_reads_where_others_come_from_until_somebody_is_there() {
    let builder = SceneBuilder::default();
    assert_eq!(
        builder.hint(&played(9, 0)).as_deref(),
        Some("you are alone here: bots come with `client-sim swarm --bots 10`")
    );
    assert_eq!(builder.hint(&played(9, 1)), None);
    assert_eq!(builder.hint(&Scene { own: None, ..played(9, 0) }), None, "a spectator is not there itself");
    let named = builder.in_room(Some("yard".to_owned()));
    assert!(named.hint(&played(9, 0)).is_some_and(|words| words.ends_with("--bots 10 --room yard`")));
}

#[test]
fn whoever_is_asked_for_and_not_there_and_a_map_that_is_not_known_are_said_to_be_so() {
    let map = SceneBuilder::default().announcement(&played(9, 1), 0.0).unwrap();
    assert!(map.contains("the map gardens is not known here") && map.contains("--maps DIR"), "{map}");
    let mut builder = SceneBuilder::following(Follow::named("eve"));
    let scene = Scene { own: None, ..played(9, 1) };
    assert_eq!(builder.announcement(&scene, 0.0).as_deref(), Some("eve is not here yet"));
    builder.free();
    assert_ne!(builder.announcement(&scene, 0.0).as_deref(), Some("eve is not here yet"));
}
