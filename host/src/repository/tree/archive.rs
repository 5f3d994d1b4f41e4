//! A tree of files as it comes out of a repository: a tar, made while it is read. The same tree is the same tar, so any
//! range of it can be asked for.

use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::vec;

use bytes::{Bytes, BytesMut};
use rustic_core::repofile::Node;
use rustic_core::{IndexedFullStatus, Repository, TreeId};
use tokio::sync::mpsc;

use super::members::{END, Member, Members};
use super::tar_member::padded;
use super::verified::{VerifiedBlobs, altered};
use crate::error::Result;
use crate::repository::gate::VerdictGate;
use crate::store::Store;

/// Bytes that are sent at once.
const CHUNK_SIZE: usize = 256 << 10;

/// A tree of files in a snapshot.
#[derive(Clone, Copy)]
pub(in crate::repository) struct TreeArchive<'a> {
    blobs: VerifiedBlobs<'a>,
    /// Of the snapshot.
    tree: TreeId,
    /// The folder in it.
    root: &'a str,
}

/// Where the walk through a tree has come to.
pub(super) struct Walk<'a> {
    blobs: VerifiedBlobs<'a>,
    /// The directories on the way: their names with a slash, and what is left of them.
    open: Vec<(Vec<u8>, vec::IntoIter<Node>)>,
    /// The tree itself, until it was handed out.
    root: Option<Node>,
}

/// Sends what lies in a range, and counts all.
struct RangeSender<'a> {
    range: Range<u64>,
    position: u64,
    waiting: BytesMut,
    to: &'a mpsc::Sender<Result<Bytes>>,
}

/// All was sent, or the receiver has gone.
struct Enough;

impl<'a> TreeArchive<'a> {
    pub(in crate::repository) fn new(
        store: &'a Store,
        gate: &'a VerdictGate,
        repository: &'a Repository<IndexedFullStatus>,
        tree: TreeId,
        root: &'a str,
    ) -> Self {
        let blobs = VerifiedBlobs {
            store,
            gate,
            repository,
        };
        Self { blobs, tree, root }
    }

    /// Bytes of all of it.
    pub(in crate::repository) fn size(self) -> Result<u64> {
        let (mut walk, mut members, mut size) = (self.walk()?, Members::default(), END);
        while let Some((name, node)) = walk.next()? {
            size += members.of(&name, &node).map_or(0, |member| member.size());
        }
        Ok(size)
    }

    /// Sends what lies in the range of a tar of `size` bytes, until the receiver has gone. Every byte was
    /// compared with its digest.
    pub(in crate::repository) fn send(
        self,
        range: Range<u64>,
        size: u64,
        to: &mpsc::Sender<Result<Bytes>>,
    ) -> Result<()> {
        let reads_all = range.end == size;
        let mut sender = RangeSender {
            range,
            position: 0,
            waiting: BytesMut::new(),
            to,
        };
        let gone = self.send_all(&mut sender)?.is_err() && sender.position <= size;
        match gone || !reads_all || sender.position == size {
            true => Ok(()),
            false => Err(altered(
                self.blobs.store,
                "has other files than were backed up",
            )),
        }
    }

    fn send_all(self, sender: &mut RangeSender<'_>) -> Result<Result<(), Enough>> {
        let (mut walk, mut members) = (self.walk()?, Members::default());
        while let Some((name, node)) = walk.next()? {
            let Some(member) = members.of(&name, &node) else {
                continue;
            };
            let sent = self.send_member(sender, &member, &node)?;
            if sent.is_err() {
                return Ok(sent);
            }
        }
        let end = sender.bytes(&[0; END as usize]);
        Ok(end.and_then(|()| sender.flush()))
    }

    fn send_member(
        self,
        sender: &mut RangeSender<'_>,
        member: &Member,
        node: &Node,
    ) -> Result<Result<(), Enough>> {
        if let Err(enough) = sender.bytes(&member.headers) {
            return Ok(Err(enough));
        }
        let after = sender.position + padded(member.content);
        if after <= sender.range.start {
            sender.position = after;
            return Ok(Ok(()));
        }
        let mut left = member.content;
        for id in node.content.iter().flatten().filter(|_| member.content > 0) {
            let bytes = self.blobs.content(*id)?;
            let Some(rest) = left.checked_sub(bytes.len() as u64) else {
                return Err(altered(self.blobs.store, "has more of a file than it says"));
            };
            left = rest;
            if let Err(enough) = sender.bytes(&bytes) {
                return Ok(Err(enough));
            }
        }
        if left > 0 {
            return Err(altered(self.blobs.store, "has less of a file than it says"));
        }
        let padding = vec![0; (after - sender.position) as usize];
        Ok(sender.bytes(&padding))
    }

    pub(super) fn walk(self) -> Result<Walk<'a>> {
        let missing = || altered(self.blobs.store, "has no files where the backup put them");
        let name = self.root.trim_start_matches('/').as_bytes();
        let top = self.blobs.tree(self.tree)?.nodes.into_iter();
        let mut found = top.filter(|node| node.name().as_bytes() == name);
        let root = found.next().filter(Node::is_dir).ok_or_else(missing)?;
        Ok(Walk {
            blobs: self.blobs,
            open: Vec::new(),
            root: Some(root),
        })
    }
}

impl Walk<'_> {
    /// The next node, and its name in the tree: a directory before what is in it.
    pub(super) fn next(&mut self) -> Result<Option<(Vec<u8>, Node)>> {
        if let Some(root) = self.root.take() {
            self.enter(Vec::new(), &root)?;
            return Ok(Some((b".".to_vec(), root)));
        }
        while let Some((directory, nodes)) = self.open.last_mut() {
            let Some(node) = nodes.next() else {
                self.open.pop();
                continue;
            };
            let name = [directory.as_slice(), node.name().as_bytes()].concat();
            if node.is_dir() {
                self.enter([name.as_slice(), b"/"].concat(), &node)?;
            }
            return Ok(Some((name, node)));
        }
        Ok(None)
    }

    fn enter(&mut self, directory: Vec<u8>, node: &Node) -> Result<()> {
        let Some(tree) = node.subtree else {
            return Err(altered(
                self.blobs.store,
                "has a directory without contents",
            ));
        };
        let nodes = self.blobs.tree(tree)?.nodes;
        self.open.push((directory, nodes.into_iter()));
        Ok(())
    }
}

impl RangeSender<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Enough> {
        let (start, end) = (self.position, self.position + bytes.len() as u64);
        self.position = end;
        let from = self.range.start.clamp(start, end) - start;
        let until = self.range.end.clamp(start, end) - start;
        if from < until {
            self.waiting
                .extend_from_slice(&bytes[from as usize..until as usize]);
        }
        let is_last = end >= self.range.end;
        if is_last || self.waiting.len() >= CHUNK_SIZE {
            self.flush()?;
        }
        match end > self.range.end {
            true => Err(Enough),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), Enough> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let sent = self.to.blocking_send(Ok(self.waiting.split().freeze()));
        sent.map_err(|_| Enough)
    }
}
