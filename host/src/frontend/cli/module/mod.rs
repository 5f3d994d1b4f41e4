//! `sidecar module`: for authors of modules, and for operators who decide whether to run one.

mod allow_args;
mod config_args;
mod inspect;
mod list;
mod lock;
mod new;
mod pull;
mod push;
mod registry_args;
mod run;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::options::Options;
use crate::error::Result;

/// Arguments of `sidecar module`.
#[derive(Debug, Args)]
pub(super) struct ModuleArgs {
    #[command(subcommand)]
    verb: ModuleVerb,
}

#[derive(Debug, Subcommand)]
enum ModuleVerb {
    /// List the built-in strategies and the modules of the configuration
    List,
    /// Print what a module is, imports and exports, how it is configured and which access it asks for
    Inspect(inspect::ModuleInspectArgs),
    /// Create a project for a new module
    New(new::ModuleNewArgs),
    /// Make one backup with a module, without a configuration file
    Run(run::ModuleRunArgs),
    /// Run the conformance kit on a module: does it do what every module must do?
    Test(test::ModuleTestArgs),
    /// Compare the modules with modules.lock, and accept changes
    Lock(lock::ModuleLockArgs),
    /// Upload a component to a registry
    Push(push::ModulePushArgs),
    /// Download a component from a registry
    Pull(pull::ModulePullArgs),
}

pub(super) fn run(options: &Options, args: &ModuleArgs) -> Result<ExitCode> {
    match &args.verb {
        ModuleVerb::List => list::run(options),
        ModuleVerb::Inspect(args) => inspect::run(options, args),
        ModuleVerb::New(args) => new::run(options, args),
        ModuleVerb::Run(args) => run::run(options, args),
        ModuleVerb::Test(args) => test::run(options, args),
        ModuleVerb::Lock(args) => lock::run(options, args),
        ModuleVerb::Push(args) => push::run(options, args),
        ModuleVerb::Pull(args) => pull::run(options, args),
    }
}
