//! After the step: what the room gives is committed to its sockets, and each is sent to once.
//!
//! ```text
//!   Outgoing.messages ─► queue                                          (welcomes, answers: ahead of frames)
//!   each lane: a seat's frame is made ─► queue ─► a ping that is due ─► flush: one record, one send
//!   Outgoing.messages ─► queue ─► flush · Outgoing.closes ─► an ending each    (what comes behind frames: rare)
//! ```
//!
//! A message that the room handed over is never dropped while its connection lives: what the socket does not take
//! waits, the room hears that the client is busy and makes no new frame for it. Over the limit: closed `TooSlow`.
//!
//! Never here: what is sent to whom (see `replicate`), how many lanes there are (see `lanes`).

use super::connection::Ending;
use super::lanes::{Desk, side_by_side};
use super::read_pass::guarded;
use super::schedule::TickStart;
use super::tally::Tally;
use super::visit::{Visit, Visits};
use crate::exchange::{ConnectionId, Outgoing};
use crate::room::{Room, Share};

/// Commits what the room has to say ahead of its frames; the send follows in [`publish_all`].
pub(super) fn queue_all(
    visits: &mut Visits,
    out: &mut Outgoing,
    endings: &mut Vec<(ConnectionId, Ending)>,
    tally: &mut Tally,
) {
    tally.messages_out += out.messages.len() as u64;
    for (id, message) in out.messages.drain(..) {
        // Its connection may have broken at an earlier message of this tick; it ends below.
        let Some(visit) = visits.one(id) else { continue };
        if let Err(ending) = guarded(&mut visit.connection, |connection| connection.queue(&message)) {
            endings.push((id, ending));
        }
    }
}

/// Makes every client's frame and sends to every socket that has something waiting, each lane a part of them. What a lane
/// panicked with, if one did.
pub(super) fn publish_all(
    room: &mut Room,
    visits: &mut Visits,
    desks: &mut [Desk],
    start: &TickStart,
    out: &mut Outgoing,
) -> Result<(), String> {
    let mut places: Vec<Option<&mut Visit>> = visits.places().collect();
    let mut take = |id: ConnectionId| places.get_mut(id.0 as usize).and_then(Option::take);
    let work = room.shares(desks.len()).into_iter().zip(desks.iter_mut()).map(|(share, desk)| {
        let visits: Vec<Option<&mut Visit>> = share.connections().map(|id| take(id?)).collect();
        (share, visits, desk)
    });
    side_by_side(work.collect(), |(mut share, mut visits, desk): (Share<'_>, Vec<Option<&mut Visit>>, &mut Desk)| {
        let Desk { endings, closes, tally, .. } = desk;
        let each = |place: usize, id, frame: Option<&[u8]>| {
            if let Some(visit) = visits.get_mut(place).and_then(Option::as_deref_mut) {
                write(id, visit, frame, start, endings, tally);
            }
        };
        share.publish(each, closes);
    })?;
    // Who has no seat is on the way to one, or out.
    if let Some(desk) = desks.first_mut() {
        for (number, visit) in (0..).zip(places) {
            let Some(visit) = visit else { continue };
            write(ConnectionId(number), visit, None, start, &mut desk.endings, &mut desk.tally);
        }
    }
    for desk in desks {
        out.closes.append(&mut desk.closes);
    }
    Ok(())
}

/// One connection's part: its frame, a ping if one is due, and one send.
fn write(
    id: ConnectionId,
    visit: &mut Visit,
    frame: Option<&[u8]>,
    start: &TickStart,
    endings: &mut Vec<(ConnectionId, Ending)>,
    tally: &mut Tally,
) {
    tally.messages_out += u64::from(frame.is_some());
    let result = guarded(&mut visit.connection, |connection| {
        if let Some(frame) = frame {
            connection.queue(frame)?;
        }
        connection.wait(start.tick)?;
        connection.flush(start.tick)
    });
    visit.tally_traffic(tally);
    if let Err(ending) = result {
        endings.push((id, ending));
    }
}

/// What the room says behind its frames, and whom it closes.
pub(super) fn finish(
    visits: &mut Visits,
    start: &TickStart,
    out: &mut Outgoing,
    endings: &mut Vec<(ConnectionId, Ending)>,
    tally: &mut Tally,
) {
    tally.messages_out += out.messages.len() as u64;
    for (id, message) in out.messages.drain(..) {
        let Some(visit) = visits.one(id) else { continue };
        let result = guarded(&mut visit.connection, |connection| {
            connection.queue(&message)?;
            connection.flush(start.tick)
        });
        visit.tally_traffic(tally);
        if let Err(ending) = result {
            endings.push((id, ending));
        }
    }
    let asked = out.closes.drain(..).map(|(id, code)| (id, Ending::Closed(code, "the room's decision")));
    endings.extend(asked);
}
