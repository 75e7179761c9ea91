//! State frames, written step by step as PROTOCOL.md says.
//!
//! Never here: the server's `assemble`. Two hands that write the same are what a page is good for.

use crate::game::{Found, Look, Place, STONE, TICK, WALKER, codes, layout, schema};
use crate::messages::Example;
use glam::IVec2;
use shared::bits::BitWriter;
use shared::codec::contexts::{Sink, Use, number};
use shared::codec::digest::fresh_hash;
use shared::codec::piece::{advance, predict, write_piece};
use shared::codec::positions::{PositionsOf, write_positions};
use shared::codec::record::write_record;
use shared::codec::{Lanes, Packer, PartState, Record, Tables};
use shared::ids::{EntityId, Slot};
use shared::schema::{FacetKind, Layout, Section, Text};
use shared::slot_set::SlotSet;
use shared::wire::state_frame::Proof;
use shared::wire::values::write_values;
use shared::wire::{Digest, FrameHeader, FrameKind};
use std::collections::BTreeMap;

/// A facet of the example's world. All of them are fresh.
struct Facet {
    record: Record,
    states: Vec<PartState>,
}

/// Writes frames as PROTOCOL.md says and knows what a client holds after them.
struct Author {
    layout: Layout,
    tables: Tables,
    held: BTreeMap<u16, Facet>,
}

/// A row for a facet whose guess is wrong.
type Row = (u16, Vec<i32>);

impl Author {
    fn section(&self, facet: &Facet) -> Section {
        self.layout.facet(facet.record.kind).unwrap().section
    }

    /// The positions of `slots` among what is held of a section.
    fn positions(&self, section: Section, slots: &[u16]) -> (Vec<u32>, u32) {
        let [mut held, mut wanted] = [SlotSet::new(self.layout.slots()), SlotSet::new(self.layout.slots())];
        for (&slot, _) in self.held.iter().filter(|(_, facet)| self.section(facet) == section) {
            held.insert(Slot(slot));
        }
        slots.iter().for_each(|&slot| _ = wanted.insert(Slot(slot)));
        let mut positions = Vec::new();
        held.ranks(&wanted, &mut positions);
        assert_eq!(positions.len(), slots.len(), "all of {slots:?} are held");
        (positions, held.count() as u32)
    }

    fn write_positions(&self, out: &mut BitWriter, of: PositionsOf, section: Section, slots: &[u16]) {
        let (positions, among) = self.positions(section, slots);
        write_positions(&mut Packer { writer: out, tables: &self.tables }, of, &positions, among);
    }

    fn leaves(&mut self, out: &mut BitWriter, section: Section, slots: &[u16]) {
        self.write_positions(out, PositionsOf::Leaves, section, slots);
        out.align();
        self.held.retain(|slot, _| !slots.contains(slot));
    }

    /// One covered tick of one section: everything is advanced, then what was guessed wrong is corrected.
    fn pieces(&mut self, out: &mut BitWriter, section: Section, rows: &[Row]) {
        let slots: Vec<u16> = rows.iter().map(|&(slot, _)| slot).collect();
        self.write_positions(out, PositionsOf::Pieces, section, &slots);
        let Self { layout, tables, held } = self;
        for (slot, facet) in held {
            let shape = layout.facet(facet.record.kind).unwrap();
            if shape.section != section {
                continue;
            }
            let Some((_, row)) = rows.iter().find(|(of, _)| of == slot) else {
                advance(shape, &mut facet.states);
                continue;
            };
            let misses = predict(shape, &mut facet.states, row).misses;
            assert!(misses.any(), "a piece only where the guess was wrong");
            write_piece(&mut Packer { writer: out, tables }, layout, shape, &mut facet.states, row, misses);
        }
    }

    /// What a section without a piece does in a covered tick.
    fn advance(&mut self, section: Section) {
        self.pieces(&mut BitWriter::new(), section, &[]);
    }

