//! A terminal that is slow holds up nobody: one picture is on its way at a time, and none is made until it is there.
//!
//! ```text
//!   observer ─► picture ─► one place ─► this thread ─► terminal (blocks for as long as it likes)
//!    ▲ idle? no: this moment is not drawn ◄──────────┘
//! ```
//!
//! At the limit the newest moments are skipped; what waits is never more than one picture's changes.
//!
//! Never here: what a picture is (see `screen`).

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// How long the last picture may take before we leave without it.
const LAST: Duration = Duration::from_secs(1);

/// Writes pictures on a thread of its own.
pub(in crate::game::terminal) struct Writer {
    pictures: Option<SyncSender<Vec<u8>>>,
    busy: Arc<AtomicBool>,
    done: Receiver<()>,
}

impl Writer {
    /// Writes to `terminal`.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(in crate::game::terminal) fn begin(mut terminal: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (pictures, inbox) = sync_channel::<Vec<u8>>(1);
        let (ended, done) = sync_channel(1);
        let busy = Arc::new(AtomicBool::new(false));
        let is_busy = busy.clone();
        thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            for picture in inbox {
                // Who cannot be written to is gone, and will be heard of by its keys.
                let _ = terminal.write_all(&picture).and_then(|()| terminal.flush());
                is_busy.store(false, Ordering::Release);
            }
            let _ = ended.send(());
        })?;
        Ok(Self { pictures: Some(pictures), busy, done })
    }

    /// Nothing is on its way.
    pub(in crate::game::terminal) fn is_idle(&self) -> bool {
        !self.busy.load(Ordering::Acquire)
    }

    /// Sends a picture on its way. Only when idle.
    pub(in crate::game::terminal) fn write(&self, picture: Vec<u8>) {
        if picture.is_empty() {
            return;
        }
        self.busy.store(true, Ordering::Release);
        if let Some(pictures) = &self.pictures {
            let _ = pictures.try_send(picture);
        }
    }
}

impl Drop for Writer {
    /// Waits for the last picture, but not for ever.
    fn drop(&mut self) {
        self.pictures = None;
        let _ = self.done.recv_timeout(LAST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// A terminal that takes a picture when it is told to.
    struct Slow {
        may: Receiver<()>,
        took: SyncSender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.may.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.took.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn while_a_picture_is_on_its_way_the_writer_is_not_idle() {
        let ((go, may), (took, taken)) = (sync_channel(1), sync_channel(1));
        let writer = Writer::begin(Slow { may, took }).unwrap();
        assert!(writer.is_idle());
        writer.write(b"one".to_vec());
        assert!(!writer.is_idle());
        go.send(()).unwrap();
        assert_eq!(taken.recv().unwrap(), b"one");
        while !writer.is_idle() {
            thread::yield_now();
        }
        writer.write(Vec::new());
        assert!(writer.is_idle(), "nothing to write is nothing on its way");
    }
}
