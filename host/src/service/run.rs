//! One backup, from its turn to the published artifact.

use std::ffi::OsString;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::guard::{Deadline, Strays};
use super::request::Request;
use super::ship::{Label, MISSED};
use super::turn::Turn;
use super::{Job, Service, kept};
use crate::artifact::{Sealed, Spool, Writer};
use crate::cancel::Reason;
use crate::config::{Allow, Codec, Compression, Paths};
use crate::error::{Error, Kind, Result};
use crate::history::{Artifact, Failure, Outcome, Run, State, StoreKeys};
use crate::plan::{self, Grants};
use crate::sandbox::{self, Directories, Module};

/// A backup that was made: what `sidecar backup --json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Backup {
    /// The run's id.
    pub id: String,
    /// The strategy's canonical name.
    pub strategy: String,
    /// What it made.
    pub artifact: Artifact,
    /// Which stores have it.
    pub stores: Vec<StoreKeys>,
    /// RFC 3339, UTC.
    pub started_at: Timestamp,
    /// RFC 3339, UTC.
    pub finished_at: Timestamp,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// What was decided before the run.
struct Plan {
    /// `strategy.config` as JSON, as the module's schema wants it.
    config: String,
    grants: Grants,
    compression: Compression,
}

impl Service {
    /// Makes a backup on this thread: it is published when this returns, or nothing of it is left.
    pub fn backup(&self, job: &Arc<Job>) -> Result<Backup> {
        let turn = self.turn()?;
        self.make_room();
        self.run(turn, job)
    }

    /// The same when it is our turn. Those who watch hear of the end once the next one may begin.
    pub(super) fn run(&self, turn: Turn, job: &Arc<Job>) -> Result<Backup> {
        let last = || self.history().last(State::Succeeded)?.artifact;
        let estimate = self.config.capabilities.est_size;
        if let Some(bytes) = estimate.or_else(|| last().map(|artifact| artifact.size)) {
            job.expect(bytes);
        }
        let run = self.begin(job);
        let made = self.make(&turn, job);
        let outcome = made.as_ref().map(|(artifact, _)| Some(artifact.clone()));
        let run = self.end(run, turn, job, outcome, Vec::new());
        let (artifact, stores) = made?;
        Ok(Backup {
            artifact,
            stores,
            started_at: run.started_at.unwrap_or(run.queued_at),
            finished_at: run.finished_at.unwrap_or(run.queued_at),
            duration_ms: run.duration_ms.unwrap_or(0),
            id: run.id,
            strategy: run.strategy,
        })
    }

    /// Writes down that the run begins, and tells everybody.
    pub(super) fn begin(&self, job: &Job) -> Run {
        let mut run = job.run();
        run.start();
        self.history().record(&run);
        job.announce(run.clone());
        run
    }

    /// Writes down how the run has ended, gives the turn back, and tells everybody.
    pub(super) fn end(
        &self,
        mut run: Run,
        turn: Turn,
        job: &Job,
        made: Result<Option<Artifact>, &Error>,
        parts: Vec<Outcome>,
    ) -> Run {
        let state = match (&made, job.cancel().reason()) {
            (Ok(_), _) => State::Succeeded,
            // One store has it: that was too late.
            (Err(error), Some(Reason::Requested)) if error.code() == MISSED => State::Failed,
            (Err(_), Some(Reason::Requested)) => State::Cancelled,
            (Err(_), Some(Reason::ShuttingDown | Reason::Interrupted)) => State::Interrupted,
            (Err(_), Some(Reason::TimedOut(_)) | None) => State::Failed,
        };
        run.end(state, made.map_err(Failure::from));
        run.parts = parts;
        if state != State::Succeeded {
            job.forget_bytes();
        }
        self.history().record(&run);
        drop(turn);
        job.announce(run.clone());
        run
    }

    fn make(&self, turn: &Turn, job: &Arc<Job>) -> Result<(Artifact, Vec<StoreKeys>)> {
        let request = job.request();
        let module = self.module()?;
        let plan = self.plan(&module, request)?;
        let _strays = Strays;
        let _deadline = Deadline::start(
            module.limits().timeout.or(self.config.strategy.timeout),
            job.cancel(),
        )?;
        let spool = Spool::create(&turn.folder, &request.id)?;
        let growth = spool.growth()?;
        job.writes_to(growth.clone());
        let started_at = job.run().queued_at;
        let shipment = self.ship(&growth, &request.id, started_at)?;
        let encryption = self.config.strategy.artifact.encryption.as_ref();
        let writer = Writer::start(plan.compression, encryption, spool)?;
        let compression = plan.compression;
        let written = module.run(self.task(job, plan.config, plan.grants, &module), writer)?;
        if written.position() == 0 {
            return Err(nothing_written());
        }
        let sealed = written.finish()?;
        job.cancel().check()?;
        let label = Label {
            id: &request.id,
            module: &module,
            compression,
            started_at,
        };
        let manifest = self.manifest(&sealed, &label);
        let foretold = match &shipment {
            Some(_) => None,
            None => Some(self.foretell(&manifest)?),
        };
        let artifact = self.publish(sealed)?;
        if let Some(foretold) = foretold {
            foretold.come_true();
        }
        if request.keep {
            kept::keep(&turn.folder, &request.id, &artifact.path);
        }
        let stores = match shipment {
            Some(shipment) => self
                .deliver(shipment, &artifact, &manifest, job.cancel())
                .inspect_err(|_| kept::discard(&turn.folder, &request.id))?,
            None => Vec::new(),
        };
        if let Err(error) = self.send_pending(job.cancel()) {
            tracing::warn!(
                code = error.code(),
                "a store still misses an earlier backup: {error}"
            );
        }
        Ok((artifact, stores))
    }

