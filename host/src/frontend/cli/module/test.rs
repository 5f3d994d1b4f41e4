//! `sidecar module test`: runs the conformance kit on a module.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::allow_args::AllowArgs;
use super::config_args::ConfigArgs;
use super::registry_args::RegistryArgs;
use crate::config::Reference;
use crate::error::{Error, Kind, Result};
use crate::frontend::cli::options::Options;
use crate::frontend::cli::print::outln;
use crate::frontend::cli::{exit, print};
use crate::service::{self, CheckStatus, Conformance, Finding, ModuleProbe, TestSettings};

/// Arguments of `sidecar module test`.
#[derive(Debug, Args)]
pub(super) struct ModuleTestArgs {
    /// A file, oci://REF in a registry, a built-in strategy, or a name under `modules` in the configuration
    #[arg(value_name = "NAME|FILE")]
    module: String,
    // Without --with, the kit takes the examples in the module's own schema.
    #[command(flatten)]
    with: ConfigArgs,
    // Without --allow, a stand-in runs instead of the module's commands.
    #[command(flatten)]
    allow: AllowArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// How long each run of the module may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

pub(super) fn run(options: &Options, args: &ModuleTestArgs) -> Result<ExitCode> {
    let registry = |reference: &Reference| args.registry.registry(options, reference);
    let probe = ModuleProbe::find(&args.module, registry, || options.load())?;
    let text = args.with.read()?;
    let with = text
        .as_ref()
        .map(|(file, text)| (Path::new(file), text.as_str()));
    let show = |finding: &Finding| {
        if !options.json {
            line(finding);
        }
    };
    let settings = TestSettings {
        with,
        permission: args.allow.permission(&probe)?,
        limit: Duration::from_secs(args.timeout),
    };
    let conformance = probe.conformance(&settings, show)?;
    let passed = conformance.passed() && !conformance.untried;
    if options.json {
        let mut object = serde_json::json!(conformance);
        object["passed"] = passed.into();
        outln!("{object}");
    } else {
        let verdict = match (conformance.passed(), conformance.untried) {
            (false, _) => "does NOT conform",
            (true, true) => "not all was tried",
            (true, false) => "conforms",
        };
        outln!("{verdict}");
    }
    let not_allowed = not_allowed(&conformance);
    match (conformance.passed(), not_allowed) {
        (false, _) => Ok(ExitCode::FAILURE),
        (true, Some(error)) if conformance.untried && options.json => Ok(exit::code(&error)),
        (true, Some(error)) if conformance.untried => Err(error),
        (true, Some(error)) if !options.json => {
            print::warning(options, &error);
            Ok(ExitCode::SUCCESS)
        }
        (true, _) => Ok(ExitCode::SUCCESS),
    }
}

/// What of the module was not tried for real, and how to try it.
fn not_allowed(conformance: &Conformance) -> Option<Error> {
    if conformance.refused.is_empty() {
        return None;
    }
    let message = "nothing that the module plans to run, to read or to reach was tried for real";
    let allow = service::allow_options(&conformance.refused).join(" ");
    Some(Error::new(Kind::Denied, "not-allowed", message).hint(format!(
        "read its plan above; if you trust it with that: {allow}, or --allow planned for all of it"
    )))
}

fn line(finding: &Finding) {
    let verdict = match finding.verdict {
        CheckStatus::Passed => "ok",
        CheckStatus::Failed => "FAILED",
        CheckStatus::Skipped => "-",
        CheckStatus::Note => "note",
    };
    let about = print::plain(&finding.about).replace('\n', "\n                         ");
    outln!("{verdict:<7} {:<16} {about}", finding.check);
}
