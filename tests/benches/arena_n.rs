//! What each stage of a tick takes, over the real simulation, replication and replica, with worlds of Arena-N.
//!
//! ```text
//!   tick       one step of the World
//!   extract    what changed, as rows of codes
//!   pack       extract, scrub, predict, pack: everything that is done once
//!   assemble   one client's frame: its view, the choice, the splicing, the digest
//!   unpack     one client's frame, applied to its replica and proven
//! ```
//!
//! `cargo bench -p tests`. Times are this machine's and this minute's; for figures that stay, see `examples/instructions.rs`.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::{Duration, Instant};
use tests::workload::Workload;

/// Entities of the worlds.
const SIZES: [usize; 2] = [100, 700];

/// Times `stage` alone, `count` times, each after a `prepare` that is not timed.
fn time<T, R>(
    count: u64,
    workload: &mut Workload,
    mut prepare: impl FnMut(&mut Workload) -> T,
    mut stage: impl FnMut(&mut Workload, T) -> R,
) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..count {
        let prepared = prepare(workload);
        let began = Instant::now();
        black_box(stage(workload, prepared));
        total += began.elapsed();
    }
    total
}

fn stages(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("{size} entities"));
        let mut workload = Workload::new(size, 1);
        group.bench_function("tick", |bencher| {
            bencher.iter_custom(|count| time(count, &mut workload, |_| (), |workload, ()| workload.step()));
        });
        let mut workload = Workload::new(size, 1);
        group.bench_function("extract", |bencher| {
            bencher.iter_custom(|count| time(count, &mut workload, Workload::step, |workload, ()| workload.extract()));
        });
        let mut workload = Workload::new(size, 1);
        group.bench_function("pack", |bencher| {
            bencher.iter_custom(|count| time(count, &mut workload, Workload::step, |workload, ()| workload.pack()));
        });
        let mut workload = Workload::new(size, 1);
        group.bench_function("assemble", |bencher| {
            let prepare = |workload: &mut Workload| {
                workload.step();
                workload.pack();
            };
            bencher.iter_custom(|count| time(count, &mut workload, prepare, |workload, ()| workload.frame(0)));
        });
        let mut workload = Workload::new(size, 1);
        let viewer = workload.watch();
        let mut replica = workload.replica();
        group.bench_function("unpack", |bencher| {
            let prepare = |workload: &mut Workload| {
                workload.step();
                workload.pack();
                workload.frame(viewer)
            };
            bencher.iter_custom(|count| {
                time(count, &mut workload, prepare, |_, frame| replica.apply(&frame).expect("it applies"))
            });
        });
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
