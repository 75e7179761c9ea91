//! Where in the world a cell is, and the other way round.
//!
//! A cell is two pixels, one above the other, each a square of so many world units: half blocks draw it so.
//!
//! ```text
//!   cell (column, row) ─► pixel (column, 2 × row), (column, 2 × row + 1) ─► units
//! ```
//!
//! The middle follows whom we follow. At the map's edge it stays behind, until a quarter of the picture is void: so who stands in a corner sees
//! much of the map, and is not under what lies in the corners of the screen. A map that is smaller than the picture stands in its middle.
//!
//! Never here: colours.

use ratatui::layout::Rect;

/// Columns from which on a tile is drawn twice as large.
const LARGE_COLUMNS: u16 = 96;
/// Rows from which on it is.
const LARGE_ROWS: u16 = 28;

/// World units per column, seen from near.
pub const CLOSE: u8 = 4;
/// World units per column, seen from farther away.
pub const FAR: u8 = 8;

/// World units per column that suit an area.
#[must_use]
pub const fn suits(area: Rect) -> u8 {
    if area.width >= LARGE_COLUMNS && area.height >= LARGE_ROWS { CLOSE } else { FAR }
}

/// How the world lies upon an area of cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    area: Rect,
    units: f64,
    /// The pixel of the world that is at the area's top left.
    corner: [i32; 2],
}

impl Camera {
    /// Shows `middle` in the middle of the area; `size` is the map's, in units.
    #[must_use]
    pub fn new(area: Rect, units_per_column: Option<u8>, middle: [f64; 2], size: Option<[f64; 2]>) -> Self {
        let units = f64::from(units_per_column.unwrap_or_else(|| suits(area)).max(1));
        let shown = [i32::from(area.width), 2 * i32::from(area.height)];
        let corner = [0, 1].map(|axis: usize| {
            let free = (middle[axis] / units).floor() as i32 - shown[axis] / 2;
            match size {
                Some(size) => {
                    let room = (size[axis] / units).ceil() as i32 - shown[axis];
                    let beyond = shown[axis] / 4;
                    if room < 0 { room / 2 } else { free.clamp(-beyond, room + beyond) }
                }
                None => free,
            }
        });
        Self { area, units, corner }
    }

    /// The area that it fills.
    #[must_use]
    pub const fn area(&self) -> Rect {
        self.area
    }

    /// World units of a pixel's side.
    #[must_use]
    pub const fn units(&self) -> f64 {
        self.units
    }

    /// The middle of a pixel of the area, in units.
    #[must_use]
    pub fn place_of(&self, pixel: [i32; 2]) -> [f64; 2] {
        [0, 1].map(|axis: usize| (f64::from(pixel[axis] + self.corner[axis]) + 0.5) * self.units)
    }

    /// The pixel of the area in which a place lies; it may be outside.
    #[must_use]
    pub fn pixel_of(&self, place: [f64; 2]) -> [i32; 2] {
        [0, 1].map(|axis: usize| (place[axis] / self.units).floor() as i32 - self.corner[axis])
    }

    /// The cell of the screen in which a place lies; `None` if it is not shown.
    #[must_use]
    pub fn cell_of(&self, place: [f64; 2]) -> Option<(u16, u16)> {
        self.cell_of_pixel(self.pixel_of(place))
    }

    /// The cell of the screen in which a pixel of the area lies; `None` if it is not shown.
    #[must_use]
    pub fn cell_of_pixel(&self, [x, y]: [i32; 2]) -> Option<(u16, u16)> {
        let inside = (0..i32::from(self.area.width)).contains(&x) && (0..2 * i32::from(self.area.height)).contains(&y);
        inside.then(|| (self.area.x + x as u16, self.area.y + (y / 2) as u16))
    }

    /// The middle of a cell of the screen, in units.
    #[must_use]
    pub fn place_of_cell(&self, (column, row): (u16, u16)) -> [f64; 2] {
        let pixel = [i32::from(column) - i32::from(self.area.x), 2 * (i32::from(row) - i32::from(self.area.y))];
        let [x, y] = self.place_of(pixel);
        [x, y + self.units / 2.0]
    }

    /// The direction from one place to another, in 1/65,536 turn.
    #[must_use]
    pub fn angle(from: [f64; 2], to: [f64; 2]) -> u16 {
        let turn = (to[1] - from[1]).atan2(to[0] - from[0]) / std::f64::consts::TAU;
        (turn * 65_536.0).round() as i32 as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(middle: [f64; 2]) -> Camera {
        Camera::new(Rect::new(0, 1, 80, 20), Some(8), middle, Some([1_024.0, 1_024.0]))
    }

    #[test]
    fn a_cell_and_a_place_are_inverse_within_a_cell() {
        let camera = camera([500.0, 500.0]);
        for (column, row) in [(0, 1), (79, 20), (40, 10)] {
            assert_eq!(camera.cell_of(camera.place_of_cell((column, row))), Some((column, row)));
        }
        assert_eq!(camera.cell_of([0.0, 0.0]), None);
    }

    #[test]
    fn at_the_maps_edge_a_quarter_of_the_picture_is_void_at_the_most() {
        assert_eq!(camera([0.0, 0.0]).cell_of([0.0, 0.0]), Some((20, 6)));
        assert_eq!(camera([1_024.0, 1_024.0]).cell_of([1_023.9, 1_023.9]), Some((59, 15)));
        let small = Camera::new(Rect::new(0, 0, 80, 20), Some(8), [8.0, 8.0], Some([160.0, 160.0]));
        assert_eq!(small.cell_of([80.0, 80.0]), Some((40, 10)), "a small map stands in the middle");
    }

    #[test]
    fn an_angle_grows_towards_y() {
        assert_eq!(Camera::angle([0.0, 0.0], [5.0, 0.0]), 0);
        assert_eq!(Camera::angle([0.0, 0.0], [0.0, 5.0]), 1 << 14);
        assert_eq!(Camera::angle([0.0, 0.0], [-5.0, 0.0]), 2 << 14);
        assert_eq!(Camera::angle([0.0, 0.0], [0.0, -5.0]), 3 << 14);
    }
}
