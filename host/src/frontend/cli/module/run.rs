//! `sidecar module run`: one backup by a module, without a configuration file and without anything kept.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::allow_args::AllowArgs;
use super::config_args::ConfigArgs;
use super::registry_args::RegistryArgs;
use crate::config::{self, Config, Reference, SCHEME, Trial};
use crate::error::{Error, Kind, Result};
use crate::frontend::cli::options::Options;
use crate::frontend::cli::{backup, check};
use crate::service::{self, AccessVerdict, RunRequest, ScratchFolder, Service};

/// Arguments of `sidecar module run`.
#[derive(Debug, Args)]
pub(super) struct ModuleRunArgs {
    /// The component: a file, or oci://REF in a registry. --config '{…}' is its strategy.config
    #[arg(value_name = "FILE")]
    module: String,
    #[command(flatten)]
    with: ConfigArgs,
    #[command(flatten)]
    allow: AllowArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// Write the artifact to this file; "-" is stdout. Without it, it is thrown away
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How long it may run
    #[arg(long, value_name = "TIME", default_value = "10m")]
    timeout: String,
}

pub(super) fn run(options: &Options, args: &ModuleRunArgs) -> Result<ExitCode> {
    let scratch = ScratchFolder::make("sidecar-module-run")?;
    let source = source(args, scratch.path())?;
    let own = strategy_config(options, args)?;
    let own = own
        .as_ref()
        .map(|(file, text)| (file.as_path(), text.as_str()));
    let name = name(&args.module);
    let config = |allow: &[String]| -> Result<Config> {
        let trial = Trial {
            name: &name,
            source: &source,
            sha256: None,
            allow,
            timeout: &args.timeout,
        };
        let environment = config::Environment::of_process();
        Ok(trial.config(scratch.path(), own, &environment)?)
    };
    let given: Vec<String> = match args.allow.is_planned() {
        true => Vec::new(),
        false => args.allow.allow.clone(),
    };
    let mut service = Service::new(config(&given)?)?;
    let mut planned = service.check();
    if args.allow.is_planned() {
        let all: Vec<String> = planned.grants.iter().map(written).collect();
        service = Service::new(config(&all)?)?;
        planned = service.check();
    }
    if !options.json {
        check::show_plan(&planned);
    }
    let refused: Vec<AccessVerdict> = planned
        .grants
        .iter()
        .filter(|verdict| !verdict.allowed)
        .cloned()
        .collect();
    if !refused.is_empty() {
        let allow = service::allow_options(&refused).join(" ");
        let message = format!("module {name} asks for more than it is allowed");
        return Err(
            Error::new(Kind::Denied, "not-allowed", message).hint(format!(
                "if you trust it with that: {allow}, or --allow planned for all of it"
            )),
        );
    }
    backup::make(
        options,
        &service,
        RunRequest::new(None),
        args.output.as_deref(),
    )
}

/// As `--allow` takes it.
fn written(verdict: &AccessVerdict) -> String {
    match verdict.access {
        "follow_links" => verdict.access.to_owned(),
        access => format!("{access}={}", verdict.asked),
    }
}

/// A name for the configuration that no built-in strategy has.
fn name(module: &str) -> String {
    let last = module.rsplit('/').next().unwrap_or_default();
    let name = last.split(['.', ':', '@']).next().unwrap_or_default();
    match name.is_empty() || service::builtin_schema(name).is_some() {
        true => "module".to_owned(),
        false => name.to_owned(),
    }
}

/// Where the component is, as a configuration has it. One in a registry is pulled beside the run.
fn source(args: &ModuleRunArgs, scratch: &Path) -> Result<String> {
    let file = match args.module.strip_prefix(SCHEME) {
        None => PathBuf::from(&args.module),
        Some(_) => {
            let reference: Reference = args.module.parse().map_err(|wrong: String| {
                let message = format!("{} is no module in a registry: {wrong}", args.module);
                Error::new(Kind::BadRequest, "bad-reference", message)
            })?;
            let registry = args.registry.registry_without_config()?;
            let file = scratch.join("module.wasm");
            service::pull(&reference, &registry, &file)?;
            file
        }
    };
    let found = std::path::absolute(&file);
    let found = found.map_err(|error| Error::io("find", &file, error))?;
    if !found.exists() {
        let message = format!("there is no module at {}", found.display());
        return Err(Error::new(Kind::NotFound, "no-such-module", message));
    }
    Ok(found.to_string_lossy().into_owned())
}

/// `--config '{…}'` or `--with FILE`: where it came from, and its text.
fn strategy_config(options: &Options, args: &ModuleRunArgs) -> Result<Option<(PathBuf, String)>> {
    let inline = options.config.as_deref().and_then(Path::to_str);
    match (inline, args.with.read()?) {
        (Some(text), None) if text.trim_start().starts_with('{') => {
            Ok(Some(("--config".into(), text.to_owned())))
        }
        (None, with) => Ok(with.map(|(file, text)| (file.to_owned(), text))),
        _ => Err(Error::new(
            Kind::BadRequest,
            "usage",
            "`sidecar module run` takes no configuration file: --config is the strategy.config itself",
        )
        .hint("write --config '{key: value}', or --with FILE for a file with the strategy.config")),
    }
}
