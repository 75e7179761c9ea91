//! What a room is called: in URLs, logs and lists.

use std::fmt;

/// Bytes of a room's name at most; it stands in URLs, logs and lists.
pub const ROOM_NAME_BYTES_MAX: usize = 32;

/// A room's name: 1 to 32 of `a-z`, `0-9`, `-` and `_`. If you hold one, it was checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomName(String);

/// Not a room's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a room's name is 1 to {ROOM_NAME_BYTES_MAX} of a-z, 0-9, - and _")]
pub struct BadRoomName;

impl RoomName {
    /// Checks a name.
    ///
    /// # Errors
    /// The client's fault: it has other letters, is empty or too long.
    pub fn new(name: &str) -> Result<Self, BadRoomName> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if name.is_empty() || name.len() > ROOM_NAME_BYTES_MAX || !name.bytes().all(allowed) {
            return Err(BadRoomName);
        }
        Ok(Self(name.to_owned()))
    }

    /// A good name itself for 1, then with the number behind it.
    pub(super) fn numbered(name: &str, number: usize) -> Self {
        Self(if number == 1 { name.to_owned() } else { format!("{name}-{number}") })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rooms_name_is_short_and_plain() {
        for good in ["a", "main-2", "under_score", "0123456789abcdef0123456789abcdef"] {
            assert_eq!(RoomName::new(good).map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "Main", "a b", "ä", "../etc", "a%2fb", "0123456789abcdef0123456789abcdef0"] {
            assert_eq!(RoomName::new(bad), Err(BadRoomName), "{bad}");
        }
    }
}
