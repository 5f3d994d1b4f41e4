//! The command line: one file for each verb.

mod adopt;
mod audit;
mod backup;
mod check;
mod contents;
mod drill;
mod exit;
mod fetch;
mod fleet;
mod health;
mod lifecycle;
mod list;
mod log;
mod module;
mod options;
mod print;
mod progress;
mod prune;
mod restore;
mod runs;
mod schema;
mod serve;
mod server;
mod signals;
mod sync;
mod upload;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use options::Options;

/// Takes backups beside an application; its strategies are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "sidecar", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the HTTP API, the web page and the schedule
    Serve,
    /// Make one backup now
    Backup(backup::BackupArgs),
    /// Check the configuration, the modules, the permissions and the stores, without making a backup
    Check(check::CheckArgs),
    /// List the backups in the stores, newest first
    List(list::ListArgs),
    /// Show what lies in a backup: databases, files, members of a set
    Contents(contents::ContentsArgs),
    /// Download a backup from a store, decrypt and verify it
    Fetch(fetch::FetchArgs),
    /// Read backups in the stores again and compare them with their manifests
    Verify(verify::VerifyArgs),
    /// Restore a backup to where it was made, or to another server or directory
    Restore(restore::RestoreArgs),
    /// Restore the latest backup into the scratch target of the configuration and check it
    Drill(drill::DrillArgs),
    /// Upload backups that a store has missed
    Upload(upload::UploadArgs),
    /// Copy what one store has and another one lacks
    Sync(sync::SyncArgs),
    /// Delete backups from the stores that the retention does not keep
    Prune(prune::PruneArgs),
    /// Take over a store that another sidecar owns, with its backups: after a move or a lost disk
    Adopt(adopt::AdoptArgs),
    /// Print the retention as S3 lifecycle rules, or set the rules on the buckets
    Lifecycle(lifecycle::LifecycleArgs),
    /// List the runs of this sidecar, newest first
    Runs(runs::RunsArgs),
    /// List who asked the API for what, newest first
    Audit(audit::AuditArgs),
    /// Inspect, create, test, lock and publish strategy modules
    Module(module::ModuleArgs),
    /// Show on one page how many sidecars stand [default configuration: $SIDECAR_FLEET_PATH, else
    /// /etc/sidecar/fleet.yaml, else config/fleet.yaml]
    Fleet,
    /// Ask the running server whether it is ready (the container's health check)
    Health,
    /// Print a JSON Schema, for example for an editor
    Schema(schema::SchemaArgs),
    /// Print shell completions
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
}

/// Parses the arguments, runs the verb, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // With a closed pipe there is no reader to report to.
            let _ = usage.print();
            return if usage.use_stderr() {
                exit::usage()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    log::start(&cli.options);
    let done = match cli.verb {
        Verb::Serve => serve::run(&cli.options),
        Verb::Backup(ref args) => backup::run(&cli.options, args),
        Verb::Check(ref args) => check::run(&cli.options, args),
        Verb::List(ref args) => list::run(&cli.options, args),
        Verb::Contents(ref args) => contents::run(&cli.options, args),
        Verb::Fetch(ref args) => fetch::run(&cli.options, args),
        Verb::Verify(ref args) => verify::run(&cli.options, args),
        Verb::Restore(ref args) => restore::run(&cli.options, args),
        Verb::Drill(ref args) => drill::run(&cli.options, args),
        Verb::Upload(ref args) => upload::run(&cli.options, args),
        Verb::Sync(ref args) => sync::run(&cli.options, args),
        Verb::Prune(ref args) => prune::run(&cli.options, args),
        Verb::Adopt(ref args) => adopt::run(&cli.options, args),
        Verb::Lifecycle(ref args) => lifecycle::run(&cli.options, args),
        Verb::Runs(ref args) => runs::run(&cli.options, args),
        Verb::Audit(ref args) => audit::run(&cli.options, args),
        Verb::Module(ref args) => module::run(&cli.options, args),
        Verb::Fleet => fleet::run(&cli.options),
        Verb::Health => health::run(&cli.options),
        Verb::Schema(ref args) => schema::run(&cli.options, args),
        Verb::Completions { shell } => {
            // It panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sidecar", &mut script);
            print::line(&String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        print::error(&cli.options, &error);
        exit::code(&error)
    })
}
