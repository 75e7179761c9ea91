//! `#[derive(Replicated)]`: each attribute, what becomes of it in the declaration, and values through their codes.

use glam::{IVec2, IVec3};
use proptest::prelude::*;
use shared::Replicated;
use shared::ids::EntityId;
use shared::quantise::Quantiser;
use shared::rotation::Rotation;
use shared::schema::{
    Audience, Clamped, Declaration, Enumerated, Field, FieldKind, FieldValue, Marks, Predictor, Schema, Text,
};

const SIZE: i32 = 500;
const NAME_BYTES: usize = 10;

/// Names as a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Replicated, serde::Serialize)]
enum Weapon {
    #[default]
    Fists,
    Bow,
    r#Mod,
}

/// A field of every kind, and every attribute at least once.
#[derive(Clone, Debug, PartialEq, Default, Replicated, serde::Serialize)]
struct Everything {
    alive: bool,
    byte: u8,
    #[field(range = 0..=100, audience = team, priority = 15)]
    health: u16,
    #[field(range = 0..=1 << 20, constant)]
    score: u32,
    #[field(range = -SIZE..=SIZE, predictor = linear)]
    drift: i16,
    #[field(range = -SIZE * 256..=SIZE * 256, step = 4, unit = 256, predicted)]
    speed: i32,
    #[field(range = 10..=20, step = 1)]
    level: u8,
    #[field(range = -SIZE * 256..=SIZE * 256, unit = 256, position, predicted, predictor = linear)]
    #[field(audience = everyone)]
    at: IVec2,
    #[field(range = 0..=90, step = 10)]
    size: IVec3,
    #[field(bits = 10, predictor = hold)]
    aim: u16,
    #[field(angle)]
    heading: u16,
    target: EntityId,
    #[field(audience = owner)]
    name: Text<NAME_BYTES>,
    #[field(constant)]
    title: Text<16>,
    weapon: Weapon,
    #[field(range = -5..=5, audience = owner)]
    r#type: i8,
}

/// What turns in space.
#[derive(Clone, Debug, PartialEq, Default, Replicated)]
struct Body {
    #[field(bits = 9, predictor = alpha_beta(3))]
    facing: Rotation,
    head: Rotation,
}

#[derive(Clone, Debug, PartialEq, Default, Replicated)]
struct Controls {
    #[field(press)]
    fire: bool,
    #[field(press)]
    pick: Weapon,
    #[field(range = 0..=3, press)]
    gesture: u8,
}

#[derive(Clone, Debug, PartialEq, Replicated)]
struct GiveUp;

#[derive(Clone, Debug, PartialEq, Replicated)]
struct Begin {}

fn field<'a>(declaration: &'a Declaration, name: &str) -> &'a Field {
    declaration.fields.iter().find(|field| field.name == name).unwrap()
}

fn kind(name: &str) -> FieldKind {
    field(&Everything::declaration(), name).kind.clone()
}

fn codes<T: Replicated>(value: &T) -> (Vec<i32>, Clamped) {
    let mut codes = vec![-7; T::PART_COUNT];
    let clamped = value.write_codes(&mut codes);
    (codes, clamped)
}

