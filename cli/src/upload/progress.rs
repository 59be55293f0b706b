//! How far it is: bars on a terminal, and plain lines wherever else.

use std::io::{IsTerminal as _, Read, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::files::Picture;
use crate::origin::plain;

const ONE: &str = "{bar:24} {bytes:>11} of {total_bytes:>11}  {wide_msg}";
const ALL: &str = "{bar:24} {bytes:>11} of {total_bytes:>11}  {wide_msg} {bytes_per_sec}, {eta}";

/// All bars: one of each file that is on its way, and one of them together.
pub(crate) struct Progress {
    bars: MultiProgress,
    all: ProgressBar,
    count: usize,
    done: AtomicU64,
}

/// The bar of one file. Clones move the same one.
#[derive(Clone)]
pub(crate) struct FileBar {
    bar: ProgressBar,
    all: ProgressBar,
}

/// Bytes on their way, which move a bar.
pub(crate) struct Counted<R> {
    bytes: R,
    bar: FileBar,
    so_far: Arc<AtomicU64>,
}

impl Progress {
    /// The bars of these files.
    pub(crate) fn new(pictures: &[Picture]) -> Self {
        let target =
            if stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let lines = MultiProgress::with_draw_target(target);
        let all = lines.add(ProgressBar::new(pictures.iter().map(|picture| picture.size_bytes).sum()));
        all.set_style(style(ALL));
        all.set_message(format!("0 of {} files", pictures.len()));
        Self { bars: lines, all, count: pictures.len(), done: AtomicU64::new(0) }
    }

    /// A bar for a file, above that of all.
    pub(crate) fn begin(&self, picture: &Picture) -> FileBar {
        let bar = self.bars.insert_before(&self.all, ProgressBar::new(picture.size_bytes));
        bar.set_style(style(ONE));
        bar.set_message(plain(&picture.name));
        FileBar { bar, all: self.all.clone() }
    }

    /// A line on stdout, above the bars.
    pub(crate) fn say(&self, line: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.all.set_message(format!("{done} of {} files", self.count));
        self.bars.suspend(|| println!("{line}"));
    }

    /// Takes the bars away.
    pub(crate) fn finish(&self) {
        self.all.finish_and_clear();
    }
}

impl FileBar {
    /// What is being done now.
    pub(crate) fn note(&self, picture: &Picture, doing: &str) {
        self.bar.set_message(format!("{}: {doing}", plain(&picture.name)));
    }

    /// So many bytes are there already.
    pub(crate) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
        self.all.inc(bytes);
    }

    /// So many bytes have to be sent again.
    fn take_back(&self, bytes: u64) {
        self.bar.set_position(self.bar.position().saturating_sub(bytes));
        self.all.set_position(self.all.position().saturating_sub(bytes));
    }

    /// Takes the bar away; what was not sent need not be.
    pub(crate) fn finish(&self, picture: &Picture) {
        self.all.inc(picture.size_bytes.saturating_sub(self.bar.position()));
        self.bar.finish_and_clear();
    }

    /// Lets bytes move the bar while `send` reads them; if that fails, they have not been sent.
    pub(crate) fn counting<R, T, E>(
        &self,
        bytes: R,
        send: impl FnOnce(Counted<R>) -> Result<T, E>,
    ) -> Result<T, E> {
        let so_far = Arc::new(AtomicU64::new(0));
        let outcome = send(Counted { bytes, bar: self.clone(), so_far: so_far.clone() });
        if outcome.is_err() {
            self.take_back(so_far.load(Ordering::Relaxed));
        }
        outcome
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.bytes.read(buffer)?;
        self.so_far.fetch_add(length as u64, Ordering::Relaxed);
        self.bar.add(length as u64);
        Ok(length)
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
