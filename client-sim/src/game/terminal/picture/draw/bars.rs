//! Lines above, below and at the sides of the arena.
//!
//! Never here: the arena itself, boxes.

use super::colours;
use crate::game::terminal::picture::scene::{Own, Scene, Typing};
use crate::plain_text::cut_front;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use shared::game::constants::HP_MAX;
use shared::game::round::{Faction, Mode, Phase};
use shared::game::weapon::Weapon;

/// Cells of the bar of our own health.
const HEALTH_BAR: u8 = 10;
/// Columns from which on the lower row has room for the round trip, too.
const PATH_COLUMNS: u16 = 90;
/// Columns of what was said.
const CHAT_COLUMNS: u16 = 60;

/// Fills a row with a panel and writes a line from its left end on.
fn bar(line: Line<'_>, area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, colours::text());
    (area.left()..area.right()).for_each(|x| {
        if let Some(cell) = buffer.cell_mut((x, area.y)) {
            cell.set_symbol(" ");
        }
    });
    buffer.set_line(area.x, area.y, &line, area.width);
}

/// Writes a line at the right end of a row, if there is room for all of it.
fn at_right(line: &Line<'_>, area: Rect, buffer: &mut Buffer) {
    let width = line.width() as u16;
    if width <= area.width {
        buffer.set_line(area.right() - width, area.y, line, width);
    }
}

fn text(words: impl Into<String>) -> Span<'static> {
    Span::styled(words.into(), colours::text())
}

fn faint(words: impl Into<String>) -> Span<'static> {
    Span::styled(words.into(), colours::faint())
}

/// Score, phase and time.
pub(super) fn top(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let mut line = Line::from(vec![Span::styled(" TICKWIRE ", colours::strong(colours::OWN))]);
    if let Some(round) = &scene.round {
        let phase = match round.phase {
            Phase::WarmUp => "warm-up",
            Phase::Play => "play",
            Phase::Result => "result",
        };
        let left = format!("{phase} {}:{:02} ", round.seconds_left / 60, round.seconds_left % 60);
        line.push_span(text(left));
        if round.mode == Mode::Teams {
            line.push_span(faint("· "));
            line.push_span(Span::styled(format!("◆ red {} ", round.red), colours::strong(colours::RED)));
            line.push_span(Span::styled(format!("■ blue {} ", round.blue), colours::strong(colours::BLUE)));
            if let Some(own) = scene.standings.iter().find(|standing| standing.is_own) {
                line.push_span(faint(format!("· you {} ", own.kills)));
            }
        } else {
            let best = scene.standings.first();
            let own = scene.standings.iter().position(|standing| standing.is_own);
            if let Some((place, standing)) = own.and_then(|place| Some((place, scene.standings.get(place)?))) {
                let score = format!("score {} (place {} of {}) ", standing.kills, place + 1, scene.standings.len());
                line.push_span(faint("· "));
                line.push_span(Span::styled(score, colours::strong(colours::OWN)));
            }
            if let Some(best) = best.filter(|best| !best.is_own && best.kills > 0) {
                line.push_span(faint(format!("· best: {} ({}) ", best.name, best.kills)));
            }
        }
        bar(line, area, buffer);
        at_right(
            &Line::from(vec![faint(format!(" {} · {} ", round.map, scene.players()))]),
            right_of(scene, area),
            buffer,
        );
    } else {
        bar(line, area, buffer);
    }
}

/// The part of the top row that its left end leaves free, roughly: nothing where it is narrow.
fn right_of(scene: &Scene, area: Rect) -> Rect {
    let taken = if scene.round.is_some() { 60.min(area.width) } else { 0 };
    Rect { x: area.x + taken, width: area.width - taken, ..area }
}

/// Health, weapons, dash; or whom a spectator follows.
pub(super) fn status(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let line = match (&scene.own, &scene.watching) {
        (_, Some(watching)) => {
            let whom = watching
                .following
                .as_ref()
                .map_or_else(|| "free camera".to_owned(), |name| format!("following {name}"));
            let delay = watching.delay_s.map_or_else(String::new, |delay| format!(" · {delay:.1} s behind the game"));
            Line::from(vec![Span::styled(" WATCHING ", colours::strong(colours::WARN)), text(whom), faint(delay)])
        }
        (Some(own), None) => own_status(own),
        (None, None) => Line::from(vec![faint(" ...")]),
    };
    bar(line, area, buffer);
    let network = &scene.network;
    let wrong = network.digest_mismatches;
    let proof = if wrong == 0 {
        faint(format!("{:.0} ms ", network.round_trip_ms))
    } else {
        Span::styled(format!("{wrong} WRONG DIGESTS "), colours::strong(colours::BAD))
    };
    if area.width >= PATH_COLUMNS {
        at_right(&Line::from(vec![proof]), area, buffer);
    }
}

