//! Lines of a file of bans, and address ranges: what is accepted comes back, and nothing in it moves a terminal.

use crate::bounded::{per_byte, within};
use server::bans::{AddressRange, Ban};

/// A line of a file of bans, or an address range.
pub fn ban(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(ban) = within(per_byte(bytes.len()), || Ban::from_line(text)) {
        let line = ban.to_line();
        assert!(!line.chars().any(char::is_control), "nothing in it moves a terminal");
        assert_eq!(Ban::from_line(&line).expect("what was written is read"), ban);
    }
    if let Ok(range) = text.parse::<AddressRange>() {
        assert_eq!(range.to_string().parse::<AddressRange>().expect("what was written is read"), range);
    }
}
