//! What a player would see: ourselves ahead of the server, others behind it.
//!
//! ```text
//!   frame ─► predict: was it what we thought?       input ─► predict: it moves us now
//!     └────► interpolate: one frame more            moment drawn ─► ViewTick of the input
//! ```
//!
//! A client without a screen draws, too, if it is asked to: so many times per second of its clock, whether anybody looks or not, so that
//! what its inputs say of the view is what a player's would.
//!
//! Never here: pictures, bytes.

use super::SessionConfig;
use crate::agreement::Agreement;
use crate::behaviour::neutral_codes;
use crate::ghosts::GhostCounts;
use crate::interpolate::{DrawingCounts, Interpolator};
use crate::predict::{Confirmed, PredictionCounts, Predictor};
use crate::replica::{Applied, Replica};
use crate::session::events::Counters;
use shared::ids::Tick;
use shared::wire::FrameKind;
use shared::wire::client_message::ViewTick;

/// When a client draws others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Drawing {
    /// Never: it acts upon the newest frame, and says so.
    #[default]
    Never,
    /// So many times per second, by itself.
    PerSecond(f64),
    /// When [`Session::draw`](super::Session::draw) is called.
    WhenAsked,
}

/// Milliseconds that a client may be behind with drawing by itself: it slept, and nobody saw what was not drawn.
const BEHIND_MS_MAX: f64 = 250.0;

/// Prediction and interpolation of one client; either may be missing.
pub(super) struct Screen {
    predictor: Option<Predictor>,
    /// Why there is none, for a game that could be predicted.
    refusal: Option<String>,
    interpolator: Option<Interpolator>,
    /// Milliseconds between two frames that it draws by itself.
    every_ms: Option<f64>,
    next_ms: f64,
    /// What was counted over connections before this one.
    before: (PredictionCounts, GhostCounts, DrawingCounts),
}

impl Screen {
    pub(super) fn new(agreement: &Agreement, config: &SessionConfig, now_ms: f64) -> Self {
        let twins = config.twins.as_ref().filter(|_| config.plays());
        let twin = twins.and_then(|twins| twins.choose(agreement));
        let refusal = twins.filter(|_| twin.is_none()).and_then(|twins| twins.refusal(agreement));
        let input = &agreement.schema.input;
        let predictor = twin.map(|twin| Predictor::new(twin, input, neutral_codes(input)));
        let draws = config.drawing != Drawing::Never && !config.audit;
        let interpolator = draws.then(|| Interpolator::new(agreement.schema.clone(), agreement.tick_rate_hz));
        let every_ms = if let Drawing::PerSecond(hz) = config.drawing { Some(1_000.0 / hz.max(1.0)) } else { None };
        Self { predictor, refusal, interpolator, every_ms, next_ms: now_ms, before: Default::default() }
    }

    /// Counts on from there.
    pub(super) const fn count_on(&mut self, counters: &Counters) {
        self.before = (counters.prediction, counters.ghosts, counters.drawing);
    }

    pub(super) const fn predictor(&self) -> Option<&Predictor> {
        self.predictor.as_ref()
    }

    pub(super) fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    pub(super) const fn interpolator(&self) -> Option<&Interpolator> {
        self.interpolator.as_ref()
    }

    /// Draws what was due by itself until now, as it was before what comes now.
    pub(super) fn draw_due(&mut self, now_ms: f64) {
        let (Some(interpolator), Some(every_ms)) = (&mut self.interpolator, self.every_ms) else { return };
        if now_ms - self.next_ms > BEHIND_MS_MAX {
            self.next_ms = now_ms;
        }
        while self.next_ms <= now_ms {
            interpolator.draw(self.next_ms);
            self.next_ms += every_ms;
        }
    }

    /// Draws now.
    pub(super) fn draw(&mut self, now_ms: f64) {
        if let Some(interpolator) = &mut self.interpolator {
            interpolator.draw(now_ms);
        }
        self.settle(now_ms);
    }

    /// Nothing is drawn until then.
    pub(super) const fn pause_until(&mut self, now_ms: f64) {
        self.next_ms = self.next_ms.max(now_ms);
    }

    /// A frame was applied; how far off we were shown to be, in world units, if that can be said.
    pub(super) fn frame(&mut self, replica: &Replica, applied: &Applied, now_ms: f64) -> Option<f64> {
        if applied.ignored || applied.kind == FrameKind::KeepAlive {
            return None;
        }
        let own = if let FrameKind::Step { covered, applied } = applied.kind { Some((covered, applied)) } else { None };
        if let Some(interpolator) = &mut self.interpolator {
            interpolator.frame(replica, own.is_none(), now_ms);
        }
        let confirmed = Confirmed { tick: applied.tick, own, me: replica.me(), events: &applied.events };
        let drawn = self.view(applied.tick).older;
        let predictor = self.predictor.as_mut()?;
        predictor.drawn(drawn);
        predictor.confirm(replica, &confirmed)
    }

    /// An input goes out.
    pub(super) fn act(&mut self, tick: Tick, codes: &[i32], now_ms: f64) {
        if let Some(predictor) = &mut self.predictor {
            predictor.act(tick, codes, now_ms);
        }
    }

    /// What came is shown from now on.
    pub(super) fn settle(&mut self, now_ms: f64) {
        if let Some(predictor) = &mut self.predictor {
            predictor.settle(now_ms);
        }
    }

    /// What is drawn; `newest` if nothing is.
    pub(super) fn view(&self, newest: Tick) -> ViewTick {
        let drawn = self.interpolator.as_ref().and_then(Interpolator::view);
        drawn.unwrap_or(ViewTick { older: newest, span: 0, sixteenths: 0 })
    }

    /// Brings the counts up to date.
    pub(super) fn count(&self, counters: &mut Counters) {
        if let Some(predictor) = &self.predictor {
            counters.prediction = predictor.counts().after(&self.before.0);
            counters.ghosts = predictor.ghosts().counts().after(&self.before.1);
        }
        if let Some(interpolator) = &self.interpolator {
            counters.drawing = interpolator.counts().after(&self.before.2);
        }
    }
}
