//! State frames against a replica: true ones that were spoilt, and bytes that are none.
//!
//! Whatever comes: what is held can be looked at, a frame with the true frame's proof is taken only if it leaves the true frame's
//! world, and a full frame mends everything.

use crate::bounded::within;
use crate::choices::{Choices, spoil};
use crate::recorded::Recorded;
use client_sim::replica::Replica;
use shared::bits::BitReader;
use shared::codec::{PartState, Record};
use shared::ids::Slot;
use shared::wire::{Digest, FrameHeader};
use std::sync::LazyLock;

/// Memory that one frame may take: what is held of 256 slots, anew.
const FRAME_MEMORY_MAX: usize = 4 << 20;

/// What is held, all of it.
type World = Vec<(Record, Vec<PartState>, bool)>;

/// One true frame: what was held before it, and what after.
struct Moment {
    before: Replica,
    frame: Vec<u8>,
    after: World,
}

static MOMENTS: LazyLock<Vec<Moment>> = LazyLock::new(|| {
    let recorded = Recorded::zoo(40);
    let mut replica = recorded.replica();
    let moments = recorded.frames().into_iter().map(|frame| {
        let before = replica.clone();
        assert!(replica.apply(&frame).expect("a true frame").checked);
        Moment { before, frame, after: world(&replica) }
    });
    moments.collect()
});

fn world(replica: &Replica) -> World {
    replica.facets().map(|(record, states, fresh)| (record, states.to_vec(), fresh)).collect()
}

/// Everything that a client may ask of a replica, whatever it holds.
fn look_around(replica: &Replica) {
    let (held, fresh) = (replica.held_count(), replica.fresh_count());
    assert!(fresh <= held && replica.facets().count() == held);
    for (anchor, kind) in replica.anchors() {
        assert_eq!(replica.kind(anchor), Some(kind));
        for component in 0..=replica.schema().components.len() {
            let _ = replica.row(anchor, component);
        }
    }
    assert!(replica.me().is_none_or(|me| replica.kind(me).is_some()));
    assert_eq!(replica.row(Slot(u16::MAX), 0), None);
}

fn proof(frame: &[u8], replica: &Replica) -> Option<impl PartialEq + use<>> {
    FrameHeader::read(&mut BitReader::new(frame), replica.tick(), Digest::Whole).ok().map(|header| header.proof)
}

/// The first byte chooses the true frame; then the bytes of another one, or how it is spoilt, at most eight times.
pub fn replica(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let moment = &MOMENTS[usize::from(choices.byte()) % MOMENTS.len()];
    let mut replica = moment.before.clone();
    let mut frame;
    if choices.byte() & 1 == 0 {
        frame = choices.0.to_vec();
    } else {
        frame = moment.frame.clone();
        for _ in 0..8 {
            if !choices.is_empty() {
                spoil(&mut frame, &mut choices);
            }
        }
    }
    let taken = within(FRAME_MEMORY_MAX, || replica.apply(&frame));
    look_around(&replica);
    match taken {
        Ok(applied) if applied.checked => {
            assert!(!replica.lost());
            let same_proof = proof(&frame, &moment.before) == proof(&moment.frame, &moment.before);
            assert!(!same_proof || world(&replica) == moment.after, "a spoilt frame was taken for a true one");
        }
        Ok(_) => {}
        Err(_) => assert!(replica.lost(), "what is refused is asked for anew"),
    }
    let _ = replica.take_told();
    let last = MOMENTS.last().expect("frames");
    if replica.lost() {
        // The true frame goes on from something that is no more.
        assert!(!replica.apply(&moment.frame).is_ok_and(|applied| applied.checked) || is_full(&moment.frame));
        let mended = replica.apply(&last.frame).is_ok_and(|applied| applied.checked);
        assert!(!mended || world(&replica) == last.after, "a full frame mends everything");
    }
}

fn is_full(frame: &[u8]) -> bool {
    FrameHeader::is_full(frame)
}
