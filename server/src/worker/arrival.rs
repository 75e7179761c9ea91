//! When did these bytes come, although nobody woke up for them?
//!
//! A playing socket is read once per tick, up to a whole period after its bytes arrived. The kernel knows better: asked
//! once per socket (`SO_TIMESTAMPNS`), it stamps what arrives and tells with each `recvmsg` when the newest segment
//! came. So "how early was this input" is exact for the newest message of a read; older ones came at that time or
//! before it.
//!
//! ```text
//!   input comes      deadline of the tick
//!       │◄── early ──────►│
//!   ────┴─────────────────┴──► the read, with the stamp
//! ```
//!
//! Where there are no stamps (other systems, or the first bytes after the hand-over) the answer is "unknown", which
//! counts as 0: just in time.
//!
//! Never here: a clock (see `schedule`), how the client is told (see `replicate`).

use std::io;
use std::net::TcpStream;
use std::time::Duration;

/// The most that is told: sixteen ticks. Whatever lay longer was not early but stuck behind something else.
const EARLY_SIXTEENTHS_MAX: u128 = 16 * 16;

/// What one receive gave.
pub(super) struct Receipt {
    /// Bytes put into the buffer; 0 at the end of the stream.
    pub(super) bytes: usize,
    /// When the newest of them arrived, as time since 1970, if the kernel said.
    pub(super) arrived: Option<Duration>,
}

/// How long before `due` the bytes `arrived`, in sixteenths of `period`; 0 if they came later or nobody knows.
/// `due` is the deadline on the wall clock, as time since 1970.
pub(super) fn early_sixteenths(arrived: Option<Duration>, due: Duration, period: Duration) -> i32 {
    let early = arrived.map_or(Duration::ZERO, |arrived| due.saturating_sub(arrived));
    (early.as_nanos() * 16 / period.as_nanos().max(1)).min(EARLY_SIXTEENTHS_MAX) as i32
}

#[cfg(target_os = "linux")]
pub(super) use linux::{ask_for_stamps, receive};

#[cfg(not(target_os = "linux"))]
pub(super) use portable::{ask_for_stamps, receive};

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};

    /// Room for one control message with a time in it, aligned as its header must be.
    #[repr(align(8))]
    struct ControlSpace([u8; 64]);

    /// Asks the kernel to stamp what arrives from now on. Where it will not, stamps are simply absent.
    pub(in crate::worker) fn ask_for_stamps(tcp: &TcpStream) {
        if let Err(error) = setsockopt(tcp, sockopt::ReceiveTimestampns, &true) {
            tracing::debug!(%error, "no arrival stamps on this socket");
        }
    }

    /// One receive; never blocks.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; anything else is the end of the connection.
    pub(in crate::worker) fn receive(tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<Receipt> {
        let mut space = ControlSpace([0; 64]);
        let mut slices = [IoSliceMut::new(buffer)];
        let message = recvmsg::<()>(tcp.as_raw_fd(), &mut slices, Some(&mut space.0), MsgFlags::MSG_DONTWAIT)?;
        let mut arrived = None;
        for control in message.cmsgs().into_iter().flatten() {
            if let ControlMessageOwned::ScmTimestampns(stamp) = control {
                arrived = Some(Duration::from(stamp));
            }
        }
        Ok(Receipt { bytes: message.bytes, arrived })
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use super::*;
    use std::io::Read;

    pub(in crate::worker) fn ask_for_stamps(_: &TcpStream) {}

    pub(in crate::worker) fn receive(mut tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<Receipt> {
        Ok(Receipt { bytes: tcp.read(buffer)?, arrived: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(32);

    #[test]
    fn earliness_is_told_in_sixteenths_of_a_tick_and_lateness_is_none() {
        let due = Duration::from_secs(1_000_000);
        let at = |early_ms: u64| early_sixteenths(Some(due - Duration::from_millis(early_ms)), due, PERIOD);
        assert_eq!([at(0), at(1), at(2), at(16), at(32), at(64)], [0, 0, 1, 8, 16, 32]);
        assert_eq!(early_sixteenths(Some(due + PERIOD), due, PERIOD), 0);
        assert_eq!(early_sixteenths(None, due, PERIOD), 0);
        assert_eq!(at(1_000_000), 256);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_says_when_bytes_came_and_not_when_they_were_read() {
        use crate::worker::schedule::wall_clock;
        use std::io::Write;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (tcp, _) = listener.accept().unwrap();
        ask_for_stamps(&tcp);
        let mut buffer = [0; 64];
        let mut send_and_receive = || {
            let before = wall_clock();
            peer.write_all(b"input").unwrap();
            let sent = wall_clock();
            loop {
                match receive(&tcp, &mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
                    done => return (before, done.unwrap(), sent),
                }
            }
        };
        // The kernel switches stamping on in the background when the first socket asks: the first bytes may have none.
        let (before, receipt, sent) = crate::worker::test_peer::until("a stamp", || {
            let got = send_and_receive();
            got.1.arrived.is_some().then_some(got)
        });
        assert_eq!(receipt.bytes, 5);
        // Loopback hands over inside the write, but the stamp may be taken by another core's interrupt.
        let arrived = receipt.arrived.unwrap();
        assert!(arrived + Duration::from_millis(5) > before, "{before:?} {arrived:?}");
        assert!(arrived < sent + Duration::from_millis(200), "{sent:?} {arrived:?}");
    }
}
