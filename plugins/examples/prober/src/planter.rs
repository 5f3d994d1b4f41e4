//! A tree of files that is made as a module must not make one.

use sidecar_sdk::{Artifact, Result, log, tree};

use crate::probe::{granted, said, set_granted};

/// Carries out the steps, and logs what came of each.
pub(crate) fn plant(steps: &[String], granted_folder: &str, artifact: &mut Artifact) -> Result<()> {
    set_granted(granted_folder.to_owned());
    for step in steps {
        let came = match step.split_once(' ') {
            Some((name, path)) => {
                let name = name.replace("\\0", "\0");
                said(tree::add(name.as_bytes(), &granted(path), false))
            }
            None if step == "finish" => said(tree::finish()),
            None => said(artifact.append(b"bytes")),
        };
        log::info(&format!("tree: {step}: {came}"));
    }
    Ok(())
}
