//! Bytes that the socket has not taken yet, in order, in memory that is little more than they are.
//!
//! ```text
//!   push ─► [ chunk, filled to its end ] [ chunk ] [ chunk with some room ] ─► drain: what was taken is given back
//! ```
//!
//! A buffer that doubles when it grows would hold twice what waits, and for a moment three times: who reads nothing would cost that.
//!
//! Never here: how much may wait (see `transport`), sockets.

use std::collections::VecDeque;
use std::io;

/// Memory is taken in pieces of at most this size: what was taken of the first is held until all of it was.
const CHUNK_BYTES: usize = 16 * 1024;
/// And of at least this one, for what is shorter: without TLS all messages of a usual tick leave in one send.
const CHUNK_BYTES_MIN: usize = 4096;

/// A queue of bytes.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that were taken.
    taken: usize,
    length: usize,
}

impl Unsent {
    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Puts bytes behind the others.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.chunks.back().map_or(0, |last| last.capacity() - last.len());
        let (here, rest) = bytes.split_at(room.min(bytes.len()));
        if let Some(last) = self.chunks.back_mut() {
            last.extend_from_slice(here);
        }
        for part in rest.chunks(CHUNK_BYTES) {
            let mut chunk = Vec::with_capacity(part.len().max(CHUNK_BYTES_MIN));
            chunk.extend_from_slice(part);
            self.chunks.push_back(chunk);
        }
        self.length += bytes.len();
    }

    /// Gives them to `take`, which says how many it took, until none is left or it takes no more.
    pub(super) fn drain(&mut self, mut take: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        while let Some(first) = self.chunks.front() {
            let taken = take(&first[self.taken..])?;
            if taken == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.length -= taken;
            self.taken += taken;
            if self.taken == first.len() {
                self.taken = 0;
                self.chunks.pop_front();
            }
        }
        Ok(())
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_however_it_is_cut() {
        let mut unsent = Unsent::default();
        let (mut wanted, mut got) = (Vec::new(), Vec::new());
        for (round, length) in [1, 5, 16_000, 400, 70_000, 3, 16_384, 0, 9].into_iter().enumerate() {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7 + round) as u8).collect();
            unsent.push(&bytes);
            wanted.extend(bytes);
            let mut budget = 9_000_usize;
            let drained = unsent.drain(|bytes| {
                let count = bytes.len().min(budget).min(700);
                got.extend_from_slice(&bytes[..count]);
                budget -= count;
                Ok(count)
            });
            assert_eq!(drained.is_ok(), unsent.len() == 0);
            assert_eq!(got.len() + unsent.len(), wanted.len());
        }
        unsent
            .drain(|bytes| {
                got.extend_from_slice(bytes);
                Ok(bytes.len())
            })
            .expect("all is taken");
        assert!(got == wanted && unsent.len() == 0);
    }

    #[test]
    fn it_holds_little_more_than_what_waits() {
        let mut unsent = Unsent::default();
        for length in [3, 100, 200_000, 5, 60, 40_000].into_iter().cycle().take(600) {
            unsent.push(&vec![0; length]);
            let mut left = length / 2;
            let _ = unsent.drain(|bytes| {
                let count = bytes.len().min(left);
                left -= count;
                Ok(count)
            });
            let held: usize = unsent.chunks.iter().map(Vec::capacity).sum();
            assert!(held <= unsent.len() + CHUNK_BYTES + CHUNK_BYTES_MIN, "{held} for {}", unsent.len());
        }
    }
}
