//! A minimal strategy that restores: each blob is a part of the backup, and is restored as a file,
//! alone or with the others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::restore::{self, Outcome, Request, Restore};
use sidecar_sdk::target::{self, Node};
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

/// `strategy.config` of this strategy.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"blobs": {"small": 5, "large": 300000}}]))]
pub struct Config {
    /// The name of each blob, and its size in bytes.
    blobs: BTreeMap<String, u64>,
}

struct Blobs;

impl Strategy for Blobs {
    type Config = Config;

    const NAME: &'static str = "blobs";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Fills blobs with incompressible bytes.";

    fn plan(_: Config) -> Result<Plan, Vec<Failure>> {
        Ok(Plan::default())
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        artifact.append(b"blobs\n")?;
        for (name, size) in run.config.blobs {
            artifact.part(&name, |artifact| fill(artifact, &name, size))?;
        }
        Ok(())
    }
}

impl Restore for Blobs {
    fn plan_restore(request: Request<Config>) -> Result<restore::Plan, Vec<Failure>> {
        let selected = request.selected()?;
        Ok(restore::Plan {
            parts: selected.iter().map(|(part, _)| part.name.clone()).collect(),
            steps: selected
                .iter()
                .map(|(_, name)| format!("writes the file {name}"))
                .collect(),
            directory: request.into,
            ..restore::Plan::default()
        })
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        let selected = request
            .selected()
            .map_err(|mut reasons| reasons.remove(0))?;
        let outcomes = selected.into_iter().map(|(part, name)| {
            match target::make_file(&node(&name), &part.content()) {
                Ok(()) => Outcome::done(part.name, format!("as {name}")),
                Err(failure) => Outcome::failed(part.name, failure),
            }
        });
        Ok(outcomes.collect())
    }

    /// Before a restore `target` makes nothing, and refuses what is in the way.
    fn find_refusals(request: Request<Config>) -> Vec<Failure> {
        let selected = match request.selected() {
            Ok(selected) => selected,
            Err(reasons) => return reasons,
        };
        let in_the_way = selected
            .into_iter()
            .filter_map(|(part, name)| target::make_file(&node(&name), &part.content()).err());
        in_the_way.collect()
    }
}

fn node(name: &str) -> Node {
    Node {
        name: name.as_bytes().to_owned(),
        mode: 0o640,
        uid: 0,
        gid: 0,
        mtime_seconds: 1_700_000_000,
        mtime_nanoseconds: 123_456_789,
    }
}

/// Pseudorandom bytes, which depend only on the name.
fn fill(artifact: &mut Artifact, name: &str, size: u64) -> Result<()> {
    let mut state = name.bytes().fold(1_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    for at in 0..size.div_ceil(8) {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let left = (size - at * 8).min(8) as usize;
        artifact.append(&state.to_be_bytes()[..left])?;
    }
    Ok(())
}

sidecar_sdk::export_restorable!(Blobs);
