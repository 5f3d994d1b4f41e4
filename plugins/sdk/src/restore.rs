//! What a strategy implements that also restores its backups.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::bindings::refusal_finder::exports::sidecar::strategy::refusals;
use crate::bindings::restore_preflighter::exports::sidecar::strategy::restore_preflight as preflight;
use crate::bindings::restorer::exports::sidecar::strategy::restore as exported;
use crate::bindings::target_finder::exports::sidecar::strategy::targets;
use crate::findings::Findings;
use crate::runnable::Runnable;
use crate::source::Source;
use crate::strategy::{Module, Strategy, parse};
use crate::target::Content;
use crate::types::{Failure, Finished, Result};

pub use exported::{Outcome, Part, Plan, Selection};
pub use targets::{Findings as FoundTargets, Target};

/// A backup to restore, and how.
#[derive(Debug, Clone)]
pub struct Request<C> {
    /// `strategy.config`, as it is now: the backup may be older.
    pub config: C,
    /// The artifact's format, from its manifest.
    pub format: String,
    /// Bytes of the whole backup, as `backup` wrote them.
    pub size: u64,
    /// In the order of their offsets; empty when the backup has no parts.
    pub parts: Vec<Part>,
    /// Empty for everything.
    pub only: Vec<Selection>,
    /// A server (a URL) or a directory (absolute) other than the configured one.
    pub into: Option<String>,
    /// Whether existing data may be overwritten.
    pub replace: bool,
}

/// A strategy that also restores its backups.
pub trait Restore: Strategy {
    /// What a restore will need, or every reason why it cannot be done. It has no side
    /// effects: nothing is granted yet.
    fn plan_restore(request: Request<Self::Config>) -> Result<Plan, Vec<Failure>>;

    /// Restores. A part that fails has a failed [`Outcome`], and the others are still restored; an
    /// error is for what affects all of them.
    fn restore(id: &str, request: Request<Self::Config>) -> Result<Vec<Outcome>>;

    /// Whether a restore into `into` could begin now: asked by `sidecar check` for the scratch target of
    /// drills, with the grants of the plan for a backup of size 0. It looks, and changes nothing.
    fn preflight_restore(config: Self::Config, into: Option<String>) -> Findings {
        drop((config, into));
        Findings::default()
    }

    /// Why [`restore`](Self::restore) would refuse this request or a part of it: asked before a restore of several
    /// strategies, of which none is touched if one refuses. It looks, and changes nothing.
    fn find_refusals(request: Request<Self::Config>) -> Vec<Failure> {
        drop(request);
        Vec::new()
    }

    /// What is there already where [`restore`](Self::restore) would put something: asked when a restore is previewed, before
    /// anything of the backup was fetched. It looks, and changes nothing.
    fn find_targets(request: Request<Self::Config>) -> Result<FoundTargets> {
        drop(request);
        Ok(FoundTargets {
            targets: Vec::new(),
            server: None,
        })
    }
}

/// The request of another interface than `restore`, which has the same fields.
macro_rules! typed_request {
    ($request:expr) => {{
        let request = $request;
        let parts = request.parts.into_iter().map(|part| Part {
            name: part.name,
            offset: part.offset,
            length: part.length,
        });
        let only = request.only.into_iter().map(|selection| Selection {
            name: selection.name,
            new_name: selection.new_name,
        });
        typed(exported::Request {
            config: request.config,
            format: request.format,
            size: request.size,
            parts: parts.collect(),
            only: only.collect(),
            into: request.into,
            replace: request.replace,
        })
    }};
}

impl<S: Restore> refusals::Guest for Module<S> {
    fn find_refusals(request: refusals::Request) -> Vec<Failure> {
        match typed_request!(request) {
            Ok(request) => S::find_refusals(request),
            Err(failure) => vec![failure],
        }
    }
}

impl<S: Restore> targets::Guest for Module<S> {
    fn find_targets(request: targets::Request) -> Result<FoundTargets> {
        S::find_targets(typed_request!(request)?)
    }
}

