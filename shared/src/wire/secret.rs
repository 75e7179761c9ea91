//! What must not be read by who looks over a shoulder: it travels as it is, and says nothing of itself in a log.
//!
//! Never here: whether a secret is the right one (see the server's `seats::resume`).

use bincode::{Decode, Encode};
use std::fmt;

/// Something secret. On the wire it is what is in it; `{:?}` says only that it is there.
#[derive(Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Secret<T>(pub T);

/// The secret of a seat: 128 random bits.
pub type SeatSecret = Secret<[u8; 16]>;

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_says_nothing_of_itself() {
        assert_eq!(format!("{:?} {:?}", Secret([7u8; 16]), Some(Secret("hush".to_owned()))), "Secret Some(Secret)");
    }
}
