//! What each stage of a tick takes, over the real simulation, replication and replica, with worlds of Arena-N.
//!
//! ```text
//!   tick       one step of the World
//!   extract    what changed, as rows of codes
//!   pack       extract, scrub, predict, pack: everything that is done once
//!   assemble   one client's frame: its view, the choice, the splicing, the digest
//!   frames     everybody's frames where each sees what is near
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
            bencher.iter_custom(|count| time(count, &mut workload, prepare, |workload, ()| workload.frame(0).len()));
        });
        let mut workload = Workload::new(size, 1);
        let viewer = workload.watch();
        let mut replica = workload.replica();
        group.bench_function("unpack", |bencher| {
            let prepare = |workload: &mut Workload| {
                workload.step();
                workload.pack();
                workload.frame(viewer).to_vec()
            };
            bencher.iter_custom(|count| {
                time(count, &mut workload, prepare, |_, frame| replica.apply(&frame).expect("it applies"))
            });
        });
        group.finish();
    }
}

/// Everybody's frames where each sees about 40 of 2,000: the time of one.
fn near(criterion: &mut Criterion) {
    const CLIENTS: usize = 500;
    let mut workload = Workload::seen_as_far_as(80, 2_000, CLIENTS);
    let mut group = criterion.benchmark_group("2000 entities, 500 clients that see 80 units far");
    let prepare = |workload: &mut Workload| {
        workload.step();
        workload.pack();
    };
    group.sample_size(20);
    group.bench_function("pack", |bencher| {
        bencher.iter_custom(|count| time(count, &mut workload, Workload::step, |workload, ()| workload.pack()));
    });
    group.throughput(criterion::Throughput::Elements(CLIENTS as u64));
    group.bench_function("frames", |bencher| {
        let frames =
            |workload: &mut Workload, ()| (0..CLIENTS).map(|client| workload.frame(client).len()).sum::<usize>();
        bencher.iter_custom(|count| time(count, &mut workload, prepare, frames));
    });
    group.finish();
}

criterion_group!(benches, stages, near);
criterion_main!(benches);
