//! `sidecar module new`: creates a project that builds with one command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::error::Result;
use crate::frontend::cli::options::Options;
use crate::frontend::cli::print::outln;
use crate::service::{self, Language};

/// Arguments of `sidecar module new`.
#[derive(Debug, Args)]
pub(super) struct ModuleNewArgs {
    /// The name of the module, in lower case with underscores: redis_snapshot
    name: String,
    /// The programming language
    #[arg(long, value_enum, default_value_t = LanguageArg::Rust)]
    lang: LanguageArg,
    /// The folder to create [default: NAME in the current directory]
    #[arg(long, value_name = "FOLDER")]
    path: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LanguageArg {
    Rust,
    Python,
    C,
}

pub(super) fn run(options: &Options, args: &ModuleNewArgs) -> Result<ExitCode> {
    let language = match args.lang {
        LanguageArg::Rust => Language::Rust,
        LanguageArg::Python => Language::Python,
        LanguageArg::C => Language::C,
    };
    let name = &args.name;
    let folder = args.path.clone().unwrap_or_else(|| name.into());
    let files = service::new_module(name, language, &folder)?;
    if options.json {
        outln!("{}", serde_json::json!({"folder": folder, "files": files}));
    } else {
        outln!("made {}; now, in that folder:", folder.display());
        outln!("  ./build");
        outln!("  sidecar module test ./{name}.wasm");
    }
    Ok(ExitCode::SUCCESS)
}
