//! Somebody honest who plays beside an abuse, on a thread of its own, and what it notices: frames that it was not sent, a world that is
//! not the server's, the end of its connection.
//!
//! A frame may also be missing because the machine is busy with other things: then it, or the server's workers, waited for the
//! processor. That the system counts (`schedstat`), and such frames are counted apart. Where it does not, none are.

use super::client::{Client, Target};
use client_sim::session::{Session, SessionConfig};
use shared::game::components::Nameplate;
use shared::wire::SeatSecret;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Frames that are proven before anything is held against anybody: it has arrived.
const ARRIVED: u64 = 5;
/// Between two looks at how long those that matter waited for the processor.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// If they waited so long since the look before the last, the machine was busy.
const BUSY: Duration = Duration::from_millis(30);
/// How long it waits for frames.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was noticed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Frames that proved the world.
    pub(crate) frames: u64,
    /// Ticks that came without a frame of their own.
    pub(crate) skipped: u64,
    /// The same while the machine was busy with something else.
    pub(crate) excused: u64,
    /// Frames that could not be read, did not fit, or proved another world.
    pub(crate) wrong: u64,
    /// Why its connection ended, if it did.
    pub(crate) ended: Option<String>,
}

impl Marks {
    /// What was noticed between `before` and now, if anything was.
    pub(crate) fn disturbed_since(&self, before: &Self) -> Result<(), String> {
        let (skipped, wrong) = (self.skipped - before.skipped, self.wrong - before.wrong);
        match &self.ended {
            Some(why) => Err(format!("who plays beside it is gone: {why}")),
            None if wrong > 0 => Err(format!("who plays beside it saw another world {wrong} times")),
            None if skipped > 0 => Err(format!("who plays beside it was not sent {skipped} frames")),
            None => Ok(()),
        }
    }
}

#[derive(Default)]
struct Noticed {
    frames: AtomicU64,
    skipped: AtomicU64,
    excused: AtomicU64,
    wrong: AtomicU64,
    ended: Mutex<Option<String>>,
    stop: AtomicBool,
}

/// Somebody honest who plays.
pub(crate) struct Bystander {
    noticed: Arc<Noticed>,
    /// Its number in the room.
    pub(crate) player: u32,
    /// What gives its seat back.
    pub(crate) secret: SeatSecret,
    thread: Option<JoinHandle<(Client, Session)>>,
}

impl Bystander {
    /// Comes in at that path, by that ticket or as a guest.
    pub(crate) fn join(target: &Target, path: &str, name: &str, ticket: Option<&str>) -> Result<Self, String> {
        Self::take_seat(target, path, ticket, Session::new(SessionConfig::named(name)))
    }

    /// Comes back to the seat of a session that was cut.
    pub(crate) fn come_back(
        target: &Target,
        path: &str,
        ticket: Option<&str>,
        mut session: Session,
    ) -> Result<Self, String> {
        if !session.reconnect() {
            return Err("no seat is kept for it".to_owned());
        }
        Self::take_seat(target, &format!("{path}?resume"), ticket, session)
    }

    fn take_seat(target: &Target, path: &str, ticket: Option<&str>, mut session: Session) -> Result<Self, String> {
        let mut client = target.seated(path, ticket, &mut session)?;
        let began = Instant::now();
        let before = session.counters().digests_checked;
        while session.counters().digests_checked < before + ARRIVED {
            client.play(&mut session, began)?;
            if began.elapsed() > PATIENCE {
                return Err("it is in, and gets no frames".to_owned());
            }
        }
        let agreement = session.agreement().ok_or("no agreement")?;
        let (player, secret) = (agreement.player.0, agreement.resume.ok_or("seats are kept")?);
        let noticed = Arc::new(Noticed::default());
        let marks = noticed.clone();
        let thread = thread::spawn(move || live(client, session, began, &marks));
        Ok(Self { noticed, player, secret, thread: Some(thread) })
    }

    /// What it noticed so far.
    pub(crate) fn marks(&self) -> Marks {
        Marks {
            frames: self.noticed.frames.load(Ordering::Relaxed),
            skipped: self.noticed.skipped.load(Ordering::Relaxed),
            excused: self.noticed.excused.load(Ordering::Relaxed),
            wrong: self.noticed.wrong.load(Ordering::Relaxed),
            ended: self.noticed.ended.lock().expect("nobody panics in here").clone(),
        }
    }

