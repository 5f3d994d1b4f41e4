//! The smallest strategy that gives its backups back: each parcel is a part of the backup, and
//! becomes a file again, alone or with the others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::restore::{self, Outcome, Part, Request, Restore};
use sidecar_sdk::target::{self, Content, Node};
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

/// `strategy.config` of this strategy.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"parcels": {"small": 5, "large": 300000}}]))]
pub struct Config {
    /// The name of each parcel, and how many bytes are in it.
    parcels: BTreeMap<String, u64>,
}

struct Parcels;

impl Strategy for Parcels {
    type Config = Config;

    const NAME: &'static str = "parcels";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Fills parcels with bytes that nobody can compress.";

    fn plan(_: Config) -> Result<Plan, Vec<Failure>> {
        Ok(Plan::default())
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        artifact.append(b"parcels\n")?;
        for (name, size) in run.config.parcels {
            artifact.part(&name, |artifact| fill(artifact, &name, size))?;
        }
        Ok(())
    }
}

impl Restore for Parcels {
    fn plan_restore(request: Request<Config>) -> Result<restore::Plan, Vec<Failure>> {
        let chosen = chosen(&request)?;
        Ok(restore::Plan {
            parts: chosen.iter().map(|(part, _)| part.name.clone()).collect(),
            steps: chosen
                .iter()
                .map(|(_, name)| format!("writes the file {name}"))
                .collect(),
            directory: request.into,
            ..restore::Plan::default()
        })
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        let chosen = chosen(&request).map_err(|mut reasons| reasons.remove(0))?;
        let outcomes = chosen.into_iter().map(|(part, name)| {
            match target::make_file(&node(&name), &content(&part)) {
                Ok(()) => Outcome::done(part.name, format!("as {name}")),
                Err(failure) => Outcome::failed(part.name, failure),
            }
        });
        Ok(outcomes.collect())
    }
}

/// The parts that are meant, and what each shall be called; or the names that no part has.
fn chosen(request: &Request<Config>) -> Result<Vec<(Part, String)>, Vec<Failure>> {
    if request.only.is_empty() {
        let all = request.parts.iter().cloned();
        return Ok(all.map(|part| (part.clone(), part.name)).collect());
    }
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for selection in &request.only {
        match request
            .parts
            .iter()
            .find(|part| part.name == selection.name)
        {
            Some(part) => found.push((part.clone(), selection.target_name().to_owned())),
            None => missing.push(Failure::new(
                "no-such-part",
                format!("the backup has no parcel {}", selection.name),
            )),
        }
    }
    match missing.is_empty() {
        true => Ok(found),
        false => Err(missing),
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

fn content(part: &Part) -> Content {
    Content {
        offset: part.offset,
        length: part.length,
        size: part.length,
        method: "stored".to_owned(),
        crc32: None,
    }
}

/// The same bytes for the same name, whoever makes them.
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

sidecar_sdk::export_restorable!(Parcels);
