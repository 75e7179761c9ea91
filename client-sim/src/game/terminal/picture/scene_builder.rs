//! From a session to a [`Scene`]: who is where now, and what happened lately.
//!
//! ```text
//!   others   interpolator ─► where they are drawn       a projectile that is gone ─► burst
//!   own      predictor ─► where we are shown            shots that grew ─► the line of a shot
//!   events   kills, words, hits, results ─► lately
//! ```
//!
//! It looks on and decides nothing: the same calls give the same scenes.
//!
//! Never here: cells and colours (see `draw`), keys (see `desk`).

use super::follow::{Candidate, Follow};
use super::lately::Lately;
use super::net_graph::NetGraph;
use super::reading::{name_of, pickups, predicted, round, side_of, standings, units};
use super::scene::{ChatLine, Figure, KillLine, Open, Own, Scene, Watching};
use super::shots::{Fired, Seen, Shots, What};
use super::told::{refusal, result, taken};
use crate::plain_text::Plain;
use crate::predict::Predictor;
use crate::replica::{Event, Replica};
use crate::session::{Session, SessionEvent};
use glam::IVec2;
use shared::game::chat::Said;
use shared::game::components::{Aim, Body, Health, Hit, Kill, Position, Projectile, Score, Traced};
use shared::game::constants::{HP_MAX, RIFLE_RANGE, TILE_UNITS, Tuning, UNIT};
use shared::game::geometry::{DIRECTION_ONE, direction};
use shared::game::map::Map;
use shared::game::maps::Maps;
use shared::game::pickup::Taken;
use shared::game::round::{Phase, RoundOver};
use shared::game::{PLAYER, PROJECTILE};
use shared::ids::EntityId;
use shared::schema::{Field, Replicated, Schema};
use shared::wire::server_message::Outcome;

/// Milliseconds for which a hit is shown.
const HIT_MS: f64 = 250.0;
/// Milliseconds for which a killer is named: longer than anybody is dead.
const KILLER_MS: f64 = 10_000.0;

/// What the desk adds to a scene.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// What is open.
    pub open: Open,
    /// Where we aim, in 1/65,536 turn.
    pub aim: u16,
    /// What turns it.
    pub aim_by: &'static str,
    /// Where the mouse points.
    pub pointer: Option<(u16, u16)>,
    /// Which way a spectator pans.
    pub pan: Option<[f64; 2]>,
}

/// Places of components and events in the schema.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    position: usize,
    aim: usize,
    score: usize,
    /// Of the score, the part that counts shots.
    shots: usize,
    hit: usize,
    kill: usize,
    taken: usize,
    said: usize,
    round_over: usize,
    traced: usize,
}

impl Places {
    fn of(schema: &Schema) -> Self {
        let component = |name| schema.component_index(name).unwrap_or(usize::MAX);
        let event = |name: &str| schema.events.iter().position(|event| event.name == name).unwrap_or(usize::MAX);
        Self {
            position: component(Position::NAME),
            aim: component(Aim::NAME),
            score: component(Score::NAME),
            shots: part(schema, Score::NAME, "shots"),
            hit: event(Hit::NAME),
            kill: event(Kill::NAME),
            taken: event(Taken::NAME),
            said: event(Said::NAME),
            round_over: event(RoundOver::NAME),
            traced: event(Traced::NAME),
        }
    }
}

/// Which part of a component a field of one part is.
fn part(schema: &Schema, component: &str, field: &str) -> usize {
    let component = schema.component_index(component).and_then(|at| schema.components.get(at));
    let place = component.and_then(|component| {
        let at = component.fields.iter().position(|one| one.name == field)?;
        Some(component.fields.get(..at)?.iter().map(Field::part_count).sum())
    });
    place.unwrap_or(usize::MAX)
}