fn own_status(own: &Own) -> Line<'static> {
    let colour = match own.hp {
        _ if own.was_hit => colours::BAD,
        0..=25 => colours::BAD,
        26..=50 => colours::WARN,
        _ => colours::GOOD,
    };
    let full = (u16::from(own.hp) * u16::from(HEALTH_BAR)).div_ceil(u16::from(HP_MAX)) as usize;
    let weapon = |name: &str, left: u8, weapon: Weapon| {
        let label = format!(" {name} {left:>2} ");
        let style =
            if own.weapon == weapon { Style::new().fg(colours::PANEL).bg(colours::TEXT) } else { colours::faint() };
        Span::styled(label, if left == 0 { style.fg(colours::BAD) } else { style })
    };
    let dash = if own.dash >= 1.0 {
        Span::styled("dash ready", colours::strong(colours::GOOD))
    } else {
        faint(format!("dash {:>3.0} %  ", own.dash * 100.0))
    };
    let team = match own.faction {
        Faction::Alone => text(""),
        team => Span::styled(format!(" {}", colours::mark(team)), colours::strong(colours::of(team))),
    };
    Line::from(vec![
        team,
        Span::styled(format!(" HP {:>3} ", own.hp), colours::strong(colour)),
        Span::styled("█".repeat(full), Style::new().fg(colour).bg(colours::PANEL)),
        Span::styled("░".repeat(usize::from(HEALTH_BAR).saturating_sub(full)), colours::faint()),
        text(" "),
        weapon("1 rifle", own.rounds, Weapon::Rifle),
        weapon("2 rockets", own.rockets, Weapon::RocketLauncher),
        text("  "),
        dash,
        faint(format!("  aim: {}", own.aim_by)),
    ])
}

/// The keys, as many as fit.
pub(super) fn keys(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let player = [
        ("wasd", "move"),
        ("space", "fire"),
        ("q e", "turn"),
        ("x", "dash"),
        ("1 2", "weapon"),
        ("h", "help"),
        ("esc", "leave"),
        ("t", "talk"),
        ("tab", "score"),
        ("n", "net"),
    ];
    let spectator = [
        ("n p", "next, previous player"),
        ("arrows", "pan"),
        ("f", "free"),
        ("tab", "score"),
        ("g", "net"),
        ("h", "help"),
        ("q", "leave"),
    ];
    let all = if scene.watching.is_some() { &spectator[..] } else { &player[..] };
    let mut line = Line::from(vec![text(" ")]);
    for (key, meaning) in all {
        if line.width() + key.len() + meaning.len() + 3 > usize::from(area.width) {
            break;
        }
        line.push_span(Span::styled((*key).to_owned(), colours::text()));
        line.push_span(faint(format!(" {meaning}  ")));
    }
    bar(line, area, buffer);
}

/// Who killed whom, at the top right.
pub(super) fn kills(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let room = usize::from(area.height / 3);
    let from = scene.kills.len().saturating_sub(room);
    for (row, kill) in scene.kills.iter().skip(from).enumerate() {
        let mut line = Line::default();
        let one = |(name, faction): &(_, _)| {
            Span::styled(format!(" {name} "), Style::new().fg(colours::of(*faction)).bg(colours::PANEL))
        };
        match &kill.killer {
            Some(killer) => line.extend([one(killer), faint("killed"), one(&kill.victim)]),
            None => line.extend([one(&kill.victim), faint("died ")]),
        }
        if kill.is_own {
            line.spans.insert(0, Span::styled(" » ", colours::strong(colours::OWN)));
        }
        at_right(&line, Rect { y: area.y + row as u16, height: 1, ..area }, buffer);
    }
}

/// What was said, and what is being typed, at the bottom left.
pub(super) fn chat(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let width = CHAT_COLUMNS.min(area.width);
    let typed = u16::from(scene.open.typing.is_some());
    let room = usize::from((area.height / 3).saturating_sub(typed));
    let from = scene.chat.len().saturating_sub(room);
    let shown = &scene.chat[from..];
    let first = area.bottom().saturating_sub(typed + shown.len() as u16);
    for (row, said) in shown.iter().enumerate() {
        let mut line = Line::default();
        match &said.name {
            Some(name) => {
                let to = if said.team { " (team)" } else { "" };
                line.extend([
                    Span::styled(format!(" {name}{to}: "), colours::strong(colours::TEXT)),
                    text(format!("{} ", said.text)),
                ]);
            }
            None => line.push_span(faint(format!(" {} ", said.text))),
        }
        buffer.set_line(area.x, first + row as u16, &line, width);
    }
    if let Some(Typing { text: typed, team }) = &scene.open.typing {
        let to = if *team { " to your team: " } else { " say: " };
        let room = usize::from(width).saturating_sub(to.len() + 2);
        let row = Rect { y: area.bottom() - 1, height: 1, width, ..area };
        let shown = cut_front(typed, room).to_owned();
        let line = Line::from(vec![Span::styled(to, colours::strong(colours::WARN)), text(shown), text("█")]);
        bar(line, row, buffer);
    }
}

/// What everybody must read, in the upper middle, and below it what helps. What is too wide for a row goes on in the next one.
pub(super) fn banner(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let words = if scene.open.leaving { Some("leave? q leaves, esc stays") } else { scene.banner.as_deref() };
    let strong = (words, colours::strong(colours::WARN));
    let room = usize::from(area.width.saturating_sub(4));
    let mut y = area.y + area.height / 5;
    for (words, style) in [strong, (scene.hint.as_deref(), colours::text())] {
        for row in words.map_or_else(Vec::new, |words| rows(words, room)) {
            let line = Line::from(vec![Span::styled(format!("  {row}  "), style)]);
            let width = line.width() as u16;
            if width <= area.width && y < area.bottom() {
                buffer.set_line(area.x + (area.width - width) / 2, y, &line, width);
            }
            y = y.saturating_add(1);
        }
    }
}

/// Words in rows of so many columns at the most; a word that is wider has a row of its own.
fn rows(words: &str, room: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match rows.last_mut() {
            Some(row) if Span::raw(&*row).width() + 1 + Span::raw(word).width() <= room => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    rows
}
