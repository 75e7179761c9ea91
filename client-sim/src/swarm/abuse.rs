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
/// Milliseconds between two attempts of one bot.
const PAUSE: Duration = Duration::from_millis(100);

/// How an attempt ended.
enum Outcome {
    /// The server ended it.
    Ended(Ended),
    /// The server bore it to the end.
    Borne,
    /// It could not begin, or the run was over before it ended.
    Unfinished,
    /// It could not begin because of this.
    Failed(String),
    /// The room is too young for it.
    NotYet,
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
        let outcome = attempt(&mut company, attack, bot, &path_of(&room)).await;
        company.live.attempts.fetch_add(1, Ordering::Relaxed);
        note(tally.entry(abuse).or_default(), abuse, outcome);
        let pause = sleep(PAUSE);
        tokio::select! {
            () = pause => {}
            _ = company.stage.wait_for(|stage| *stage == Stage::Ending) => break,
        }
    }
    tally
}

fn note(report: &mut crate::report::AbuseReport, abuse: Abuse, outcome: Outcome) {
    let other = match outcome {
        Outcome::NotYet => return,
        Outcome::Unfinished => {
            report.unfinished += 1;
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
    let connection = match company.target.connect(path, from).await {
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
        if abuse.takes_a_seat() {
            if let Err(outcome) = self.take_a_seat().await {
                return outcome;
            }
            if !self.newest().is_some_and(|newest| abuse.is_possible(newest)) {
                self.connection.close(1000).await;
                return Outcome::NotYet;
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
                _ = self.stage.wait_for(|stage| *stage == Stage::Ending) => return Outcome::Unfinished,
                arrival = self.connection.receive(), if reads => match arrival {
                    Arrival::Message(bytes) => self.session.handle_frame(&bytes, self.epoch.now_ms()),
                    Arrival::Nothing => {}
                    Arrival::End(ended) => return Outcome::Ended(ended),
                },
                () = sleep_until(self.epoch.at(wake_ms)) => {}
            }
        }
    }

    /// Begins as an honest client does, until it holds the world.
    async fn take_a_seat(&mut self) -> Result<(), Outcome> {
        let until_ms = self.epoch.now_ms() + SEAT_WITHIN_MS;
        while !self.session.is_in() {
            let now_ms = self.epoch.now_ms();
            if now_ms >= until_ms {
                return Err(Outcome::Failed("got no seat in time".to_owned()));
            }
            self.speak(now_ms).await.map_err(Outcome::Ended)?;
            tokio::select! {
                _ = self.stage.wait_for(|stage| *stage == Stage::Ending) => return Err(Outcome::Unfinished),
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

    fn newest(&self) -> Option<Tick> {
        self.session.replica().map(crate::replica::Replica::tick)
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
