//! What the codec tool found: as JSON for programs, as a table for people.

use super::declare::{Declared, places};
use super::header::TraceHeader;
use super::interest::Interest;
use super::meter::PieceBits;
use super::running::Measured;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// What the codec tool found.
#[derive(Clone, Debug, Serialize)]
pub struct CodecReport {
    /// The trace's name.
    pub trace: String,
    /// Ticks that it was trained on, half-open.
    pub train: [usize; 2],
    /// Ticks that were measured, half-open.
    pub measure: [usize; 2],
    /// Those of them that count.
    pub ticks: usize,
    /// Body bytes per tick.
    pub bytes_per_tick: f64,
    /// Entities that changed, came, went or became another archetype, per tick.
    pub changed_per_tick: f64,
    /// Body bits per such entity.
    pub bits_per_changed: f64,
    /// Header bytes per frame, digest included.
    pub header_bytes_per_frame: f64,
    /// Bytes of the tables, which travel once.
    pub table_bytes: usize,
    /// Predicting, packing and putting the frame together, per living entity and tick.
    pub encode_ns_per_entity: f64,
    /// Hashing on the sender's side, per living entity and tick.
    pub digest_ns_per_entity: f64,
    /// Decoding and checking the digest, per living entity and tick.
    pub decode_ns_per_entity: f64,
    /// Frames that were refused, and entities that came out wrong.
    pub mismatches: usize,
    /// Bytes per tick in which the recorded game itself sent it, where the trace tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_bytes_per_tick: Option<f64>,
    /// Body bytes per tick by what they are for.
    pub spent: Spent,
    /// The predictor of each field, by archetype and field.
    pub predictors: BTreeMap<String, BTreeMap<String, String>>,
    /// What viewers with a box got, where that was asked for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub interest: Option<InterestReport>,
}

/// Body bytes per tick by what they are for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Spent {
    /// Who left.
    pub leaves: f64,
    /// Who has a piece.
    pub positions: f64,
    /// Which fields of it were guessed wrong.
    pub masks: f64,
    /// By how much.
    pub residuals: f64,
    /// Who entered.
    pub records: f64,
    /// Up to whole bytes.
    pub padding: f64,
    /// Residuals by field, the large ones.
    pub residuals_by_field: BTreeMap<String, f64>,
}

/// What viewers with a box got.
#[derive(Clone, Debug, Serialize)]
pub struct InterestReport {
    /// Length of a box's sides.
    pub interest: f64,
    /// How many viewers.
    pub viewers: usize,
    /// Body bytes per viewer and tick.
    pub bytes_per_viewer_per_tick: f64,
    /// Entities that a viewer sees, beside the one that it is.
    pub visible_per_viewer: f64,
    /// Choosing and splicing a body, per entity held, the viewer's own too.
    pub assembly_ns_per_visible: f64,
    /// Header bytes per frame, digest included.
    pub interest_header_bytes_per_frame: f64,
    /// Bytes of the tables trained for such viewers.
    pub interest_table_bytes: usize,
    /// Body bytes per viewer and tick by what they are for.
    pub interest_spent: Spent,
}

/// Residuals below this share of a body are not worth a line.
const WORTH_A_LINE: f64 = 0.002;

impl CodecReport {
    pub(super) fn new(
        header: &TraceHeader,
        (train, measure): (Range<usize>, Range<usize>),
        declared: &Declared,
        table_bytes: usize,
        measured: &Measured,
        pieces: &PieceBits,
    ) -> Self {
        let ticks = measured.ticks as f64;
        Self {
            trace: header.name.clone(),
            train: [train.start, train.end],
            measure: [measure.start, measure.end],
            ticks: measured.ticks,
            bytes_per_tick: measured.body_bytes as f64 / ticks,
            changed_per_tick: measured.changed as f64 / ticks,
            bits_per_changed: per(8.0 * measured.body_bytes as f64, measured.changed),
            header_bytes_per_frame: per(measured.header_bytes as f64, measured.frames),
            table_bytes,
            encode_ns_per_entity: nanoseconds(measured.packing + measured.assembling, measured.alive),
            digest_ns_per_entity: nanoseconds(measured.hashing, measured.alive),
            decode_ns_per_entity: nanoseconds(measured.decoding, measured.alive),
            mismatches: measured.mismatches,
            own_bytes_per_tick: measured.own_bytes.map(|bytes| bytes as f64 / ticks),
            spent: Spent::new(header, declared, measured, Some(pieces)),
            predictors: predictors(header, declared),
            interest: None,
        }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// As a table for people.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut out = format!(
            "{}: trained on ticks {}..{}, measured {} of {}..{}\n\n",
            self.trace, self.train[0], self.train[1], self.ticks, self.measure[0], self.measure[1]
        );
        let mut line = |name: &str, value: String| out.push_str(&format!("  {name:<34}{value:>12}\n"));
        line("body bytes per tick", format!("{:.1}", self.bytes_per_tick));
        if let Some(own) = self.own_bytes_per_tick {
            line("  the recorded game's own", format!("{own:.1}"));
        }
        line("entities changed per tick", format!("{:.2}", self.changed_per_tick));
        line("bits per changed entity", format!("{:.2}", self.bits_per_changed));
        line("header bytes per frame", format!("{:.1}", self.header_bytes_per_frame));
        line("bytes of tables, once", self.table_bytes.to_string());
        line("encode, ns per entity", format!("{:.0}", self.encode_ns_per_entity));
        line("digest, ns per entity", format!("{:.0}", self.digest_ns_per_entity));
        line("decode, ns per entity", format!("{:.0}", self.decode_ns_per_entity));
        line("mismatches", self.mismatches.to_string());
        self.spent.lines("body bytes per tick", &mut line);
        if let Some(interest) = &self.interest {
            line("", String::new());
            line("viewers", format!("{} × {}", interest.viewers, interest.interest));
            line("body bytes per viewer and tick", format!("{:.1}", interest.bytes_per_viewer_per_tick));
            line("visible per viewer", format!("{:.2}", interest.visible_per_viewer));
            line("header bytes per frame", format!("{:.1}", interest.interest_header_bytes_per_frame));
            line("bytes of tables, once", interest.interest_table_bytes.to_string());
            line("assembly, ns per visible", format!("{:.1}", interest.assembly_ns_per_visible));
            interest.interest_spent.lines("body bytes per viewer and tick", &mut line);
        }
        out.push_str("\n  predictors\n");
        for (archetype, fields) in &self.predictors {
            for (field, guess) in fields.iter().filter(|(_, guess)| *guess != HOLD && *guess != CONSTANT) {
                out.push_str(&format!("    {:<26}{guess}\n", format!("{archetype}.{field}")));
            }
        }
        out.push_str("    all others                hold\n");
        out
    }
}

