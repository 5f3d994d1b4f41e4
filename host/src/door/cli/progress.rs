//! How far a run is: a bar on a terminal, log lines elsewhere.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Options, print};
use crate::service::{Job, Progress, Pulse};

/// Between two pictures of the bar.
const PICTURE: Duration = Duration::from_millis(100);

/// The bar that is on the terminal now: whoever writes there has to ask it to step aside.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Shows how far `job` is until the result is dropped.
pub(super) fn show(options: &Options, job: &Arc<Job>) -> Shown {
    let bar = ProgressBar::new(100);
    // It knows where it cannot be drawn: not on a terminal, or on one that takes no more than lines.
    if options.quiet || options.json || bar.is_hidden() {
        return Shown(Some(Pulse::log(job)));
    }
    set(Some(bar.clone()));
    let pulse = Pulse::start(job, PICTURE, move |progress| draw(&bar, progress));
    Shown(Some(pulse))
}

/// The bar goes away with it.
pub(super) struct Shown(Option<Pulse>);

impl Drop for Shown {
    fn drop(&mut self) {
        // Nobody draws any more when it is taken away.
        self.0 = None;
        if let Some(bar) = bar() {
            bar.finish_and_clear();
        }
        set(None);
    }
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let template = match progress.percent {
        Some(_) => "{elapsed_precise} [{bar:30}] {percent:>3} %  {msg}",
        None => "{elapsed_precise} {spinner}  {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    let size = print::size(progress.bytes);
    let rate = print::size(progress.bytes_per_second);
    let note = progress.note.as_deref().unwrap_or_default();
    bar.set_message(format!("{size}  {rate}/s  {note}"));
    bar.set_position(progress.percent.unwrap_or_default());
    bar.tick();
}

/// Standard error, above the bar if there is one.
pub(super) fn stderr() -> impl Write {
    Above
}

struct Above;

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bar() {
            Some(bar) => bar.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn bar() -> Option<ProgressBar> {
    BAR.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn set(bar: Option<ProgressBar>) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}
