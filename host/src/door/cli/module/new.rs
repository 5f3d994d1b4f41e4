//! `sidecar module new`: a project that builds with one command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::Options;
use crate::error::Result;
use crate::service::{self, Language};

/// What it is called, and in what it is written.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name, in lower case with underscores: redis_snapshot
    name: String,
    /// In what to write it
    #[arg(long, value_enum, default_value_t = Lang::Rust)]
    lang: Lang,
    /// The folder to make; left out: the name, here
    #[arg(long, value_name = "FOLDER")]
    path: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    Rust,
    Python,
    C,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let language = match arguments.lang {
        Lang::Rust => Language::Rust,
        Lang::Python => Language::Python,
        Lang::C => Language::C,
    };
    let name = &arguments.name;
    let folder = arguments.path.clone().unwrap_or_else(|| name.into());
    let files = service::new_module(name, language, &folder)?;
    if options.json {
        println!("{}", serde_json::json!({"folder": folder, "files": files}));
    } else {
        println!("made {}; now, in that folder:", folder.display());
        println!("  ./build");
        println!("  sidecar module test ./{name}.wasm");
    }
    Ok(ExitCode::SUCCESS)
}
