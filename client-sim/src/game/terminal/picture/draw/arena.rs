//! The world as half blocks: two square pixels to a cell, then letters over them.
//!
//! Never here: bars and boxes.

use super::colours;
use crate::game::terminal::picture::camera::Camera;
use crate::game::terminal::picture::scene::{Figure, Own, Scene, Trace};
use glam::IVec2;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use shared::game::constants::{HP_MAX, PLAYER_RADIUS, SPLASH_RADIUS, TILE_UNITS, UNIT};
use shared::game::map::Map;
use shared::game::pickup::Sort;
use shared::game::round::Faction;

/// A body's radius in world units, a little more than it is: a pixel that it covers by half is its.
pub(super) const BODY_UNITS: f64 = (PLAYER_RADIUS / UNIT) as f64 + 1.0;
/// World units over which the aim is dotted.
const AIM_UNITS: f64 = 160.0;
/// World units from dot to dot.
const DOT_UNITS: f64 = 16.0;
/// Columns of a health bar.
const BAR: u16 = 5;
/// A name's columns at the most.
const NAME: usize = 12;
/// World units per pixel up to which bodies are drawn as discs, with bars and names.
pub(super) const DISC_UNITS: f64 = 4.0;

/// What is under everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    Void,
    Floor(Color),
    Brush,
    Wall(Color),
}

impl Ground {
    const fn colour(self) -> Color {
        match self {
            Self::Void => colours::VOID,
            Self::Floor(colour) | Self::Wall(colour) => colour,
            Self::Brush => colours::BRUSH,
        }
    }
}

