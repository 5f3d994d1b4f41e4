//! What the module asks for, compared with what it may have.

use serde_json::Value;

use crate::command::Shell;
use crate::config::{Codec, Compression, Config};
use crate::error::{Error, Kind, Result};
use crate::plan::Grants;
use crate::sandbox::Module;
use crate::service::context::Context;
use crate::service::runs::request::RunRequest;
use crate::service::{overlap, strategy};

/// What was decided before the run.
pub(super) struct BackupPlan {
    /// `strategy.config` as JSON, as the module's schema wants it.
    pub(super) config: String,
    pub(super) grants: Grants,
    pub(super) compression: Compression,
}

/// Asks the module, and approves or refuses.
pub(super) fn plan(context: &Context, module: &Module, request: &RunRequest) -> Result<BackupPlan> {
    let config = context.config();
    let strategy_config = strategy::checked_config(context, module)?;
    let folder = request.drive_folder_id.as_deref();
    let asked = strategy::ask(config, module, &strategy_config, folder)?;
    strategy::require_accepted(context, module, Some(&asked))?;
    overlap::require_not_named(config, &asked)?;
    let compression = compression(config, &strategy_config, asked.compression)?;
    require_uncompressed(config, compression)?;
    let allowed = strategy::allowed(config, &strategy_config, &asked);
    let grants = asked.approve(module.name(), &allowed)?;
    require_pipefail(&grants)?;
    Ok(BackupPlan {
        config: strategy_config.to_string(),
        grants,
        compression,
    })
}

/// A dump that fails inside a pipe is no backup: a shell that was named must be able to tell.
fn require_pipefail(grants: &Grants) -> Result<()> {
    let Some(named) = &grants.shell else {
        return Ok(());
    };
    let shell = Shell::find(Some(named))?;
    let mut lines = grants.commands.iter();
    lines.try_for_each(|line| shell.require_pipefail(line))
}

/// What was compressed before a repository gets it is stored again each night.
fn require_uncompressed(config: &Config, compression: Compression) -> Result<()> {
    let mut stores = config.stores.iter();
    match stores.find(|store| store.repository().is_some()) {
        Some(store) if compression.codec != Codec::None => {
            let name = &store.name;
            let message = format!(
                "the strategy wants its backup compressed, and store `{name}` is a repository, which compresses by itself"
            );
            Err(
                Error::new(Kind::Config, "compressed-for-repository", message)
                    .hint("remove the compression from strategy.config"),
            )
        }
        _ => Ok(()),
    }
}

/// Compressed once: by the strategy's wish or by the operator's, not both.
fn compression(
    config: &Config,
    strategy_config: &Value,
    asked: Option<Codec>,
) -> Result<Compression> {
    let configured = config.strategy.artifact.compression;
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
            level: level(strategy_config),
        }),
    }
}

/// `strategy.config.level`, beside the compression that the strategy asked for.
fn level(strategy_config: &Value) -> Option<u32> {
    strategy_config.get("level")?.as_u64()?.try_into().ok()
}