    /// It goes on playing, and noticed nothing since `before`.
    pub(crate) fn is_undisturbed_since(&self, before: &Marks) -> Result<(), String> {
        let began = Instant::now();
        let wanted = self.marks().frames + 2;
        loop {
            let now = self.marks();
            now.disturbed_since(before)?;
            if now.frames >= wanted {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err("who plays beside it gets no frames any more".to_owned());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its connection is cut, without a word. The session may come back.
    pub(crate) fn cut(mut self) -> Session {
        let (client, mut session) = self.stop();
        drop(client);
        session.handle_cut();
        session
    }

    /// It says goodbye, having been disturbed by nothing.
    pub(crate) fn leave_undisturbed(self) -> Result<(), String> {
        self.marks().disturbed_since(&Marks::default())?;
        self.leave();
        Ok(())
    }

    /// It says goodbye.
    pub(crate) fn leave(mut self) {
        let (mut client, mut session) = self.stop();
        session.leave();
        let began = Instant::now();
        while client.play(&mut session, began).is_ok() && began.elapsed() < Duration::from_secs(1) {}
    }

    fn stop(&mut self) -> (Client, Session) {
        self.noticed.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it is stopped once");
        thread.join().expect("it does not panic")
    }
}

impl Drop for Bystander {
    /// A story that ends early leaves nobody who plays on.
    fn drop(&mut self) {
        self.noticed.stop.store(true, Ordering::Relaxed);
    }
}

/// Plays until told to stop, and notes what it notices.
fn live(mut client: Client, mut session: Session, began: Instant, noticed: &Noticed) -> (Client, Session) {
    let mut before = *session.counters();
    let mut processor = Processor::new();
    while !noticed.stop.load(Ordering::Relaxed) {
        processor.look();
        if let Err(why) = client.play(&mut session, began) {
            noticed.ended.lock().expect("nobody panics in here").get_or_insert(why);
            break;
        }
        let now = *session.counters();
        let since = now.since(&before);
        before = now;
        noticed.frames.fetch_add(since.digests_checked, Ordering::Relaxed);
        noticed.wrong.fetch_add(since.digest_mismatches + since.resyncs + since.frames_broken, Ordering::Relaxed);
        if since.ticks_skipped > 0 {
            let counted = if processor.was_short() { &noticed.excused } else { &noticed.skipped };
            counted.fetch_add(since.ticks_skipped, Ordering::Relaxed);
        }
    }
    (client, session)
}

/// How long this thread and all workers of servers in this process waited for the processor.
struct Processor {
    files: Vec<PathBuf>,
    last: Instant,
    /// At the last look, and at the one before.
    waited: [Duration; 2],
}

impl Processor {
    fn new() -> Self {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten().map(|task| task.path());
        let is_worker = |task: &PathBuf| {
            fs::read_to_string(task.join("comm"))
                .is_ok_and(|name| name.starts_with("worker-") || name.starts_with("lane-"))
        };
        let mut files: Vec<PathBuf> = tasks.filter(is_worker).map(|task| task.join("schedstat")).collect();
        files.push(PathBuf::from("/proc/thread-self/schedstat"));
        let waited = waited(&files);
        Self { files, last: Instant::now(), waited: [waited, waited] }
    }

    fn look(&mut self) {
        if self.last.elapsed() >= LOOK_EVERY {
            (self.last, self.waited) = (Instant::now(), [waited(&self.files), self.waited[0]]);
        }
    }

    /// Of late.
    fn was_short(&self) -> bool {
        waited(&self.files) > self.waited[1] + BUSY
    }
}

/// The second number of each file: nanoseconds on a queue.
fn waited(files: &[PathBuf]) -> Duration {
    let of = |path: &PathBuf| fs::read_to_string(path).ok()?.split(' ').nth(1)?.parse::<u64>().ok();
    Duration::from_nanos(files.iter().filter_map(of).sum())
}

/// What the player of a session is called by others.
pub(crate) fn plate(session: &Session) -> Option<String> {
    let replica = session.replica()?;
    Some(replica.read::<Nameplate>(replica.me()?)?.name.as_str().to_owned())
}
