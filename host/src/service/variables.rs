//! The environment that commands of a run see.

use std::ffi::OsString;

use crate::config::Config;
use crate::redact;
use crate::sandbox::helper_variables;

/// The sidecar's own environment and the helper variables. What a module that is not built in has run
/// gets none that holds a secret of the configuration: the module reads what its commands print.
pub(super) fn inherited(
    helpers: &[(String, String)],
    is_builtin: bool,
) -> Vec<(OsString, OsString)> {
    let own = std::env::vars_os()
        .filter(|(_, value)| is_builtin || !redact::is_secret(&value.to_string_lossy()));
    let helpers = helpers
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    own.chain(helpers).collect()
}

/// What the operator's own command lines see: the same, and what `strategy.config.env` names.
pub(super) fn of_commands(
    config: &Config,
    drive_folder_id: Option<&str>,
) -> Vec<(OsString, OsString)> {
    let helpers = helper_variables(&config.paths, &config.strategy.name, drive_folder_id);
    let mut env = inherited(&helpers, true);
    let named = config.strategy.config.get("env");
    let named = named.and_then(|env| env.as_object());
    env.extend(named.into_iter().flatten().map(|(name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (name.into(), text.into())
    }));
    env
}
