//! One hostile bot: it misbehaves in one way after the other, and notes how the server took it.
//!
//! ```text
//!   the way of this turn ─► connect ─► attack ─► how did it end? ─► the next way ─► ... until the run ends
//! ```
//!
//! Never here: what is sent and what must come of it (see `hostile`).

use super::bot::{Company, describe};
use super::options::path_of;
use super::{Stage, Tally};
use crate::dice::Dice;
use crate::hostile::{Abuse, Attack, Scene, Shot};
use crate::report::AbuseReport;
use crate::session::{Session, SessionConfig, no_schema};
use crate::transport::{Arrival, Connection, Ended, Epoch};
use shared::ids::Tick;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Milliseconds within which an attacker that takes a seat must be in.
const SEAT_WITHIN_MS: f64 = 10_000.0;
/// Milliseconds that connecting and a seat take where all is well: what an attempt needs beyond its patience.
const SEAT_MS: f64 = 4_000.0;
/// Milliseconds between two attempts of one bot.
const PAUSE: Duration = Duration::from_millis(100);

/// How an attempt ended.
enum Outcome {
    /// The server ended it.
    Ended(Ended),
    /// The server bore it to the end.
    Borne,
    /// The run was over before it ended; it would have been over at the latest so long after it began.
    Unfinished { over_after_ms: f64 },
    /// It could not begin because of this.
    Failed(String),
}

/// Misbehaves as bot number `bot`.
pub(super) async fn misbehave(mut company: Company, bot: usize) -> Tally {
    let mut tally = Tally::new();
    let mut dice = Dice::new(company.options.seed, bot as u64);
    if !company.wait_turn(bot).await {
        return tally;
    }
    let room = company.options.rooms.of(bot);
    for turn in 0.. {
        let abuse = Abuse::of_turn(bot, company.options.bots, turn);
        let attack = Attack::new(abuse, Dice::new(u64::from(dice.bits()), turn as u64));
        let begun_ms = company.epoch.now_ms();
        let outcome = attempt(&mut company, attack, bot, &path_of(&room)).await;
        company.live.attempts.fetch_add(1, Ordering::Relaxed);
        note(tally.entry(abuse).or_default(), abuse, outcome, begun_ms);
        let pause = sleep(PAUSE);
        tokio::select! {
            () = pause => {}
            _ = company.stage.wait_for(|stage| *stage == Stage::Ending) => break,
        }
    }
    tally
}

fn note(report: &mut AbuseReport, abuse: Abuse, outcome: Outcome, begun_ms: f64) {
    let other = match outcome {
        Outcome::Unfinished { over_after_ms } => {
            let over_by_s = (begun_ms + over_after_ms) / 1_000.0;
            report.unfinished += 1;
            report.over_by_s = Some(report.over_by_s.map_or(over_by_s, |earlier| earlier.min(over_by_s)));
            return;
        }
        Outcome::Ended(ended) if abuse.is_refused_by(ended.code()) => None,
        Outcome::Borne if abuse.expected().is_empty() => None,
        Outcome::Ended(ended) => Some(describe(&ended)),
        Outcome::Borne => Some("not refused".to_owned()),
        Outcome::Failed(cause) => Some(cause),
    };
    report.tried += 1;
    match other {
        None => report.as_expected += 1,
        Some(other) => *report.other.entry(other).or_default() += 1,
    }
}

