//! A person at a terminal: a real pseudo-terminal, a program in it, and what one would see.
//!
//! ```text
//!   keys ─► pty ─► the program ─► pty ─► vt100 ─► Screen ─► "is it there yet?"
//! ```
//!
//! Nothing here waits for a time: it waits until something is seen, and gives up after [`PATIENCE`].
//!
//! Never here: which program, what is expected.

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use vt100::{Parser, Screen};

/// How long something may take to be seen. Generous: a machine with too much to do is no failure.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// How often a key that is held repeats.
const REPEAT: Duration = Duration::from_millis(33);
/// What a program asks a terminal to know what it can.
const WHO_ARE_YOU: &[u8] = b"\x1b[c";
/// What a plain one answers.
const A_PLAIN_ONE: &[u8] = b"\x1b[?62c";

/// What came from the program so far.
struct Seen {
    parser: Parser,
    has_ended: bool,
}

/// A terminal with a program in it. Dropped, the program ends with it.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Arc<Mutex<Box<dyn Write + Send>>>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    modes: String,
}

impl Terminal {
    /// Opens a terminal of so many columns and rows, and starts a program in it.
    ///
    /// # Panics
    /// If the system has no terminal to give, or the program does not start.
    #[must_use]
    pub fn start(columns: u16, rows: u16, program: &Path, arguments: &[&str]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("the system has terminals");
        let modes = modes_of(pair.master.as_ref());
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        // What is said last must fit the screen.
        command.env("RUST_BACKTRACE", "0");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().expect("a keyboard")));
        let seen =
            Arc::new((Mutex::new(Seen { parser: Parser::new(rows, columns, 0), has_ended: false }), Condvar::new()));
        let output = pair.master.try_clone_reader().expect("a screen");
        let reader = {
            let (seen, keyboard) = (seen.clone(), keyboard.clone());
            thread::spawn(move || read(output, &seen, &keyboard))
        };
        // The slave's end stays with the program alone: when it is gone, the reader's ends, too.
        drop(pair.slave);
        Self { child, master: pair.master, keyboard, seen, reader: Some(reader), modes }
    }

    /// Types.
    ///
    /// # Panics
    /// If nobody listens.
    pub fn press(&self, keys: &str) {
        let mut keyboard = lock(&self.keyboard);
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).expect("somebody listens");
    }

    /// Makes the window another size.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn resize(&self, columns: u16, rows: u16) {
        lock(&self.seen.0).parser.screen_mut().set_size(rows, columns);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a size");
    }

    /// Waits until what is shown meets `condition`, and gives what that gave.
    ///
    /// # Panics
    /// If [`PATIENCE`] ends before; says what was waited for and what is shown instead.
    pub fn wait<T>(&self, what: &str, condition: impl FnMut(&Screen) -> Option<T>) -> T {
        self.wait_with(what, None, condition)
    }

    /// The same, while a key is held: it repeats, as a keyboard repeats it.
    ///
    /// # Panics
    /// As [`Terminal::wait`].
    pub fn hold<T>(&self, key: &str, what: &str, condition: impl FnMut(&Screen) -> Option<T>) -> T {
        self.wait_with(what, Some(key), condition)
    }

    fn wait_with<T>(&self, what: &str, held: Option<&str>, mut condition: impl FnMut(&Screen) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let (seen, news) = &*self.seen;
        loop {
            if let Some(key) = held {
                self.press(key);
            }
            let guard = lock(seen);
            if let Some(found) = condition(guard.parser.screen()) {
                return found;
            }
            let ended = guard.has_ended;
            assert!(
                !ended && Instant::now() < until,
                "{what} never came; shown is\n{}",
                guard.parser.screen().contents()
            );
            drop(news.wait_timeout(guard, REPEAT).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// What is shown now.
    #[must_use]
    pub fn screen(&self) -> Screen {
        lock(&self.seen.0).parser.screen().clone()
    }

    /// Waits until the program has ended, and gives how, and what is shown then.
    ///
    /// # Panics
    /// If it does not end within [`PATIENCE`].
    pub fn end(&mut self) -> (ExitStatus, Screen) {
        let until = Instant::now() + PATIENCE;
        let (seen, news) = &*self.seen;
        let mut guard = lock(seen);
        while !guard.has_ended {
            assert!(Instant::now() < until, "it does not end; shown is\n{}", guard.parser.screen().contents());
            guard = news.wait_timeout(guard, REPEAT).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(guard);
        let status = self.child.wait().expect("its own child");
        (status, self.screen())
    }

    /// Whether echo, lines and all other modes are as they were before the program began.
    #[must_use]
    pub fn is_as_before(&self) -> bool {
        self.modes == modes_of(self.master.as_ref())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// The terminal's modes, in words.
fn modes_of(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

fn read(mut output: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar), keyboard: &Mutex<Box<dyn Write + Send>>) {
    let (mut bytes, mut asked) = (vec![0; 1 << 16], 0);
    // A pseudo-terminal whose other end is closed fails to be read: that is its end.
    while let Ok(count) = output.read(&mut bytes) {
        if count == 0 {
            break;
        }
        let mut answers = 0;
        for &byte in &bytes[..count] {
            asked = if byte == WHO_ARE_YOU[asked] { asked + 1 } else { usize::from(byte == WHO_ARE_YOU[0]) };
            if asked == WHO_ARE_YOU.len() {
                (asked, answers) = (0, answers + 1);
            }
        }
        for _ in 0..answers {
            let _ = lock(keyboard).write_all(A_PLAIN_ONE);
        }
        lock(&seen.0).parser.process(&bytes[..count]);
        seen.1.notify_all();
    }
    lock(&seen.0).has_ended = true;
    seen.1.notify_all();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
