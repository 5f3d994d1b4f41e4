//! `sidecar module inspect`: what a module is, before anybody trusts it.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::{Options, With, exit, print};
use crate::error::Result;
use crate::service::{Inspection, Specimen};

/// Which one.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A file, a built-in strategy, or a name under `modules` of the configuration
    #[arg(value_name = "NAME|FILE")]
    module: String,
    #[command(flatten)]
    with: With,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let specimen = Specimen::find(&arguments.module, || options.load())?;
    let with = match arguments.with.load()? {
        Some(with) => Some(with),
        // A configuration that somebody took the trouble to name.
        None if options.config.is_some() => Some(options.load()?.strategy_config()),
        None => None,
    };
    let inspection = specimen.inspect(with.as_ref())?;
    if options.json {
        println!("{}", json(&inspection));
    } else {
        text(&inspection);
        if let Some(error) = &inspection.error {
            print::error(options, error);
        }
    }
    Ok(inspection
        .error
        .as_ref()
        .map_or(ExitCode::SUCCESS, exit::code))
}

fn json(inspection: &Inspection) -> Value {
    let mut object = serde_json::json!(inspection);
    if let Some(error) = &inspection.error {
        object["error"] = print::object(error);
    }
    object
}

fn text(inspection: &Inspection) {
    if let Some(said) = &inspection.description {
        line("module", &format!("{} {}", said.name, said.version));
        line("", &said.summary);
    }
    if let Some(place) = &inspection.place {
        line("file", place);
    }
    line("size", &print::size(inspection.size));
    line("digest", &format!("sha256:{}", inspection.sha256));
    if let Some(version) = inspection.anatomy.built_for {
        line("built for", &format!("sidecar:strategy {version}"));
    }
    lines("imports", inspection.anatomy.imports.iter().cloned());
    lines("exports", inspection.anatomy.exports.iter().cloned());
    if let Some(said) = &inspection.description {
        lines("configuration", keys(&said.config_schema));
    }
    if let Some(asks) = &inspection.asks {
        let nothing = asks.lines().is_empty().then(|| "nothing".to_owned());
        let asked = asks
            .lines()
            .into_iter()
            .map(|(access, asked)| format!("{access:<12} {asked}"));
        lines("asks for", nothing.into_iter().chain(asked));
    }
}

fn lines(title: &str, values: impl IntoIterator<Item = String>) {
    for (at, value) in values.into_iter().enumerate() {
        line(if at == 0 { title } else { "" }, &value);
    }
}

/// A module's own words must not move the cursor.
fn line(title: &str, value: &str) {
    let value = print::plain(value.trim_end()).replace('\n', "\n               ");
    println!("{title:<14} {value}");
}

/// The keys of a configuration, each with what its schema says of it.
fn keys(schema: &Value) -> Vec<String> {
    let required = |key: &str| {
        let required = schema["required"].as_array().into_iter().flatten();
        required.into_iter().any(|name| name == key)
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(key, about)| {
            let must = if required(key) { "required  " } else { "" };
            let words = about["description"].as_str().unwrap_or_default();
            format!("{key:<16} {must}{words}")
        })
        .collect()
}
