//! Frames that wait to be sent, side by side in memory that is used again: for who does not send each as soon as it is made.
//!
//! Never here: what is in a frame (see `replicate::assemble`).

use bytes::{Bytes, BytesMut};

/// Bytes that frames are cut from at the least: a tick of a few hundred clients.
const FRAMES_BYTES_MIN: usize = 64 * 1024;

/// Finished frames, in memory that is used again when they were sent.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: BytesMut,
    /// Bytes of the whole buffer, those of frames included.
    allocated: usize,
    /// Bytes of this tick's frames.
    used: usize,
}

impl Frames {
    /// Takes back the memory of what was sent. A buffer that a burst has blown up is given away.
    pub(super) fn next_tick(&mut self) {
        let wanted = (std::mem::take(&mut self.used) * 2).max(FRAMES_BYTES_MIN);
        if self.allocated > wanted * 4 || !self.buffer.try_reclaim(wanted) {
            self.allocate(wanted);
        }
    }

    /// Copies a frame.
    pub(super) fn keep(&mut self, frame: &[u8]) -> Bytes {
        if !self.buffer.try_reclaim(frame.len()) {
            self.allocate(frame.len().max(FRAMES_BYTES_MIN));
        }
        self.used += frame.len();
        self.buffer.extend_from_slice(frame);
        self.buffer.split().freeze()
    }

    fn allocate(&mut self, bytes: usize) {
        self.buffer = BytesMut::with_capacity(bytes);
        self.allocated = bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_from_one_buffer_that_is_used_again() {
        let mut frames = Frames::default();
        frames.next_tick();
        let first = frames.keep(&[1; 100]).as_ptr();
        for tick in 0..1_000 {
            frames.next_tick();
            let kept: Vec<Bytes> = (0..100).map(|_| frames.keep(&[tick as u8; 500])).collect();
            assert!(kept.iter().all(|frame| frame[..] == [tick as u8; 500]));
            assert!(frames.allocated <= 2 * 100 * 500, "{}", frames.allocated);
        }
        assert!(!first.is_null());
    }

    #[test]
    fn what_a_burst_took_is_given_back() {
        let mut frames = Frames::default();
        for bytes in [10_000_000, 100, 100] {
            frames.next_tick();
            frames.keep(&vec![0; bytes]);
        }
        assert_eq!(frames.allocated, FRAMES_BYTES_MIN);
    }

    #[test]
    fn a_frame_that_waits_keeps_its_bytes() {
        let mut frames = Frames::default();
        let waits = frames.keep(&[7; 1000]);
        for _ in 0..1_000 {
            frames.next_tick();
            frames.keep(&[8; 1000]);
        }
        assert_eq!(waits[..], [7; 1000]);
    }
}
