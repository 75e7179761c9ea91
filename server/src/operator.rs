//! What an operator does from a shell where no other tool is at hand: one request to the admin port of a running server.
//!
//! ```text
//!   ban, unban, kick, clients ─► configuration: which port, which token ─► HTTP ─► a line or a table; exit code 0, or 1 and why
//! ```
//!
//! What players and other operators wrote is escaped before it is printed.
//!
//! Never here: what the server does then (see `front`).

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use serde_json::{Value, json};
use shared::plain_text::{escaped, in_json};

use crate::config::ConfigError;
use crate::config::cli::Flags;
use crate::config::operator_flags::{AdminFlags, BanFlags, ClientsFlags, KickFlags, TargetFlags, UnbanFlags};
use crate::config::{check, load};

/// What the server may take to answer.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Bytes of an answer at most: a page of clients has a few hundred for each.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Clients of one page.
const PAGE: usize = 1000;

/// Why a server did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The operator's configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No token to show. The operator's to mend.
    #[error("{}: {source}: the token of the admin port is asked for; say where it is with --token-file, or which --data the server has", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing answers there.
    #[error("the admin port at {address}: {source}: is the server running, and is that its port (--admin)?")]
    Unreachable {
        /// The port.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// What answers is no Tickwire server.
    #[error("what answers at {address} is no admin port of Tickwire's")]
    Strange {
        /// The port.
        address: SocketAddr,
    },
    /// The server said no.
    #[error("the server refused ({status}): {message}")]
    Refused {
        /// Its HTTP status.
        status: u16,
        /// Why, in its words.
        message: String,
    },
}

impl AskError {
    /// 2: usage or configuration is wrong. 1: it was not done.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Token { .. } => 2,
            Self::Unreachable { .. } | Self::Strange { .. } | Self::Refused { .. } => 1,
        }
    }
}

