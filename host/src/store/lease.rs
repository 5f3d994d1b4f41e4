//! A lease: several sidecars with one store take turns, and do the same thing only once.
//!
//! It is one small object, changed only on the condition that nobody else changed it meanwhile: by
//! `If-None-Match` and `If-Match` on S3, under a file lock in a folder.

use std::fs::{self, File};
use std::time::Duration;

use jiff::Timestamp;
use opendal::ErrorKind;
use serde::{Deserialize, Serialize};

use super::folder::{blocking, create_parent};
use super::trouble::Doing;
use super::{Store, keys};
use crate::error::{Error, Result};

/// The right to do something, until it expires.
#[derive(Debug)]
pub struct Lease {
    store: Store,
    key: String,
    record: Record,
    lasting: Duration,
    /// Of the object as we wrote it.
    version: Version,
}

/// What came of asking for a lease.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each run")]
pub enum Acquired {
    /// It is ours.
    Held(Lease),
    /// Somebody else is at it.
    Busy {
        /// Who.
        owner: String,
        /// When it may be taken over.
        until: Timestamp,
    },
    /// Somebody has done it.
    Done {
        /// Who.
        owner: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    owner: String,
    /// What it is held for: a time of the schedule.
    slot: String,
    expires_at: Timestamp,
    done: bool,
    /// What its owner is working on: where he may leave something half done if he dies.
    #[serde(default)]
    keys: Vec<String>,
}

/// What the store calls the state of an object: its ETag; in a folder, its text.
type Version = Option<String>;

impl Store {
    /// Asks for the lease called `name` ("schedule") to do `slot` ("20231201T030000Z") once. Slots sort
    /// by time: with one, all before it are done.
    ///
    /// `owner` must be unique among those who ask; the same one may ask again.
    /// It lasts for `lasting`, unless renewed: one whose owner died is taken over after that.
    pub async fn acquire(
        &self,
        name: &str,
        slot: &str,
        owner: &str,
        lasting: Duration,
        now: impl Fn() -> Timestamp,
    ) -> Result<Acquired> {
        let key = format!("{}lease-{name}.json", keys::PRIVATE);
        // Twice: whoever was faster is asked about then.
        for _ in 0..2 {
            let (found, version) = self.record(&key).await?;
            // Only now: the answer has told how far the store's clock is ahead.
            let now = now();
            let mut record = Record {
                owner: owner.to_owned(),
                slot: slot.to_owned(),
                expires_at: now + lasting,
                done: false,
                keys: Vec::new(),
            };
            if let Some(found) = found {
                if found.done && found.slot.as_str() >= slot {
                    return Ok(Acquired::Done { owner: found.owner });
                }
                if !found.done && found.owner != owner && found.expires_at > now {
                    return Ok(Acquired::Busy {
                        owner: found.owner,
                        until: found.expires_at,
                    });
                }
                record.keys = found.keys;
            }
            if let Some(version) = self.replace(&key, &record, version).await? {
                return Ok(Acquired::Held(Lease {
                    store: self.clone(),
                    key,
                    record,
                    lasting,
                    version: Some(version),
                }));
            }
        }
        let message = format!(
            "the lease `{name}` in store `{}` changes all the time",
            self.name()
        );
        Err(Error::run("lease-contended", message).hint("see how many sidecars use this prefix"))
    }

