//! `sidecar module test`: whether a module does what every module must.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{Options, With, print};
use crate::error::Result;
use crate::service::{Finding, Specimen, Verdict};

/// Which one, and with what.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A file, a built-in strategy, or a name under `modules` of the configuration
    #[arg(value_name = "NAME|FILE")]
    module: String,
    /// Left out: the examples in the module's own schema
    #[command(flatten)]
    with: With,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let specimen = Specimen::find(&arguments.module, || options.load())?;
    let text = arguments.with.read()?;
    let with = text
        .as_ref()
        .map(|(file, text)| (Path::new(file), text.as_str()));
    let show = |finding: &Finding| {
        if !options.json {
            line(finding);
        }
    };
    let conformance = specimen.conformance(with, show)?;
    let passed = conformance.passed();
    if options.json {
        let mut object = serde_json::json!(conformance);
        object["passed"] = passed.into();
        println!("{object}");
    } else {
        println!(
            "{}",
            if passed {
                "conforms"
            } else {
                "does NOT conform"
            }
        );
    }
    Ok(match passed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn line(finding: &Finding) {
    let verdict = match finding.verdict {
        Verdict::Passed => "ok",
        Verdict::Failed => "FAILED",
        Verdict::Skipped => "-",
        Verdict::Note => "note",
    };
    let about = print::plain(&finding.about).replace('\n', "\n                         ");
    println!("{verdict:<7} {:<16} {about}", finding.check);
}
