//! The way back: from an archive into a directory, all of it or what was chosen.

mod choice;
mod member;
mod tally;
mod tar_reader;
mod zip_reader;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Display;
use std::io::{Read, Seek, SeekFrom};

use sidecar_sdk::restore::{Outcome, Plan, Request};
use sidecar_sdk::target::{self, Node};
use sidecar_sdk::{Failure, Result, Source, log};

use crate::config::Config;
use crate::format::shown;
use crate::path::absolute;
use choice::Choice;
use member::{Kind, Member};
use tally::Tally;

/// Members between two reports of progress.
const REPORT_EVERY: u64 = 1000;

/// Where it goes, and what of it, or every reason why it cannot be done.
pub(crate) fn plan(request: &Request<Config>) -> Result<Plan, Vec<Failure>> {
    Choice::new(&request.only)?;
    let directory = directory(request).map_err(|failure| vec![failure])?;
    let what = match request.only.is_empty() {
        true => "the whole archive".to_owned(),
        false => {
            let names = request.only.iter().map(|chosen| match &chosen.new_name {
                Some(new) => format!("{} as {new}", chosen.name),
                None => chosen.name.clone(),
            });
            names.collect::<Vec<_>>().join(", ")
        }
    };
    let there = match request.replace {
        true => "replacing what stands in the way",
        false => "leaving alone what is there",
    };
    Ok(Plan {
        steps: vec![format!("unpacks {what} into {directory}, {there}")],
        directory: Some(directory),
        ..Plan::default()
    })
}

/// The operator's `--into`, or where it came from.
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

/// Unpacks. What cannot be made does not keep the rest from being made.
pub(crate) fn restore(request: &Request<Config>) -> Result<Vec<Outcome>> {
    let choice = Choice::new(&request.only).map_err(|mut wrong| wrong.swap_remove(0))?;
    let mut unpacking = Unpacking {
        tally: Tally::new(&request.only),
        choice,
        orphans: BTreeMap::new(),
        members: 0,
        bytes: 0,
        size: request.size,
    };
    each(&mut |member| unpacking.take(member))?;
    if !unpacking.orphans.is_empty() {
        each(&mut |member| unpacking.adopt(member))?;
    }
    Ok(unpacking.finish())
}

/// Hands each member of the archive to `take`.
fn each(take: &mut dyn FnMut(Member) -> Result<()>) -> Result<()> {
    let mut source = Source::whole();
    let mut magic = Vec::new();
    source.by_ref().take(4).read_to_end(&mut magic)?;
    source.seek(SeekFrom::Start(0))?;
    // The archive itself knows best: the configuration may be younger.
    match &magic[..] {
        b"PK\x03\x04" | b"PK\x05\x06" => zip_reader::each(source, take),
        _ => tar_reader::each(source, take),
    }
}

/// A restore that goes on.
struct Unpacking {
    choice: Choice,
    tally: Tally,
    /// Chosen names of files whose content stands under a name that was not chosen: by that name.
    orphans: BTreeMap<Vec<u8>, Vec<(usize, Node)>>,
    members: u64,
    /// Of the archive: read so far, and in all.
    bytes: u64,
    size: u64,
}

impl Unpacking {
    fn take(&mut self, mut member: Member) -> Result<()> {
        let Some((chosen, name)) = self.choice.of(&member.node.name) else {
            return Ok(());
        };
        self.members += 1;
        if self.members.is_multiple_of(REPORT_EVERY) {
            log::report(self.bytes, Some(self.size), Some(&shown(&name)));
        }
        member.node.name = name;
        let node = &member.node;
        let made = match member.kind {
            Kind::File(content) => {
                self.bytes += content.length;
                target::make_file(node, &content)
            }
            Kind::Directory => target::make_directory(node),
            Kind::Symlink(text) => target::make_symlink(node, &text),
            Kind::Fifo => target::make_fifo(node),
            Kind::HardLink(existing) => match self.choice.of(&existing) {
                Some((_, existing)) => target::make_hard_link(&node.name, &existing),
                None => {
                    let orphans = self.orphans.entry(existing).or_default();
                    orphans.push((chosen, member.node));
                    return Ok(());
                }
            },
            Kind::Foreign(what) => Err(Failure::new(
                "not-restorable",
                format!("it is {what}, which is not restored"),
            )),
        };
        self.tally.count(chosen, &member.node.name, made);
        Ok(())
    }

    /// Gives those their content who are only links to a file that was not chosen.
    fn adopt(&mut self, member: Member) -> Result<()> {
        let Kind::File(content) = &member.kind else {
            return Ok(());
        };
        let mut first: Option<Vec<u8>> = None;
        for (chosen, node) in self.orphans.remove(&member.node.name).unwrap_or_default() {
            let made = match &first {
                Some(first) => target::make_hard_link(&node.name, first),
                None => target::make_file(&node, content),
            };
            if made.is_ok() && first.is_none() {
                first = Some(node.name.clone());
            }
            self.tally.count(chosen, &node.name, made);
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Outcome> {
        for (existing, orphans) in std::mem::take(&mut self.orphans) {
            for (chosen, node) in orphans {
                let missing = damaged(format!(
                    "{}, which it links to, is missing",
                    shown(&existing)
                ));
                self.tally.count(chosen, &node.name, Err(missing));
            }
        }
        log::report(self.size, Some(self.size), None);
        self.tally.outcomes()
    }
}

fn damaged(why: impl Display) -> Failure {
    Failure::new("damaged", format!("the archive cannot be read: {why}"))
        .hint("restore another backup; sidecar verify says which ones are whole")
}
