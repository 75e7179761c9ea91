//! The real program with a folder of maps: a broken one stops the start and says where to look, good ones are played on.

use server::game::on_maps;
use server::room::{Room, RoomEntropy};
use server::sim::RoomOptions;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn of(files: &[(&str, &[u8])]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Self(std::env::temp_dir().join(format!("tickwire-maps-{}-{number}", std::process::id())));
        fs::create_dir_all(&folder.0).expect("a folder");
        for (name, bytes) in files {
            fs::write(folder.0.join(name), bytes).expect("a file");
        }
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What it answers to a request for that path.
fn asked(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

const TILESET: &str = r#"<tileset firstgid="1" name="tiles" tilewidth="16" tileheight="16" tilecount="2" columns="2"><image source="tiles.png" width="32" height="16"/></tileset>"#;
const CLOSED: &str = "2,2,2,2,\n2,0,0,2,\n2,2,2,2";
const SPAWN: &str = r#"<object id="7" x="24" y="24"><point/></object>"#;

/// A map of 4 x 3 tiles, two of them free.
fn tmx(tileset: &str, walls: &str, data: &str, spawns: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" renderorder="right-down" width="4" height="3" tilewidth="16" tileheight="16" infinite="0">
 {tileset}
 <layer id="1" name="{walls}" width="4" height="3"><data encoding="csv">{data}</data></layer>
 <objectgroup id="2" name="spawns">{spawns}</objectgroup>
</map>"#
    )
}

fn good() -> String {
    tmx(TILESET, "walls", CLOSED, SPAWN)
}

fn server(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-server"));
    command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--plain"]);
    command.arg("--data").arg(folder.0.join("data")).arg("--maps").arg(&folder.0);
    command
}

/// What the program says of a folder that it refuses, before it listens.
fn refused(folder: &Folder) -> String {
    let ended = server(folder).output().expect("the program runs");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(ended.stdout.is_empty() && !folder.0.join("data").exists(), "nothing was begun");
    let start = format!("error: game.maps = {}: ", folder.0.display());
    said.trim_end().strip_prefix(&start).unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// The same where one file beside a good one is broken.
fn refused_for(name: &str, bytes: &[u8]) -> String {
    refused(&Folder::of(&[("good.tmx", good().as_bytes()), (name, bytes)]))
}

#[test]
fn a_map_that_cannot_be_played_on_is_refused_with_file_layer_object_and_what_to_do() {
    let of =
        |walls: &str, data: &str, spawns: &str| refused_for("mine.tmx", tmx(TILESET, walls, data, spawns).as_bytes());
    assert_eq!(
        of("floor", CLOSED, SPAWN),
        r#"mine.tmx: needs a tile layer called "walls": add one, or rename the one that is meant"#
    );
    assert_eq!(
        of("walls", "2,2,0,2,\n2,0,0,2,\n2,2,2,2", SPAWN),
        r#"mine.tmx, layer "walls", column 2, row 0: the border is open: draw a wall here"#
    );
    assert_eq!(
        of("walls", CLOSED, r#"<object id="9" x="20" y="24"><point/></object>"#),
        r#"mine.tmx, layer "spawns", object 9: a player would stand in a wall here: move it away from walls"#
    );
    assert_eq!(of("walls", CLOSED, ""), r#"mine.tmx, layer "spawns": needs at least one point for a player: add one"#);
}

#[test]
fn a_file_that_is_too_large_is_not_read_and_one_that_is_no_map_says_so() {
    let said = refused_for("huge.tmx", &vec![b' '; 10 << 20]);
    assert!(said.starts_with("huge.tmx: has 10485760 bytes, allowed are 1048576: remove layers"), "{said}");
    let said = refused_for("noise.tmx", b"no map");
    assert!(said.starts_with("noise.tmx: ") && said.ends_with("save it anew from the Tiled editor as .tmx"), "{said}");
}

#[test]
fn what_a_map_refers_to_outside_of_it_is_not_opened() {
    let outside = tmx(r#"<tileset firstgid="1" source="tiles.tsx"/>"#, "walls", CLOSED, SPAWN);
    let said = refused(&Folder::of(&[("mine.tmx", outside.as_bytes()), ("tiles.tsx", TILESET.as_bytes())]));
    assert!(said.starts_with("mine.tmx: ") && said.contains("embed tileset"), "{said}");
    let template = tmx(TILESET, "walls", CLOSED, r#"<object id="7" template="spawn.tx" x="24" y="24"/>"#);
    let said = refused(&Folder::of(&[("mine.tmx", template.as_bytes()), ("spawn.tx", b"<template/>")]));
    assert!(said.starts_with("mine.tmx: "), "{said}");
}

#[test]
fn names_and_numbers_of_files_are_bounded_and_a_folder_needs_some() {
    assert_eq!(
        refused(&Folder::of(&[("notes.txt", b"no map")])),
        "no .tmx file is in it: save one there from the Tiled editor"
    );
    assert_eq!(
        refused_for("a, b.tmx", good().as_bytes()),
        "a, b.tmx: must be called by 1 to 16 of a-z, A-Z, 0-9, - and _ before .tmx: rename it"
    );
    let folder = Folder::of(&[]);
    for number in 0..65 {
        fs::write(folder.0.join(format!("m{number}.tmx")), good()).expect("a file");
    }
    assert_eq!(refused(&folder), "more than 64 .tmx files are in it: remove some");
    let folder = Folder::of(&[("good.tmx", good().as_bytes())]);
    fs::create_dir(folder.0.join("folder.tmx")).expect("a folder");
    assert_eq!(refused(&folder), "folder.tmx: is no file: remove it, or rename it");
    let ended = server(&folder).args(["--game", "arena-n"]).output().expect("the program runs");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(2) && said.contains("this game takes no maps: leave the key empty"), "{said}");
    let gone = Folder(folder.0.join("gone"));
    assert!(refused(&gone).contains("No such file"));
}

#[test]
fn a_setting_that_names_a_map_means_the_folders() {
    let folder = Folder::of(&[("mine.tmx", good().as_bytes()), ("other.tmx", good().as_bytes())]);
    let named = |map: &str| {
        let config = folder.0.join("server.toml");
        fs::write(&config, format!("[game.settings]\nmap = \"{map}\"\n")).expect("a file");
        server(&folder).arg("--check-config").arg("--config").arg(config).output().expect("the program runs")
    };
    assert_eq!(named("other").status.code(), Some(0));
    let refused = named("gardens");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("the game allows mine, other"), "{said}");
}

#[test]
fn good_maps_are_served_and_a_room_is_played_on_the_first_of_them() {
    let folder = Folder::of(&[("b.tmx", good().as_bytes()), ("a.tmx", good().as_bytes()), ("tiles.png", b"not read")]);
    let mut running = server(&folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
    let mut lines = BufReader::new(running.stdout.take().expect("piped")).lines();
    let address = lines.find_map(|line| line.ok()?.split_once("ws://")?.1.strip_suffix("/play").map(str::to_owned));
    let served = address.map(|address| ["a", "b", "c"].map(|name| asked(&address, &format!("/maps/{name}.tmx"))));
    running.kill().expect("it runs");
    running.wait().expect("it ends");
    // A room is played on the first of them; who is to load the others, loads them when a room is.
    let [first, other, none] = served.expect("it listens");
    assert!(first.starts_with("HTTP/1.1 200") && first.ends_with(&good()), "{first}");
    assert!(other.starts_with("HTTP/1.1 404") && none.starts_with("HTTP/1.1 404"), "{other}{none}");

    let files = ["a.tmx", "b.tmx"].map(|file| (file.to_owned(), good().into_bytes()));
    let game = on_maps(files.into()).expect("good");
    let entropy = RoomEntropy { seed: 0, incarnation: 0, slots: 0 };
    let room = Room::new(game, &RoomOptions::default(), entropy, None).expect("a room");
    assert_eq!(room.sim().maps().map(|maps| maps.names.as_str()), Some("a.tmx"));
}
