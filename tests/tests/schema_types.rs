//! What `tickwire-server schema --typescript` prints, of the built-in game and of one that has every kind of field.
//!
//! ```text
//!   schema ─► server::schema_typescript ─ equal? ─ tests/golden/{arena,zoo}.d.ts ─ tests/golden/uses_types.ts is checked against these by tsc
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests --test schema_types` writes the files anew.

use server::schema_typescript::to_typescript;
use shared::schema::Schema;
use std::path::PathBuf;

fn hold_to(file: &str, schema: &Schema) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    let text = to_typescript(schema);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(golden == text, "the types of {file} changed; if it was meant: UPDATE_GOLDEN=1\n{text}");
}

#[test]
fn the_types_of_the_built_in_game_are_those_that_are_checked() {
    hold_to("arena.d.ts", &shared::game::schema());
}

#[test]
fn every_kind_of_field_has_its_type() {
    hold_to("zoo.d.ts", &tests::zoo::schema());
}
