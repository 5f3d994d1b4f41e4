//! One backup by a module, with commands and a disk that may misbehave.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command_recorder::CommandRecorder;
use super::fixture::Fixture;
use super::slow_disk::SlowDisk;
use crate::artifact::{Spool, Writer};
use crate::cancel::{Cancel, Deadline};
use crate::command;
use crate::config::{Codec, Compression};
use crate::error::Result;
use crate::plan::AccessRequest;
use crate::sandbox::{Module, RunEnd};

/// For processes that a run has left behind: between SIGTERM and SIGKILL.
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(2);

/// What commands do.
#[derive(Clone, Copy)]
pub(super) enum CommandBehaviour<'a> {
    /// They run as they are.
    Real,
    /// This line, instead of each of them.
    Replaced(&'a str),
}

/// What the artifact's disk does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum DiskBehaviour {
    /// It writes.
    Good,
    /// It takes its time.
    Slow,
    /// Nothing fits.
    Full,
}

/// One backup.
pub(super) struct Attempt<'a> {
    /// The module that makes it.
    pub module: &'a Module,
    /// As the module gets it.
    pub config: String,
    /// All of it is granted.
    pub asks: AccessRequest,
    /// What commands do.
    pub commands: CommandBehaviour<'a>,
    /// What the artifact's disk does.
    pub disk: DiskBehaviour,
    /// Stops it.
    pub cancel: Cancel,
    /// How long it may take.
    pub limit: Duration,
}

/// How an attempt went.
pub(super) struct AttemptOutcome {
    /// What the module answered, and what the host made of it; an error when it could not even start.
    pub ending: Result<RunEnd>,
    /// The lines that ran.
    pub ran: BTreeSet<String>,
    /// From its start to its end.
    pub took: Duration,
    /// Has to outlive the artifact's writer, which is in `ending`.
    _disk: Option<SlowDisk>,
}

impl Attempt<'_> {
    /// Runs the module to its end, and ends what it started.
    pub(super) fn run(self, fixture: &Fixture) -> Result<AttemptOutcome> {
        let mut grants = self.asks.granted();
        if let CommandBehaviour::Replaced(line) = self.commands {
            grants = grants.with_stand_in(&fixture.shell(line)?);
        }
        let (spool, disk) = spool(fixture, self.disk)?;
        let uncompressed = Compression {
            codec: Codec::None,
            level: None,
        };
        let writer = Writer::start(uncompressed, None, spool)?;
        let cancel = self.cancel;
        let recorder = Arc::new(CommandRecorder::default());
        let job = fixture.job(
            self.module,
            self.config,
            grants,
            cancel.clone(),
            recorder.clone(),
        )?;
        let _deadline = Deadline::start(Some(self.limit), &cancel)?;
        let started = Instant::now();
        let ending = self.module.observe(job, writer);
        let took = started.elapsed();
        command::end_orphans(TERMINATE_TIMEOUT);
        Ok(AttemptOutcome {
            ending,
            ran: recorder.take(),
            took,
            _disk: disk,
        })
    }
}

fn spool(fixture: &Fixture, disk: DiskBehaviour) -> Result<(Spool, Option<SlowDisk>)> {
    Ok(match disk {
        DiskBehaviour::Good => {
            let id = uuid::Uuid::now_v7().to_string();
            (Spool::create(fixture.artifacts(), &id)?, None)
        }
        DiskBehaviour::Full => (Spool::elsewhere(Path::new("/dev/full"))?, None),
        DiskBehaviour::Slow => {
            let (spool, disk) = SlowDisk::start(&fixture.fifo("disk")?)?;
            (spool, Some(disk))
        }
    })
}
