//! Which parts of a backup can be selected for a restore, and get another name: its module alone knows.

use super::plan;
use crate::artifact::Part;
use crate::artifact::manifest::Manifest;
use crate::error::Result;
use crate::history::RunFailure;
use crate::sandbox::Selection;
use crate::service::context::Context;
use crate::service::strategy;

/// Parts that the module is asked about, from the first.
const MOST: usize = 500;

/// What of a backup can be selected.
#[derive(Debug, Clone, Default)]
pub struct RestoreOffer {
    /// Which member of a set; none: the backup is of one strategy.
    pub strategy: Option<String>,
    /// In the order of the backup.
    pub parts: Vec<RestorablePart>,
    /// Whether these are all of them.
    pub is_complete: bool,
    /// Whether it has no parts: then files are selected by their names.
    pub has_files: bool,
    /// Why nothing of it can come back.
    pub error: Option<RunFailure>,
}

/// A part that can come back by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestorablePart {
    /// As a restore selects it: of a set, behind the strategy and a slash.
    pub name: String,
    /// Bytes, before compression and encryption.
    pub size: u64,
    /// Whether it can come back under another name.
    pub renames: bool,
}

impl RestoreOffer {
    /// What can be selected of the backup with this manifest.
    pub(in crate::service) fn of(context: &Context, manifest: &Manifest) -> Result<Self> {
        let asked: Vec<_> = manifest.parts.iter().take(MOST).enumerate().collect();
        let mut parts = Vec::new();
        if !asked.is_empty() {
            let module = strategy::load(context)?;
            let takes = |only| plan::takes(context, &module, manifest, only);
            let named = taken(&asked, &|(_, part)| select(part, None), &takes)?;
            // Each another one, so that none is refused for the sake of a second one.
            let rename = |(at, part): (usize, &Part)| select(part, Some(format!("copy{at}")));
            let renamed = taken(&named, &rename, &takes)?;
            parts.extend(named.iter().map(|one| RestorablePart {
                name: one.1.name.clone(),
                size: one.1.length,
                renames: renamed.contains(one),
            }));
        }
        Ok(Self {
            strategy: None,
            parts,
            is_complete: asked.len() == manifest.parts.len(),
            has_files: manifest.parts.is_empty(),
            error: None,
        })
    }

    /// The same of a member of a set.
    pub(in crate::service) fn of_member(strategy: &str, found: Result<Self>) -> Self {
        let mut all = found.unwrap_or_else(|error| Self {
            error: Some(RunFailure::from(&error)),
            ..Self::default()
        });
        all.strategy = Some(strategy.to_owned());
        for part in &mut all.parts {
            part.name = format!("{strategy}/{}", part.name);
        }
        all
    }
}

fn select(part: &Part, new_name: Option<String>) -> Selection {
    Selection {
        name: part.name.clone(),
        new_name,
        written_as_one: false,
    }
}

/// Those of `parts` that `takes` takes as `select` selects them: asked about together, and by halves where that is refused.
fn taken<'p>(
    parts: &[(usize, &'p Part)],
    select: &impl Fn((usize, &'p Part)) -> Selection,
    takes: &impl Fn(Vec<Selection>) -> Result<bool>,
) -> Result<Vec<(usize, &'p Part)>> {
    if parts.is_empty() || takes(parts.iter().copied().map(select).collect())? {
        return Ok(parts.to_vec());
    }
    if parts.len() == 1 {
        return Ok(Vec::new());
    }
    let (first, second) = parts.split_at(parts.len() / 2);
    let mut all = taken(first, select, takes)?;
    all.extend(taken(second, select, takes)?);
    Ok(all)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_hides_none_of_the_others() {
        let parts = ["globals", "app1", "app2", "app3", "index"].map(|name| Part {
            name: name.to_owned(),
            offset: 0,
            length: 1,
            sha256: None,
        });
        let numbered: Vec<_> = parts.iter().enumerate().collect();
        let names = |refused: &[&str]| {
            let takes = |only: Vec<Selection>| {
                Ok(only.iter().all(|one| !refused.contains(&one.name.as_str())))
            };
            let found = taken(&numbered, &|(_, part)| select(part, None), &takes).unwrap();
            let names = found.into_iter().map(|(_, part)| part.name.clone());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&[]).len(), 5);
        assert_eq!(names(&["globals", "index"]), ["app1", "app2", "app3"]);
        let all = ["globals", "app1", "app2", "app3", "index"];
        assert_eq!(names(&all), [""; 0]);
    }
}
