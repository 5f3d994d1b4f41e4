//! A verification on its way: how far it is, what it has found, and whether it was cancelled.

use std::cell::{Cell, RefCell};

use crate::cancel::Cancel;
use crate::error::Error;
use crate::history::{PartOutcome, RunFailure};
use crate::sandbox::Reporter as _;
use crate::service::runs::job::Job;

/// What is shown of a verification meanwhile.
const NOTE: &str = "reading the backup";

/// What all that is read for one verification shares.
pub(in crate::service) struct VerifyProgress<'a> {
    job: &'a Job,
    read: Cell<u64>,
    total: Cell<u64>,
    copies: RefCell<Vec<PartOutcome>>,
}

impl<'a> VerifyProgress<'a> {
    /// Nothing was read yet.
    pub(in crate::service) fn new(job: &'a Job) -> Self {
        Self {
            job,
            read: Cell::new(0),
            total: Cell::new(0),
            copies: RefCell::default(),
        }
    }

    /// The flag that ends it.
    pub(super) fn cancel(&self) -> &Cancel {
        self.job.cancel()
    }

    /// It is this backup that was asked for.
    pub(super) fn is_about(&self, id: &str) {
        self.job.is_about(id);
    }

    /// So many more bytes are to be read.
    pub(super) fn expect(&self, bytes: u64) {
        self.total.set(self.total.get().saturating_add(bytes));
    }

    /// So many bytes were read.
    pub(super) fn add(&self, bytes: usize) {
        let read = self.read.get() + bytes as u64;
        self.read.set(read);
        self.job.report(read, Some(self.total.get()), Some(NOTE));
    }

    /// What reading a copy has told.
    pub(super) fn found(&self, place: &str, error: Option<&Error>) {
        let outcome = PartOutcome {
            name: place.to_owned(),
            note: match error {
                None => "unaltered".to_owned(),
                Some(_) => String::new(),
            },
            error: error.map(RunFailure::from),
        };
        self.copies.borrow_mut().push(outcome);
    }

    /// What was found of each copy, in the order in which they were read.
    pub(in crate::service) fn copies(self) -> Vec<PartOutcome> {
        self.copies.into_inner()
    }
}
