//! Boxes that can be opened over the arena: net graph, score, keys.
//!
//! Never here: what the numbers mean (see `net_graph`).

use super::arena::{BODY_UNITS, DISC_UNITS};
use super::colours;
use crate::game::terminal::input::hands::{FIRST_MS, REPEAT_MS};
use crate::game::terminal::picture::camera::Camera;
use crate::game::terminal::picture::scene::{Network, Scene};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Widget as _};
use shared::game::round::{Faction, Mode};

/// Columns of the net graph: two of them and a body lie side by side where there are 80.
const NET_COLUMNS: u16 = 39;
/// Columns of the score.
const SCORE_COLUMNS: u16 = 44;
/// Columns of the keys.
const HELP_COLUMNS: u16 = 66;
/// Columns of a name in the score.
const NAME: usize = 18;

/// The bars of a small graph, lowest first.
const HEIGHTS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws what is open.
pub(super) fn draw(scene: &Scene, camera: &Camera, buffer: &mut Buffer) {
    let area = camera.area();
    // Where there is no room for both, the score stands alone.
    let both = area.width >= NET_COLUMNS + SCORE_COLUMNS;
    let mut rest = area;
    if scene.open.net_graph && (both || !scene.open.scoreboard) {
        let lines = network(scene);
        let size = Rect { width: NET_COLUMNS, height: lines.len() as u16 + 2, ..area }.intersection(area);
        let place = beside(area, size, looked_at(scene, camera));
        framed("net", lines, place, buffer);
        let left = if place.x == area.x { place.right() } else { area.x };
        rest = Rect { x: left, width: area.width - place.width, ..area };
    }
    if scene.open.scoreboard {
        let lines = score(scene, usize::from(area.height.saturating_sub(3)));
        framed("score", lines.clone(), middle(rest, SCORE_COLUMNS, lines.len() as u16 + 2), buffer);
    }
    if scene.open.help {
        let lines = help(scene.watching.is_some());
        framed("keys", lines.clone(), middle(area, HELP_COLUMNS, lines.len() as u16 + 2), buffer);
    }
}

/// The cells of the body that we look at: our own, or what a spectator follows.
fn looked_at(scene: &Scene, camera: &Camera) -> Rect {
    let [x, y] = scene.own.as_ref().map_or(scene.middle, |own| own.at);
    let radius = if camera.units() <= DISC_UNITS { BODY_UNITS } else { 0.0 };
    let corner = |sign: f64| camera.pixel_of([x + sign * radius, y + sign * radius]);
    let ([left, top], [right, bottom]) = (corner(-1.0), corner(1.0));
    let area = camera.area();
    let inside = |pixel: i32, most: u16| pixel.clamp(0, i32::from(most)) as u16;
    let (from, to) = (inside(left, area.width), inside(right + 1, area.width));
    let (above, below) = (inside(top.div_euclid(2), area.height), inside(bottom.div_euclid(2) + 1, area.height));
    Rect { x: area.x + from, y: area.y + above, width: to - from, height: below - above }
}

/// A place at the left or right end of an area, which does not lie over `body`: at the top left if possible. Where neither end has room it is
/// narrower.
fn beside(area: Rect, size: Rect, body: Rect) -> Rect {
    let (x, y) = (area.right() - size.width, area.bottom() - size.height);
    let corners = [size, Rect { x, y, ..size }, Rect { y, ..size }, Rect { x, ..size }];
    if let Some(free) = corners.into_iter().find(|corner| !corner.intersects(body)) {
        return free;
    }
    let (left, right) = (body.left() - area.left(), area.right() - body.right());
    if left >= right { Rect { width: left, ..size } } else { Rect { x: body.right(), y, width: right, ..size } }
}

fn framed(title: &str, lines: Vec<Line<'static>>, area: Rect, buffer: &mut Buffer) {
    if area.width < 4 || area.height < 3 {
        return;
    }
    Clear.render(area, buffer);
    let block = Block::bordered().title(format!(" {title} ")).style(colours::text()).border_style(colours::faint());
    Paragraph::new(lines).block(block).style(colours::text()).render(area, buffer);
}

fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Something with its name before it, in a column of its own.
fn row(name: &str, width: usize, value: String, colour: Color) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!(" {name:<width$}"), colours::faint()),
        Span::styled(value, Style::new().fg(colour).bg(colours::PANEL)),
    ])
}

