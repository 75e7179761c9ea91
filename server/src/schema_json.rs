//! A game's schema as JSON, for tools and for people: what `tickwire-server schema` prints.
//!
//! Clients do not read this: they are sent the schema itself when they join (PROTOCOL.md, "Schema").

use serde_json::{Value, json};
use shared::schema::{Audience, Declaration, Field, FieldKind, Marks, Predictor, Schema};

/// Everything that the schema declares, in its order: positions in the lists are the numbers on the wire.
#[must_use]
pub fn to_json(schema: &Schema) -> Value {
    let declarations = |list: &[Declaration]| list.iter().map(declaration).collect::<Vec<Value>>();
    let kinds = schema.kinds.iter().map(|kind| {
        let components = kind.components.iter().filter_map(|&index| schema.components.get(usize::from(index)));
        json!({ "name": kind.name, "components": components.map(|component| &component.name).collect::<Vec<_>>() })
    });
    json!({
        "game": schema.game,
        "fingerprint": format!("{:016x}", schema.fingerprint()),
        "components": declarations(&schema.components),
        "kinds": kinds.collect::<Vec<_>>(),
        "input": declaration(&schema.input),
        "events": declarations(&schema.events),
        "requests": declarations(&schema.requests),
    })
}

fn declaration(declaration: &Declaration) -> Value {
    json!({ "name": declaration.name, "fields": declaration.fields.iter().map(field).collect::<Vec<_>>() })
}

fn field(field: &Field) -> Value {
    let mut value = kind(&field.kind);
    let Marks { predicted, position, priority, press, constant, tolerance, snap } = field.marks;
    value["name"] = json!(field.name);
    value["audience"] = json!(match field.audience {
        Audience::Everyone => "everyone",
        Audience::Team => "team",
        Audience::Owner => "owner",
    });
    value["predictor"] = match field.predictor {
        Predictor::Hold => json!("hold"),
        Predictor::Linear => json!("linear"),
        Predictor::AlphaBeta { calm } => json!({ "alpha_beta": { "calm": calm } }),
        Predictor::Follow { field, times, shift } => {
            json!({ "follow": { "field": field, "times": times, "shift": shift } })
        }
        Predictor::Tick { step } => json!({ "tick": { "step": step } }),
    };
    for (name, mark) in [("predicted", predicted), ("position", position), ("press", press), ("constant", constant)] {
        if mark {
            value[name] = json!(true);
        }
    }
    if priority > 0 {
        value["priority"] = json!(priority);
    }
    if tolerance > 0 {
        value["tolerance"] = json!(tolerance);
    }
    if snap > 0 {
        value["snap"] = json!(snap);
    }
    value
}

fn kind(kind: &FieldKind) -> Value {
    match kind {
        FieldKind::Bool => json!({ "kind": "bool" }),
        FieldKind::Unsigned { max } => json!({ "kind": "unsigned", "min": 0, "max": max }),
        FieldKind::Signed { min, max } => json!({ "kind": "signed", "min": min, "max": max }),
        FieldKind::Fixed { quantiser, unit } => {
            json!({ "kind": "fixed", "min": quantiser.min, "max": quantiser.max, "step": quantiser.step, "unit": unit })
        }
        FieldKind::Vector2 { quantiser, unit } => {
            json!({ "kind": "vector2", "min": quantiser.min, "max": quantiser.max, "step": quantiser.step, "unit": unit })
        }
        FieldKind::Vector3 { quantiser, unit } => {
            json!({ "kind": "vector3", "min": quantiser.min, "max": quantiser.max, "step": quantiser.step, "unit": unit })
        }
        FieldKind::Angle { bits } => json!({ "kind": "angle", "bits": bits }),
        FieldKind::Rotation { bits } => json!({ "kind": "rotation", "bits": bits }),
        FieldKind::Choice { names } => json!({ "kind": "choice", "names": names }),
        FieldKind::Reference => json!({ "kind": "reference" }),
        FieldKind::Text { bytes } => json!({ "kind": "text", "bytes_max": bytes }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_and_every_field_is_told_in_order() {
        let schema = shared::game::schema();
        let told = to_json(&schema);
        let names = |list: &Value| -> Vec<String> {
            let items = list.as_array().expect("a list").iter();
            items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
        };
        let declared = |list: &[Declaration]| -> Vec<String> { list.iter().map(|one| one.name.clone()).collect() };
        assert_eq!(names(&told["components"]), declared(&schema.components));
        assert_eq!(names(&told["events"]), declared(&schema.events));
        assert_eq!(names(&told["requests"]), declared(&schema.requests));
        for (told, component) in told["components"].as_array().expect("a list").iter().zip(&schema.components) {
            let fields: Vec<String> = component.fields.iter().map(|field| field.name.clone()).collect();
            assert_eq!(names(&told["fields"]), fields);
            assert!(told["fields"].as_array().expect("a list").iter().all(|field| field["kind"].is_string()));
        }
    }
}
