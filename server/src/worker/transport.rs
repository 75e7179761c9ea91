//! What stands between the kernel and the WebSocket library: it counts every byte and ends every loop.
//!
//! ```text
//!   kernel ◄──► Socket ◄──────────► rustls ◄──────► Wire ◄─┬─► tungstenite
//!               bytes, calls,       (absent with    frames, └─► whole messages, straight (see `whole_frame`)
//!               receives left       --plain)        pings,
//!                                                   what waits (see `unsent`)
//! ```
//!
//! `Socket` gives each tick a number of receives and then says "nothing more": a flood stays in the kernel, where TCP
//! slows its sender down. It also saves the receive that would only say so: one that did not fill the buffer has
//! emptied the socket. Hence one receive and one send per tick for a client that plays.
//!
//! Never here: limits and what happens at them (see `connection`), messages.

use std::io::{self, BufRead, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rustls::ServerConnection;

use super::arrival;
use super::frame_meter::{FrameCounts, FrameMeter};
use super::unsent::Unsent;
use super::whole_frame::{self, WholeFrame};

/// Encrypted bytes that rustls holds for the socket before it takes no more; what is beyond waits here.
const TLS_BUFFER_BYTES: usize = 64 * 1024;

/// Bytes of control frames that may wait beside messages: some pongs and pings, and the close frame.
const CONTROL_BYTES: usize = 1024;

/// Asked of the kernel at once without TLS: as much as rustls asks for.
const READ_AHEAD_BYTES: usize = 4096;

/// What went through one socket. All numbers only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    /// Bytes from the kernel, TLS included.
    pub(super) bytes_in: u64,
    /// Bytes to the kernel, TLS included.
    pub(super) bytes_out: u64,
    /// Receive calls, those that found nothing included.
    pub(super) recvs: u64,
    /// Send calls, those that were not taken included.
    pub(super) sends: u64,
    /// Ticks in which it had said all that one tick takes of it; what else it said waits.
    pub(super) spent: u64,
}

impl Traffic {
    /// What was added since `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            bytes_in: self.bytes_in - earlier.bytes_in,
            bytes_out: self.bytes_out - earlier.bytes_out,
            recvs: self.recvs - earlier.recvs,
            sends: self.sends - earlier.sends,
            spent: self.spent - earlier.spent,
        }
    }

    /// Adds another's.
    pub(super) fn add(&mut self, more: Self) {
        self.bytes_in += more.bytes_in;
        self.bytes_out += more.bytes_out;
        self.recvs += more.recvs;
        self.sends += more.sends;
        self.spent += more.spent;
    }
}