/// What an operator wants done.
#[derive(Clone, Copy, Debug)]
pub enum Wish<'a> {
    /// See [`BanFlags`].
    Ban(&'a BanFlags),
    /// See [`UnbanFlags`].
    Unban(&'a UnbanFlags),
    /// See [`KickFlags`].
    Kick(&'a KickFlags),
    /// See [`ClientsFlags`].
    Clients(&'a ClientsFlags),
}

/// Does it; gives what to print.
///
/// # Errors
/// It was not done, and why.
pub fn fulfil(wish: Wish<'_>) -> Result<String, AskError> {
    match wish {
        Wish::Ban(flags) => {
            let mut body = target(&flags.target);
            body["reason"] = flags.reason.as_str().into();
            body["for_s"] = flags.for_time.map(|time| time.as_secs()).into();
            body["until"] = flags.until.as_deref().into();
            let done = Door::of(&flags.server)?.ask("POST", "/api/ban", Some(&body))?;
            let until = done["until"].as_str().map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
            Ok(format!("banned {}; connections closed: {}\n", escaped(&until), done["closed"]))
        }
        Wish::Unban(flags) => {
            Door::of(&flags.server)?.ask("DELETE", "/api/ban", Some(&target(&flags.target)))?;
            Ok("no longer banned\n".to_owned())
        }
        Wish::Kick(flags) => {
            let KickFlags { connection, player, address, ticket, reason, server } = flags;
            let body = json!({ "connection": connection, "player": player, "address": address, "ticket": ticket, "reason": reason });
            let done = Door::of(server)?.ask("POST", "/api/kick", Some(&body))?;
            Ok(format!("connections closed: {}\n", done["closed"]))
        }
        Wish::Clients(flags) => clients(flags),
    }
}

fn target(flags: &TargetFlags) -> Value {
    let TargetFlags { player, address, ticket } = flags;
    let mut body = json!({});
    for (key, value) in [("player", player), ("address", address), ("ticket", ticket)] {
        if let Some(value) = value {
            body[key] = value.as_str().into();
        }
    }
    body
}

fn clients(flags: &ClientsFlags) -> Result<String, AskError> {
    let door = Door::of(&flags.server)?;
    let mut lines = Vec::new();
    let mut after = String::new();
    loop {
        let room = flags.room.as_ref().map_or_else(String::new, |room| format!("&room={room}"));
        let page = door.ask("GET", &format!("/api/clients?limit={PAGE}{after}{room}"), None)?;
        lines.extend(page["clients"].as_array().into_iter().flatten().cloned());
        match page["next"].as_u64() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    if flags.json {
        return Ok(lines.iter().map(|line| format!("{}\n", in_json(&line.to_string()))).collect());
    }
    Ok(table(&lines))
}

/// Columns as wide as what is in them.
fn table(lines: &[Value]) -> String {
    const COLUMNS: [&str; 7] = ["connection", "player", "name", "room", "role", "address", "since"];
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => escaped(text),
        other => escaped(&other.to_string()),
    };
    let rows: Vec<[String; 7]> = lines.iter().map(|line| COLUMNS.map(|column| text(&line[column]))).collect();
    let head = COLUMNS.map(str::to_owned);
    let mut written = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        for (at, cell) in row.iter().enumerate() {
            let width = rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0).max(COLUMNS[at].len());
            let gap = if at + 1 < COLUMNS.len() { width + 2 } else { 0 };
            let _ = write!(written, "{cell:<gap$}");
        }
        written.push('\n');
    }
    written
}

/// The admin port of a running server, and the token for it.
#[derive(Clone)]
pub struct Door {
    address: SocketAddr,
    token: String,
}

impl Door {
    /// That port, with that token.
    #[must_use]
    pub const fn new(address: SocketAddr, token: String) -> Self {
        Self { address, token }
    }

    fn of(flags: &AdminFlags) -> Result<Self, AskError> {
        let AdminFlags { admin, token_file, config, data } = flags.clone();
        let layers = Flags { config, data, ..Flags::default() };
        let config = check::check(load::load(&layers, env::vars_os())?)?;
        let address = admin.unwrap_or_else(|| crate::app::reached_from_here(config.admin_listen));
        let path = token_file.or(config.admin.token_file).unwrap_or_else(|| config.data.join("admin.token"));
        let token = first_token(&path).map_err(|source| AskError::Token { path, source })?;
        Ok(Self::new(address, token))
    }

    /// One request and its answer; none of the token goes anywhere else.
    ///
    /// # Errors
    /// It was not done, and why.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, AskError> {
        let address = self.address;
        let answer = self.exchange(method, path, body).map_err(|source| AskError::Unreachable { address, source })?;
        let strange = || AskError::Strange { address };
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(strange)?;
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
        let (status, body): (u16, Value) = status.zip(serde_json::from_str(body).ok()).ok_or_else(strange)?;
        if status == 200 {
            return Ok(body);
        }
        let message = escaped(body["message"].as_str().unwrap_or("it does not say why"));
        Err(AskError::Refused { status, message })
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<String> {
        let mut tcp = TcpStream::connect_timeout(&self.address, TIME_MAX)?;
        tcp.set_read_timeout(Some(TIME_MAX))?;
        tcp.set_write_timeout(Some(TIME_MAX))?;
        let (address, token) = (self.address, &self.token);
        let body = body.map_or_else(String::new, Value::to_string);
        // What is no path of ours must not become a header of ours.
        let path: String = path.chars().filter(char::is_ascii_graphic).collect();
        write!(
            tcp,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        tcp.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// The first token of a file as the server reads it.
fn first_token(path: &Path) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let token = line.and_then(|line| line.split_whitespace().last()).filter(|token| token.is_ascii());
    token.map(str::to_owned).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no token is in it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_first_token_of_a_file_is_taken_named_or_not() {
        let folder = Scratch::new("first-token");
        let path = folder.path().join("tokens");
        let of = |text: &str| {
            fs::write(&path, text).expect("written");
            first_token(&path).ok()
        };
        assert_eq!(of("# remark\n\nanna secret-of-anna\nbert other\n").as_deref(), Some("secret-of-anna"));
        assert_eq!(of("secret\n").as_deref(), Some("secret"));
        assert_eq!((of(""), of("# only\n")), (None, None));
    }

    #[test]
    fn a_table_is_as_wide_as_what_is_in_it_and_moves_no_terminal() {
        let lines = [
            json!({ "connection": 7, "player": "steam:42", "name": "\u{1b}[2JEve\u{202e}", "room": "main", "role": "player", "address": "192.0.2.1", "since": "2031-05-04T12:00:00Z" }),
            json!({ "connection": 8, "player": "b", "name": null, "room": "main-2", "role": "spectator", "address": "::1", "since": "x" }),
        ];
        let table = table(&lines);
        assert!(table.chars().all(|letter| letter == '\n' || !letter.is_control()) && !table.contains('\u{202e}'));
        let at = |line: usize, word: &str| table.lines().nth(line).and_then(|line| line.find(word));
        assert_eq!(at(0, "room"), at(2, "main-2"));
        assert_eq!(at(1, "main"), at(2, "main-2"));
    }
}
