//! `sidecar drill`: is the latest backup one that comes back?

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::{Options, progress, restore, signals};
use crate::error::Result;
use crate::service::{Request, Service};

/// How long those who are to be notified may keep the command from ending.
const NOTIFYING: Duration = Duration::from_secs(5);

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    let job = Arc::new(service.job(Request::drill()));
    signals::cancel_on_signal(job.cancel())?;
    let shown = progress::show(options, &job);
    let done = service.drill(&job);
    drop(shown);
    service.finish_notifying(NOTIFYING);
    restore::ended(options, done)
}
