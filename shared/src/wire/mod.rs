//! Messages ↔ bytes. `shared/PROTOCOL.md` is this folder in prose, byte by byte; the golden files hold the two together.
//!
//! ```text
//!   client ─► Hello · Input · Confirm · Pause · Resync · Ping · Request · Bye · Renew
//!   server ─► Welcome · State (step, full, keep-alive) · Pong · Reply · Redirect · Tables · Audit · Notice
//! ```
//!
//! One WebSocket message is one of these; its first byte says which. Control messages are bincode behind a limit; what
//! travels every tick is bits.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

// Which protocol we speak.
pub mod version;

// Why a connection ends.
pub mod close_code;

// Values of a declaration, raw.
pub mod values;

// What no log may read.
pub mod secret;

// Messages with texts and lists.
pub mod control;

// What an auditor is told.
pub mod audit;

// What a client says.
pub mod client_message;

// What the server says, state frames aside.
pub mod server_message;

// The header of a state frame.
pub mod state_frame;

pub use crate::bits::DecodeError;
pub use client_message::{ClientMessage, Input, ViewTick};
pub use close_code::CloseCode;
pub use control::{Hello, Redirect, Renew, Role, Welcome};
pub use secret::{SeatSecret, Secret};
pub use server_message::{NoticeReason, ServerMessage};
pub use state_frame::{Digest, FrameHeader, FrameKind};