    /// What the module asks for, compared with what it may have.
    fn plan(&self, module: &Module, request: &Request) -> Result<Plan> {
        let config = self.checked(module)?;
        let asked = self.ask(module, &config, request)?;
        self.accepted(module, Some(&asked))?;
        let compression = self.compression(&config, asked.compression)?;
        let allowed = self.allowed(&config, &asked);
        let grants = asked.approve(module.name(), &allowed)?;
        Ok(Plan {
            config: config.to_string(),
            grants,
            compression,
        })
    }

    /// What the module asks for. Its objections to the configuration get their place in the file.
    pub(super) fn ask(
        &self,
        module: &Module,
        config: &Value,
        request: &Request,
    ) -> Result<plan::Request> {
        module
            .plan(&config.to_string(), &self.helpers(request))?
            .map_err(|failures| {
                let words = |error: Error| {
                    (
                        error.message().to_owned(),
                        error.hint_text().map(str::to_owned),
                    )
                };
                self.config.refused(failures.into_iter().map(words)).into()
            })
    }

    /// The operator's permission: for a strategy of this house, its configuration is it.
    pub(super) fn allowed(&self, config: &Value, asked: &plan::Request) -> Allow {
        match self.config.modules.get(&self.config.strategy.name) {
            Some(spec) => spec.allow.clone(),
            None => plan::allow_builtin(config, &self.config.paths.workdir, asked),
        }
    }

    /// Compressed once: by the strategy's wish or by the operator's, not both.
    fn compression(&self, config: &Value, asked: Option<Codec>) -> Result<Compression> {
        let configured = self.config.strategy.artifact.compression;
        match asked {
            None => Ok(configured),
            Some(_) if configured.codec != Codec::None => Err(Error::new(
                Kind::Config,
                "compressed-twice",
                "both strategy.artifact.compression and the strategy itself decide the compression",
            )
            .hint("remove strategy.artifact.compression; strategy.config.compression is enough")),
            Some(codec) => Ok(Compression {
                codec,
                level: level(config),
            }),
        }
    }

    /// All that the sandbox needs.
    pub(super) fn task(
        &self,
        job: &Arc<Job>,
        config: String,
        grants: Grants,
        module: &Module,
    ) -> sandbox::Job {
        let request = job.request();
        let helpers = self.helpers(request);
        let mut env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        if self.config.modules.contains_key(module.name()) {
            // A module from elsewhere reads what its commands print.
            let token = self.config.secrets.api_token.reveal();
            env.retain(|(_, value)| value != token);
        }
        env.extend(
            helpers
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let folder = request.drive_folder_id.iter();
        sandbox::Job {
            id: request.id.clone(),
            config,
            parameters: folder
                .map(|id| ("drive-folder-id".to_owned(), id.clone()))
                .collect(),
            grants,
            directories: Directories::from(&self.config.paths),
            temp_dump: self.config.paths.temp_dump.clone(),
            helpers,
            env,
            memory: module.limits().memory,
            cancel: job.cancel().clone(),
            reporter: job.clone(),
        }
    }

    /// The variables that help commands and modules to find their way.
    pub(super) fn helpers(&self, request: &Request) -> Vec<(String, String)> {
        helpers(
            &self.config.paths,
            &self.config.strategy.name,
            request.drive_folder_id.as_deref(),
        )
    }

    fn publish(&self, sealed: Sealed) -> Result<Artifact> {
        let spec = &self.config.strategy.artifact;
        if sealed.size < spec.min_size {
            return Err(Error::run(
                "too-small",
                format!(
                    "the artifact has {} bytes, fewer than strategy.artifact.min_size {}",
                    sealed.size, spec.min_size
                ),
            )
            .hint("look at what the strategy wrote; nothing was published"));
        }
        let published = sealed
            .spool
            .publish(&self.config.paths.artifacts.join(&spec.filename))?;
        Ok(Artifact {
            path: published.path,
            filename: spec.filename.clone(),
            format: spec.format.clone(),
            content_type: spec.content_type.clone(),
            size: sealed.size,
            sha256: sealed.sha256.to_string(),
        })
    }
}

/// The helper variables of a run.
pub(super) fn helpers(
    paths: &Paths,
    strategy: &str,
    drive_folder_id: Option<&str>,
) -> Vec<(String, String)> {
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let mut helpers = vec![
        ("SIDE_CAR_WORKDIR".to_owned(), path(&paths.workdir)),
        ("SIDE_CAR_ARTIFACTS_DIR".to_owned(), path(&paths.artifacts)),
        ("SIDE_CAR_TEMP_DUMP".to_owned(), path(&paths.temp_dump)),
        ("SIDE_CAR_STRATEGY".to_owned(), strategy.to_owned()),
    ];
    if let Some(id) = drive_folder_id {
        helpers.push(("SIDE_CAR_DRIVE_FOLDER_ID".to_owned(), id.to_owned()));
    }
    helpers
}

/// `strategy.config.level`, beside the compression that the strategy asked for.
fn level(config: &Value) -> Option<u32> {
    config.get("level")?.as_u64()?.try_into().ok()
}

fn nothing_written() -> Error {
    Error::run(
        "nothing-generated",
        "the strategy did not generate an artifact: it wrote nothing",
    )
    .hint("an empty dump is no backup: look at the command's output in the log")
}
