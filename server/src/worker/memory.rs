//! What one connection holds in memory, idle and at its worst: every byte that this side allocates is counted.
//!
//! ```text
//!   the other end, on a thread of its own ◄── socket ──► this thread: TLS, WebSocket, buffers, counted
//! ```
//!
//! What a seat and the room hold besides is measured with the whole server (the example `memory` in `tests/`). Never here: time.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use allocation_counter::{AllocationInfo, measure};
use rustls::{ClientConnection, ServerConnection, StreamOwned};
use shared::ids::Tick;
use shared::limits::{CLIENT_MESSAGE_BYTES_MAX, SERVER_MESSAGE_BYTES_MAX, WRITE_BUFFER_BYTES_MAX};
use shared::wire::close_code::CloseCode;

use super::allowance::PeerLimits;
use super::connection::{Connection, Ending};
use super::test_peer::{PATIENCE, configs, frame, until};
use crate::config::Waits;
use crate::mailbox::HandedOver;

/// What may be held for a connection that has nothing to say.
const IDLE_BYTES_MAX: i64 = 64 * 1024;
/// What may be held for one that does its worst.
const WORST_BYTES_MAX: u64 = 512 * 1024;
/// The head of a TLS record of the largest size, with application data.
const LARGEST_RECORD: [u8; 5] = [23, 3, 3, 0x41, 0x00];

/// The largest message that a server may send.
static LARGEST: [u8; SERVER_MESSAGE_BYTES_MAX] = [9; SERVER_MESSAGE_BYTES_MAX];

type Line = StreamOwned<ClientConnection, TcpStream>;

/// A connection whose other end does what it is told, on another thread.
struct Counted {
    connection: Connection,
    tick: Tick,
    acts: SyncSender<fn(&mut Line)>,
    other_end: JoinHandle<()>,
}

impl Counted {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (acts, told) = sync_channel::<fn(&mut Line)>(4);
        let other_end = std::thread::spawn(move || {
            let tcp = TcpStream::connect(address).unwrap();
            tcp.set_read_timeout(Some(PATIENCE)).unwrap();
            tcp.set_nodelay(true).unwrap();
            let tls = ClientConnection::new(configs().1, "localhost".try_into().unwrap()).unwrap();
            let mut line = StreamOwned::new(tls, tcp);
            while line.conn.is_handshaking() {
                line.conn.complete_io(&mut line.sock).unwrap();
            }
            for act in told {
                act(&mut line);
            }
        });
        let (tcp, _) = listener.accept().unwrap();
        let mut tls = ServerConnection::new(configs().0).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut &tcp).unwrap();
        }
        let socket = HandedOver { tcp, tls: Some(tls), early: Vec::new() };
        let limits = PeerLimits::playing(Waits::default());
        let mut connection = Connection::adopt(socket, limits, 30, Tick(0), Instant::now()).unwrap();
        connection.flush(Tick(0)).unwrap();
        Self { connection, tick: Tick(0), acts, other_end }
    }

    /// The other end does this.
    fn act(&self, act: fn(&mut Line)) {
        self.acts.send(act).unwrap();
    }

    /// Reads until so many bytes have come; messages found.
    fn read(&mut self, scratch: &mut Vec<u8>, bytes: u64) -> u32 {
        let mut messages = 0;
        let before = self.connection.traffic().bytes_in;
        until("bytes", || {
            let Self { connection, tick, .. } = self;
            connection.read(*tick, Instant::now(), scratch, |_, _| messages += 1).unwrap();
            (connection.traffic().bytes_in >= before + bytes).then_some(())
        });
        messages
    }
}

/// What is held of it when `work` is done, and the most that was held meanwhile.
fn counted(work: impl FnOnce() -> Counted) -> AllocationInfo {
    // What is made once for the whole process is not its own.
    drop(configs());
    let mut kept = None;
    let info = measure(|| kept = Some(work()));
    let Counted { connection, acts, other_end, .. } = kept.expect("it was made");
    drop((connection, acts));
    other_end.join().unwrap();
    info
}

#[test]
fn an_idle_connection_holds_less_than_64_kib() {
    let info = counted(|| {
        let mut pair = Counted::new();
        let mut scratch = Vec::new();
        for _ in 0..60 {
            pair.act(|line| line.write_all(&frame(0x82, &[7; 40])).and_then(|()| line.flush()).unwrap());
            assert!(pair.read(&mut scratch, 46) <= 1);
            pair.connection.queue(&[1; 400]).unwrap();
            pair.tick = pair.tick.next();
            pair.connection.flush(pair.tick).unwrap();
        }
        drop(scratch);
        pair
    });
    eprintln!("idle: {} bytes, {} at most", info.bytes_current, info.bytes_max);
    assert!(info.bytes_current <= IDLE_BYTES_MAX, "{info:?}");
}

#[test]
fn a_connection_that_does_its_worst_holds_less_than_512_kib() {
    let info = counted(|| {
        let mut pair = Counted::new();
        let mut scratch = Vec::new();
        // A message in pieces of which the last never comes, and behind it a record of TLS that is never whole. It reads nothing.
        pair.act(|line| {
            for first in [0x02, 0x00, 0x00] {
                line.write_all(&frame(first, &[7; CLIENT_MESSAGE_BYTES_MAX / 4])).unwrap();
            }
            line.flush().unwrap();
            line.sock.write_all(&LARGEST_RECORD).unwrap();
            line.sock.write_all(&[0x5A; 16_000]).unwrap();
        });
        pair.read(&mut scratch, 3 * CLIENT_MESSAGE_BYTES_MAX as u64 / 4 + 16_000);
        while !pair.connection.is_busy() {
            pair.connection.queue(&LARGEST).unwrap();
            pair.connection.flush(pair.tick).unwrap();
        }
        // What a room answers while it waits: no more than is allowed.
        let mut answers = 0;
        let ending = loop {
            match pair.connection.queue(&[3; 64]) {
                Ok(()) => answers += 1,
                Err(ending) => break ending,
            }
        };
        assert_eq!(ending, Ending::Closed(CloseCode::TooSlow, "too much waits to be sent"));
        assert!(answers > 100 && answers * 64 < WRITE_BUFFER_BYTES_MAX, "{answers}");
        pair
    });
    eprintln!("worst: {} bytes, {} at most", info.bytes_current, info.bytes_max);
    assert!(info.bytes_max <= WORST_BYTES_MAX, "{info:?}");
}
