//! The frame that nearly every message is: whole, in one piece, short. Read and written here without a copy in between.
//!
//! ```text
//!   read    decrypted bytes ─► a whole frame with a binary message? ─► unmasked into the room's memory of this tick
//!                                      └─ anything else ─► tungstenite, as it is
//!   write   header · message ─► encrypted as they are
//! ```
//!
//! RFC 6455, 5.2. Whatever is not exactly this is left to the library: fragments, control frames, halves, and all that is
//! wrong.
//!
//! Never here: sockets, limits of rate (see `connection`).

/// First byte of a frame that is a whole binary message.
pub(super) const WHOLE_BINARY: u8 = 0x82;
/// The same of a text.
pub(super) const WHOLE_TEXT: u8 = 0x81;
/// Second byte: the payload is masked.
const MASKED: u8 = 0x80;
/// Second byte: two bytes of length follow.
const LENGTH_IN_TWO: u8 = 126;
/// Bytes of the mask.
const MASK_BYTES: usize = 4;

/// A frame at the begin of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WholeFrame<'a> {
    mask: [u8; MASK_BYTES],
    payload: &'a [u8],
    /// Bytes of the frame, its header included.
    pub(super) length: usize,
}

impl<'a> WholeFrame<'a> {
    /// The frame that `bytes` begin with, if it is all there and its message no more than `bytes_max`.
    pub(super) fn at_begin(bytes: &'a [u8], bytes_max: usize) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        if first != WHOLE_BINARY || second & MASKED == 0 {
            return None;
        }
        let (payload_bytes, rest) = match second & !MASKED {
            LENGTH_IN_TWO => {
                let (length, rest) = rest.split_first_chunk()?;
                let length = usize::from(u16::from_be_bytes(*length));
                (length > 125).then_some((length, rest))?
            }
            short @ 0..LENGTH_IN_TWO => (usize::from(short), rest),
            _ => return None,
        };
        if payload_bytes > bytes_max {
            return None;
        }
        let (&mask, rest) = rest.split_first_chunk()?;
        let payload = rest.get(..payload_bytes)?;
        Some(Self { mask, payload, length: bytes.len() - rest.len() + payload_bytes })
    }

    /// Puts its message into `message`, in place of what was there.
    pub(super) fn unmask(self, message: &mut Vec<u8>) {
        message.clear();
        message.extend_from_slice(self.payload);
        for four in message.chunks_mut(MASK_BYTES) {
            four.iter_mut().zip(self.mask).for_each(|(byte, mask)| *byte ^= mask);
        }
    }
}

/// The header of a frame with a whole message of ours, `first` its first byte; how many of the bytes it is.
pub(super) fn header(first: u8, message_bytes: usize) -> ([u8; 10], usize) {
    let mut header = [0; 10];
    header[0] = first;
    let length = match message_bytes {
        short @ 0..126 => {
            header[1] = short as u8;
            2
        }
        medium @ 126..65_536 => {
            header[1] = LENGTH_IN_TWO;
            header[2..4].copy_from_slice(&(medium as u16).to_be_bytes());
            4
        }
        long => {
            header[1] = LENGTH_IN_TWO + 1;
            header[2..10].copy_from_slice(&(long as u64).to_be_bytes());
            10
        }
    };
    (header, length)
}

#[cfg(test)]
mod tests {
    use super::super::test_peer::frame;
    use super::*;
    use shared::limits::CLIENT_MESSAGE_BYTES_MAX;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
    use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

    #[test]
    fn what_the_library_writes_as_a_client_is_read_here() {
        let mut read = Vec::new();
        for length in [0, 1, 3, 4, 5, 125, 126, 127, 1_000, CLIENT_MESSAGE_BYTES_MAX] {
            let message: Vec<u8> = (0..length).map(|at| at as u8 ^ 0x5A).collect();
            let mut client = WebSocket::from_raw_socket(std::io::Cursor::new(Vec::new()), Role::Client, None);
            client.send(Message::Binary(message.clone().into())).unwrap();
            let mut bytes = client.into_inner().into_inner();
            let whole = bytes.len();
            for cut in 0..whole {
                assert_eq!(WholeFrame::at_begin(&bytes[..cut], CLIENT_MESSAGE_BYTES_MAX), None);
            }
            bytes.extend(b"more");
            let frame = WholeFrame::at_begin(&bytes, CLIENT_MESSAGE_BYTES_MAX).unwrap();
            assert_eq!(frame.length, whole);
            frame.unmask(&mut read);
            assert_eq!(read, message);
        }
    }

    #[test]
    fn what_is_written_here_is_read_by_the_library_as_a_client() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let message = vec![7; length];
            let (header, header_bytes) = header(WHOLE_BINARY, length);
            let bytes = [&header[..header_bytes], &message].concat();
            let config = Some(WebSocketConfig::default());
            let mut client = WebSocket::from_raw_socket(std::io::Cursor::new(bytes), Role::Client, config);
            assert_eq!(client.read().unwrap(), Message::Binary(message.into()));
        }
    }

    #[test]
    fn all_else_is_left_alone() {
        let unmasked = vec![0x82, 1, 0];
        let too_long = frame(0x82, &vec![0; CLIENT_MESSAGE_BYTES_MAX + 1]);
        let in_eight = [&[0x82, 0xFF][..], &[0; 12], &[0; 100]].concat();
        let not_shortest = [&[0x82, 0xFE, 0, 3][..], &[0; 7]].concat();
        let kinds = [0x81, 0x02, 0x80, 0x88, 0x89, 0x8A, 0xC2, 0x83].map(|first| frame(first, b"abc"));
        for bytes in kinds.into_iter().chain([unmasked, too_long, in_eight, not_shortest]) {
            assert_eq!(WholeFrame::at_begin(&bytes, CLIENT_MESSAGE_BYTES_MAX), None, "{:x?}", &bytes[..2]);
        }
    }
}