impl<S: Restore> preflight::Guest for Module<S> {
    fn preflight_restore(config: String, into: Option<String>) -> preflight::Findings {
        let Findings { failures, warnings } = match parse(&config) {
            Ok(config) => S::preflight_restore(config, into),
            Err(failure) => Err(failure).into(),
        };
        preflight::Findings { failures, warnings }
    }
}

impl<S: Restore> exported::Guest for Module<S> {
    fn plan_restore(request: exported::Request) -> Result<Plan, Vec<Failure>> {
        S::plan_restore(typed(request).map_err(|failure| vec![failure])?)
    }

    fn restore(id: String, request: exported::Request) -> Result<Vec<Outcome>> {
        S::restore(&id, typed(request)?)
    }
}

fn typed<C: DeserializeOwned + JsonSchema>(request: exported::Request) -> Result<Request<C>> {
    Ok(Request {
        config: parse(&request.config)?,
        format: request.format,
        size: request.size,
        parts: request.parts,
        only: request.only,
        into: request.into,
        replace: request.replace,
    })
}

/// A plan that requests nothing, for `..Plan::default()`.
impl Default for Plan {
    fn default() -> Self {
        Self {
            commands: Vec::new(),
            shell: None,
            env: Vec::new(),
            read: Vec::new(),
            net: Vec::new(),
            parts: Vec::new(),
            directory: None,
            steps: Vec::new(),
        }
    }
}

impl<C> Request<C> {
    /// Whether it is about any backup: `sidecar check` asks what restores need before there is one.
    pub fn is_of_any_backup(&self) -> bool {
        self.size == 0 && self.parts.is_empty()
    }

    /// The directory to restore into, if the operator named one.
    pub fn directory(&self) -> Option<String> {
        self.into.clone().filter(|into| into.starts_with('/'))
    }

    /// The selected parts and their names at the target, or a failure for each name that is no part.
    pub fn selected(&self) -> Result<Vec<(Part, String)>, Vec<Failure>> {
        if self.only.is_empty() {
            let all = self.parts.iter().cloned();
            return Ok(all.map(|part| (part.clone(), part.name)).collect());
        }
        let (mut selected, mut missing) = (Vec::new(), Vec::new());
        for selection in &self.only {
            match self.parts.iter().find(|part| part.name == selection.name) {
                Some(part) => selected.push((part.clone(), selection.target_name().to_owned())),
                None => missing.push(Failure::new(
                    "no-such-part",
                    format!("the backup has no part {}", selection.name),
                )),
            }
        }
        match missing.is_empty() {
            true => Ok(selected),
            false => Err(missing),
        }
    }

    /// The whole backup as one range.
    pub fn whole(&self) -> Part {
        Part {
            name: String::new(),
            offset: 0,
            length: self.size,
        }
    }
}

impl Part {
    /// Opens it for reading and seeking.
    pub fn open(&self) -> Source {
        Source::new(self.offset, self.length)
    }

    /// All of it, for a file of the target directory, whose bytes never enter the module.
    pub fn content(&self) -> Content {
        Content {
            offset: self.offset,
            length: self.length,
            size: self.length,
            method: "stored".to_owned(),
            crc32: None,
        }
    }

    /// Runs a command or a program with this part as its standard input.
    pub fn feed(&self, command: &impl Runnable) -> Result<Finished> {
        command.feed(self.offset, self.length)
    }

    /// Writes it to the file at `SIDE_CAR_TEMP_DUMP`, and replaces what another call wrote there.
    pub fn lay_out(&self) -> Result<()> {
        crate::source::lay_out(self.offset, self.length)
    }
}

impl Selection {
    /// The name at the target.
    pub fn target_name(&self) -> &str {
        self.new_name.as_deref().unwrap_or(&self.name)
    }
}

impl Outcome {
    /// A success; `note` is a few words: "3 tables".
    pub fn done(name: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            note: note.into(),
            failure: None,
        }
    }

    /// A failure.
    pub fn failed(name: impl Into<String>, failure: Failure) -> Self {
        Self {
            name: name.into(),
            note: String::new(),
            failure: Some(failure),
        }
    }
}
