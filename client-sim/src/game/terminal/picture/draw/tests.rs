//! Pictures of moments, looked at cell by cell.

use super::*;
use crate::game::terminal::picture::scene::{
    ChatLine, Figure, KillLine, Lying, Network, Own, Round, Standing, Trace, Typing, Watching,
};
use crate::plain_text::Plain;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use shared::game::map::Map;
use shared::game::pickup::Sort;
use shared::game::round::{Faction, Mode, Phase};
use shared::ids::Slot;
use std::sync::Arc;

/// A yard with one of everything, ourselves in the middle of it.
fn yard() -> Scene {
    let rows = [
        "####################",
        "#..................#",
        "#..####....\"\"\"\"....#",
        "#..#.......\"\"\"\"....#",
        "#..................#",
        "#..........#.......#",
        "####################",
    ];
    let own = Own { at: [88.0, 72.0], hp: 60, rounds: 33, rockets: 2, dash: 0.5, aim_by: "keys", ..Own::default() };
    let figure = |at, faction, name: &str, is_own| {
        let name = Plain::of(name);
        Figure { slot: Slot(7), at, aim: 0, faction, name, hp: 80, is_own, is_followed: false }
    };
    let standing =
        |name: &str, faction, is_own| Standing { name: Plain::of(name), faction, kills: 3, deaths: 1, is_own };
    Scene {
        middle: own.at,
        map: Some(Arc::new(Map::from_rows("yard", &rows))),
        figures: vec![
            figure([136.0, 72.0], Faction::Red, "bot 7", false),
            figure([280.0, 40.0], Faction::Blue, "eve", false),
            figure(own.at, Faction::Blue, "", true),
        ],
        shots: vec![[120.0, 88.0]],
        pickups: vec![Lying { at: [40.0, 24.0], sort: Sort::Health, present: true }],
        traces: vec![Trace { from: own.at, to: [200.0, 72.0], age: 0.1 }],
        round: Some(Round {
            phase: Phase::Play,
            seconds_left: 125,
            mode: Mode::Teams,
            map: Plain::of("yard"),
            red: 4,
            blue: 5,
        }),
        standings: vec![standing("eve", Faction::Blue, false), standing("me", Faction::Blue, true)],
        kills: vec![KillLine {
            killer: Some((Plain::of("eve"), Faction::Blue)),
            victim: (Plain::of("bot 7"), Faction::Red),
            is_own: false,
        }],
        chat: vec![ChatLine { name: Some(Plain::of("eve")), team: false, text: Plain::of("over here") }],
        network: Network {
            round_trip_ms: 81.0,
            ghosts: (2, 9),
            digests_checked: 99,
            tick_ms: 33.3,
            ..Network::default()
        },
        own: Some(own),
        ..Scene::default()
    }
}

/// What a terminal of this size shows, row by row.
fn shown(scene: &Scene, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let drawn = terminal.draw(|frame| {
        let area = frame.area();
        frame.buffer_mut().merge(&picture(scene, area));
    });
    let buffer = drawn.unwrap().buffer.clone();
    (0..height).map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect()).collect()
}

#[test]
fn at_both_usual_sizes_one_sees_walls_others_oneself_the_score_and_what_one_has() {
    for (width, height) in [(80, 24), (120, 40)] {
        let rows = shown(&yard(), width, height);
        let all = rows.join("\n");
        assert!(rows[0].contains("red 4") && rows[0].contains("blue 5") && rows[0].contains("play 2:05"), "{all}");
        assert!(all.contains("██████"), "walls: {all}");
        assert!(all.contains('░'), "undergrowth: {all}");
        assert!(all.contains("bot 7") && all.contains("eve killed bot 7") && all.contains("eve: over here"), "{all}");
        assert!(all.contains("HP  60") && all.contains("rifle 33") && all.contains("rockets  2"), "{all}");
        assert!(all.contains("wasd move") && all.contains("esc leave") && all.contains('+'), "{all}");
    }
    let small = shown(&yard(), 80, 24).join("\n");
    assert!(small.contains('@') && small.contains('◆') && small.contains('■'), "{small}");
}

