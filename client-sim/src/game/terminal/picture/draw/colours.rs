//! What means what, in the 256 colours that every terminal has.
//!
//! Red and blue teams are vermilion and sky blue (Okabe and Ito): apart for every kind of colour blindness, and by their marks for who
//! sees no colours at all.
//!
//! Never here: cells.

use ratatui::style::{Color, Modifier, Style};
use shared::game::round::Faction;

/// The void beyond the map.
pub(super) const VOID: Color = Color::Indexed(232);
/// The floor, tile by tile, so that one sees oneself move.
pub(super) const FLOOR: [Color; 2] = [Color::Indexed(234), Color::Indexed(235)];
/// The floor under undergrowth.
pub(super) const BRUSH: Color = Color::Indexed(22);
/// Its leaves.
pub(super) const LEAF: Color = Color::Indexed(64);
/// A wall from above.
pub(super) const WALL: Color = Color::Indexed(246);
/// Its side that looks at us.
pub(super) const WALL_SIDE: Color = Color::Indexed(240);
/// Ourselves.
pub(super) const OWN: Color = Color::Indexed(231);
/// Who fights alone.
pub(super) const ALONE: Color = Color::Indexed(214);
/// The red team.
pub(super) const RED: Color = Color::Indexed(202);
/// The blue team.
pub(super) const BLUE: Color = Color::Indexed(75);
/// Where a body looks.
pub(super) const NOSE: Color = Color::Indexed(248);
/// Where we aim.
pub(super) const AIM: Color = Color::Indexed(246);
/// A rocket.
pub(super) const ROCKET: Color = Color::Indexed(226);
/// The line of a shot, new and old.
pub(super) const TRACE: [Color; 2] = [Color::Indexed(230), Color::Indexed(179)];
/// A burst, new and old.
pub(super) const BURST: [Color; 3] = [Color::Indexed(229), Color::Indexed(208), Color::Indexed(94)];
/// Health to take.
pub(super) const HEALTH: Color = Color::Indexed(36);
/// Rounds to take.
pub(super) const ROUNDS: Color = Color::Indexed(220);
/// Rockets to take.
pub(super) const ROCKETS: Color = Color::Indexed(175);
/// Letters on these.
pub(super) const INK: Color = Color::Indexed(16);
/// What is gone of a life.
pub(super) const GONE: Color = Color::Indexed(238);
/// Behind text that lies over the arena, and behind bars.
pub(super) const PANEL: Color = Color::Indexed(233);
/// Text.
pub(super) const TEXT: Color = Color::Indexed(252);
/// Text that matters less.
pub(super) const FAINT: Color = Color::Indexed(244);
/// All is well.
pub(super) const GOOD: Color = Color::Indexed(36);
/// Look at this.
pub(super) const WARN: Color = Color::Indexed(220);
/// All is not well.
pub(super) const BAD: Color = Color::Indexed(202);

/// Text on a panel.
pub(super) fn text() -> Style {
    Style::new().fg(TEXT).bg(PANEL)
}

/// Text on a panel that matters less.
pub(super) fn faint() -> Style {
    Style::new().fg(FAINT).bg(PANEL)
}

/// Text on a panel that matters more.
pub(super) fn strong(colour: Color) -> Style {
    Style::new().fg(colour).bg(PANEL).add_modifier(Modifier::BOLD)
}

/// The colour of a side.
pub(super) const fn of(faction: Faction) -> Color {
    match faction {
        Faction::Alone => ALONE,
        Faction::Red => RED,
        Faction::Blue => BLUE,
    }
}

/// The mark of a side.
pub(super) const fn mark(faction: Faction) -> &'static str {
    match faction {
        Faction::Alone => "●",
        Faction::Red => "◆",
        Faction::Blue => "■",
    }
}