    fn records(&mut self, out: &mut BitWriter, section: Section, new: Vec<Facet>) {
        Packer { writer: out, tables: &self.tables }.number(number(Use::RecordCount), new.len() as u32);
        for facet in new {
            assert_eq!(self.section(&facet), section);
            out.write_bool(true);
            let mut packer = Packer { writer: out, tables: &self.tables };
            write_record(&mut packer, &self.layout, facet.record, &facet.states);
            self.held.insert(facet.record.slot.0, facet);
        }
        out.align();
    }

    fn proof(&self, digest: Digest) -> Proof {
        let mut sum = Lanes::default();
        for facet in self.held.values() {
            sum += fresh_hash(facet.record, &facet.states);
        }
        Proof::of(sum, digest)
    }
}

fn facet(slot: u16, kind: FacetKind, anchor: u16, codes: &[&[i32]]) -> Facet {
    let layout = layout();
    let parts = &layout.facet(kind).unwrap().parts;
    let record = Record { slot: Slot(slot), kind, anchor: Slot(anchor) };
    Facet { record, states: parts.iter().zip(codes.concat()).map(|(part, code)| PartState::new(part, code)).collect() }
}

fn place(x: i32, y: i32) -> Vec<i32> {
    codes(&Place { at: IVec2::new(x, y) })
}

fn look(angle: u16) -> Vec<i32> {
    codes(&Look { angle, awake: true, name: Text::new("Ada") })
}

/// A full frame, a step that goes on from it, and a keep-alive.
pub(crate) fn frames(digest: Digest) -> Vec<Example> {
    let layout = layout();
    let tables = Tables::untrained(&layout);
    let kinds = [WALKER, STONE].map(|kind| layout.facets_of(kind).to_vec());
    let [_, stone] = &kinds;
    let mut author = Author { layout, tables, held: BTreeMap::new() };

    let (header, full) = full(&mut author, &kinds, digest);
    let (header, step) = step(&mut author, stone[0], header, digest);
    let (header, resumed) = events_lost(&mut author, header, digest);
    let ordinary = ordinary(&mut author, header, digest);
    let keep_alive = frame(&FrameHeader::keep_alive(TICK.after(32)), BitWriter::new());
    vec![
        Example {
            name: "state_full",
            says: "Tick 70,000, your anchor is slot 5, all that you may see: a walker (anchor 5 at 1,000 2,000, looking along y; \
                   owner's facet 40 with 12 coins; reference 9 to slot 17) and a stone (anchor 17 at 4,095 0).",
            bytes: full,
        },
        Example {
            name: "state_step",
            says: "Ticks 70,001 (own input used) and 70,002 (a stand-in), the newest input 3/16 tick late. The stone of slot 17 \
                   leaves, with it the reference 9; the walker begins to move by 3 and -1, goes on as guessed and turns; \
                   another stone enters in slot 17; 50 coins more. Event: Found, by slot 5, 50 coins.",
            bytes: step,
        },
        Example {
            name: "state_events_lost",
            says: "Tick 70,003 after a short pause: a stand-in, all is as guessed. Events were lost, and none come.",
            bytes: resumed,
        },
        Example {
            name: "state_ordinary",
            says: "Tick 70,004: the own input was used and came 1 2/16 ticks early, the walker goes two steps on along x. \
                   The header takes four bytes.",
            bytes: ordinary,
        },
        Example { name: "state_keep_alive", says: "Tick 70,032.", bytes: keep_alive },
    ]
}

/// The full frame of the first world.
fn full(author: &mut Author, [walker, stone]: &[Vec<FacetKind>; 2], digest: Digest) -> (FrameHeader, Vec<u8>) {
    let mut sections = BitWriter::new();
    let anchors = vec![
        facet(5, walker[0], 5, &[&place(1_000, 2_000), &look(0x4000)]),
        facet(17, stone[0], 17, &[&place(4_095, 0)]),
    ];
    author.records(&mut sections, Section::Everyone, anchors);
    author.records(&mut sections, Section::Owner, vec![facet(40, walker[1], 5, &[&[12]])]);
    author.records(&mut sections, Section::References, vec![facet(9, walker[2], 5, &[&[17]])]);
    let header = FrameHeader {
        kind: FrameKind::Full,
        me: Some(Slot(5)),
        complete: true,
        sections: 0b1101,
        proof: author.proof(digest),
        ..FrameHeader::keep_alive(TICK)
    };
    let bytes = frame(&header, sections);
    (header, bytes)
}