/// Looks on while a session plays.
#[derive(Clone, Debug)]
pub struct SceneBuilder {
    maps: Maps,
    places: Places,
    lately: Lately,
    net_graph: NetGraph,
    /// Shots of everybody else.
    shots: Shots,
    /// Ammunition of our own as it was predicted last.
    rounds: Option<u8>,
    hit_ms: f64,
    was_hit_ms: f64,
    result: Option<String>,
    /// Who killed us last, and when.
    killer: Option<(f64, Plain)>,
    /// The room that was asked for by name.
    room: Option<String>,
    /// When a spectator sees something at the latest.
    first_picture_ms: Option<f64>,
    /// Whom a spectator looks at; `None`: we play.
    follow: Option<Follow>,
    /// Whom it could.
    candidates: Vec<Candidate>,
    middle: [f64; 2],
}

impl Default for SceneBuilder {
    fn default() -> Self {
        Self {
            maps: Maps::in_the_box(),
            places: Places::of(&shared::game::schema()),
            lately: Lately::default(),
            net_graph: NetGraph::default(),
            shots: Shots::default(),
            rounds: None,
            hit_ms: f64::NEG_INFINITY,
            was_hit_ms: f64::NEG_INFINITY,
            result: None,
            killer: None,
            room: None,
            first_picture_ms: None,
            follow: None,
            candidates: Vec::new(),
            middle: [0.0; 2],
        }
    }
}

impl SceneBuilder {
    /// A spectator's.
    #[must_use]
    pub fn following(follow: Follow) -> Self {
        Self { follow: Some(follow), ..Self::default() }
    }

    /// The same where these maps are played on.
    #[must_use]
    pub fn on(self, maps: Maps) -> Self {
        Self { maps, ..self }
    }

    /// The same in a room that was asked for by name.
    #[must_use]
    pub fn in_room(self, room: Option<String>) -> Self {
        Self { room, ..self }
    }

    /// A spectator turns to the next player, or the one before.
    pub fn turn(&mut self, forwards: bool) {
        if let Some(follow) = &mut self.follow {
            follow.turn(forwards, &self.candidates);
        }
    }

    /// A spectator follows nobody.
    pub fn free(&mut self) {
        if let Some(follow) = &mut self.follow {
            follow.free();
        }
    }

    /// Something happened in the session.
    pub fn event(&mut self, session: &Session, event: &SessionEvent, now_ms: f64) {
        match event {
            SessionEvent::Welcomed => self.welcomed(session, now_ms),
            SessionEvent::Frame(applied) => {
                let tick_ms = session.agreement().map_or(33.3, |agreement| 1_000.0 / f64::from(agreement.tick_rate_hz));
                if applied.checked {
                    self.net_graph.frame(tick_ms, now_ms);
                }
                self.told(session, &applied.events, now_ms);
            }
            SessionEvent::Told(events) => self.told(session, events, now_ms),
            SessionEvent::Compared { error } => self.net_graph.compared(*error),
            SessionEvent::EventsLost => self.lately.note("some of what happened was lost on the way", now_ms),
            SessionEvent::Reply { outcome: Outcome::Refused(reason), .. } => {
                self.lately.note(refusal(*reason), now_ms);
            }
            SessionEvent::Lost(_) => self.lately.note("a frame was wrong: asking for the whole world", now_ms),
            _ => {}
        }
    }

    fn welcomed(&mut self, session: &Session, now_ms: f64) {
        if let Some(why) = session.unpredicted() {
            self.lately.note(why, now_ms);
        }
        let delay_ms = session.agreement().map_or(0, |agreement| agreement.delay_ms);
        self.first_picture_ms = (delay_ms > 0).then(|| now_ms + f64::from(delay_ms));
        if let Some(words) = self.waiting(now_ms) {
            self.lately.tell(words);
        }
    }

