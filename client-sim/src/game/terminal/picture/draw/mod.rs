//! From a scene to cells: a function, nothing else.
//!
//! ```text
//!   ┌ score · phase · time ───────────────────────────────┐
//!   │ arena, over all of it:            who killed whom ┐ │
//!   │ ┌ net graph                                         │
//!   │ ┌ what was said                     ┌ score, keys   │
//!   ├ health · weapons · dash ────────────────────────────┤
//!   └ keys ───────────────────────────────────────────────┘
//! ```
//!
//! Whatever does not fit is left out, the arena last. Text of others comes as [`Plain`](crate::plain_text::Plain) only.
//!
//! Never here: terminals, clocks.

// What means what.
mod colours;

// The world as half blocks.
mod arena;

// Lines above, below and at the sides.
mod bars;

// Boxes that can be opened.
mod boxes;

use super::camera::Camera;
use super::scene::Scene;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use shared::game::constants::TILE_UNITS;

/// Rows from which on the keys are shown at the bottom.
const KEYS_ROWS: u16 = 16;
/// Rows from which on there are bars at all.
const BARS_ROWS: u16 = 5;

/// Where everything lies on a screen of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Places {
    top: Option<Rect>,
    arena: Rect,
    status: Option<Rect>,
    keys: Option<Rect>,
}

impl Places {
    fn of(area: Rect) -> Self {
        let bars = area.height >= BARS_ROWS;
        let keys = area.height >= KEYS_ROWS;
        let row = |y: u16| Rect { y, height: 1, ..area };
        let below = u16::from(bars) + u16::from(keys);
        let arena = Rect { y: area.y + u16::from(bars), height: area.height - u16::from(bars) - below, ..area };
        Self {
            top: bars.then(|| row(area.y)),
            arena,
            status: bars.then(|| row(arena.bottom())),
            keys: keys.then(|| row(arena.bottom() + 1)),
        }
    }
}

/// Where the world lies on a screen of this size: what the mouse points at.
#[must_use]
pub fn camera(scene: &Scene, area: Rect) -> Camera {
    let size = scene.map.as_ref().map(|map| map.tiles().to_array().map(|tiles| f64::from(tiles * TILE_UNITS)));
    Camera::new(Places::of(area).arena, scene.open.units_per_column, scene.middle, size)
}

/// The picture of a moment on a screen of this size.
#[must_use]
pub fn picture(scene: &Scene, area: Rect) -> Buffer {
    let mut buffer = Buffer::empty(area);
    let places = Places::of(area);
    if places.arena.width > 0 && places.arena.height > 0 {
        let camera = camera(scene, area);
        arena::draw(scene, &camera, &mut buffer);
        bars::kills(scene, places.arena, &mut buffer);
        bars::chat(scene, places.arena, &mut buffer);
        boxes::draw(scene, &camera, &mut buffer);
        // Over all that is open: everybody must read it.
        bars::banner(scene, places.arena, &mut buffer);
    }
    if let Some(top) = places.top {
        bars::top(scene, top, &mut buffer);
    }
    if let Some(status) = places.status {
        bars::status(scene, status, &mut buffer);
    }
    if let Some(keys) = places.keys {
        bars::keys(scene, keys, &mut buffer);
    }
    buffer
}

#[cfg(test)]
mod tests;
