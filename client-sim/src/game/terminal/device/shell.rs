//! Into raw mode and back, whatever happens: at the end, when the connection is lost, and on a panic.
//!
//! Never here: pictures (see `screen`).

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableFocusChange, DisableMouseCapture, EnableFocusChange, EnableMouseCapture, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::execute;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, supports_keyboard_enhancement,
};
use std::io::{self, IsTerminal as _, Write, stdin, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// The terminal is ours, and how it was must be put back.
static IS_OURS: AtomicBool = AtomicBool::new(false);
/// It was told to tell when keys are let go.
static TELLS_RELEASE: AtomicBool = AtomicBool::new(false);

/// Held while something is written: what is put back must not meet a picture that is still on its way.
static OUTPUT: Mutex<()> = Mutex::new(());
/// How long such a picture may take before modes are put back without the screen.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where pictures go for as long as the terminal is ours; after that, nowhere.
pub(in crate::game::terminal) struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _held = OUTPUT.lock().unwrap_or_else(PoisonError::into_inner);
        if IS_OURS.load(Ordering::SeqCst) {
            stdout().write_all(bytes)?;
            stdout().flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a person sits at both ends.
#[must_use]
pub(in crate::game::terminal) fn is_terminal() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// The terminal, for as long as this lives.
pub(in crate::game::terminal) struct Shell(());

impl Shell {
    /// Takes the terminal: no echo, a screen of our own, the mouse, and where it can, news of keys that are let go.
    ///
    /// # Errors
    /// It is none, or does not take orders.
    pub(in crate::game::terminal) fn enter() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        IS_OURS.store(true, Ordering::SeqCst);
        let shell = Self(());
        // Asked before anybody else reads what the terminal answers.
        let tells_release = supports_keyboard_enhancement().unwrap_or(false);
        execute!(stdout(), EnterAlternateScreen, Hide, EnableMouseCapture, EnableFocusChange)?;
        if tells_release {
            TELLS_RELEASE.store(true, Ordering::SeqCst);
            let flags =
                KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES | KeyboardEnhancementFlags::REPORT_EVENT_TYPES;
            execute!(stdout(), PushKeyboardEnhancementFlags(flags))?;
        }
        Ok(shell)
    }

    /// Whether the terminal tells when a key is let go.
    #[must_use]
    pub(in crate::game::terminal) fn tells_release(&self) -> bool {
        TELLS_RELEASE.load(Ordering::SeqCst)
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back as it was. Once; what fails is passed over, for the rest matters more.
fn restore() {
    if !IS_OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let until = Instant::now() + PATIENCE;
    let mut held = OUTPUT.try_lock();
    while matches!(held, Err(TryLockError::WouldBlock)) && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
        held = OUTPUT.try_lock();
    }
    // Who does not take a picture takes this no more; its modes can be set all the same.
    if !matches!(held, Err(TryLockError::WouldBlock)) {
        if TELLS_RELEASE.swap(false, Ordering::SeqCst) {
            let _ = execute!(stdout(), PopKeyboardEnhancementFlags);
        }
        let _ = execute!(stdout(), DisableFocusChange, DisableMouseCapture, ResetColor, LeaveAlternateScreen, Show);
    }
    let _ = disable_raw_mode();
}

/// What a panic says must be readable.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            restore();
            before(panicked);
        }));
    });
}