    fn told(&mut self, session: &Session, events: &[Event], now_ms: f64) {
        let Some(replica) = session.replica() else { return };
        let me = replica.me();
        let is_me = |id: EntityId| me.is_some_and(|me| id == EntityId(me.0.into()));
        for event in events {
            let (kind, codes) = (usize::from(event.kind), &event.codes);
            if kind == self.places.kill {
                let Kill { killer, victim } = Kill::read_codes(codes);
                let killed = (name_of(replica, victim), side_of(replica, victim));
                let own_doing = killer == victim || killer == EntityId::NONE;
                let killer_is = (!own_doing).then(|| (name_of(replica, killer), side_of(replica, killer)));
                if is_me(victim) {
                    self.killer = killer_is.as_ref().map(|(name, _)| (now_ms, name.clone()));
                }
                let line = KillLine { killer: killer_is, victim: killed, is_own: is_me(killer) || is_me(victim) };
                self.lately.kill(line, now_ms);
            } else if kind == self.places.said {
                let said = Said::read_codes(codes);
                let (name, text) = (Plain::of(said.name.as_str()), Plain::of(said.text.as_str()));
                self.lately.say(ChatLine { name: Some(name), team: said.team, text }, now_ms);
            } else if kind == self.places.hit {
                let hit = Hit::read_codes(codes);
                if is_me(hit.target) {
                    self.was_hit_ms = now_ms;
                } else if is_me(hit.shooter) {
                    self.hit_ms = now_ms;
                }
            } else if kind == self.places.taken {
                self.lately.note(taken(Taken::read_codes(codes).sort), now_ms);
            } else if kind == self.places.round_over {
                let result = result(&RoundOver::read_codes(codes), |id| name_of(replica, id));
                self.lately.tell(format!("the round is over: {result}"));
                self.result = Some(result);
            } else if kind == self.places.traced && session.predictor().is_none() {
                let traced = Traced::read_codes(codes);
                self.lately.trace(units(traced.from.to_array()), units(traced.to.to_array()), now_ms);
            }
        }
    }

    /// What happened since this was asked last, in words.
    pub fn take_news(&mut self) -> Vec<String> {
        self.lately.take_news()
    }

    /// This program has something to say to the person.
    pub fn note(&mut self, text: &str, now_ms: f64) {
        self.lately.note(text, now_ms);
    }

    /// The moment that is drawn now.
    pub fn scene(&mut self, session: &Session, overlay: &Overlay, wire_bytes: u64, now_ms: f64) -> Scene {
        let network = self.net_graph.read(session, wire_bytes, now_ms);
        let mut scene = Scene { network, open: overlay.open.clone(), middle: self.middle, ..Scene::default() };
        let Some(replica) = session.replica() else {
            scene.banner = Some(self.joining(now_ms));
            return scene;
        };
        let tick_rate_hz = session.agreement().map_or(30, |agreement| agreement.tick_rate_hz);
        scene.round = round(replica, tick_rate_hz);
        scene.map = scene.round.as_ref().and_then(|round| self.maps.find(round.map.as_str()));
        scene.own = self.own(session, replica, overlay, now_ms);
        scene.pickups = pickups(replica);
        scene.standings = standings(replica);
        self.look_at_others(session, replica, &mut scene, now_ms);
        self.look_at_own(session, &mut scene, now_ms);
        self.look_after(session, overlay, &mut scene, now_ms);
        scene.traces = self.lately.traces(now_ms);
        scene.bursts = self.lately.bursts(now_ms);
        scene.kills = self.lately.kills(now_ms);
        scene.chat = self.lately.chat(overlay.open.typing.is_some(), now_ms);
        scene.banner = self.banner(session, &scene, now_ms);
        scene.hint = self.hint(&scene);
        scene.middle = self.middle;
        scene
    }

    fn own(&self, session: &Session, replica: &Replica, overlay: &Overlay, now_ms: f64) -> Option<Own> {
        let me = replica.me()?;
        let body = predicted(session).or_else(|| replica.read::<Body>(me))?;
        let agreement = session.agreement()?;
        let dash_ticks = Tuning::at(agreement.tick_rate_hz).dash_ticks.max(1);
        Some(Own {
            slot: me,
            at: session.own_place(now_ms).unwrap_or_else(|| units(body.at.to_array())),
            aim: overlay.aim,
            hp: replica.read::<Health>(me)?.hp,
            weapon: body.weapon,
            rounds: body.rounds,
            rockets: body.rockets,
            dash: 1.0 - f64::from(body.dash_in.min(dash_ticks)) / f64::from(dash_ticks),
            has_hit: now_ms - self.hit_ms < HIT_MS,
            was_hit: now_ms - self.was_hit_ms < HIT_MS,
            pointer: overlay.pointer,
            aim_by: overlay.aim_by,
            faction: side_of(replica, EntityId(me.0.into())),
        })
    }

