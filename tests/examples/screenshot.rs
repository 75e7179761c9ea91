//! A picture of the game in a terminal, as SVG: a real server, bots, a person who walks about, and what a terminal would show.
//!
//! ```text
//!   cargo build --release -p client-sim
//!   cargo run --release -p tests --example screenshot -- assets/pictures/terminal.svg
//! ```
//!
//! The client is built first, as above: the picture is of the `client-sim` that lies beside this program, or of the one that a second
//! argument names.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tests::loopback::Loopback;
use tests::terminal::Terminal;
use vt100::{Cell, Color, Screen};

/// Columns and rows of the terminal.
const SIZE: (u16, u16) = (116, 34);
/// Pixels of a cell.
const CELL: (u32, u32) = (9, 18);
/// Bots beside the person.
const BOTS: &str = "11";
/// Ways to go until there is something to see.
const WAYS: [&str; 4] = ["d", "s", "a", "w"];
/// How long one of these is gone.
const LEG: Duration = Duration::from_millis(700);
/// The colours of the two teams.
const RED: Color = Color::Idx(202);
/// The other's.
const BLUE: Color = Color::Idx(75);
/// How long to look for a good moment.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bots that end with this.
struct Bots(Child);

impl Drop for Bots {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("say where the picture goes");
    let program = arguments.next().map_or_else(beside, PathBuf::from);
    let server = Loopback::start_as(|config| {
        let settings = [("map", "gardens"), ("mode", "teams")];
        config.rooms.settings.extend(settings.map(|(key, value)| (key.to_owned(), value.to_owned())));
    });
    let (url, authority) = (server.url(), server.authority());
    let authority = authority.to_str().expect("a plain path");
    let to = ["--url", &url, "--ca", authority, "--room", "garden"];
    let mut swarm = Command::new(&program);
    swarm.args(["swarm", "--bots", BOTS, "--behaviour", "fight", "--seconds", "600"]).args(to);
    let _bots = Bots(swarm.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("bots"));
    let mut arguments = vec!["play", "--name", "you", "--net-graph"];
    arguments.extend(to);
    let terminal = Terminal::start(SIZE.0, SIZE.1, &program, &arguments);
    terminal.wait("play", |screen| screen.contents().contains("play ").then_some(()));
    terminal.press("thave a look at the pond\r");
    let screen = good_moment(&terminal);
    std::fs::write(&file, svg(&screen)).expect("the picture can be written");
    println!("{file}");
}

/// The client that was built with the same profile.
fn beside() -> PathBuf {
    let this = std::env::current_exe().expect("this program has a path");
    let folder = this.parent().and_then(|examples| examples.parent()).expect("examples lie in the profile's folder");
    folder.join("client-sim").with_extension(std::env::consts::EXE_EXTENSION)
}

/// Walks about and shoots until much is to be seen at once, or takes the best that was seen.
fn good_moment(terminal: &Terminal) -> Screen {
    let until = Instant::now() + PATIENCE;
    let mut best = (0, terminal.screen());
    for way in WAYS.iter().cycle() {
        let leg = Instant::now() + LEG;
        terminal.hold(way, "a step", |screen| {
            let worth = worth(screen);
            if worth > best.0 {
                best = (worth, screen.clone());
            }
            (Instant::now() > leg).then_some(())
        });
        if *way == "w" {
            terminal.press(" ");
        }
        if Instant::now() > until {
            break;
        }
    }
    best.1
}

/// How much there is to be seen: others with their bars, undergrowth, what flies and bursts, who killed whom.
fn worth(screen: &Screen) -> usize {
    let shown = screen.contents();
    let has = |letter: &str, most: usize| shown.matches(letter).count().min(most);
    let fights = shown.contains("play ") && !shown.contains("a new life begins") && !shown.contains("warm-up:");
    let lines = has("─", 400).saturating_sub(80) / 4 + has("╲", 20) + has("╱", 20);
    let sides = bars(screen, RED).min(bars(screen, BLUE));
    if fights { 5 * sides + has("▂", 40) + has("░", 100) / 10 + lines.min(30) + 4 * has("killed", 3) } else { 0 }
}

/// Bodies of a colour, by their bars.
fn bars(screen: &Screen, of: Color) -> usize {
    let cells = (0..SIZE.1).flat_map(|row| (0..SIZE.0).filter_map(move |column| screen.cell(row, column)));
    cells.filter(|cell| cell.contents() == "▂" && cell.fgcolor() == of).count() / 5
}

