//! Which protocol we speak. A change to the wire changes this number, PROTOCOL.md's history and the golden bytes together.

/// The newest protocol version that this build speaks.
pub const PROTOCOL: u16 = 4;

/// The oldest protocol version that this build speaks.
pub const PROTOCOL_OLDEST: u16 = 4;

/// The WebSocket sub-protocol: the name and the major version of the wire.
pub const SUBPROTOCOL: &str = "tickwire.v1";

/// The newest version that both sides speak, if any. `min` and `max` are the other side's.
#[must_use]
pub const fn agree(min: u16, max: u16) -> Option<u16> {
    let newest = if max < PROTOCOL { max } else { PROTOCOL };
    let oldest = if min > PROTOCOL_OLDEST { min } else { PROTOCOL_OLDEST };
    if newest >= oldest { Some(newest) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_is_chosen() {
        assert_eq!(agree(PROTOCOL_OLDEST, PROTOCOL), Some(PROTOCOL));
        assert_eq!(agree(0, u16::MAX), Some(PROTOCOL));
        assert_eq!(agree(PROTOCOL + 1, PROTOCOL + 5), None);
        assert_eq!(agree(0, 0), None);
        assert_eq!(agree(5, 1), None);
    }
}
