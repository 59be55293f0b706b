//! `lenslet upload`: pictures to the origin, several at once, and where they were broken off when asked again.

mod files;
mod progress;
mod send;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use self::files::{Picture, find};
use self::progress::Progress;
use self::send::{Outcome as Sent, Sender};
use crate::Outcome;
use crate::origin::{Address, Origin, plain};

/// Upload pictures, and wait until they can be fetched.
///
/// The same command run again goes on where it was, and passes over what is done. Every picture that arrived is a line on
/// stdout; those that did not are listed on stderr, and the exit code is 1.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet upload --to https://origin.example photo.jpg
  lenslet upload --recursive --prefix holidays/2026 --tag sea --tag summer --jobs 8 pictures/
  lenslet upload --title 'The harbour' --no-wait harbour.jpg

The token is read from LENSLET_TOKEN; it needs the scope images:write, as `lenslet token --scope images:write` makes it.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    address: Address,
    /// Where among the pictures they go, such as `--prefix holidays/2026`
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    prefix: String,
    /// A tag for all of them, such as `--tag sea`; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// The title of all of them, such as `--title 'The harbour'`
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// How many files or parts are sent at once, such as `--jobs 8`
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Take the pictures in folders and in those below them, too: `--recursive`
    #[arg(long, short)]
    recursive: bool,
    /// Do not wait until the origin has looked at them: `--no-wait`
    #[arg(long)]
    no_wait: bool,
    /// The files, such as `photo.jpg`
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let Arguments { address, prefix, tags, title, jobs, recursive, no_wait, files } = arguments;
    let origin = Origin::new(address)?;
    let pictures = find(files, prefix, *recursive)?;
    let progress = Progress::new(&pictures);
    let sender = Sender {
        origin: &origin,
        progress: &progress,
        tags,
        title: title.as_deref(),
        jobs: usize::from(*jobs),
        waits: !no_wait,
    };
    let failures = send_all(&sender, &pictures);
    progress.finish();
    if failures.is_empty() {
        return Ok(());
    }
    for (name, why) in &failures {
        eprintln!("{}: {why}", plain(name));
    }
    Err(format!("{} of {} did not arrive; run the same again to go on", failures.len(), pictures.len())
        .into())
}

/// Sends all of them, as many at once as there are jobs; answers those that failed, and why, in their order.
fn send_all(sender: &Sender<'_>, pictures: &[Picture]) -> Vec<(String, String)> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(picture) = pictures.get(index) else { return };
            if let Err(failure) = one(sender, picture) {
                // Whoever panicked while holding it left nothing half done.
                let mut failures = failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                failures.push((index, failure));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..sender.jobs.min(pictures.len()) {
            scope.spawn(work);
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    failures.sort();
    let name = |index: usize| pictures.get(index).map_or(String::new(), |picture| picture.name.clone());
    failures.into_iter().map(|(index, why)| (name(index), why)).collect()
}

fn one(sender: &Sender<'_>, picture: &Picture) -> Result<(), String> {
    let bar = sender.progress.begin(picture);
    let sent = sender.send(picture, &bar);
    bar.finish(picture);
    let (word, id) = match sent.map_err(|failure| failure.to_string())? {
        Sent::Ready(id) => ("ready", id),
        Sent::Received(id) => ("received", id),
        Sent::Was(id) => ("was there", id),
    };
    sender.progress.say(&format!("{word}\t{}\t{}", plain(&picture.name), plain(&id)));
    Ok(())
}
