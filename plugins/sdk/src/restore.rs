//! The way back: what a strategy implements that also restores its backups.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::bindings::restorer::exports::sidecar::strategy::restore as exported;
use crate::strategy::parse;
use crate::{Command, Failure, Finished, Module, Result, Source, Strategy};

pub use exported::{Outcome, Part, Plan, Selection};

/// A backup that is to be restored, and how.
#[derive(Debug, Clone)]
pub struct Request<C> {
    /// `strategy.config`, as it is now: the backup may be older.
    pub config: C,
    /// The artifact's format, from its manifest.
    pub format: String,
    /// Bytes of the whole backup, as `backup` wrote them.
    pub size: u64,
    /// In the order of their offsets; none when the backup is of one piece.
    pub parts: Vec<Part>,
    /// None: everything.
    pub only: Vec<Selection>,
    /// Another server (a URL) or another directory (absolute) than the configuration's own.
    pub into: Option<String>,
    /// Whether what is there may be overwritten.
    pub replace: bool,
}

/// A strategy that also gives its backups back.
pub trait Restore: Strategy {
    /// What a restore will need, or every reason why it cannot be done. It must only think:
    /// nothing is granted yet.
    fn plan_restore(request: Request<Self::Config>) -> Result<Plan, Vec<Failure>>;

    /// Restores. A part that fails has an [`Outcome`] that says so, and the others are still
    /// restored; an error is for what concerns all of them.
    fn restore(id: &str, request: Request<Self::Config>) -> Result<Vec<Outcome>>;
}

/// Makes a component of a type that implements [`Restore`]: `sidecar_sdk::export_restorable!(Hello);`
#[macro_export]
macro_rules! export_restorable {
    ($strategy:ident) => {
        $crate::export!($strategy);
        #[cfg(target_family = "wasm")]
        $crate::bindings::restorer::export!(SidecarModule with_types_in $crate::bindings::restorer);
    };
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

/// A plan that needs nothing: name what you need, and leave the rest.
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
    /// Its bytes, for reading and seeking.
    pub fn open(&self) -> Source {
        Source::new(self.offset, self.length)
    }

    /// Runs a command whose standard input it is.
    pub fn feed(&self, command: &Command) -> Result<Finished> {
        crate::source::feed(command, self.offset, self.length)
    }

    /// Puts it into the file at `SIDE_CAR_TEMP_DUMP`, in place of what another call put there.
    pub fn lay_out(&self) -> Result<()> {
        crate::source::lay_out(self.offset, self.length)
    }
}

impl Selection {
    /// What it shall be called at the target.
    pub fn target_name(&self) -> &str {
        self.new_name.as_deref().unwrap_or(&self.name)
    }
}

impl Outcome {
    /// It was restored; `note` is a few words: "3 tables".
    pub fn done(name: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            note: note.into(),
            failure: None,
        }
    }

    /// It could not be restored.
    pub fn failed(name: impl Into<String>, failure: Failure) -> Self {
        Self {
            name: name.into(),
            note: String::new(),
            failure: Some(failure),
        }
    }
}
