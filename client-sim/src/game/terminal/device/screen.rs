//! Only what changed is written: the bytes that turn what a terminal shows into what it should show.
//!
//! Never here: the terminal (see `writer`), what is shown (see `draw`).

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io;

/// Terminals that know it show nothing of a picture before the whole of it is there; others ignore it.
const BEGIN: &[u8] = b"\x1b[?2026h";
/// The end of such a picture.
const END: &[u8] = b"\x1b[?2026l";

/// What a terminal shows.
#[derive(Clone, Debug, Default)]
pub(in crate::game::terminal) struct Screen {
    shown: Buffer,
}

impl Screen {
    /// The bytes that make it show `next`; none if it does already. Whoever takes them must write them.
    ///
    /// # Errors
    /// Never: they are written into memory.
    pub(in crate::game::terminal) fn turn_into(&mut self, next: Buffer) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.shown.area != next.area {
            CrosstermBackend::new(&mut bytes).clear()?;
            self.shown = Buffer::empty(next.area);
        }
        let changed = self.shown.diff(&next);
        if !changed.is_empty() {
            CrosstermBackend::new(&mut bytes).draw(changed.into_iter())?;
        }
        self.shown = next;
        if !bytes.is_empty() {
            bytes.splice(..0, BEGIN.iter().copied());
            bytes.extend_from_slice(END);
        }
        Ok(bytes)
    }

    /// What it shows is not known any more: the next picture is written whole.
    pub(in crate::game::terminal) fn forget(&mut self) {
        self.shown = Buffer::empty(Rect::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn picture(text: &str) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 3));
        buffer.set_string(0, 1, text, Style::new());
        buffer
    }

    #[test]
    fn what_did_not_change_is_not_written() {
        let mut screen = Screen::default();
        let whole = screen.turn_into(picture("hello there")).unwrap();
        assert!(whole.starts_with(BEGIN) && whole.ends_with(END));
        assert_eq!(screen.turn_into(picture("hello there")).unwrap(), b"");
        let part = String::from_utf8(screen.turn_into(picture("hello where")).unwrap()).unwrap();
        assert!(part.contains('w') && !part.contains("hello"), "{part:?}");
        screen.forget();
        assert!(String::from_utf8(screen.turn_into(picture("hello")).unwrap()).unwrap().contains("hello"));
    }
}