    /// Everybody and everything that the interpolator draws.
    fn look_at_others(&mut self, session: &Session, replica: &Replica, scene: &mut Scene, now_ms: f64) {
        let Some(drawn) = session.interpolator() else { return };
        let place =
            |slot| drawn.values(slot, self.places.position).and_then(|at| Some(units([*at.first()?, *at.get(1)?])));
        let mut seen = Vec::new();
        self.candidates.clear();
        for (slot, kind) in drawn.drawn() {
            let Some(at) = place(slot) else { continue };
            if kind == PROJECTILE {
                let shooter = replica.read::<Projectile>(slot).map(|shot| shot.shooter);
                seen.push(Seen { slot, at, what: What::Rocket { shooter } });
            } else if kind == PLAYER && replica.me() != Some(slot) {
                let hp = replica.read::<Health>(slot).map_or(0, |health| health.hp.min(HP_MAX));
                let id = EntityId(slot.0.into());
                let aim = drawn.values(slot, self.places.aim).and_then(|aim| aim.first().copied()).unwrap_or(0) as u16;
                let score = drawn.values(slot, self.places.score);
                let shots = score.and_then(|score| u16::try_from(*score.get(self.places.shots)?).ok());
                seen.push(Seen { slot, at, what: What::Player { aim, shots } });
                let (faction, name) = (side_of(replica, id), name_of(replica, id));
                self.candidates.push(Candidate { slot, name: name.clone(), at });
                if hp > 0 {
                    scene.figures.push(Figure { slot, at, aim, faction, name, hp, is_own: false, is_followed: false });
                }
            }
        }
        let Fired { rifles, bursts } = self.shots.look(&seen);
        for (at, aim) in rifles {
            self.lately.trace(at, reach(scene.map.as_deref(), at, aim), now_ms);
        }
        bursts.into_iter().for_each(|at| self.lately.burst(at, now_ms));
        let ghosts = session.predictor().map(Predictor::ghosts);
        let flying = self.shots.flying().iter();
        let not_ours = flying.filter(|(slot, _)| !ghosts.is_some_and(|ghosts| ghosts.hides(**slot)));
        scene.shots = not_ours.map(|(_, &at)| at).chain(session.ghosts(now_ms)).collect();
    }

    /// Ourselves among them, and what we look at.
    fn look_at_own(&mut self, session: &Session, scene: &mut Scene, now_ms: f64) {
        let Some(own) = &scene.own else {
            self.rounds = None;
            return;
        };
        self.middle = own.at;
        let rounds = predicted(session).map(|body| body.rounds);
        // By one: a new life may have fewer, too.
        let has_shot = rounds.zip(self.rounds).is_some_and(|(now, before)| now.checked_add(1) == Some(before));
        if has_shot && own.hp > 0 {
            self.lately.trace(own.at, reach(scene.map.as_deref(), own.at, own.aim), now_ms);
        }
        self.rounds = rounds;
        if own.hp > 0 {
            let (at, aim, faction, hp) = (own.at, own.aim, own.faction, own.hp);
            let (slot, name) = (own.slot, Plain::default());
            scene.figures.push(Figure { slot, at, aim, faction, name, hp, is_own: true, is_followed: false });
        }
    }