async fn attempt(company: &mut Company, attack: Attack, bot: usize, path: &str) -> Outcome {
    let from = company.options.from.map(|sources| sources.of(bot));
    let connection = match company.target_of(bot).connect(path, from).await {
        Ok(connection) => connection,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    company.live.inside.fetch_add(1, Ordering::Relaxed);
    let attacker = Attacker {
        connection,
        session: Session::new(SessionConfig::named("mallory")),
        epoch: company.epoch,
        stage: company.stage.clone(),
    };
    let outcome = attacker.run(attack).await;
    company.live.inside.fetch_sub(1, Ordering::Relaxed);
    outcome
}

/// A connection that is about to be misused.
struct Attacker {
    connection: Connection,
    session: Session,
    epoch: Epoch,
    stage: watch::Receiver<Stage>,
}

impl Attacker {
    async fn run(mut self, mut attack: Attack) -> Outcome {
        let abuse = attack.abuse();
        let mut over_after_ms = SEAT_MS + abuse.patience_ms();
        if abuse.takes_a_seat() {
            let until_ms = self.epoch.now_ms() + SEAT_WITHIN_MS;
            if let Err(outcome) = self.play_until(|session| session.is_in(), until_ms, over_after_ms).await {
                return outcome;
            }
            over_after_ms += self.ripens_in_ms(abuse);
            let is_ripe =
                |session: &Session| session.replica().is_some_and(|replica| abuse.is_possible(replica.tick()));
            if let Err(outcome) = self.play_until(is_ripe, f64::INFINITY, over_after_ms).await {
                return outcome;
            }
        }
        let began_ms = self.epoch.now_ms();
        let ends_ms = began_ms + abuse.patience_ms();
        let reads_from_ms = began_ms + abuse.blind_ms();
        let mut next_ms = began_ms;
        loop {
            let now_ms = self.epoch.now_ms();
            if now_ms >= ends_ms {
                self.connection.close(1000).await;
                return Outcome::Borne;
            }
            if now_ms >= next_ms {
                next_ms = now_ms + abuse.pace_ms();
                if self.shoot(&mut attack).await.is_err() {
                    // What the server said before it went may still be there to be read.
                    return Outcome::Ended(self.last_words().await);
                }
            }
            if abuse.takes_a_seat() && abuse.confirms() && self.speak(now_ms).await.is_err() {
                return Outcome::Ended(self.last_words().await);
            }
            let reads = now_ms >= reads_from_ms;
            let wake_ms = next_ms.min(ends_ms).min(if reads { f64::INFINITY } else { reads_from_ms });
            tokio::select! {
                biased;
                _ = self.stage.wait_for(|stage| *stage == Stage::Ending) => return Outcome::Unfinished { over_after_ms },
                arrival = self.connection.receive(), if reads => match arrival {
                    Arrival::Message(bytes) => self.session.handle_frame(&bytes, self.epoch.now_ms()),
                    Arrival::Nothing => {}
                    Arrival::End(ended) => return Outcome::Ended(ended),
                },
                () = sleep_until(self.epoch.at(wake_ms)) => {}
            }
        }
    }

    /// Begins as an honest client does, until that is so.
    async fn play_until(
        &mut self,
        is_so: impl Fn(&Session) -> bool,
        until_ms: f64,
        over_after_ms: f64,
    ) -> Result<(), Outcome> {
        while !is_so(&self.session) {
            let now_ms = self.epoch.now_ms();
            if now_ms >= until_ms {
                return Err(Outcome::Failed("got no seat in time".to_owned()));
            }
            self.speak(now_ms).await.map_err(Outcome::Ended)?;
            tokio::select! {
                _ = self.stage.wait_for(|stage| *stage == Stage::Ending) => return Err(Outcome::Unfinished { over_after_ms }),
                arrival = self.connection.receive() => match arrival {
                    Arrival::Message(bytes) => self.session.handle_frame(&bytes, self.epoch.now_ms()),
                    Arrival::Nothing => {}
                    Arrival::End(ended) => return Err(Outcome::Failed(format!("before the attack: {}", describe(&ended)))),
                },
                () = sleep(Duration::from_millis(50)) => {}
            }
        }
        Ok(())
    }

    /// Milliseconds until the room is old enough.
    fn ripens_in_ms(&self, abuse: Abuse) -> f64 {
        let (Some(replica), Some(agreement)) = (self.session.replica(), self.session.agreement()) else { return 0.0 };
        f64::from(abuse.ripe_from().since(replica.tick())) * 1_000.0 / f64::from(agreement.tick_rate_hz)
    }

    /// What the honest client has to say.
    async fn speak(&mut self, now_ms: f64) -> Result<(), Ended> {
        self.session.handle_tick(now_ms);
        while self.session.poll_event().is_some() {}
        while let Some(frame) = self.session.poll_frame() {
            self.connection.feed(Message::Binary(frame.into())).await?;
        }
        self.connection.flush().await
    }

    async fn shoot(&mut self, attack: &mut Attack) -> Result<(), Ended> {
        let nothing = no_schema();
        let scene = match self.session.replica() {
            Some(replica) => Scene::of(replica),
            None => Scene { schema: &nothing, newest: Tick(0) },
        };
        let Some(shot) = attack.next(scene) else { return Ok(()) };
        let message = match shot {
            Shot::Binary(bytes) => Message::Binary(bytes.into()),
            Shot::Text(text) => Message::Text(text.into()),
            Shot::Ping => Message::Ping(vec![0; 8].into()),
            Shot::Fragment(bytes) => Message::Frame(Frame::message(bytes, OpCode::Data(Data::Binary), false)),
        };
        self.connection.feed(message).await?;
        self.connection.flush().await
    }

    /// Reads to the end, after the socket would take no more.
    async fn last_words(&mut self) -> Ended {
        let end = async {
            loop {
                if let Arrival::End(ended) = self.connection.receive().await {
                    return ended;
                }
            }
        };
        let late = Ended::Cut { cause: "nothing more came".to_owned() };
        tokio::time::timeout(Duration::from_secs(2), end).await.unwrap_or(late)
    }
}
