//! The restore: from an archive into a directory, all of it or what `--only` selects.

mod member;
mod members;
mod parents;
mod pax_facts;
mod report;
mod selection;
mod survey;
mod tar_reader;
mod zip_reader;

use std::collections::BTreeMap;
use std::env;

use sidecar_sdk::attributes::Attribute;
use sidecar_sdk::restore::{Outcome, Plan, Request};
use sidecar_sdk::target::attributed::{self, Refused};
use sidecar_sdk::target::{self, Content, Node};
use sidecar_sdk::{Failure, Result, log};

use crate::config::Config;
use crate::path::{absolute, display};
use member::{ArchiveMember, MemberKind, damaged};
use members::each_member;
use parents::ParentDirectories;
use report::RestoreReport;
use selection::MemberSelection;

/// Members between two reports of progress.
const REPORT_EVERY: u64 = 1000;

/// What is restored and where to, or every reason why that cannot be done.
pub(crate) fn plan(request: &Request<Config>) -> Result<Plan, Vec<Failure>> {
    MemberSelection::new(&request.only)?;
    let directory = directory(request).map_err(|failure| vec![failure])?;
    let what = match request.only.is_empty() {
        true => "the whole archive".to_owned(),
        false => {
            let names = request
                .only
                .iter()
                .map(|selection| match &selection.new_name {
                    Some(new) => format!("{} as {new}", selection.name),
                    None => selection.name.clone(),
                });
            names.collect::<Vec<_>>().join(", ")
        }
    };
    let existing = match request.replace {
        true => "replacing files that exist",
        false => "without replacing files that exist",
    };
    Ok(Plan {
        steps: vec![format!("unpacks {what} into {directory}, {existing}")],
        directory: Some(directory),
        ..Plan::default()
    })
}

/// The operator's `--into`, or the directory that was archived.
fn directory(request: &Request<Config>) -> Result<String> {
    let workdir = env::var("SIDE_CAR_WORKDIR").unwrap_or_else(|_| "/".to_owned());
    match &request.into {
        Some(into) if into.starts_with('/') => Ok(absolute("/", into)),
        Some(into) => {
            let message = format!("{into} is not an absolute directory");
            Err(Failure::new("bad-target", message).hint("write --into /where/it/shall/go"))
        }
        None => {
            let base = request.config.base_dir.as_deref().unwrap_or(".");
            Ok(absolute(&workdir, base))
        }
    }
}

/// Extracts the archive. A member that fails does not keep the others from being restored.
pub(crate) fn restore(request: &Request<Config>) -> Result<Vec<Outcome>> {
    let survey::Meant { only, patterns } = survey::meant(&request.only)?;
    let selection = MemberSelection::new(&patterns).map_err(|mut errors| errors.swap_remove(0))?;
    survey::announce(&selection, request.size)?;
    let mut extraction = Extraction {
        report: RestoreReport::new(&only),
        selection,
        parents: ParentDirectories::default(),
        unresolved_links: BTreeMap::new(),
        members: 0,
        bytes: 0,
        size: request.size,
    };
    each_member(&mut |member| extraction.extract(member))?;
    if !extraction.unresolved_links.is_empty() {
        each_member(&mut |member| extraction.resolve_links(member))?;
    }
    Ok(extraction.finish())
}

/// Why the restore would fail, or a part of it: the same, in a directory where nothing is made.
pub(crate) fn find_refusals(request: &Request<Config>) -> Vec<Failure> {
    match restore(request) {
        Ok(outcomes) => outcomes.into_iter().filter_map(|one| one.failure).collect(),
        Err(failure) => vec![failure],
    }
}

/// Most files have no attributes.
fn make_file(node: &Node, content: &Content, attributes: &[Attribute]) -> Result<Vec<Refused>> {
    match attributes {
        [] => target::make_file(node, content).map(|()| Vec::new()),
        some => attributed::make_file(node, content, some),
    }
}

/// A restore in progress.
struct Extraction {
    selection: MemberSelection,
    report: RestoreReport,
    parents: ParentDirectories,
    /// Selected hard links to members that are not selected, by the name of the member.
    unresolved_links: BTreeMap<Vec<u8>, Vec<(usize, Node)>>,
    members: u64,
    /// Bytes of the archive that were read so far.
    bytes: u64,
    /// Bytes of the archive.
    size: u64,
}

impl Extraction {
    fn extract(&mut self, mut member: ArchiveMember) -> Result<()> {
        let Some((selected, name)) = self.selection.matching(&member.node.name) else {
            return match member.kind {
                MemberKind::Directory => self.parents.passed(member),
                _ => Ok(()),
            };
        };
        self.members += 1;
        if self.members.is_multiple_of(REPORT_EVERY) {
            log::report(self.bytes, Some(self.size), Some(&display(&name)));
        }
        member.node.name = name;
        if let Err(failure) = self.make_parents(selected, &member.node.name) {
            self.report.count(selected, &member.node.name, Err(failure));
            return Ok(());
        }
        let node = &member.node;
        let attributes = &member.attributes[..];
        let result = match &member.kind {
            MemberKind::File(content) => {
                self.bytes += content.length;
                make_file(node, content, attributes)
            }
            MemberKind::Directory => attributed::make_directory(node, attributes),
            MemberKind::Symlink(text) => attributed::make_symlink(node, text, attributes),
            MemberKind::Fifo => attributed::make_fifo(node, attributes),
            MemberKind::HardLink(existing) => match self.selection.matching(existing) {
                Some((_, existing)) => {
                    target::make_hard_link(&node.name, &existing).map(|()| Vec::new())
                }
                None => {
                    let links = self.unresolved_links.entry(existing.clone()).or_default();
                    links.push((selected, member.node));
                    return Ok(());
                }
            },
            MemberKind::Unsupported(what) => Err(Failure::new(
                "not-restorable",
                format!("it is {what}, which is not restored"),
            )),
        };
        let result = result.map(|refused| {
            self.report.unset(selected, &member, &refused);
        });
        self.report.count(selected, &member.node.name, result);
        Ok(())
    }

    /// Makes the directories above, which were not chosen.
    fn make_parents(&mut self, selected: usize, name: &[u8]) -> Result<()> {
        for (parent, refused) in self.parents.make(name)? {
            self.report.unset(selected, parent, &refused);
        }
        Ok(())
    }

    /// Restores the selected hard links to a file that is not selected: the first as the file itself.
    fn resolve_links(&mut self, member: ArchiveMember) -> Result<()> {
        let MemberKind::File(content) = &member.kind else {
            return Ok(());
        };
        let mut first: Option<Vec<u8>> = None;
        let links = self.unresolved_links.remove(&member.node.name);
        for (selected, node) in links.unwrap_or_default() {
            if let Err(failure) = self.make_parents(selected, &node.name) {
                self.report.count(selected, &node.name, Err(failure));
                continue;
            }
            let result = match &first {
                Some(first) => target::make_hard_link(&node.name, first),
                None => make_file(&node, content, &member.attributes)
                    .map(|refused| self.report.unset(selected, &member, &refused)),
            };
            if result.is_ok() && first.is_none() {
                first = Some(node.name.clone());
            }
            self.report.count(selected, &node.name, result);
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Outcome> {
        for (existing, links) in std::mem::take(&mut self.unresolved_links) {
            for (selected, node) in links {
                let missing = damaged(format!(
                    "{}, which it links to, is missing",
                    display(&existing)
                ));
                self.report.count(selected, &node.name, Err(missing));
            }
        }
        log::report(self.size, Some(self.size), None);
        self.report.outcomes()
    }
}
