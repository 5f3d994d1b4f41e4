//! `sidecar module list`: the strategies that `strategy.type` may name.

use std::process::ExitCode;

use crate::error::Result;
use crate::frontend::cli::options::Options;
use crate::frontend::cli::print::outln;
use crate::frontend::cli::{exit, print};
use crate::service::{Inspection, Service};

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let listed = Service::new(options.load()?)?.modules();
    let worst = listed.iter().find_map(|(_, looked)| match looked {
        Ok(inspection) => inspection.error.as_ref(),
        Err(error) => Some(error),
    });
    let code = worst.map_or(ExitCode::SUCCESS, exit::code);
    if options.json {
        let modules: Vec<_> = listed
            .iter()
            .map(|(name, looked)| match looked {
                Ok(Inspection { error: None, .. }) => serde_json::json!(looked.as_ref().ok()),
                Ok(Inspection {
                    error: Some(error), ..
                })
                | Err(error) => serde_json::json!({
                    "module": name,
                    "error": print::object(error),
                }),
            })
            .collect();
        outln!("{}", serde_json::json!({"modules": modules}));
        return Ok(code);
    }
    for (name, looked) in &listed {
        match looked {
            Ok(Inspection {
                description: Some(module),
                place,
                ..
            }) => {
                let place = place.as_deref().unwrap_or("built in");
                outln!("{name:<20} {:<10} {place}", print::plain(&module.version));
                outln!("{:<20} {}", "", print::plain(&module.summary));
            }
            Ok(Inspection {
                error: Some(error), ..
            })
            | Err(error) => {
                outln!("{name:<20} cannot be used");
                print::error(options, error);
            }
            Ok(_) => {}
        }
    }
    Ok(code)
}
