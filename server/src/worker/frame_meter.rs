//! What passes below the message layer: frames, pings, and whether something was begun and not finished.
//!
//! A WebSocket library reports whole messages. Whoever sends a million empty continuation frames per second, or half a
//! message and then nothing, sends no message at all and so is invisible to every limit per message. This meter looks
//! at the same bytes on their way up and only counts; it understands headers and skips payloads.
//!
//! ```text
//!   bytes ─► [ header ][ payload ............ ] [ header ][ pay… ] ─► tungstenite
//!              count++   skip                     count++   in progress
//! ```
//!
//! It can not fail: of bytes that are not WebSocket the library says so, and the connection ends there.
//!
//! Never here: the limits (see `read_pass`), payloads.

/// Counts frames in a stream of bytes that is cut anywhere.
#[derive(Debug, Default)]
pub(super) struct FrameMeter {
    /// The header so far: at most 14 bytes.
    header: [u8; 14],
    header_len: usize,
    /// Bytes of the current payload that are still to come.
    payload_left: u64,
    /// The payload is under way: the next byte is not a header's.
    in_payload: bool,
    /// A data message was begun by a frame that was not its last.
    fragmented: bool,
    counts: FrameCounts,
}

/// What the meter has seen so far. All numbers only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FrameCounts {
    /// Frames of any kind whose header is complete.
    pub(super) frames: u64,
    /// Of these, pings.
    pub(super) pings: u64,
    /// Of these, pongs.
    pub(super) pongs: u64,
    /// Messages that are complete: unfragmented ones, last fragments, control frames between them not counted.
    pub(super) messages: u64,
}

impl FrameCounts {
    /// Frames that answer nothing: somebody there does something.
    pub(super) fn unasked(self) -> u64 {
        self.frames - self.pongs
    }
}

impl FrameMeter {
    /// Looks at the next bytes of the stream.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.in_payload {
                let step = self.payload_left.min(bytes.len() as u64);
                bytes = &bytes[step as usize..];
                self.payload_left -= step;
            } else {
                self.header[self.header_len] = bytes[0];
                self.header_len += 1;
                bytes = &bytes[1..];
                if self.header_len < header_bytes(&self.header[..self.header_len]) {
                    continue;
                }
                self.begin_frame();
            }
            if self.payload_left == 0 {
                self.end_frame();
            }
        }
    }

    /// A whole message in one frame, seen elsewhere, between two others.
    pub(super) fn pass_message(&mut self) {
        self.counts.frames += 1;
        self.counts.messages += 1;
    }

    /// What was seen.
    pub(super) fn counts(&self) -> FrameCounts {
        self.counts
    }

    /// True: a frame or a message was begun, and its end has not come.
    pub(super) fn in_progress(&self) -> bool {
        self.header_len > 0 || self.fragmented
    }

    fn begin_frame(&mut self) {
        self.in_payload = true;
        self.payload_left = payload_bytes(&self.header);
        self.counts.frames += 1;
        self.counts.pings += u64::from(self.opcode() == 0x9);
        self.counts.pongs += u64::from(self.opcode() == 0xA);
    }

    fn end_frame(&mut self) {
        if self.opcode() < 0x8 {
            let last = self.header[0] & 0x80 != 0;
            self.fragmented = !last;
            self.counts.messages += u64::from(last);
        }
        self.in_payload = false;
        self.header_len = 0;
    }

    fn opcode(&self) -> u8 {
        self.header[0] & 0x0F
    }
}

/// How long the header is that begins like this (RFC 6455, 5.2): 2 bytes, 0, 2 or 8 of length, 4 of mask.
fn header_bytes(begin: &[u8]) -> usize {
    let Some(&second) = begin.get(1) else { return 2 };
    let length = match second & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + length + if second & 0x80 != 0 { 4 } else { 0 }
}

/// The payload length that a complete header declares.
fn payload_bytes(header: &[u8; 14]) -> u64 {
    match header[1] & 0x7F {
        126 => u64::from(u16::from_be_bytes([header[2], header[3]])),
        127 => header[2..10].iter().fold(0, |length, &byte| (length << 8) | u64::from(byte)),
        short => u64::from(short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked frame as a client sends it; the mask is zero, so that the payload is legible.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            short @ 0..=125 => bytes.push(0x80 | short as u8),
            long => {
                bytes.push(0x80 | 126);
                bytes.extend((long as u16).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
        bytes
    }

    fn counts_of(bytes: &[u8], cut: usize) -> (FrameCounts, bool) {
        let mut meter = FrameMeter::default();
        for piece in bytes.chunks(cut) {
            meter.pass(piece);
        }
        (meter.counts(), meter.in_progress())
    }

    #[test]
    fn the_count_does_not_depend_on_where_the_stream_is_cut() {
        let mut stream = frame(0x82, b"input");
        stream.extend(frame(0x89, b"are you there"));
        stream.extend(frame(0x02, &[7; 300]));
        stream.extend(frame(0x8A, b""));
        stream.extend(frame(0x80, &[8; 126]));
        let whole = counts_of(&stream, stream.len());
        assert_eq!(whole, (FrameCounts { frames: 5, pings: 1, pongs: 1, messages: 2 }, false));
        for cut in 1..20 {
            assert_eq!(counts_of(&stream, cut), whole);
        }
    }

    #[test]
    fn empty_continuation_frames_are_seen_although_they_never_make_a_message() {
        let mut stream = frame(0x02, b"");
        for _ in 0..1000 {
            stream.extend(frame(0x00, b""));
        }
        assert_eq!(counts_of(&stream, 64), (FrameCounts { frames: 1001, messages: 0, ..FrameCounts::default() }, true));
    }

    #[test]
    fn half_a_header_and_half_a_payload_are_in_progress() {
        let whole = frame(0x82, b"hello");
        for end in 1..whole.len() {
            assert!(counts_of(&whole[..end], end).1, "{end} bytes");
        }
        assert!(!counts_of(&whole, whole.len()).1);
    }

    #[test]
    fn a_declared_length_of_the_largest_kind_is_skipped_without_a_panic() {
        let mut stream = vec![0x82, 0xFF];
        stream.extend([0xFF; 8]);
        stream.extend([0; 4]);
        stream.extend([1; 100]);
        assert_eq!(counts_of(&stream, 3), (FrameCounts { frames: 1, messages: 0, ..FrameCounts::default() }, true));
    }
}
