//! What a map's reader believes without looking: how deep its parts lie in each other, how large its data is once unpacked, and whether
//! each tile is there. A map comes from a stranger: all of this is looked at before it is read.
//!
//! Never here: what is drawn (see `map_file`).

use super::map_file::MapError;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// How deep the parts of a map may lie in each other; the editor's own stay below ten, and each takes the reader's stack.
const DEPTH_MAX: usize = 32;
/// Letters of a value that are looked at, and of a layer's name that are repeated in an error.
const VALUE_SHOWN: usize = 32;

/// A tile layer that is being looked at.
struct Layer {
    name: String,
    /// Tiles that it must have.
    tiles: u64,
    /// Tiles that it has.
    found: u64,
}

/// Looks at all of a map before it is read.
///
/// # Errors
/// [`MapError::Deep`], [`MapError::Encoding`] and [`MapError::Tiles`]. What is no XML is left to the reader to complain about.
pub(super) fn scan(file: &str, bytes: &[u8]) -> Result<(), MapError> {
    let mut reader = Reader::from_reader(bytes);
    let (mut depth, mut seen) = (0_usize, Seen::default());
    loop {
        let Ok(event) = reader.read_event() else { return Ok(()) };
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(MapError::Deep { file: file.to_owned() });
                }
                seen.open(file, &start)?;
            }
            Event::Empty(empty) => {
                seen.open(file, &empty)?;
                seen.close(file, empty.local_name().as_ref())?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                seen.close(file, end.local_name().as_ref())?;
            }
            Event::Text(text) => seen.count(file, &text)?,
            Event::CData(text) => seen.count(file, &text)?,
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// Where the look at a map has got to.
#[derive(Default)]
struct Seen {
    /// The map says that it has no end: its data lies in pieces, and it is refused for that.
    infinite: bool,
    layer: Option<Layer>,
    in_data: bool,
}

impl Seen {
    /// An element begins.
    fn open(&mut self, file: &str, start: &BytesStart<'_>) -> Result<(), MapError> {
        let attribute = |name: &str| {
            let found = start.try_get_attribute(name).ok().flatten();
            found.map(|found| String::from_utf8_lossy(&found.value).chars().take(VALUE_SHOWN).collect::<String>())
        };
        match start.local_name().as_ref() {
            b"map" => self.infinite |= attribute("infinite").is_some_and(|infinite| infinite != "0"),
            b"layer" => {
                let side = |name| attribute(name).and_then(|side| side.parse::<u32>().ok()).map_or(0, u64::from);
                let tiles = side("width") * side("height");
                self.layer = Some(Layer { name: attribute("name").unwrap_or_default(), tiles, found: 0 });
            }
            b"data" => {
                self.in_data = true;
                let plain = attribute("encoding").as_deref() == Some("csv") && attribute("compression").is_none();
                if let Some(Layer { name, .. }) = self.layer.as_ref().filter(|_| !plain) {
                    return Err(MapError::Encoding { file: file.to_owned(), layer: name.clone() });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// An element ends.
    fn close(&mut self, file: &str, name: &[u8]) -> Result<(), MapError> {
        match name {
            b"data" => self.in_data = false,
            b"layer" => {
                if let Some(layer) = self.layer.take()
                    && layer.found != layer.tiles
                    && !self.infinite
                {
                    return Err(layer.refuse(file));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Text. The reader takes one text of a layer's data, so each must be whole.
    fn count(&mut self, file: &str, text: &[u8]) -> Result<(), MapError> {
        let counts = self.in_data && !self.infinite && !text.trim_ascii().is_empty();
        let Some(layer) = self.layer.as_mut().filter(|_| counts) else { return Ok(()) };
        layer.found = text.iter().filter(|&&byte| byte == b',').count() as u64 + 1;
        if layer.found == layer.tiles { Ok(()) } else { Err(layer.refuse(file)) }
    }
}

impl Layer {
    fn refuse(&self, file: &str) -> MapError {
        let Self { name, tiles, found } = self;
        MapError::Tiles { file: file.to_owned(), layer: name.clone(), needed: *tiles, found: *found }
    }
}