/// The picture: grounds first, colour by colour, then blocks, then letters.
fn svg(screen: &Screen) -> String {
    let (width, height) = (u32::from(SIZE.0) * CELL.0, u32::from(SIZE.1) * CELL.1);
    let mut grounds = Shapes::default();
    let mut blocks = Shapes::default();
    let mut letters = String::new();
    for row in 0..SIZE.1 {
        for column in 0..SIZE.0 {
            let Some(cell) = screen.cell(row, column) else { continue };
            let (ink, ground) = colours(cell);
            let at = (u32::from(column) * CELL.0, u32::from(row) * CELL.1);
            grounds.add(&ground, (at.0, at.1, CELL.0, CELL.1));
            match cell.contents() {
                "" | " " => {}
                "█" => blocks.add(&ink, (at.0, at.1, CELL.0, CELL.1)),
                "▀" => blocks.add(&ink, (at.0, at.1, CELL.0, CELL.1 / 2)),
                "▄" => blocks.add(&ink, (at.0, at.1 + CELL.1 / 2, CELL.0, CELL.1 / 2)),
                "▂" => blocks.add(&ink, (at.0, at.1 + CELL.1 * 3 / 4, CELL.0, CELL.1 / 4)),
                "░" => {
                    for (x, y) in [(1, 2), (5, 6), (1, 11), (5, 15)] {
                        blocks.add(&ink, (at.0 + x, at.1 + y, 2, 2));
                    }
                }
                letter => letters.push_str(&text(letter, cell.bold(), &ink, at)),
            }
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\" text-anchor=\"middle\">\n\
         <g shape-rendering=\"crispEdges\">\n{}{}</g>\n{letters}</svg>\n",
        grounds.paths(),
        blocks.paths()
    )
}

/// One letter, in the middle of its cell.
fn text(letter: &str, bold: bool, ink: &str, (x, y): (u32, u32)) -> String {
    let letter = letter.replace('&', "&amp;").replace('<', "&lt;");
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    format!("<text x=\"{}.5\" y=\"{}\" fill=\"{ink}\"{weight}>{letter}</text>\n", x + CELL.0 / 2, y + 14)
}

/// Rectangles by colour; those that touch in a row become one.
#[derive(Default)]
struct Shapes(Vec<(String, Vec<(u32, u32, u32, u32)>)>);

impl Shapes {
    fn add(&mut self, colour: &str, (x, y, width, height): (u32, u32, u32, u32)) {
        let place = self.0.iter().position(|(known, _)| known == colour).unwrap_or_else(|| {
            self.0.push((colour.to_owned(), Vec::new()));
            self.0.len() - 1
        });
        let shapes = &mut self.0[place].1;
        match shapes.last_mut() {
            Some(last) if (last.0 + last.2, last.1, last.3) == (x, y, height) => last.2 += width,
            _ => shapes.push((x, y, width, height)),
        }
    }

    fn paths(&self) -> String {
        let mut paths = String::new();
        for (colour, shapes) in &self.0 {
            let _ = write!(paths, "<path fill=\"{colour}\" d=\"");
            for (x, y, width, height) in shapes {
                let _ = write!(paths, "M{x} {y}h{width}v{height}h-{width}z");
            }
            paths.push_str("\"/>\n");
        }
        paths
    }
}

/// The colours of a cell: of its letter, and behind it.
fn colours(cell: &Cell) -> (String, String) {
    let (ink, ground) = (colour(cell.fgcolor(), "#d0d0d0"), colour(cell.bgcolor(), "#080808"));
    if cell.inverse() { (ground, ink) } else { (ink, ground) }
}

/// The 256 colours as xterm has them.
fn colour(of: Color, otherwise: &str) -> String {
    let (red, green, blue) = match of {
        Color::Default => return otherwise.to_owned(),
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Idx(grey @ 232..) => (8 + 10 * (grey - 232), 8 + 10 * (grey - 232), 8 + 10 * (grey - 232)),
        Color::Idx(place @ 16..) => {
            let part = |by: u8| match (place - 16) / by % 6 {
                0 => 0,
                step => 55 + 40 * step,
            };
            (part(36), part(6), part(1))
        }
        Color::Idx(old) => {
            let on = |bit: u8| if old & bit == 0 { 0 } else { 205 };
            (on(1), on(2), on(4))
        }
    };
    format!("#{red:02x}{green:02x}{blue:02x}")
}