fn network(scene: &Scene) -> Vec<Line<'static>> {
    let row = |name: &str, value: String, colour: Color| row(name, 13, value, colour);
    let network = &scene.network;
    let text = colours::TEXT;
    let part = |(some, all): (u64, u64)| if all == 0 { 0.0 } else { some as f64 * 100.0 / all as f64 };
    let warn = |bad: bool| if bad { colours::WARN } else { text };
    let wrong = network.digest_mismatches;
    let mut lines = vec![
        row("round trip", format!("{:.0} ms, jitter {:.1} ms", network.round_trip_ms, network.jitter_ms), text),
        row(
            "state",
            format!("{}, {:.0} frames/s", bytes(network.state_bytes_per_second), network.frames_per_second),
            text,
        ),
        row("on the wire", bytes(network.wire_bytes_per_second), text),
        row(
            "snapshot age",
            format!("{:.0} ms at most", network.snapshot_age_ms),
            warn(network.snapshot_age_ms > 4.0 * network.tick_ms),
        ),
        row(
            "others drawn",
            format!("{:.0} ms ago, {:.1} % late", network.drawn_behind_ms, part(network.underruns)),
            text,
        ),
    ];
    if let Some(own) = &scene.own {
        let lead = network.lead_ms.map_or_else(|| "?".to_owned(), |lead| format!("{lead:.0} ms"));
        let late = part(network.inputs_late);
        lines.extend([
            row("clock lead", format!("{lead}, {late:.1} % late"), warn(late > 1.0)),
            row("corrections", format!("{}, {:.2} units off", network.corrections, network.error_units), text),
            row("own rockets", format!("{} shown, {} taken back", network.ghosts.1, network.ghosts.0), text),
            row("at", format!("{:.1} {:.1}", own.at[0], own.at[1]), text),
        ]);
    }
    let colour = if wrong == 0 { colours::GOOD } else { colours::BAD };
    lines.push(row("digests", format!("{} checked, {wrong} wrong", network.digests_checked), colour));
    lines.push(graph(network));
    lines
}

/// The last frames: how long after the one before each came; a tick is a quarter of the height.
fn graph(network: &Network) -> Line<'static> {
    let room = usize::from(NET_COLUMNS - 4);
    let from = network.intervals_ms.len().saturating_sub(room);
    let bars = network.intervals_ms.iter().skip(from).map(|interval_ms| {
        let ticks = interval_ms / network.tick_ms.max(1.0);
        let height = ((ticks * 2.0) as usize).min(HEIGHTS.len() - 1);
        let colour = if ticks > 2.5 {
            colours::BAD
        } else if ticks > 1.6 {
            colours::WARN
        } else {
            colours::GOOD
        };
        Span::styled(HEIGHTS[height], Style::new().fg(colour).bg(colours::PANEL))
    });
    let mut line = Line::from(vec![Span::styled(" ", colours::text())]);
    line.extend(bars);
    line
}

fn bytes(per_second: f64) -> String {
    if per_second < 10_000.0 { format!("{per_second:.0} B/s") } else { format!("{:.1} kB/s", per_second / 1_000.0) }
}

fn score(scene: &Scene, room: usize) -> Vec<Line<'static>> {
    let head = format!(" {:<NAME$}   {:>7} {:>7}", "player", "kills", "deaths");
    let mut lines = vec![Line::from(vec![Span::styled(head, colours::faint())])];
    if let Some(round) = scene.round.as_ref().filter(|round| round.mode == Mode::Teams) {
        for (name, faction, kills) in [("red", Faction::Red, round.red), ("blue", Faction::Blue, round.blue)] {
            let line = format!(" {} {name:<NAME$} {kills:>7}", colours::mark(faction));
            lines.push(Line::from(vec![Span::styled(line, colours::strong(colours::of(faction)))]));
        }
    }
    for standing in scene.standings.iter().take(room.saturating_sub(lines.len())) {
        let mark = if standing.is_own { "@" } else { colours::mark(standing.faction) };
        let name = standing.name.cut(NAME);
        let gap = " ".repeat(NAME.saturating_sub(Span::raw(name).width()));
        let line = format!(" {mark} {name}{gap} {:>7} {:>7}", standing.kills, standing.deaths);
        let colour = colours::of(standing.faction);
        let style =
            if standing.is_own { colours::strong(colours::OWN) } else { Style::new().fg(colour).bg(colours::PANEL) };
        lines.push(Line::from(vec![Span::styled(line, style)]));
    }
    lines
}

fn help(watches: bool) -> Vec<Line<'static>> {
    let one = |key: &str, meaning: &str| row(key, 14, meaning.to_owned(), colours::TEXT);
    if watches {
        return vec![
            one("n p", "follow the next player, the one before"),
            one("wasd, arrows", "pan: follows nobody"),
            one("f", "follow nobody"),
            one("tab", "score"),
            one("g, F3", "net graph"),
            one("z", "zoom"),
            one("q, ctrl-c", "leave"),
        ];
    }
    vec![
        one("wasd, arrows", "go; with shift: dash that way"),
        one("mouse", "aim; its button fires"),
        one("q e, j l", "turn the aim; f: it follows where you go"),
        one("space", "fire"),
        one("x", "dash where you go"),
        one("1 2", "rifle; rockets"),
        one("t, enter", "talk; shift-t: to your team"),
        one("tab", "score"),
        one("n, F3", "net graph"),
        one("z", "zoom"),
        one("esc q, ctrl-c", "leave"),
        Line::default(),
        one("to take", "+ health   = rounds   ^ rockets"),
        one("who", "@ you   ◆ red   ■ blue   ● alone   ▶ elsewhere"),
        Line::default(),
        Line::from(vec![Span::styled(
            " Where the terminal does not tell when a key is let go, it counts",
            colours::faint(),
        )]),
        Line::from(vec![Span::styled(
            format!(" as held for {FIRST_MS:.0} ms, and {REPEAT_MS:.0} ms after each repeat."),
            colours::faint(),
        )]),
    ]
}
