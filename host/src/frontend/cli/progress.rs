//! Progress of a run: a bar on a terminal, log lines elsewhere.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;

use super::options::Options;
use super::print;
use crate::service::{Job, Progress, ProgressReporter};

/// Time between two updates of the bar.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// The bar that is on the terminal now; log lines are written above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Shows the progress of `job` until the result is dropped.
pub(super) fn show(options: &Options, job: &Arc<Job>) -> ProgressDisplay {
    let bar = ProgressBar::new(100);
    // A bar is hidden without a terminal, and on one that takes nothing but lines.
    if options.quiet || options.json || bar.is_hidden() {
        return ProgressDisplay(Some(ProgressReporter::log(job)));
    }
    set(Some(bar.clone()));
    let reporter =
        ProgressReporter::start(job, REDRAW_INTERVAL, move |progress| draw(&bar, progress));
    ProgressDisplay(Some(reporter))
}

/// Removes the bar when it is dropped.
pub(super) struct ProgressDisplay(Option<ProgressReporter>);

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        // Stops the reporter first, so that it cannot draw the bar again.
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
    let note = print::plain(progress.note.as_deref().unwrap_or_default());
    bar.set_message(format!("{size}  {rate}/s  {note}"));
    bar.set_position(progress.percent.unwrap_or_default());
    bar.tick();
}

/// Standard error, above the bar if there is one.
pub(super) fn stderr() -> impl Write {
    StderrAboveBar
}

struct StderrAboveBar;

impl Write for StderrAboveBar {
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
    BAR.lock().clone()
}

fn set(bar: Option<ProgressBar>) {
    *BAR.lock() = bar;
}