/// A step of two ticks that goes on from it.
fn step(author: &mut Author, stone: FacetKind, before: FrameHeader, digest: Digest) -> (FrameHeader, Vec<u8>) {
    let mut sections = BitWriter::new();
    author.leaves(&mut sections, Section::Everyone, &[17]);
    author.leaves(&mut sections, Section::References, &[9]);
    author.pieces(&mut sections, Section::Everyone, &[(5, [place(1_003, 1_999), look(0x4000)].concat())]);
    author.pieces(&mut sections, Section::Everyone, &[(5, [place(1_006, 1_998), look(0x4100)].concat())]);
    author.write_positions(&mut sections, PositionsOf::Demotions, Section::Everyone, &[]);
    author.records(&mut sections, Section::Everyone, vec![facet(17, stone, 17, &[&place(16, 32)])]);
    author.pieces(&mut sections, Section::Owner, &[]);
    author.pieces(&mut sections, Section::Owner, &[(40, vec![62])]);
    author.write_positions(&mut sections, PositionsOf::Demotions, Section::Owner, &[]);
    author.records(&mut sections, Section::Owner, Vec::new());
    (0..2).for_each(|_| author.advance(Section::References));
    let mut events = BitWriter::new();
    events.write_bool(false);
    author.tables.code(number(Use::EventCount)).write_number(&mut events, 1);
    events.write(0, 8);
    write_values(&mut events, &schema().events[0], &codes(&Found { who: EntityId(5), coins: 50 }));
    let header = FrameHeader {
        kind: FrameKind::Step { covered: 2, applied: 0b01 },
        tick: TICK.after(2),
        early: Some(-3),
        me: None,
        leaves: 0b1001,
        sections: 0b0101,
        events: true,
        proof: author.proof(digest),
        ..before
    };
    let bytes = frame(&header, behind(events, sections));
    (header, bytes)
}

/// A step that goes on from `before` with nothing new but that events were lost.
fn events_lost(author: &mut Author, before: FrameHeader, digest: Digest) -> (FrameHeader, Vec<u8>) {
    Section::ALL.into_iter().for_each(|section| author.advance(section));
    let mut events = BitWriter::new();
    events.write_bool(true);
    author.tables.code(number(Use::EventCount)).write_number(&mut events, 0);
    let header = FrameHeader {
        kind: FrameKind::Step { covered: 1, applied: 0 },
        tick: before.tick.next(),
        early: None,
        leaves: 0,
        sections: 0,
        proof: author.proof(digest),
        ..before
    };
    let bytes = frame(&header, behind(events, BitWriter::new()));
    (header, bytes)
}

/// What most frames are: a step of one tick that has a piece of everyone's.
fn ordinary(author: &mut Author, before: FrameHeader, digest: Digest) -> Vec<u8> {
    let mut sections = BitWriter::new();
    author.pieces(&mut sections, Section::Everyone, &[(5, [place(1_014, 1_996), look(0x4100)].concat())]);
    author.write_positions(&mut sections, PositionsOf::Demotions, Section::Everyone, &[]);
    author.records(&mut sections, Section::Everyone, Vec::new());
    [Section::Team, Section::Owner, Section::References].into_iter().for_each(|section| author.advance(section));
    let header = FrameHeader {
        kind: FrameKind::Step { covered: 1, applied: 1 },
        tick: before.tick.next(),
        early: Some(18),
        sections: 0b0001,
        events: false,
        proof: author.proof(digest),
        ..before
    };
    frame(&header, sections)
}

/// Events, with how many bytes they take, and what comes behind them.
fn behind(events: BitWriter, sections: BitWriter) -> BitWriter {
    let events = events.into_bytes();
    let mut out = BitWriter::new();
    out.write(events.len() as u32, 16);
    out.write_bytes(&events);
    out.write_bytes(&sections.into_bytes());
    out
}

fn frame(header: &FrameHeader, sections: BitWriter) -> Vec<u8> {
    let mut out = BitWriter::new();
    header.write(&mut out);
    out.write_bytes(&sections.into_bytes());
    out.into_bytes()
}