#[test]
fn no_size_is_too_small_and_whatever_is_open_fits_or_is_left_out() {
    let mut scene = yard();
    for open in [false, true] {
        scene.open.net_graph = open;
        scene.open.scoreboard = open;
        scene.open.help = open;
        scene.open.leaving = open;
        scene.open.typing = open.then(|| Typing { text: "世界".repeat(30), team: true });
        for (width, height) in [(20, 6), (1, 1), (2, 40), (200, 2), (0, 0), (3, 3), (300, 90)] {
            let buffer = picture(&scene, Rect::new(0, 0, width, height));
            assert_eq!(buffer.area, Rect::new(0, 0, width, height));
        }
    }
    assert!(shown(&yard(), 20, 6).join("").contains('@'), "who plays in a stamp still sees themselves");
}

#[test]
fn the_net_graph_the_score_and_the_keys_open_over_the_arena() {
    let mut scene = yard();
    scene.open.net_graph = true;
    let all = shown(&scene, 80, 24).join("\n");
    assert!(all.contains("round trip") && all.contains("81 ms") && all.contains("99 checked, 0 wrong"), "{all}");
    assert!(all.contains("9 shown, 2 taken back"), "{all}");
    assert!(all.contains("88.0 72.0"), "where we are: {all}");
    assert!(all.contains('@'), "we are not under it: {all}");
    scene.open.scoreboard = true;
    scene.open.net_graph = false;
    assert!(shown(&scene, 80, 24).join("\n").contains("kills  deaths"));
    scene.open.help = true;
    assert!(shown(&scene, 80, 24).join("\n").contains("ctrl-c"));
}

#[test]
fn the_net_graph_lies_never_over_ourselves_and_never_under_the_score() {
    let rows = [".".repeat(60).as_str(); 60].map(str::to_owned);
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let wide = Some(Arc::new(Map::from_rows("field", &rows)));
    let places: [f64; 4] = [4.0, 170.0, 480.0, 956.0];
    for (width, height) in [(80, 24), (81, 30), (96, 31), (110, 32)] {
        for (at, map) in places
            .iter()
            .flat_map(|&x| places.map(|y| [x, y]))
            .flat_map(|at| [(at, wide.clone()), ([at[0].min(310.0), at[1].min(104.0)], yard().map)])
        {
            for units_per_column in [None, Some(4)] {
                let mut scene = Scene { middle: at, map: map.clone(), figures: Vec::new(), ..yard() };
                scene.own = scene.own.map(|own| Own { at, ..own });
                scene.open.units_per_column = units_per_column;
                let area = Rect::new(0, 0, width, height);
                let body = || Figure {
                    slot: Slot(1),
                    at,
                    aim: 0,
                    faction: Faction::Alone,
                    name: Plain::of(""),
                    hp: 9,
                    is_own: true,
                    is_followed: false,
                };
                scene.figures.push(body());
                let cell = camera(&scene, area).cell_of(at).unwrap();
                let closed = picture(&scene, area)[cell].clone();
                scene.open.net_graph = true;
                assert_eq!(picture(&scene, area)[cell], closed, "{at:?} at {width} by {height}");
                let all = shown(&scene, width, height).join("\n");
                assert!(all.contains("99 checked, 0 wrong"), "it is whole: {all}");
                scene.open.scoreboard = true;
                let both = shown(&scene, width, height).join("\n");
                assert!(both.contains("kills  deaths"), "{both}");
                let corners = both.matches('┘').count();
                assert_eq!(corners, both.matches('┌').count(), "no frame is broken: {both}");
                assert_eq!(corners, if width >= 83 { 2 } else { 1 }, "{both}");
            }
        }
    }
}

