//! A game's schema as TypeScript types, for an author's editor: what `tickwire-server schema --typescript` prints.
//!
//! ```text
//!   field ─► its type, and in a comment what the type cannot say: range, step, unit, who may see it
//!   all of them ─► one type that the browser SDK is given: connect<Arena>(…)
//! ```
//!
//! Nothing is made from these types: a client reads the schema that it is sent. Names are an author's, so each is written as a string
//! where it is no plain name.
//!
//! Never here: what values look like in JavaScript (see the SDK's page, "Values"; this follows it).

use std::fmt::Write;

use shared::schema::{Audience, Declaration, Field, FieldKind, Schema};

/// What stands above the types of every game.
const ABOVE: &str = "\
/** Two numbers that move together. */
export type Vector2 = { x: number; y: number };
/** Three numbers that move together. */
export type Vector3 = { x: number; y: number; z: number };
/** A rotation in space, of length 32,768. */
export type Rotation = { x: number; y: number; z: number; w: number };
";

/// Everything that the schema declares.
#[must_use]
pub fn to_typescript(schema: &Schema) -> String {
    let game = type_name(&schema.game);
    let mut text = format!(
        "// The types of {:?} (schema {:016x}), printed by `tickwire-server schema --typescript`: print them anew when the game\n\
         // declares something else. Whole numbers are the simulation's own.\n//\n\
         //   /** @type {{import(\"tickwire\").Room<import(\"./types.d.ts\").{game}>}} */\n\n{ABOVE}",
        schema.game,
        schema.fingerprint(),
    );
    let of_components = declarations(&schema.components);
    let _ = write!(text, "\n/** What entities have. */\nexport type Components = {of_components};\n");
    text.push_str(&kinds(schema));
    let of_input = body(&schema.input, "");
    let _ = write!(text, "\n/** What a player wants, in each tick. */\nexport type Input = {of_input};\n");
    let of_events = declarations(&schema.events);
    let _ = write!(text, "\n/** What the game tells, once. */\nexport type Events = {of_events};\n");
    let of_requests = declarations(&schema.requests);
    let _ = write!(text, "\n/** What a player may ask the game for. */\nexport type Requests = {of_requests};\n");
    let _ = write!(
        text,
        "\n/** All of it, for the SDK. */\n\
         export type {game} = {{ components: Components; input: Input; events: Events; requests: Requests }};\n"
    );
    text
}

/// Which components each kind of entity has, and an entity that is told apart by its kind.
fn kinds(schema: &Schema) -> String {
    let mut text =
        "\n/** What each kind of entity has. What is not for us is missing. */\nexport type Kinds = {\n".to_owned();
    for kind in &schema.kinds {
        let components = kind.components.iter().filter_map(|&place| schema.components.get(usize::from(place)));
        let names: Vec<String> = components.map(|component| quoted(&component.name)).collect();
        let has = if names.is_empty() {
            "{}".to_owned()
        } else {
            format!("Partial<Pick<Components, {}>>", names.join(" | "))
        };
        let _ = writeln!(text, "  {}: {has};", key(&kind.name));
    }
    text.push_str(
        "};\n\n/** An entity, told apart by its kind. */\n\
         export type AnyEntity = { [K in keyof Kinds]: { id: number; kind: K; components: Kinds[K] } }[keyof Kinds];\n",
    );
    text
}

/// A list of declarations, by name.
fn declarations(list: &[Declaration]) -> String {
    if list.is_empty() {
        return "{}".to_owned();
    }
    let mut text = "{\n".to_owned();
    for declaration in list {
        let _ = writeln!(text, "  {}: {};", key(&declaration.name), body(declaration, "  "));
    }
    text + "}"
}

/// The fields of a declaration that stands so far in.
fn body(declaration: &Declaration, indent: &str) -> String {
    if declaration.fields.is_empty() {
        return "Record<string, never>".to_owned();
    }
    // Where all is for the same eyes, the whole declaration is there or missing.
    let first = declaration.fields[0].audience;
    let is_mixed = declaration.fields.iter().any(|field| field.audience != first);
    let mut text = "{\n".to_owned();
    for field in &declaration.fields {
        let optional = if is_mixed && field.audience != Audience::Everyone { "?" } else { "" };
        let _ = writeln!(text, "{indent}  /** {} */", told(field));
        let _ = writeln!(text, "{indent}  {}{optional}: {};", key(&field.name), value_type(&field.kind));
    }
    text + indent + "}"
}