    /// What a spectator looks at.
    fn look_after(&mut self, session: &Session, overlay: &Overlay, scene: &mut Scene, now_ms: f64) {
        let Some(follow) = &mut self.follow else { return };
        let [x, y] = follow.pan(overlay.pan, now_ms);
        let size = scene.map.as_ref().map_or(IVec2::ZERO, |map| map.tiles() * TILE_UNITS).to_array().map(f64::from);
        if self.middle == [0.0; 2] {
            self.middle = size.map(|axis| axis / 2.0);
        }
        // Nobody pans out of sight.
        self.middle = [(self.middle[0] + x).clamp(0.0, size[0]), (self.middle[1] + y).clamp(0.0, size[1])];
        let followed = follow.choose(&self.candidates);
        if let Some(followed) = followed {
            self.middle = followed.at;
            let figures = scene.figures.iter_mut().filter(|figure| figure.slot == followed.slot);
            figures.for_each(|figure| figure.is_followed = true);
        }
        let delay_s = session.agreement().map(|agreement| f64::from(agreement.delay_ms) / 1_000.0);
        scene.watching = Some(Watching { following: followed.map(|one| one.name.clone()), delay_s });
    }

    fn joining(&self, now_ms: f64) -> String {
        self.waiting(now_ms).unwrap_or_else(|| "joining".to_owned())
    }

    /// For how long a spectator sees nothing: what is old enough begins when the first of them came. Later ones see it at once.
    fn waiting(&self, now_ms: f64) -> Option<String> {
        let seconds = (self.first_picture_ms? - now_ms) / 1_000.0;
        (seconds > 0.0).then(|| format!("the first picture comes within {:.0} s", seconds.ceil()))
    }

    fn banner(&self, session: &Session, scene: &Scene, now_ms: f64) -> Option<String> {
        if !session.is_in() {
            return Some(self.joining(now_ms));
        }
        self.announcement(scene, now_ms)
    }

    /// What somebody who is in must read.
    fn announcement(&self, scene: &Scene, now_ms: f64) -> Option<String> {
        let phase = scene.round.as_ref().map(|round| round.phase);
        if phase == Some(Phase::Result) {
            return Some(self.result.clone().unwrap_or_else(|| "the round is over".to_owned()));
        }
        if scene.own.as_ref().is_some_and(|own| own.hp == 0) {
            let killer = self.killer.as_ref().filter(|(at_ms, _)| now_ms - at_ms < KILLER_MS);
            let died = killer.map_or_else(|| "you died".to_owned(), |(_, name)| format!("{name} killed you"));
            return Some(format!("{died} - a new life begins in a moment"));
        }
        if let Some(name) = self.follow.as_ref().and_then(Follow::awaited) {
            return Some(format!("{} is not here yet", Plain::of(name)));
        }
        let round = scene.round.as_ref()?;
        if scene.map.is_none() {
            return Some(unknown_map(&round.map));
        }
        (round.phase == Phase::WarmUp).then(|| "warm-up: nothing counts yet".to_owned())
    }

    /// What helps somebody who plays and finds nobody there.
    fn hint(&self, scene: &Scene) -> Option<String> {
        let alone = scene.own.is_some() && scene.standings.len() == 1;
        let room = self.room.as_ref().map_or_else(String::new, |room| format!(" --room {room}"));
        alone.then(|| format!("you are alone here: bots come with `client-sim swarm --bots 10{room}`"))
    }
}

/// What to say of a map that is played on and that we do not have.
fn unknown_map(map: &Plain) -> String {
    format!("no walls: the map {map} is not known here - start with --maps DIR, the folder of the server's maps")
}

/// How far a shot flies: to the first wall, or the end of the rifle's range.
fn reach(map: Option<&Map>, from: [f64; 2], aim: u16) -> [f64; 2] {
    let way = direction(aim).to_array().map(|axis| f64::from(axis) / f64::from(DIRECTION_ONE));
    let along = |units: f64| [from[0] + way[0] * units, from[1] + way[1] * units];
    let tile = |at: f64| (at / f64::from(TILE_UNITS)).floor() as i32;
    let last = RIFLE_RANGE / UNIT / 2;
    let wall = (1..last)
        .map(|step| along(f64::from(2 * step)))
        .find(|at| map.is_some_and(|map| map.is_wall(tile(at[0]), tile(at[1]))));
    wall.unwrap_or_else(|| along(f64::from(2 * last)))
}

#[cfg(test)]
mod tests;
