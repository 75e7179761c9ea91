//! `#[derive(Replicated)]`: one declaration gives quantising, validating, packing, hashing, saving and the schema.