/// A non-blocking TCP socket that stops asking the kernel once it knows that nothing is left.
#[derive(Debug)]
struct Socket {
    tcp: TcpStream,
    recvs_left: u8,
    arrived: Option<Duration>,
    traffic: Traffic,
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.recvs_left == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.recvs_left -= 1;
        self.traffic.recvs += 1;
        match arrival::receive(&self.tcp, buffer) {
            Ok(receipt) => {
                if receipt.bytes < buffer.len() {
                    self.recvs_left = 0;
                }
                self.arrived = receipt.arrived;
                self.traffic.bytes_in += receipt.bytes as u64;
                Ok(receipt.bytes)
            }
            Err(error) => {
                self.recvs_left = 0;
                Err(interrupted_is_would_block(error))
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.traffic.sends += 1;
        let sent = self.tcp.write(bytes).map_err(interrupted_is_would_block)?;
        self.traffic.bytes_out += sent as u64;
        Ok(sent)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if let [one] = slices {
            return self.write(one); // send() is cheaper than writev(), and one record is the rule
        }
        self.traffic.sends += 1;
        let sent = self.tcp.write_vectored(slices).map_err(interrupted_is_would_block)?;
        self.traffic.bytes_out += sent as u64;
        Ok(sent)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A signal that came in between is no reason to end a connection; the next tick asks again.
fn interrupted_is_would_block(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::Interrupted { io::ErrorKind::WouldBlock.into() } else { error }
}

/// What tungstenite sees: plaintext that never blocks.
#[derive(Debug)]
pub(super) struct Wire {
    layer: Layer,
    socket: Socket,
    meter: FrameMeter,
    /// What neither rustls nor the socket has taken. Whatever is sent goes behind it.
    unsent: Unsent,
    unsent_bytes_max: usize,
    /// How a look ahead ended that found no bytes; for whoever reads next.
    ended: Option<io::Result<usize>>,
}

/// What a look for a message found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A message, whole.
    Message,
    /// Nothing is left in this tick.
    Nothing,
    /// Something else, or the end: read it.
    Else,
}

/// What lies between the socket and WebSocket. Either way the socket is read in large steps and tungstenite in small.
#[derive(Debug)]
enum Layer {
    Tls(Box<ServerConnection>),
    Plain(Box<ReadAhead>),
}

/// Bytes that one receive brought and tungstenite has not taken yet: rustls has such a buffer of its own.
#[derive(Debug)]
struct ReadAhead {
    bytes: [u8; READ_AHEAD_BYTES],
    from: usize,
    to: usize,
}

impl Wire {
    /// Takes over a socket after its handshakes. `early` is plaintext that others have already read from it: it will
    /// not come again, so it is counted here and must be given to tungstenite by the caller.
    ///
    /// # Errors
    /// The socket can not be made non-blocking: it is dead.
    pub(super) fn new(
        tcp: TcpStream,
        tls: Option<ServerConnection>,
        early: &[u8],
        unsent_bytes_max: usize,
    ) -> io::Result<Self> {
        tcp.set_nonblocking(true)?;
        arrival::ask_for_stamps(&tcp);
        let layer = match tls {
            Some(mut tls) => {
                tls.set_buffer_limit(Some(TLS_BUFFER_BYTES));
                Layer::Tls(Box::new(tls))
            }
            None => Layer::Plain(Box::new(ReadAhead { bytes: [0; READ_AHEAD_BYTES], from: 0, to: 0 })),
        };
        let mut meter = FrameMeter::default();
        meter.pass(early);
        let traffic = Traffic { bytes_in: early.len() as u64, ..Traffic::default() };
        let socket = Socket { tcp, recvs_left: 0, arrived: None, traffic };
        Ok(Self { layer, socket, meter, unsent: Unsent::default(), unsent_bytes_max, ended: None })
    }

    /// Allows this many receives until the next call.
    pub(super) fn allow_receives(&mut self, count: u8) {
        self.socket.recvs_left = count;
    }

    /// What a tick takes of it was said.
    pub(super) fn note_spent(&mut self) {
        self.socket.traffic.spent += 1;
    }

    /// What went through the socket.
    pub(super) fn traffic(&self) -> Traffic {
        self.socket.traffic
    }

    /// What frames were seen.
    pub(super) fn frames(&self) -> FrameCounts {
        self.meter.counts()
    }

    /// The number of the message that was begun and not finished, if there is one.
    pub(super) fn message_under_way(&self) -> Option<u64> {
        self.meter.in_progress().then(|| self.meter.counts().messages)
    }

    /// When the newest byte that was read arrived, as time since 1970, if the kernel said.
    pub(super) fn arrived(&self) -> Option<Duration> {
        self.socket.arrived
    }

    /// True: what was read so far ended with the end of a message, so the next byte begins a frame.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.meter.in_progress()
    }

    /// The next message, if the bytes that are there begin with one in a single frame of at most `bytes_max`, as nearly all do: then it
    /// is in `message`. Only while nothing that was read is still held elsewhere.
    pub(super) fn find_message(&mut self, bytes_max: usize, message: &mut Vec<u8>) -> Found {
        let Self { layer, socket, meter, ended, .. } = self;
        let bytes = match layer {
            Layer::Tls(tls) => look_at_decrypted(tls, socket),
            Layer::Plain(ahead) => ahead.look(socket),
        };
        match bytes {
            Ok(bytes) => {
                let Some(frame) = WholeFrame::at_begin(bytes, bytes_max) else { return Found::Else };
                let length = frame.length;
                frame.unmask(message);
                meter.pass_message();
                match layer {
                    Layer::Tls(tls) => tls.reader().consume(length),
                    Layer::Plain(ahead) => ahead.from += length,
                }
                Found::Message
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Found::Nothing,
            Err(error) => {
                *ended = Some(if error.kind() == io::ErrorKind::UnexpectedEof { Ok(0) } else { Err(error) });
                Found::Else
            }
        }
    }

    /// Commits a frame with this message, `first` its first byte; the send follows in `flush`. False: nothing was done, so much waits
    /// already that it does not fit.
    ///
    /// # Errors
    /// The stream broke.
    pub(super) fn write_message(&mut self, first: u8, message: &[u8]) -> io::Result<bool> {
        let (header, header_bytes) = whole_frame::header(first, message.len());
        let header = &header[..header_bytes];
        if self.unsent.len() + header_bytes + message.len() > self.unsent_bytes_max {
            return Ok(false);
        }
        let mut taken = 0;
        if let (Layer::Tls(tls), 0) = (&mut self.layer, self.unsent.len()) {
            taken = tls.writer().write_vectored(&[IoSlice::new(header), IoSlice::new(message)])?;
        }
        self.unsent.push(&header[taken.min(header_bytes)..]);
        self.unsent.push(&message[taken.saturating_sub(header_bytes)..]);
        Ok(true)
    }

    /// Reads what is there and forgets it, within the allowed receives. False: the stream has ended.
    pub(super) fn discard(&mut self) -> bool {
        let mut scratch = [0; 2048];
        loop {
            match self.read(&mut scratch) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }

    /// The polite end: TLS's close_notify after what still waits, then "no more from us". What the socket does not
    /// take now is lost; there is nobody left to wait for it.
    pub(super) fn finish(&mut self) {
        let _ = self.flush();
        // Half a frame would be taken for nothing else.
        self.unsent.clear();
        if let Layer::Tls(tls) = &mut self.layer {
            tls.send_close_notify();
        }
        let _ = self.flush();
        let _ = self.socket.tcp.shutdown(Shutdown::Write);
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { layer, socket, meter, ended, .. } = self;
        if let Some(ended) = ended.take() {
            return ended;
        }
        let count = match layer {
            Layer::Tls(tls) => read_decrypted(tls, socket, buffer)?,
            Layer::Plain(ahead) => ahead.read(socket, buffer)?,
        };
        meter.pass(&buffer[..count]);
        Ok(count)
    }
}

impl ReadAhead {
    /// What is there and not taken yet, from the socket where nothing is.
    fn look(&mut self, socket: &mut Socket) -> io::Result<&[u8]> {
        if self.from == self.to {
            self.from = 0;
            self.to = 0;
            self.to = socket.read(&mut self.bytes)?;
            if self.to == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(&self.bytes[self.from..self.to])
    }

    fn read(&mut self, socket: &mut Socket, buffer: &mut [u8]) -> io::Result<usize> {
        if self.from == self.to {
            self.from = 0;
            self.to = 0; // stays so when the receive fails
            self.to = socket.read(&mut self.bytes)?;
        }
        let count = buffer.len().min(self.to - self.from);
        buffer[..count].copy_from_slice(&self.bytes[self.from..self.from + count]);
        self.from += count;
        Ok(count)
    }
}

/// Decrypted bytes; asks the socket for more only when rustls has none left, so that at most one receive's worth of
/// plaintext is ever held.
fn read_decrypted(tls: &mut ServerConnection, socket: &mut Socket, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match tls.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // Ended by close_notify, or cut off without one: an end either way.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
            done => return done,
        }
        match receive_encrypted(tls, socket) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
            received => received?,
        }
    }
}

/// Decrypted bytes that are there and not taken yet, from the socket where nothing is; an end of any kind is an error.
fn look_at_decrypted<'a>(tls: &'a mut ServerConnection, socket: &mut Socket) -> io::Result<&'a [u8]> {
    loop {
        match tls.reader().into_first_chunk().map(<[u8]>::is_empty) {
            Ok(false) => return tls.reader().into_first_chunk(),
            Ok(true) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        receive_encrypted(tls, socket)?;
    }
}