#[test]
fn a_spectator_reads_whom_it_follows_and_how_late_it_sees() {
    let watching = Watching { following: Some(Plain::of("eve")), delay_s: Some(5.0) };
    let scene = Scene { own: None, watching: Some(watching), ..yard() };
    let all = shown(&scene, 80, 24).join("\n");
    assert!(all.contains("WATCHING") && all.contains("following eve") && all.contains("5.0 s behind"), "{all}");
}

#[test]
fn whom_a_spectator_follows_is_told_from_others_by_colour() {
    let (mut scene, area) = (Scene { own: None, ..yard() }, Rect::new(0, 0, 80, 24));
    let colour_of_eve = |scene: &Scene| {
        let cell = camera(scene, area).cell_of(scene.figures[1].at).unwrap();
        picture(scene, area)[cell].fg
    };
    assert_eq!(colour_of_eve(&scene), colours::BLUE);
    scene.figures[1].is_followed = true;
    assert_eq!(colour_of_eve(&scene), colours::OWN);
    assert!(shown(&scene, 80, 24).join("\n").contains("eve"), "it keeps its name");
}

#[test]
fn the_mouse_points_where_the_picture_shows_it() {
    let scene = yard();
    let area = Rect::new(0, 0, 80, 24);
    let camera = camera(&scene, area);
    let buffer = picture(&scene, area);
    let cell = camera.cell_of([88.0, 72.0]).unwrap();
    assert_eq!(buffer[cell].symbol(), "@");
    let back = camera.place_of_cell(cell);
    assert!((back[0] - 88.0).abs() <= 8.0 && (back[1] - 72.0).abs() <= 16.0, "{back:?}");
}

#[test]
fn the_top_row_names_the_best_once_somebody_killed_and_counts_players_in_words() {
    let mut scene = yard();
    scene.standings.truncate(1);
    scene.round = scene.round.map(|round| Round { mode: Mode::FreeForAll, ..round });
    let top = shown(&scene, 100, 30)[0].clone();
    assert!(top.contains("play 2:05 · best: eve (3) ") && top.contains("yard · 1 player "), "{top}");
    scene.standings[0].kills = 0;
    let top = shown(&scene, 100, 30)[0].clone();
    assert!(!top.contains("best") && !top.contains("2:05 ·"), "{top}");
}

#[test]
fn what_is_too_wide_for_a_row_is_read_in_two_and_a_hint_stands_below() {
    let mut scene = yard();
    scene.banner = Some(format!("{} end", "word ".repeat(17)));
    scene.hint = Some("you are alone here".to_owned());
    let rows = shown(&scene, 80, 24);
    let at = rows.iter().position(|row| row.contains("  word word")).unwrap();
    assert!(rows[at + 1].contains("  word ") && rows[at + 1].contains(" end  "), "{rows:?}");
    assert!(rows[at + 2].contains("  you are alone here  "), "{rows:?}");
}

#[test]
fn an_arrow_at_the_border_points_to_the_nearest_who_is_out_of_sight_and_to_nobody_who_is_seen() {
    let (mut scene, area) = (yard(), Rect::new(0, 0, 80, 24));
    let arrows = |scene: &Scene| -> Vec<(String, ratatui::style::Color)> {
        let cells = picture(scene, area).content;
        let arrows = cells.into_iter().filter(|cell| ["◀", "▶", "▲", "▼"].contains(&cell.symbol()));
        arrows.map(|cell| (cell.symbol().to_owned(), cell.fg)).collect()
    };
    assert_eq!(arrows(&scene), []);
    for (at, symbol) in [([-900.0, 72.0], "◀"), ([2_000.0, 90.0], "▶"), ([88.0, -700.0], "▲"), ([90.0, 900.0], "▼")]
    {
        scene.figures[0].at = at;
        scene.figures[1].at = [9_000.0, 9_000.0];
        assert_eq!(arrows(&scene), [(symbol.to_owned(), colours::RED)], "{at:?}");
    }
}
