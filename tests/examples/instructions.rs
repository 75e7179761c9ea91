//! How many instructions does a tick take, per live entity and per visible one? Counted by valgrind, so that the figures are
//! the same in every run and on every machine of a kind.
//!
//! ```text
//!   cargo run --release -p tests --example instructions          needs valgrind
//! ```
//!
//! The program runs itself under callgrind, once for each part of a tick, for few ticks and for many; differences leave what
//! one tick of that part takes. Hashing is counted by doing it once more.

use server::replicate::replicator::ReplicateOptions;
use std::env;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use tests::workload::Workload;

/// Entities of the worlds.
const SIZES: [usize; 2] = [100, 700];
/// Ticks of the short and of the long run.
const TICKS: [usize; 2] = [20, 120];

/// What is done in each tick; each part after the first is preceded by those that it needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Step,
    Extract,
    Pack,
    Scrub,
    Hash,
    Frame,
    Another,
    Digest,
    /// Packing, and then a frame for each of [`NEAR_CLIENTS`], who see what is near.
    NearPack,
    Near,
}

/// Clients who see about 40 entities each.
const NEAR_CLIENTS: usize = 500;
/// Entities of their world, and how far they see.
const NEAR_ENTITIES: usize = 2_000;
/// See [`NEAR_ENTITIES`].
const NEAR_UNITS: u32 = 80;

impl Part {
    const ALL: [(Self, &str); 10] = [
        (Self::Step, "step"),
        (Self::Extract, "extract"),
        (Self::Pack, "pack"),
        (Self::Scrub, "scrub"),
        (Self::Hash, "hash"),
        (Self::Frame, "frame"),
        (Self::Another, "another"),
        (Self::Digest, "digest"),
        (Self::NearPack, "near-pack"),
        (Self::Near, "near"),
    ];
    /// How many of these are of worlds where everybody sees everything.
    const FAR: usize = 8;

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(part, _)| part)
    }

    fn run_near(self, entities: usize, ticks: usize) {
        let mut workload = Workload::seen_as_far_as(NEAR_UNITS, entities, NEAR_CLIENTS);
        for _ in 0..ticks {
            workload.step();
            workload.pack();
            for client in (0..NEAR_CLIENTS).filter(|_| self == Self::Near) {
                black_box(workload.frame(client));
            }
        }
    }

    fn run(self, entities: usize, ticks: usize) {
        if matches!(self, Self::Near | Self::NearPack) {
            return self.run_near(entities, ticks);
        }
        let default = ReplicateOptions::default();
        let scrub_entities = if self == Self::Scrub { default.scrub_entities } else { 0 };
        let mut workload = Workload::with_replication(entities, 2, ReplicateOptions { scrub_entities, ..default });
        for _ in 0..ticks {
            workload.step();
            match self {
                Self::Step => {}
                Self::Extract => workload.extract(),
                _ => workload.pack(),
            }
            match self {
                Self::Hash => drop(black_box(workload.hash(0))),
                Self::Digest => drop(black_box(workload.digest(0))),
                Self::Frame => _ = black_box(workload.frame(0)),
                Self::Another => (0..2).for_each(|viewer| _ = black_box(workload.frame(viewer))),
                _ => {}
            }
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [part, entities, ticks] = &arguments[..] {
        let (Some(part), Ok(entities), Ok(ticks)) = (Part::named(part), entities.parse(), ticks.parse()) else {
            return ExitCode::from(2);
        };
        part.run(entities, ticks);
        return ExitCode::SUCCESS;
    }
    match SIZES.into_iter().try_for_each(print_counts).and_then(|()| print_near()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("instructions: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The counts of one world, per tick and entity.
fn print_counts(entities: usize) -> Result<(), String> {
    let mut per_tick = [0.0; Part::FAR];
    for (count, (_, name)) in per_tick.iter_mut().zip(Part::ALL) {
        *count = of_a_tick(name, entities)?;
    }
    let [step, extract, pack, scrub, hash, frame, another, digest] = per_tick.map(|count| count / entities as f64);
    let hash = hash - pack;
    let digest = digest - pack;
    println!("{entities} entities, instructions per entity and tick");
    println!("  once per tick, per live entity");
    println!("    step                  {step:8.1}");
    println!("    extract               {:8.1}", extract - step);
    println!("    predict and pack      {:8.1}", pack - extract - hash);
    println!("    hash                  {hash:8.1}");
    println!("    scrub                 {:8.1}   (a fixed number of entities per tick)", scrub - pack);
    println!("  per client, per visible entity");
    println!("    view and assembly     {:8.1}   (the first of those who hold the same)", frame - pack - digest);
    println!("    digest                {digest:8.1}");
    println!(
        "    every other one       {:8.1}   ({:.0} per client)",
        another - frame,
        (another - frame) * entities as f64
    );
    Ok(())
}

/// The count of a client that sees what is near, per tick.
fn print_near() -> Result<(), String> {
    let near = of_a_tick("near", NEAR_ENTITIES)? - of_a_tick("near-pack", NEAR_ENTITIES)?;
    println!("{NEAR_ENTITIES} entities, seen as far as {NEAR_UNITS} units by {NEAR_CLIENTS} clients: about 40 by each");
    println!(
        "  interest, view, assembly and digest, per client and tick: {:.0} instructions",
        near / NEAR_CLIENTS as f64
    );
    Ok(())
}

/// The instructions that one tick of a part takes.
fn of_a_tick(name: &str, entities: usize) -> Result<f64, String> {
    let [short, long] = TICKS;
    let more = counted(name, entities, long)? - counted(name, entities, short)?;
    Ok(more / (long - short) as f64)
}

/// The instructions of this program when it does one part.
fn counted(part: &str, entities: usize, ticks: usize) -> Result<f64, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args([part.to_owned(), entities.to_string(), ticks.to_string()])
        .output()
        .map_err(|error| format!("valgrind does not start ({error}): install it"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or_else(|| format!("valgrind did not count: {said}"))
}