#[test]
fn fields_are_declared_in_order_and_by_their_plain_names() {
    let declaration = Everything::declaration();
    assert_eq!(declaration.name, "Everything");
    let names: Vec<_> = declaration.fields.iter().map(|field| field.name.as_str()).collect();
    let expected = [
        "alive", "byte", "health", "score", "drift", "speed", "level", "at", "size", "aim", "heading", "target",
        "name", "title", "weapon", "type",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_type_decides_the_kind() {
    let quantiser = |min, max, step| Quantiser { min, max, step };
    let world = SIZE * 256;
    assert_eq!(kind("alive"), FieldKind::Bool);
    assert_eq!(kind("byte"), FieldKind::Unsigned { max: 255 });
    assert_eq!(kind("health"), FieldKind::Unsigned { max: 100 });
    assert_eq!(kind("score"), FieldKind::Unsigned { max: 1 << 20 });
    assert_eq!(kind("drift"), FieldKind::Signed { min: -SIZE, max: SIZE });
    assert_eq!(kind("type"), FieldKind::Signed { min: -5, max: 5 });
    assert_eq!(kind("target"), FieldKind::Reference);
    assert_eq!(kind("name"), FieldKind::Text { bytes: 10 });
    assert_eq!(kind("title"), FieldKind::Text { bytes: 16 });
    assert_eq!(kind("aim"), FieldKind::Angle { bits: 10 });
    assert_eq!(kind("heading"), FieldKind::Angle { bits: 16 });
    assert_eq!(kind("speed"), FieldKind::Fixed { quantiser: quantiser(-world, world, 4), unit: 256 });
    assert_eq!(kind("level"), FieldKind::Fixed { quantiser: quantiser(10, 20, 1), unit: 1 });
    assert_eq!(kind("at"), FieldKind::Vector2 { quantiser: quantiser(-world, world, 1), unit: 256 });
    assert_eq!(kind("size"), FieldKind::Vector3 { quantiser: quantiser(0, 90, 10), unit: 1 });
    let names = ["Fists", "Bow", "Mod"].map(str::to_owned).to_vec();
    assert_eq!(kind("weapon"), FieldKind::Choice { names });
}

#[test]
fn a_rotation_is_four_codes_of_as_many_bits_as_said() {
    let declaration = Body::declaration();
    let [facing, head] = declaration.fields.as_slice() else { panic!("two fields") };
    assert_eq!((&facing.kind, facing.predictor), (&FieldKind::Rotation { bits: 9 }, Predictor::AlphaBeta { calm: 3 }));
    assert_eq!((&head.kind, head.predictor), (&FieldKind::Rotation { bits: 10 }, Predictor::Hold));
    assert_eq!(Body::PART_COUNT, 8);
    let mut codes = [0; 8];
    let body = Body { facing: Rotation { x: 0, y: Rotation::ONE, z: 0, w: 0 }, head: Rotation::IDENTITY };
    assert_eq!(body.write_codes(&mut codes), Clamped(0));
    assert_eq!(codes, [1, 255, 255, 255, 3, 511, 511, 511]);
    assert_eq!(Body::read_codes(&codes), body);
}

#[test]
fn an_audience_is_everyone_unless_said() {
    let declaration = Everything::declaration();
    for (name, audience) in [
        ("alive", Audience::Everyone),
        ("at", Audience::Everyone),
        ("health", Audience::Team),
        ("name", Audience::Owner),
    ] {
        assert_eq!(field(&declaration, name).audience, audience, "{name}");
    }
}

#[test]
fn a_predictor_holds_unless_said() {
    let declaration = Everything::declaration();
    for (name, predictor) in
        [("alive", Predictor::Hold), ("aim", Predictor::Hold), ("drift", Predictor::Linear), ("at", Predictor::Linear)]
    {
        assert_eq!(field(&declaration, name).predictor, predictor, "{name}");
    }
}

#[test]
fn marks_are_off_unless_said() {
    let declaration = Everything::declaration();
    let none = Marks::default();
    for (name, marks) in [
        ("alive", none),
        ("health", Marks { priority: 15, ..none }),
        ("score", Marks { constant: true, ..none }),
        ("speed", Marks { predicted: true, ..none }),
        ("at", Marks { predicted: true, position: true, ..none }),
    ] {
        assert_eq!(field(&declaration, name).marks, marks, "{name}");
    }
    for name in ["fire", "pick", "gesture"] {
        assert_eq!(field(&Controls::declaration(), name).marks, Marks { press: true, ..none }, "{name}");
    }
}

#[test]
fn the_part_count_is_what_the_declaration_says() {
    assert_eq!(Everything::PART_COUNT, Everything::declaration().part_count());
    assert_eq!(Everything::PART_COUNT, 1 + 1 + 1 + 1 + 1 + 1 + 1 + 2 + 3 + 1 + 1 + 1 + (1 + 4) + (1 + 6) + 1 + 1);
    assert_eq!(Controls::PART_COUNT, 3);
    assert_eq!((GiveUp::PART_COUNT, Begin::PART_COUNT), (0, 0));
}

#[test]
fn a_struct_without_fields_is_only_its_name() {
    assert_eq!(GiveUp::declaration(), Declaration { name: "GiveUp".to_owned(), fields: Vec::new() });
    assert_eq!(GiveUp::read_codes(&codes(&GiveUp).0), GiveUp);
    assert_eq!(Begin::read_codes(&codes(&Begin {}).0), Begin {});
}

#[test]
fn an_enum_counts_its_names_and_a_strange_code_is_the_first() {
    assert_eq!(Weapon::NAMES, ["Fists", "Bow", "Mod"]);
    for (code, weapon) in [Weapon::Fists, Weapon::Bow, Weapon::r#Mod].into_iter().enumerate() {
        assert_eq!(weapon.code(), code as i32);
        assert_eq!(Weapon::from_code(weapon.code()), weapon);
    }
    assert_eq!(Weapon::from_code(3), Weapon::Fists);
    assert_eq!(Weapon::from_code(-1), Weapon::Fists);
    let kind = FieldKind::Choice { names: Vec::new() };
    let mut code = [9];
    assert_eq!(Weapon::Bow.write(&kind, &mut code), Clamped(0));
    assert_eq!((code, Weapon::read(&kind, &code)), ([1], Weapon::Bow));
}

#[test]
fn a_schema_takes_what_the_derive_declares() {
    let schema = Schema::new("test")
        .component::<Everything>()
        .input::<Controls>()
        .event::<Begin>()
        .request::<GiveUp>()
        .build()
        .unwrap();
    assert_eq!(schema.components, [Everything::declaration()]);
    assert_eq!(schema.request_index(GiveUp::NAME), Some(0));
}

#[test]
fn what_lies_outside_is_clamped_counted_and_read_as_the_nearest_end() {
    let wild = Everything {
        health: 101,
        score: u32::MAX,
        drift: i16::MIN,
        speed: i32::MAX,
        level: 9,
        at: IVec2::new(i32::MIN, i32::MAX),
        size: IVec3::new(-1, 50, 91),
        r#type: 6,
        ..Everything::default()
    };
    let (codes, clamped) = codes(&wild);
    assert_eq!(clamped, Clamped(10));
    let read = Everything::read_codes(&codes);
    let world = SIZE * 256;
    assert_eq!((read.health, read.score, read.drift, read.speed), (100, 1 << 20, -500, world));
    assert_eq!(
        (read.level, read.at, read.size, read.r#type),
        (10, IVec2::new(-world, world), IVec3::new(0, 50, 90), 5)
    );
}

#[test]
fn too_few_codes_are_neither_written_past_nor_read_past() {
    for length in 0..Everything::PART_COUNT {
        let mut codes = vec![0; length];
        Everything::default().write_codes(&mut codes);
        let _ = Everything::read_codes(&codes);
    }
}

fn weapon() -> impl Strategy<Value = Weapon> {
    prop_oneof![Just(Weapon::Fists), Just(Weapon::Bow), Just(Weapon::r#Mod)]
}

prop_compose! {
    fn everything()(
        (alive, byte, health, score) in (any::<bool>(), any::<u8>(), 0u16..=100, 0u32..=1 << 20),
        (drift, speed, level) in (-500i16..=500, -SIZE * 256..=SIZE * 256, 10u8..=20),
        (x, y) in (-SIZE * 256..=SIZE * 256, -SIZE * 256..=SIZE * 256),
        size in prop::array::uniform3(0i32..=9),
        (aim, heading, target) in (any::<u16>(), any::<u16>(), any::<u32>()),
        (name, title, weapon, r#type) in (".{0,12}", ".{0,20}", weapon(), -5i8..=5),
    ) -> Everything {
        Everything {
            alive, byte, health, score, drift, speed, level,
            at: IVec2::new(x, y),
            size: IVec3::from_array(size) * 10,
            aim, heading,
            target: EntityId(target),
            name: Text::new(&name),
            title: Text::new(&title),
            weapon, r#type,
        }
    }
}

proptest! {
    #[test]
    fn a_value_comes_back_up_to_its_step(value in everything()) {
        let (codes, clamped) = codes(&value);
        prop_assert_eq!(clamped, Clamped(0));
        for (code, part) in codes.iter().zip(Everything::declaration().parts()) {
            // A reference is the entity's number here; only its sender puts a slot in its place.
            prop_assert!(part.last == 0xFFFF || (0..=i64::from(part.last)).contains(&i64::from(*code)));
        }
        let read = Everything::read_codes(&codes);
        prop_assert!((read.speed - value.speed).abs() <= 2);
        prop_assert!((read.aim.wrapping_sub(value.aim) as i16).abs() <= 32);
        prop_assert_eq!(Everything { speed: value.speed, aim: value.aim, ..read.clone() }, value);
        let again = self::codes(&read);
        prop_assert_eq!(again, (codes, Clamped(0)));
    }

    #[test]
    fn no_codes_make_a_panic(codes in prop::collection::vec(any::<i32>(), 0..2 * Everything::PART_COUNT)) {
        let read = Everything::read_codes(&codes);
        let (codes, _) = self::codes(&read);
        let inside = Everything::read_codes(&codes);
        prop_assert_eq!(self::codes(&inside), (codes, Clamped(0)));
    }
}
