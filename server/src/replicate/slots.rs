//! Which slot names what: drawn at random from a pool at least twice as large as what is in use.
//!
//! A slot's number must tell nothing about what is unseen, so it is drawn by a generator of its own, outside the
//! simulation. A slot that became free waits until the next tick, so that leaving and entering stay two things.
//!
//! At the limit (half of the pool in use) nothing is drawn: the facet waits until there is room, and that is counted.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use shared::ids::Slot;

/// The pool.
#[derive(Debug)]
pub struct Slots {
    free: Vec<Slot>,
    resting: Vec<Slot>,
    pool: usize,
    random: Pcg64Mcg,
    #[cfg(feature = "sabotage")]
    reuse: Option<Slot>,
}

impl Slots {
    /// A pool of `1 << bits` slots; `seed` must not be known to players.
    #[must_use]
    pub fn new(bits: u32, seed: u64) -> Self {
        let pool = 1usize << bits;
        let free = (0..pool).map(|slot| Slot(slot as u16)).collect();
        Self {
            free,
            resting: Vec::new(),
            pool,
            random: Pcg64Mcg::seed_from_u64(seed),
            #[cfg(feature = "sabotage")]
            reuse: None,
        }
    }

    /// A free slot, or `None` if half of the pool is in use.
    pub fn draw(&mut self) -> Option<Slot> {
        if self.drawn() * 2 >= self.pool || self.free.is_empty() {
            return None;
        }
        #[cfg(feature = "sabotage")]
        if let Some(at) = self.reuse.take().and_then(|slot| self.free.iter().position(|&free| free == slot)) {
            return Some(self.free.swap_remove(at));
        }
        let at = ((u64::from(self.random.next_u32()) * self.free.len() as u64) >> 32) as usize;
        Some(self.free.swap_remove(at))
    }

    /// Gives a slot back; it is drawn again from the next tick on.
    pub fn release(&mut self, slot: Slot) {
        self.resting.push(slot);
    }

    /// A new tick: what rested is free.
    pub fn next_tick(&mut self) {
        self.free.append(&mut self.resting);
    }

    /// How many are in use.
    #[must_use]
    pub fn drawn(&self) -> usize {
        self.pool - self.free.len() - self.resting.len()
    }

    /// Makes the next draw take `slot`, if it is free.
    #[cfg(feature = "sabotage")]
    pub fn reuse_next(&mut self, slot: Slot) -> bool {
        self.reuse = self.free.contains(&slot).then_some(slot);
        self.reuse.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_slot_is_drawn_twice_and_half_of_the_pool_stays_free() {
        let mut slots = Slots::new(6, 1);
        let mut drawn: Vec<Slot> = std::iter::from_fn(|| slots.draw()).collect();
        assert_eq!(drawn.len(), 32);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 32);
    }

    #[test]
    fn a_released_slot_rests_for_a_tick() {
        let mut slots = Slots::new(6, 1);
        let all: Vec<Slot> = std::iter::from_fn(|| slots.draw()).collect();
        slots.release(all[0]);
        let next = slots.draw();
        assert_ne!(next, Some(all[0]));
        slots.next_tick();
        assert_eq!(slots.drawn(), 32);
    }
}