impl InterestReport {
    pub(super) fn new(
        header: &TraceHeader,
        Interest { size, viewers }: Interest,
        declared: &Declared,
        table_bytes: usize,
        measured: &Measured,
    ) -> Self {
        Self {
            interest: size,
            viewers,
            bytes_per_viewer_per_tick: per(measured.body_bytes as f64, measured.frames),
            visible_per_viewer: per(measured.others as f64, measured.frames),
            assembly_ns_per_visible: nanoseconds(measured.assembling, measured.held),
            interest_header_bytes_per_frame: per(measured.header_bytes as f64, measured.frames),
            interest_table_bytes: table_bytes,
            interest_spent: Spent::new(header, declared, measured, None),
        }
    }
}

impl Spent {
    /// Bytes per frame. Without the bits of pieces, all of those count as residuals.
    fn new(header: &TraceHeader, declared: &Declared, measured: &Measured, pieces: Option<&PieceBits>) -> Self {
        let bytes = |bits: u64| per(bits as f64 / 8.0, measured.frames);
        let masks = pieces.map_or(0, |pieces| pieces.masks);
        let bits = measured.bits;
        let mut spent = Self {
            leaves: bytes(bits.leaves as u64),
            positions: bytes(bits.positions as u64),
            masks: bytes(masks),
            residuals: bytes(bits.pieces as u64 - masks),
            records: bytes(bits.records as u64),
            padding: bytes(bits.padding as u64),
            residuals_by_field: BTreeMap::new(),
        };
        let worth = per(measured.body_bytes as f64, measured.frames) * WORTH_A_LINE;
        for (kind, (archetype, facet)) in header.archetypes.iter().zip(declared.layout.facets()).enumerate() {
            for (field, part) in places(&declared.layout, kind) {
                let name = &archetype.fields[field].name;
                let bits = pieces.and_then(|pieces| pieces.residuals.get(facet.context + part)).copied();
                let bytes = bytes(bits.unwrap_or(0));
                if bytes > worth {
                    spent.residuals_by_field.insert(format!("{}.{name}", archetype.name), bytes);
                }
            }
        }
        spent
    }

    fn lines(&self, title: &str, line: &mut impl FnMut(&str, String)) {
        line("", String::new());
        line(&format!("{title}, by use"), String::new());
        let uses = [
            ("leaves", self.leaves),
            ("positions", self.positions),
            ("masks", self.masks),
            (if self.masks > 0.0 { "residuals" } else { "pieces" }, self.residuals),
        ];
        for (name, bytes) in uses {
            line(&format!("  {name}"), format!("{bytes:.1}"));
        }
        for (field, bytes) in &self.residuals_by_field {
            line(&format!("    {field}"), format!("{bytes:.1}"));
        }
        for (name, bytes) in [("records", self.records), ("padding", self.padding)] {
            line(&format!("  {name}"), format!("{bytes:.1}"));
        }
    }
}

const HOLD: &str = "hold";
const CONSTANT: &str = "constant";

/// The predictors as people say them; leaders by name.
fn predictors(header: &TraceHeader, declared: &Declared) -> BTreeMap<String, BTreeMap<String, String>> {
    let of = header.archetypes.iter().zip(&declared.guesses).map(|(archetype, guesses)| {
        let fields = archetype.fields.iter().zip(guesses).map(|(field, guess)| {
            let said = if field.constant { CONSTANT.to_owned() } else { guess.said(archetype) };
            (field.name.clone(), said)
        });
        (archetype.name.clone(), fields.collect())
    });
    of.collect()
}

fn per(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}

fn nanoseconds(time: Duration, count: usize) -> f64 {
    per(time.as_nanos() as f64, count)
}
