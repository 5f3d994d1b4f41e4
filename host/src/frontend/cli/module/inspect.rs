//! `sidecar module inspect`: what a module is, before an operator trusts it.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::config_args::ConfigArgs;
use super::registry_args::RegistryArgs;
use crate::config::Reference;
use crate::error::Result;
use crate::frontend::cli::options::Options;
use crate::frontend::cli::print::outln;
use crate::frontend::cli::{exit, print};
use crate::service::{self, AllowedRule, Inspection, ModuleProbe};

/// Arguments of `sidecar module inspect`.
#[derive(Debug, Args)]
pub(super) struct ModuleInspectArgs {
    /// A file, oci://REF in a registry, a built-in strategy, or a name under `modules` in the configuration
    #[arg(value_name = "NAME|FILE")]
    module: String,
    #[command(flatten)]
    with: ConfigArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) fn run(options: &Options, args: &ModuleInspectArgs) -> Result<ExitCode> {
    let registry = |reference: &Reference| args.registry.registry(options, reference);
    let probe = ModuleProbe::find(&args.module, registry, || options.load())?;
    let with = match args.with.load()? {
        Some(with) => Some(with),
        // Only a configuration that was named with --config.
        None if options.config.is_some() => Some(options.load()?.strategy_config()),
        None => None,
    };
    let inspection = probe.inspect(with.as_ref())?;
    if options.json {
        outln!("{}", json(&inspection));
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
    if let Some(module) = &inspection.description {
        line("module", &format!("{} {}", module.name, module.version));
        line("", &module.summary);
    }
    if let Some(place) = &inspection.place {
        line("file", place);
    }
    line("size", &print::size(inspection.size));
    line("digest", &format!("sha256:{}", inspection.sha256));
    if let Some(version) = inspection.component.built_for {
        line("built for", &format!("sidecar:strategy {version}"));
    }
    lines("imports", inspection.component.imports.iter().cloned());
    lines("exports", inspection.component.exports.iter().cloned());
    if let Some(module) = &inspection.description {
        lines("configuration", keys(&module.config_schema));
    }
    if let Some(asks) = &inspection.asks {
        let nothing = asks.lines().is_empty().then(|| "nothing".to_owned());
        let asked = asks
            .lines()
            .into_iter()
            .map(|(access, asked)| format!("{access:<12} {asked}"));
        lines("asks for", nothing.into_iter().chain(asked));
        let block = service::allow_block(&asks.all_allowed());
        lines("to allow it", block);
    }
    if let Some(rules) = &inspection.allows {
        lines("may have", rules.iter().map(in_words));
    }
}

/// A rule of the configuration, and what its wildcard stands for.
fn in_words(rule: &AllowedRule) -> String {
    let AllowedRule {
        access,
        rule,
        means,
    } = rule;
    match means {
        Some(means) => format!("{access:<12} {rule}  ({means})"),
        None => format!("{access:<12} {rule}"),
    }
}

fn lines(title: &str, values: impl IntoIterator<Item = String>) {
    for (at, value) in values.into_iter().enumerate() {
        line(if at == 0 { title } else { "" }, &value);
    }
}

/// Text of a module must not move the cursor.
fn line(title: &str, value: &str) {
    let value = value.trim_end().replace('\n', "\n               ");
    outln!("{title:<14} {value}");
}

/// The keys of a configuration, each with the description in its schema.
fn keys(schema: &Value) -> Vec<String> {
    let required = |key: &str| {
        let required = schema["required"].as_array().into_iter().flatten();
        required.into_iter().any(|name| name == key)
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(key, about)| {
            let marker = if required(key) { "required  " } else { "" };
            let description = about["description"].as_str().unwrap_or_default();
            format!("{key:<16} {marker}{description}")
        })
        .collect()
}
