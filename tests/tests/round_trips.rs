//! Every inverse pair of crate shared: what is written is what is read, for any game; and any bytes may come back.
//!
//! | writes | reads |
//! |---|---|
//! | `BitWriter::write`, `write_bool`, `write_bytes`, `align`, `append` | `BitReader::read`, `read_bool`, `read_bytes`, `align` |
//! | `varint::write_number`, `zigzag` | `varint::read_number`, `unzigzag` |
//! | `PrefixCode::write_symbol`, `write_number`, `lengths` | `read_symbol`, `read_number`, `from_lengths` |
//! | `Tables::to_bytes` | `Tables::from_bytes` |
//! | `write_piece` | `read_piece` |
//! | `write_record` | `read_record` |
//! | `write_positions`, `SlotSet::ranks` | `read_positions`, `SlotSet::at_ranks` |
//! | `write_values` | `read_values` |
//! | `write_hello`, `write_renew`, `write_welcome`, `write_redirect`, `write_audit` | `read_hello`, `read_renew`, `read_welcome`, `read_redirect`, `read_audit` |
//! | `ClientMessage::to_bytes`, `ServerMessage::to_bytes` | their `read` |
//! | `ClientMessage::to_bytes_after` | `ClientMessage::read_after` |
//! | `FrameHeader::write` | `FrameHeader::read` |
//! | `Schema::to_bytes` | `Schema::from_bytes` |
//! | `Quantiser::code`, `angle_code`, `Tick::low`, `CloseCode::number` | `value`, `angle_value`, `unwrap_near`, `from_number` |
//! | `Replicated::write_codes`, `Text::write_codes` | `read_codes` (and `shared/tests/derive.rs`) |
//!
//! Games are drawn at random, too: any declarations, any kinds of entities. The house rules know this file: an encoder that
//! it does not name is an error.

// Games drawn at random.
#[path = "round_trips/any_game.rs"]
mod any_game;

// Numbers as bits.
#[path = "round_trips/bits.rs"]
mod bits;

// Values as codes.
#[path = "round_trips/values.rs"]
mod values;

// What is told once.
#[path = "round_trips/schema_and_tables.rs"]
mod schema_and_tables;

// What travels every tick.
#[path = "round_trips/state.rs"]
mod state;

// Whole messages.
#[path = "round_trips/messages.rs"]
mod messages;
