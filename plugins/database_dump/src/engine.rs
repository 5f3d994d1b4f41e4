//! What every engine can do.

use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Failure, Result};

use crate::client::Client;
use crate::coverage::{AllowedGaps, Gap};
use crate::identity::Identity;
use crate::selection::{RestoreSelection, SelectedDatabase};

/// A database system that this strategy dumps and restores by itself, connected to one server.
pub(crate) trait Engine {
    /// Every command line that a backup may run. They do not depend on the configuration, so that
    /// they can be reviewed once.
    fn backup_commands(&self) -> Vec<&'static str>;

    /// Every command line that a restore may run.
    fn restore_commands(&self) -> Vec<&'static str>;

    /// The environment variables that the command lines read.
    fn variables(&self) -> Vec<String>;

    /// What a restore does with the part `globals`, for the operator.
    fn globals(&self) -> &'static str;

    /// What `replace` does with a database that is there, for the operator.
    fn replacement(&self) -> &'static str {
        "replace what is there"
    }

    /// How its tools reach the server.
    fn client(&self) -> &Client;

    /// Which server it is: [`Identity`].
    fn identity(&self) -> Result<Identity>;

    /// Every command line that looks at another server before a restore, and notes there what a drill makes.
    fn elsewhere_commands(&self) -> Vec<&'static str>;

    /// Whether a session at `source` is one at this server: asked where identities alone prove nothing.
    fn is_reached_by(&self, _source: &Client) -> Result<bool> {
        Ok(false)
    }

    /// Those of these databases that have data and bear no mark of a drill (see `scratch`).
    fn made_by_others(&self, names: &[&str]) -> Result<Vec<String>>;

    /// Before a drill makes these databases: what a mark alone, which is planted while they are made, does not tell.
    fn note_for_drills(&self, _names: &[&str]) -> Result<()> {
        Ok(())
    }

    /// The same once a drill is over, where a note would not outlive it.
    fn note_after_drill(&self) -> Result<()> {
        Ok(())
    }

    /// What failures call the server.
    fn server(&self) -> &str {
        self.client().server()
    }

    /// What a backup would lack now. Fails if there can be none. It changes nothing.
    fn gaps(&self) -> Result<Vec<Gap>>;

    /// What the operator should know before a run, although it fails none.
    fn warnings(&self) -> Result<Vec<Failure>> {
        Ok(Vec::new())
    }

    /// Dumps the configured databases, each as a part of its own, without what may be missing.
    fn backup(&self, allowed: &AllowedGaps, artifact: &mut Artifact) -> Result<()>;

    /// Whether something is there under the name that a database is restored as. It changes nothing.
    fn is_taken(&self, database: &SelectedDatabase) -> Result<bool>;

    /// What the server is, with its version: "PostgreSQL 15.8".
    fn description(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// Why a restore would refuse what is selected, or a part of it. It changes nothing.
    fn refusals(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Failure>>;

    /// Restores what is selected. With `replace`, existing data is overwritten.
    fn restore(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Outcome>>;
}