/// One receive, decrypted.
fn receive_encrypted(tls: &mut ServerConnection, socket: &mut Socket) -> io::Result<()> {
    if tls.read_tls(socket)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if let Err(error) = tls.process_new_packets() {
        // rustls has queued an alert that names the fault; it may as well be sent.
        let _ = write_encrypted(tls, socket);
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    Ok(())
}

impl Write for Wire {
    /// What tungstenite writes: control frames. All of it or nothing, so that nothing comes between the parts of one; the send follows
    /// in `flush`.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unsent.len() + bytes.len() > self.unsent_bytes_max + CONTROL_BYTES {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut taken = 0;
        if let (Layer::Tls(tls), 0) = (&mut self.layer, self.unsent.len()) {
            taken = tls.writer().write(bytes)?;
        }
        self.unsent.push(&bytes[taken..]);
        Ok(bytes.len())
    }

    /// Sends what waits, or as much as the socket takes.
    fn flush(&mut self) -> io::Result<()> {
        let Self { layer, socket, unsent, .. } = self;
        match layer {
            Layer::Plain(_) => unsent.drain(|bytes| socket.write(bytes)),
            Layer::Tls(tls) => {
                write_encrypted(tls, socket)?;
                unsent.drain(|bytes| {
                    let taken = tls.writer().write(bytes)?;
                    match write_encrypted(tls, socket) {
                        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
                        _ => Ok(taken),
                    }
                })?;
                if tls.wants_write() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            }
        }
    }
}

/// Sends all that rustls holds, or as much as the socket takes.
fn write_encrypted(tls: &mut ServerConnection, socket: &mut Socket) -> io::Result<()> {
    while tls.wants_write() {
        if tls.write_tls(socket)? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}