/// Draws the arena into the camera's area.
pub(super) fn draw(scene: &Scene, camera: &Camera, buffer: &mut Buffer) {
    let area = camera.area();
    let mut pixels = Pixels::new(scene, camera);
    scene.bursts.iter().for_each(|burst| pixels.burst(burst.at, burst.age));
    let discs = camera.units() <= DISC_UNITS;
    if discs {
        scene.shots.iter().for_each(|&shot| pixels.set(camera.pixel_of(shot), colours::ROCKET));
        scene.figures.iter().for_each(|figure| pixels.body(figure));
    }
    for row in 0..area.height {
        for column in 0..area.width {
            let [top, bottom] = pixels.cell(column, row);
            let (symbol, style) = blocks(top, bottom);
            if let Some(cell) = buffer.cell_mut((area.x + column, area.y + row)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
    pickups(scene, camera, buffer);
    if let Some(own) = scene.own.as_ref().filter(|own| own.hp > 0) {
        aim(scene, own, camera, buffer);
    }
    scene.traces.iter().for_each(|one| trace(scene, one, camera, buffer));
    if !discs {
        scene.shots.iter().for_each(|&shot| letter(buffer, camera.cell_of(shot), "•", colours::ROCKET));
    }
    for figure in &scene.figures {
        if discs {
            plate(figure, camera, buffer);
        } else {
            small(figure, camera, buffer);
        }
    }
    beyond(scene, camera, buffer);
}

/// An arrow at the border of the picture towards the nearest one of those who are out of it.
fn beyond(scene: &Scene, camera: &Camera, buffer: &mut Buffer) {
    let area = camera.area();
    let far = |figure: &&Figure| (figure.at[0] - scene.middle[0]).hypot(figure.at[1] - scene.middle[1]);
    let hidden = scene.figures.iter().filter(|figure| !figure.is_own && camera.cell_of(figure.at).is_none());
    let Some(figure) = hidden.min_by(|one, other| far(one).total_cmp(&far(other))) else { return };
    let [x, y] = camera.pixel_of(figure.at);
    let (width, height) = (i32::from(area.width), 2 * i32::from(area.height));
    // How far it is beyond the border: the axis on which that is more says which way.
    let past = |at: i32, most: i32| if at < 0 { at } else { (at - most + 1).max(0) };
    let (across, along) = (past(x, width), past(y, height));
    let symbol = match across.abs() >= along.abs() {
        true if across < 0 => "◀",
        true => "▶",
        false if along < 0 => "▲",
        false => "▼",
    };
    let at = camera.cell_of_pixel([x.clamp(0, width - 1), y.clamp(0, height - 1)]);
    letter(buffer, at, symbol, colours::of(figure.faction));
}

/// The letter of a cell and its colours, for the pixels above and below: what is drawn there (or the ground), and what ground it is.
fn blocks(top: (Color, Ground), bottom: (Color, Ground)) -> (&'static str, Style) {
    let ((above, ground), (below, other)) = (top, bottom);
    let plain = above == ground.colour() && below == other.colour();
    let style = Style::new().fg(above).bg(below);
    match (ground, other) {
        (Ground::Wall(_), Ground::Wall(_)) if plain && above == below => ("█", style),
        (Ground::Brush, Ground::Brush) if plain => ("░", Style::new().fg(colours::LEAF).bg(colours::BRUSH)),
        _ if above == below => (" ", Style::new().bg(above)),
        // The wall is the letter, whichever half it is: so that it is one without colours, too.
        (Ground::Floor(_) | Ground::Brush | Ground::Void, Ground::Wall(_)) if plain => {
            ("▄", Style::new().fg(below).bg(above))
        }
        _ => ("▀", style),
    }
}

/// The picture, pixel by pixel.
struct Pixels<'a> {
    camera: &'a Camera,
    ground: Vec<Ground>,
    colours: Vec<Color>,
}

impl<'a> Pixels<'a> {
    fn new(scene: &Scene, camera: &'a Camera) -> Self {
        let (width, height) = (i32::from(camera.area().width), 2 * i32::from(camera.area().height));
        let places = (0..height).flat_map(|y| (0..width).map(move |x| [x, y]));
        let map = scene.map.as_deref();
        let ground: Vec<Ground> = places.map(|pixel| ground(map, camera.place_of(pixel), camera.units())).collect();
        let colours = ground.iter().map(|ground| ground.colour()).collect();
        Self { camera, ground, colours }
    }

    fn index(&self, [x, y]: [i32; 2]) -> Option<usize> {
        self.camera.cell_of_pixel([x, y]).map(|_| y as usize * usize::from(self.camera.area().width) + x as usize)
    }

    fn cell(&self, column: u16, row: u16) -> [(Color, Ground); 2] {
        let width = usize::from(self.camera.area().width);
        [0, 1].map(|half| {
            let at = (2 * usize::from(row) + half) * width + usize::from(column);
            (self.colours[at], self.ground[at])
        })
    }

    fn set(&mut self, pixel: [i32; 2], colour: Color) {
        if let Some(at) = self.index(pixel) {
            self.colours[at] = colour;
        }
    }

    /// Every pixel whose middle lies within `radius` of a place.
    fn around(&self, at: [f64; 2], radius: f64) -> Vec<([i32; 2], f64)> {
        let (low, high) =
            (self.camera.pixel_of(at.map(|axis| axis - radius)), self.camera.pixel_of(at.map(|axis| axis + radius)));
        let pixels = (low[1]..=high[1]).flat_map(|y| (low[0]..=high[0]).map(move |x| [x, y]));
        let far = pixels.map(|pixel| {
            let place = self.camera.place_of(pixel);
            (pixel, (place[0] - at[0]).hypot(place[1] - at[1]))
        });
        far.filter(|(_, far)| *far <= radius).collect()
    }

    /// A body: a disc, and a light where it looks.
    fn body(&mut self, figure: &Figure) {
        let colour = body_colour(figure);
        for (pixel, _) in self.around(figure.at, BODY_UNITS) {
            self.set(pixel, colour);
        }
        let nose = along(figure.at, figure.aim, BODY_UNITS + self.camera.units() * 0.6);
        self.set(self.camera.pixel_of(nose), colours::NOSE);
    }

    /// A ring that grows and cools; walls keep their colour.
    fn burst(&mut self, at: [f64; 2], age: f64) {
        let reach = f64::from(SPLASH_RADIUS / UNIT);
        let (outer, inner) = (reach * (0.35 + 0.65 * age.sqrt()), reach * age * age);
        let colour = colours::BURST[((age * 3.0) as usize).min(2)];
        for (pixel, far) in self.around(at, outer) {
            let is_wall = self.index(pixel).is_some_and(|at| matches!(self.ground[at], Ground::Wall(_)));
            let speckled = age < 0.5 || (pixel[0] + pixel[1]) % 2 == 0;
            if far >= inner && !is_wall && speckled {
                self.set(pixel, colour);
            }
        }
    }
}

/// What is under a place. A wall shows its side where the tile below it is none.
fn ground(map: Option<&Map>, place: [f64; 2], units: f64) -> Ground {
    let tile = place.map(|axis| (axis / f64::from(TILE_UNITS)).floor() as i32);
    let floor = Ground::Floor(colours::FLOOR[((tile[0] + tile[1]) & 1) as usize]);
    let Some(map) = map else { return floor };
    let size = map.tiles();
    if !(0..size.x).contains(&tile[0]) || !(0..size.y).contains(&tile[1]) {
        return Ground::Void;
    }
    if map.is_wall(tile[0], tile[1]) {
        let foot = place[1] + units >= f64::from((tile[1] + 1) * TILE_UNITS);
        let side = foot && tile[1] + 1 < size.y && !map.is_wall(tile[0], tile[1] + 1);
        return Ground::Wall(if side { colours::WALL_SIDE } else { colours::WALL });
    }
    let at = IVec2::new((place[0] * f64::from(UNIT)) as i32, (place[1] * f64::from(UNIT)) as i32);
    if map.is_stealth_at(at) { Ground::Brush } else { floor }
}

/// Ourselves, and whom we follow, are told from all others at a glance.
const fn body_colour(figure: &Figure) -> Color {
    if figure.is_own || figure.is_followed { colours::OWN } else { colours::of(figure.faction) }
}

fn along(from: [f64; 2], angle: u16, units: f64) -> [f64; 2] {
    let turn = f64::from(angle) / 65_536.0 * std::f64::consts::TAU;
    [from[0] + turn.cos() * units, from[1] + turn.sin() * units]
}

/// Puts a letter over what is there.
fn letter(buffer: &mut Buffer, cell: Option<(u16, u16)>, symbol: &str, colour: Color) {
    if let Some(cell) = cell.and_then(|at| buffer.cell_mut(at)) {
        let under = if cell.symbol() == "▀" || cell.symbol() == "█" { cell.fg } else { cell.bg };
        cell.set_symbol(symbol).set_style(Style::new().fg(colour).bg(under).add_modifier(Modifier::BOLD));
    }
}

fn pickups(scene: &Scene, camera: &Camera, buffer: &mut Buffer) {
    for lying in &scene.pickups {
        let (symbol, colour) = match lying.sort {
            Sort::Health => ("+", colours::HEALTH),
            Sort::Rounds => ("=", colours::ROUNDS),
            Sort::Rockets => ("^", colours::ROCKETS),
        };
        let cell = camera.cell_of(lying.at);
        if !lying.present {
            letter(buffer, cell, "·", colours::FAINT);
            continue;
        }
        let Some((column, row)) = cell else { continue };
        let beside = u16::from(camera.units() <= DISC_UNITS);
        for across in column.saturating_sub(beside)..=column + beside {
            let shown = Some((across, row)).filter(|&at| camera.area().contains(at.into()));
            let symbol = if across == column { symbol } else { " " };
            if let Some(cell) = shown.and_then(|at| buffer.cell_mut(at)) {
                let style = Style::new().fg(colours::INK).bg(colour).add_modifier(Modifier::BOLD);
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

/// The line of a shot, letter by letter; nothing of it lies on walls.
fn trace(scene: &Scene, trace: &Trace, camera: &Camera, buffer: &mut Buffer) {
    let (x, y) = (trace.to[0] - trace.from[0], trace.to[1] - trace.from[1]);
    // A cell is twice as high as it is wide.
    let symbol = match (x.abs(), y.abs() / 2.0) {
        (x, y) if y < 0.4 * x => "─",
        (x, y) if x < 0.4 * y => "│",
        _ if (x < 0.0) == (y < 0.0) => "╲",
        _ => "╱",
    };
    let colour = colours::TRACE[usize::from(trace.age > 0.5)];
    let steps = (x.hypot(y) / camera.units()).ceil().clamp(1.0, 1_000.0);
    for step in 2..=steps as i32 {
        let part = f64::from(step) / steps;
        let at = [trace.from[0] + x * part, trace.from[1] + y * part];
        if !matches!(ground(scene.map.as_deref(), at, 0.0), Ground::Wall(_) | Ground::Void) {
            letter(buffer, camera.cell_of(at), symbol, colour);
        }
    }
}

/// Dots from us on, as far as no wall is in the way, and a cross where the mouse is.
fn aim(scene: &Scene, own: &Own, camera: &Camera, buffer: &mut Buffer) {
    let mut far = DOT_UNITS;
    while far <= AIM_UNITS {
        let at = along(own.at, own.aim, far);
        if matches!(ground(scene.map.as_deref(), at, 0.0), Ground::Wall(_) | Ground::Void) {
            break;
        }
        letter(buffer, camera.cell_of(at), "•", colours::AIM);
        far += DOT_UNITS;
    }
    let (symbol, colour) = if own.has_hit { ("X", colours::ROCKET) } else { ("+", colours::OWN) };
    let pointer = own.pointer.filter(|&(column, row)| camera.area().contains((column, row).into()));
    letter(buffer, pointer, symbol, colour);
}

/// A name and what is left of a life, above a body.
fn plate(figure: &Figure, camera: &Camera, buffer: &mut Buffer) {
    let above = [figure.at[0], figure.at[1] - BODY_UNITS - 1.5 * camera.units()];
    let Some((column, row)) = camera.cell_of(above) else { return };
    let alone = figure.faction == Faction::Alone;
    let colour = if figure.is_own && alone { colours::OWN } else { colours::of(figure.faction) };
    let left = (u16::from(figure.hp) * BAR).div_ceil(u16::from(HP_MAX));
    for part in 0..BAR {
        let at = (column + part).checked_sub(BAR / 2).map(|column| (column, row));
        let shown = at.filter(|&at| camera.area().contains(at.into()));
        letter(buffer, shown, "▂", if part < left { colour } else { colours::GONE });
    }
    if row > camera.area().y {
        name(figure, (column, row - 1), camera, buffer);
    }
}

/// The name of somebody, in the middle above a cell.
fn name(figure: &Figure, (column, row): (u16, u16), camera: &Camera, buffer: &mut Buffer) {
    let name = figure.name.cut(NAME);
    let width = figure.name.width().min(NAME) as u16;
    let area = camera.area();
    if width == 0 || width > area.width {
        return;
    }
    let from = column.saturating_sub(width / 2).clamp(area.x, area.right() - width);
    let colour = if figure.is_followed { colours::OWN } else { colours::of(figure.faction) };
    let style = Style::new().fg(colour).bg(colours::PANEL);
    buffer.set_stringn(from, row, name, usize::from(width), style);
}

/// A body where there is but a cell for it: a mark, and a point where it looks.
fn small(figure: &Figure, camera: &Camera, buffer: &mut Buffer) {
    let colour = body_colour(figure);
    let symbol = if figure.is_own { "@" } else { colours::mark(figure.faction) };
    let Some((column, row)) = camera.cell_of(figure.at) else { return };
    if !figure.is_own {
        let nose = camera.cell_of(along(figure.at, figure.aim, camera.units() * 1.6));
        letter(buffer, nose.filter(|&nose| nose != (column, row)), "∙", colour);
        if row > camera.area().y {
            name(figure, (column, row - 1), camera, buffer);
        }
    }
    letter(buffer, Some((column, row)), symbol, colour);
}