    async fn record(&self, key: &str) -> Result<(Option<Record>, Version)> {
        if self.is_folder() {
            let path = self.path(key);
            let text = blocking(move || Ok(fs::read_to_string(path).ok())).await?;
            return Ok((text.as_deref().and_then(parse), text));
        }
        let path = self.full(key);
        let failed = |error| self.trouble(Doing::Read, key, error);
        let found = match self.operator.stat(&path).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((None, None)),
            Err(error) => return Err(failed(error)),
        };
        let Some(version) = found.etag().map(str::to_owned) else {
            return Err(self.no_conditions());
        };
        match self.operator.read_with(&path).if_match(&version).await {
            Ok(text) => {
                let text = String::from_utf8_lossy(&text.to_vec()).into_owned();
                Ok((parse(&text), Some(version)))
            }
            // It changed in between: no version that anybody wrote will match.
            Err(error) if changed(&error) => Ok((None, Some("changed".to_owned()))),
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes the record if the object is still as it was. None if it is not.
    async fn replace(&self, key: &str, record: &Record, old: Version) -> Result<Version> {
        let text =
            serde_json::to_string(record).expect("a record has nothing that JSON cannot say");
        if self.is_folder() {
            return self.replace_file(key, text, old).await;
        }
        let path = self.full(key);
        let write = self.operator.write_with(&path, text);
        let written = match &old {
            Some(version) => write.if_match(version).await,
            None => write.if_not_exists(true).await,
        };
        match written {
            Ok(_) => {}
            // An answer that was lost makes the repeated request fail: whether it is ours is looked up.
            Err(error) if changed(&error) => {}
            Err(error) => return Err(self.trouble(Doing::Write, key, error)),
        }
        let (found, version) = self.record(key).await?;
        Ok(version.filter(|_| found.as_ref() == Some(record)))
    }

    async fn replace_file(&self, key: &str, text: String, old: Version) -> Result<Version> {
        let path = self.path(key);
        blocking(move || {
            create_parent(&path)?;
            // Under the lock nobody else writes it.
            let partial = path.with_extension("new");
            let lock = path.with_extension("lock");
            let locked = File::create(&lock).and_then(|file| file.lock().map(|()| file));
            let _locked = locked.map_err(|error| Error::io("lock", &lock, error))?;
            if fs::read_to_string(&path).ok() != old {
                return Ok(None);
            }
            fs::write(&partial, &text)
                .and_then(|()| fs::rename(&partial, &path))
                .map_err(|error| Error::io("write", &path, error))?;
            Ok(Some(text))
        })
        .await
    }

    fn no_conditions(&self) -> Error {
        let message = format!(
            "store `{}` cannot hold a lease: its objects have no ETag",
            self.name()
        );
        Error::run("no-conditional-writes", message)
            .hint("run one sidecar only, or keep the lease in another store")
    }
}

impl Lease {
    /// What its owner, or the one before him who died, is working on.
    pub fn keys(&self) -> &[String] {
        &self.record.keys
    }

    /// Writes down what is being worked on, before that begins.
    pub async fn note(&mut self, keys: Vec<String>, now: Timestamp) -> Result<()> {
        let record = Record {
            expires_at: now + self.lasting,
            keys,
            ..self.record.clone()
        };
        self.write(record).await
    }

    /// Makes it last as long again, counted from now. Fails if somebody took it over.
    pub async fn renew(&mut self, now: Timestamp) -> Result<()> {
        let record = Record {
            expires_at: now + self.lasting,
            ..self.record.clone()
        };
        self.write(record).await
    }

    /// Gives it back; `done` says that nobody needs to do the slot again, `keys` what is still left
    /// half done.
    pub async fn release(&mut self, done: bool, keys: Vec<String>, now: Timestamp) -> Result<()> {
        let record = Record {
            expires_at: now,
            done,
            keys,
            ..self.record.clone()
        };
        self.write(record).await
    }

    async fn write(&mut self, record: Record) -> Result<()> {
        let old = self.version.clone();
        let mut written = self.store.replace(&self.key, &record, old).await?;
        if written.is_none() {
            // An earlier try may have got through although its answer was lost: then it is ours still.
            let (found, version) = self.store.record(&self.key).await?;
            if found.is_some_and(|found| found.owner == record.owner) {
                written = self.store.replace(&self.key, &record, version).await?;
            }
        }
        let Some(version) = written else {
            let (name, shown) = (self.store.name(), self.store.shown(&self.key));
            let message =
                format!("the lease {shown} in store `{name}` was taken over by somebody else");
            return Err(Error::run("lease-lost", message).hint(
                "this machine was stopped for longer than the lease lasts, or its clock is wrong",
            ));
        };
        self.version = Some(version);
        self.record = record;
        Ok(())
    }
}

/// Garbage counts as no lease: somebody has to make a good one.
fn parse(text: &str) -> Option<Record> {
    serde_json::from_str(text).ok()
}

fn changed(error: &opendal::Error) -> bool {
    use ErrorKind::{AlreadyExists, ConditionNotMatch, Conflict, NotFound};
    matches!(
        error.kind(),
        AlreadyExists | ConditionNotMatch | Conflict | NotFound
    )
}
