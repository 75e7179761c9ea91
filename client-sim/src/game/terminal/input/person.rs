//! A person as a behaviour: what the hands do when an input is due.
//!
//! Never here: keys (see `keys`).

use super::hands::Hands;
use crate::behaviour::{Behaviour, View};
use crate::transport::Epoch;
use shared::schema::Replicated;
use std::sync::{Arc, Mutex, PoisonError};

/// The hands of a person, shared by who listens to keys and who makes inputs.
#[derive(Clone, Debug)]
pub(in crate::game::terminal) struct Person {
    hands: Arc<Mutex<Hands>>,
    epoch: Epoch,
}

impl Person {
    /// Somebody whose keys are heard by the clock of `epoch`.
    pub(in crate::game::terminal) fn new(hands: Hands, epoch: Epoch) -> Self {
        Self { hands: Arc::new(Mutex::new(hands)), epoch }
    }

    /// The clock by which its keys are heard.
    pub(in crate::game::terminal) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Looks at the hands, or moves them.
    pub(in crate::game::terminal) fn with<T>(&self, act: impl FnOnce(&mut Hands) -> T) -> T {
        act(&mut self.hands.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Behaviour for Person {
    fn input(&mut self, _: &View<'_>, codes: &mut [i32]) {
        let now_ms = self.epoch.now_ms();
        let input = self.with(|hands| hands.input(now_ms));
        input.write_codes(codes);
    }
}