fn value_type(kind: &FieldKind) -> String {
    match kind {
        FieldKind::Bool => "boolean".to_owned(),
        FieldKind::Unsigned { .. } | FieldKind::Signed { .. } | FieldKind::Fixed { .. } | FieldKind::Angle { .. } => {
            "number".to_owned()
        }
        FieldKind::Choice { names } => names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" | "),
        FieldKind::Vector2 { .. } => "Vector2".to_owned(),
        FieldKind::Vector3 { .. } => "Vector3".to_owned(),
        FieldKind::Rotation { .. } => "Rotation".to_owned(),
        FieldKind::Reference => "number | null".to_owned(),
        FieldKind::Text { .. } => "string".to_owned(),
    }
}

/// What the type cannot say. Nothing in it is an author's, so nothing can end the comment.
fn told(field: &Field) -> String {
    let mut text = match &field.kind {
        FieldKind::Bool => "Yes or no.".to_owned(),
        FieldKind::Unsigned { max } => format!("Whole, 0 to {max}."),
        FieldKind::Signed { min, max } => format!("Whole, {min} to {max}."),
        FieldKind::Fixed { quantiser, unit }
        | FieldKind::Vector2 { quantiser, unit }
        | FieldKind::Vector3 { quantiser, unit } => {
            let each = if matches!(field.kind, FieldKind::Fixed { .. }) { "" } else { " each" };
            let steps = if quantiser.step == 1 { String::new() } else { format!(", in steps of {}", quantiser.step) };
            let unit = if *unit == 1 { String::new() } else { format!("; {unit} make 1") };
            format!("Whole, {} to {}{each}{steps}{unit}.", quantiser.min, quantiser.max)
        }
        FieldKind::Angle { bits } => {
            format!("0 to 65535, in 1/65536 turn, in steps of {}.", 1_u32 << 16_u32.saturating_sub(*bits))
        }
        FieldKind::Choice { .. } => "One of these.".to_owned(),
        FieldKind::Rotation { bits } => format!("Sent with {bits} bits for each of three."),
        FieldKind::Reference => "The id of an entity that is held.".to_owned(),
        FieldKind::Text { bytes } => format!("At most {bytes} bytes of UTF-8; it may come from a player."),
    };
    text.push_str(match field.audience {
        Audience::Everyone => "",
        Audience::Team => " For its team only.",
        Audience::Owner => " For its owner only.",
    });
    let marks = [
        (field.marks.position, " Where it is."),
        (field.marks.predicted, " Predicted for the own player."),
        (field.marks.press, " A press: over when an input has carried it."),
        (field.marks.constant, " Never changes in the life of its entity."),
    ];
    marks.into_iter().filter(|(is_said, _)| *is_said).for_each(|(_, words)| text.push_str(words));
    text
}

/// The name of a game as a type: `arena-n` is `ArenaN`.
fn type_name(game: &str) -> String {
    let words = game.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    let is_free = name.starts_with(|first: char| first.is_ascii_uppercase());
    let is_taken =
        ["Components", "Kinds", "AnyEntity", "Input", "Events", "Requests", "Vector2", "Vector3", "Rotation"];
    if is_free && !is_taken.contains(&&*name) { name } else { format!("Game{name}") }
}

/// A name as the key of an object.
fn key(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// A name as a string.
fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declaration(name: &str, fields: &[(&str, FieldKind, Audience)]) -> Declaration {
        let field = |(name, kind, audience): &(&str, FieldKind, Audience)| Field {
            name: (*name).to_owned(),
            kind: kind.clone(),
            audience: *audience,
            predictor: shared::schema::Predictor::Hold,
            marks: shared::schema::Marks::default(),
        };
        Declaration { name: name.to_owned(), fields: fields.iter().map(field).collect() }
    }

    #[test]
    fn a_name_of_an_author_is_no_more_than_a_name() {
        assert_eq!(type_name("arena-n"), "ArenaN");
        assert_eq!(type_name("2048"), "Game2048");
        assert_eq!(type_name("input"), "GameInput");
        assert_eq!(type_name("*/"), "Game");
        assert_eq!(key("two words"), "\"two words\"");
        let choice = FieldKind::Choice { names: vec!["a\" | any; //".to_owned(), "*/".to_owned()] };
        assert_eq!(value_type(&choice), r#""a\" | any; //" | "*/""#);
    }

    #[test]
    fn what_some_do_not_see_may_be_missing() {
        let (bool, everyone, owner) = (FieldKind::Bool, Audience::Everyone, Audience::Owner);
        let mixed = body(&declaration("Mixed", &[("a", bool.clone(), everyone), ("b", bool.clone(), owner)]), "");
        assert!(mixed.contains("\n  a: boolean;") && mixed.contains("\n  b?: boolean;"), "{mixed}");
        let own = body(&declaration("Own", &[("b", bool, owner)]), "");
        assert!(own.contains("For its owner only. */\n  b: boolean;"), "{own}");
        assert_eq!(body(&declaration("Nothing", &[]), ""), "Record<string, never>");
    }
}
