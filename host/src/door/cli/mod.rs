//! The command line: one file a verb.

mod backup;
mod check;
mod drill;
mod exit;
mod fetch;
mod health;
mod lifecycle;
mod list;
mod log;
mod module;
mod print;
mod progress;
mod prune;
mod restore;
mod runs;
mod schema;
mod serve;
mod signals;
mod upload;
mod verify;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::config::{self, Config};
use crate::error::Result;
use crate::service;

/// Takes backups beside an application; its strategies are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "sidecar", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb understands.
#[derive(Debug, Args)]
struct Options {
    /// The configuration; else $SIDECAR_CONFIG_PATH, /etc/sidecar/config.yaml or config/config.yaml
    #[arg(short, long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Log errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Colours in logs and messages
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    /// Print one JSON object on stdout
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve the API: what the container runs
    Serve,
    /// Make one backup now
    Backup(backup::Arguments),
    /// Find what would go wrong before 3 in the morning
    Check(check::Arguments),
    /// List what the stores hold, newest first
    List(list::Arguments),
    /// Bring a backup back from a store
    Fetch(fetch::Arguments),
    /// Read backups again and compare them with what was written
    Verify(verify::Arguments),
    /// Bring a backup back to where it was made, or to another place
    Restore(restore::Arguments),
    /// Restore the latest backup into a scratch target and check it
    Drill,
    /// Send what a store has missed
    Upload(upload::Arguments),
    /// Apply the retention to the stores now
    Prune(prune::Arguments),
    /// Print the retention as S3 lifecycle rules, or set them
    Lifecycle(lifecycle::Arguments),
    /// List what ran on this sidecar, youngest first
    Runs(runs::Arguments),
    /// Look at modules, make them, try them, ship them
    Module(module::Arguments),
    /// Ask the running server whether it is ready: for the container's health check
    Health,
    /// Print a JSON Schema, for editors
    Schema(schema::Arguments),
    /// Print shell completions
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

impl Options {
    fn load(&self) -> Result<Config> {
        let environment = config::Environment::of_process().with_schemas(service::builtin_schema);
        Ok(config::load(self.config.as_deref(), &environment)?)
    }

    /// Whether a stream may be coloured.
    fn colored(&self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }
}

/// Parses the arguments, does what they say, and tells the system how it went.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Nobody reads it when the other end of the pipe is gone.
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
        Verb::Backup(ref arguments) => backup::run(&cli.options, arguments),
        Verb::Check(ref arguments) => check::run(&cli.options, arguments),
        Verb::List(ref arguments) => list::run(&cli.options, arguments),
        Verb::Fetch(ref arguments) => fetch::run(&cli.options, arguments),
        Verb::Verify(ref arguments) => verify::run(&cli.options, arguments),
        Verb::Restore(ref arguments) => restore::run(&cli.options, arguments),
        Verb::Drill => drill::run(&cli.options),
        Verb::Upload(ref arguments) => upload::run(&cli.options, arguments),
        Verb::Prune(ref arguments) => prune::run(&cli.options, arguments),
        Verb::Lifecycle(ref arguments) => lifecycle::run(&cli.options, arguments),
        Verb::Runs(ref arguments) => runs::run(&cli.options, arguments),
        Verb::Module(ref arguments) => module::run(&cli.options, arguments),
        Verb::Health => health::run(&cli.options),
        Verb::Schema(ref arguments) => schema::run(&cli.options, arguments),
        Verb::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "sidecar",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        print::error(&cli.options, &error);
        exit::code(&error)
    })
}
