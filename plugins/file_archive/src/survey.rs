//! The survey: whether what `paths` names is there, before anything is archived.

use sidecar_sdk::{Entry, Result, files};

use crate::gap::{Gap, GapReason};
use crate::pattern::root;
use crate::settings::Settings;

/// A gap of a path or pattern of `paths`, by its index.
pub(crate) struct SurveyedGap {
    pub(crate) pattern: usize,
    pub(crate) gap: Gap,
}

/// Looks at what each path names, and at where each pattern starts.
pub(crate) fn survey(settings: &Settings) -> Result<Vec<SurveyedGap>> {
    let mut gaps = Vec::new();
    for (pattern, path) in settings.paths.iter().enumerate() {
        let root = root(path);
        let literal = root == *path;
        if let Some(reason) = inspect_root(&root, literal)? {
            let gap = Gap::new(path.as_bytes(), reason);
            gaps.push(SurveyedGap { pattern, gap });
        }
    }
    Ok(gaps)
}

/// What is wrong with where a path or pattern starts. That may be a link, as in any path.
fn inspect_root(root: &str, literal: bool) -> Result<Option<GapReason>> {
    let path = root.as_bytes();
    let absent = match literal {
        true => GapReason::NotFound,
        false => GapReason::NoMatch,
    };
    let opened = files::inspect(path, true).and_then(|entry| open(&entry, path));
    match opened {
        Ok(None) => Ok(None),
        Ok(Some(empty)) if literal => Ok(Some(empty)),
        Ok(Some(_)) => Ok(Some(absent)),
        Err(failure) if files::vanished(&failure) => match files::inspect(path, false) {
            Ok(_) if literal => Ok(Some(GapReason::Dangling)),
            _ => Ok(Some(absent)),
        },
        Err(failure) if failure.code == "permission-denied" => {
            Ok(Some(GapReason::Unreadable(failure)))
        }
        Err(failure) if failure.code == "not-granted" => Ok(Some(GapReason::LeadsOut(failure))),
        Err(failure) => Err(failure),
    }
}

/// Opens a file or a directory. Returns why there is nothing in it.
fn open(entry: &Entry, path: &[u8]) -> Result<Option<GapReason>> {
    match entry.kind.as_str() {
        "directory" => match files::list(path, true)?.next() {
            Some(first) => first.map(|_| None),
            None => Ok(Some(GapReason::Empty)),
        },
        "file" => {
            files::open(path, true)?;
            Ok((entry.size == 0).then_some(GapReason::ZeroLength))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;
    use sidecar_sdk::testing::Host;

    use crate::FileArchive;

    #[test]
    fn a_preflight_finds_what_a_run_would_fail_for() {
        let config = json!({
            "base_dir": "/data",
            "paths": ["there", "missing", "gone/*.db", "optional"],
            "allow_missing": "optional",
        });
        let host = || Host::new().file("/data/there", "x");
        let found = host().preflight::<FileArchive>(config.clone()).unwrap();
        let texts = |failures: &[sidecar_sdk::Failure]| -> Vec<String> {
            let text = |failure: &sidecar_sdk::Failure| failure.message.clone();
            failures.iter().map(text).collect()
        };
        assert_eq!(
            texts(&found.failures),
            [
                "nothing matches /data/missing: it does not exist",
                "nothing matches /data/gone/*.db"
            ]
        );
        assert_eq!(
            texts(&found.warnings),
            ["nothing matches /data/optional: it does not exist"]
        );
        let failure = host().backup::<FileArchive>(config).unwrap_err();
        assert_eq!(failure.code, "incomplete");
        for text in texts(&found.failures) {
            assert!(failure.message.contains(&text), "{}", failure.message);
        }
    }
}
