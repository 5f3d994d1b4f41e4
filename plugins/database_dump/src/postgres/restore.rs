//! The restore: the roles, then each database on its own, so that a failure does not affect the
//! others.

use sidecar_sdk::restore::{Outcome, Part};
use sidecar_sdk::{Failure, Result, choices, log};

use super::beside::Beside;
use super::catalogue::PostgresProperties;
use super::command_lines::{CONTENTS, RESTORE_NEW, RESTORE_VERSION};
use super::database_restore::DatabaseRestore;
use super::drill_mark::DrillMark;
use super::fill::fill;
use super::globals;
use super::inside::Inside;
use super::leftovers::{drop_database, tidy};
use super::live::{Extensions, LiveDatabase, TargetServer};
use super::maintenance::{MaintenanceDatabases, only_database};
use super::obstacles;
use super::others_code::OthersCode;
use super::own_names::OwnNames;
use super::ownership::Adapted;
use super::properties;
use super::rows_role;
use super::server::{NAME, PostgresServer};
use super::sql::identifier;
use super::version;
use crate::layout::{GLOBALS, Index};
use crate::restore::{each_database, outcome, refused};
use crate::selection::{RestoreSelection, SelectedDatabase};

/// Where is restored to.
struct Target<'a> {
    server: &'a PostgresServer,
    state: TargetServer,
    entries: MaintenanceDatabases,
    replace: bool,
    /// Only in a drill.
    mark: Option<DrillMark>,
}

pub(super) fn run(
    server: &PostgresServer,
    selection: &RestoreSelection,
    replace: bool,
) -> Result<Vec<Outcome>> {
    let index: Index<PostgresProperties> = Index::read(&selection.index, NAME)?;
    let target = Target::find(server, replace)?;
    let client = server
        .client
        .capture(&server.client.command(RESTORE_VERSION))?;
    version::warn_of_target(&client, &index.server, &target.state.version);
    let targets: Vec<&str> = selection
        .databases
        .iter()
        .map(|database| database.target.as_str())
        .collect();
    tidy(
        server,
        target.entries.first(),
        target.state.number,
        &targets,
    )?;
    if target.state.superuser {
        rows_role::remove_left(server, target.entries.first());
    }
    let mut outcomes = Vec::new();
    if let Some(part) = &selection.globals {
        // What no drill has made is not changed by one: roles that are there stay.
        let replace_roles = replace && !choices::is_drill();
        outcomes.push(outcome(
            GLOBALS,
            globals::restore(server, target.entries.first(), part, replace_roles),
        ));
    }
    outcomes.extend(each_database(selection, &index, |database, properties| {
        target.restore_database(database, properties)
    }));
    Ok(outcomes)
}

/// Whether there is anything in the database of this name.
pub(super) fn is_taken(server: &PostgresServer, name: &str) -> Result<bool> {
    let entries = MaintenanceDatabases::find(server)?;
    // What the backup brings is not known here.
    let live = LiveDatabase::find(server, &entries, name, Extensions::Any)?;
    Ok(live.is_some_and(|live| !live.is_empty()))
}

/// "PostgreSQL 15.8"
pub(super) fn description(server: &PostgresServer) -> Result<String> {
    let entries = MaintenanceDatabases::find(server)?;
    let state = TargetServer::read(server, entries.first())?;
    Ok(format!("PostgreSQL {}", state.version))
}

/// Why databases would not be restored.
pub(super) fn refusals(
    server: &PostgresServer,
    selection: &RestoreSelection,
    replace: bool,
) -> Result<Vec<Failure>> {
    let index: Index<PostgresProperties> = Index::read(&selection.index, NAME)?;
    let target = Target::find(server, replace)?;
    Ok(refused(selection, &index, |database, properties| {
        if target.check(database, properties)?.is_none() {
            target.check_creates(&database.target)?;
        }
        // Roles that are missing may come with the backup's.
        match selection.globals {
            Some(_) => Ok(()),
            None => {
                let adapted = Adapted::find(server, target.entries.first(), properties)?;
                target.check_code(&database.target, properties, &adapted)
            }
        }
    }))
}

impl<'a> Target<'a> {
    fn find(server: &'a PostgresServer, replace: bool) -> Result<Self> {
        let entries = MaintenanceDatabases::find(server)?;
        Ok(Self {
            server,
            state: TargetServer::read(server, entries.first())?,
            entries,
            replace,
            mark: DrillMark::of_drill(server),
        })
    }

    /// Checks the part and the target; what is there under its name.
    fn check(
        &self,
        database: &SelectedDatabase,
        properties: &PostgresProperties,
    ) -> Result<Option<LiveDatabase>> {
        let name = &database.target;
        self.check_archive(&database.part)?;
        let live = self.find_live(name, properties)?;
        if let Some(live) = &live {
            self.check_replaceable(live)?;
            obstacles::check(name, live)?;
        }
        Ok(live)
    }

    /// Restores a database. Nothing is changed before the part and the target have been checked.
    fn restore_database(
        &self,
        database: &SelectedDatabase,
        properties: &PostgresProperties,
    ) -> Result<String> {
        let name = &database.target;
        let live = self.check(database, properties)?;
        let adapted = Adapted::find(self.server, self.entries.first(), properties)?;
        self.say_space(name, live.as_ref(), &database.part);
        self.check_code(name, properties, &adapted)?;
        let mut left_out = self.fill(&DatabaseRestore {
            server: self.server,
            part: &database.part,
            original: database.has_original_name(),
            name,
            backup: &adapted.properties(properties),
            live: live.as_ref(),
            adapted: &adapted,
            mark: self.mark.as_ref(),
        })?;
        left_out.extend(adapted.left_out);
        let done = match &live {
            Some(live) if !live.is_empty() => format!("replaced {name}"),
            Some(_) => format!("restored into {name}, which was empty"),
            None => format!("restored as {name}"),
        };
        if left_out.is_empty() {
            return Ok(done);
        }
        let left_out = left_out.join("; ");
        log::warn(&format!("{name}: not carried over: {left_out}"));
        Ok(format!("{done}; not carried over: {left_out}"))
    }

    /// Fails where code of others could only run with the rights of a superuser, unless that is accepted.
    fn check_code(&self, name: &str, backup: &PostgresProperties, adapted: &Adapted) -> Result<()> {
        let (TargetServer { account, .. }, Some(code)) = (&self.state, &backup.needs.others_code)
        else {
            return Ok(());
        };
        if !self.state.superuser {
            return Ok(());
        }
        if adapted.owner.is_some() {
            let why = "with no-owner it becomes the account's own";
            return code.require_accepted(name, account, why);
        }
        let definitions = OthersCode {
            rows: Vec::new(),
            ..code.clone()
        };
        let why = "the account that makes a table or a foreign key calls it";
        definitions.require_accepted(name, account, why)
    }

    fn find_live(&self, name: &str, backup: &PostgresProperties) -> Result<Option<LiveDatabase>> {
        let brought = Extensions::Of(&backup.extensions);
        LiveDatabase::find(self.server, &self.entries, name, brought)
    }

    /// Fails if what is there may not be replaced.
    fn check_replaceable(&self, live: &LiveDatabase) -> Result<()> {
        if let Some(mark) = &self.mark {
            mark.check(self.server, live)?;
        }
        match live.is_empty() || self.replace {
            true => Ok(()),
            false => Err(not_empty(live)),
        }
    }

    /// Beside what is there, where that is possible; else inside of it, in one transaction.
    fn fill(&self, job: &DatabaseRestore<'_>) -> Result<Vec<String>> {
        if let (None, None, None, true) = (job.live, &job.backup.row, job.mark, job.original) {
            return self.create_from_archive(job);
        }
        let entry = self.entries.beside(self.server, job.name);
        match job.live {
            // A cluster knows the database by its name, and the list of its workers must survive.
            _ if job.backup.citus.is_some() || job.live.is_some_and(|live| live.citus) => {
                self.inside(job)
            }
            Some(live) if live.invalid => {
                let (entry, number) = (self.entries.first(), self.state.number);
                drop_database(self.server, entry, number, job.name)?;
                self.beside(&DatabaseRestore { live: None, ..*job }, entry)
            }
            Some(live) if !self.state.creates || !live.owned || entry.is_none() => self.inside(job),
            _ => {
                self.check_creates(job.name)?;
                self.beside(job, entry.ok_or_else(|| only_database(job.name))?)
            }
        }
    }

    fn check_creates(&self, name: &str) -> Result<()> {
        if self.state.creates {
            return Ok(());
        }
        let account = &self.state.account;
        Err(Failure::new(
            "may-not-create",
            format!("{account} may not create the database {name}"),
        )
        .hint(format!(
            "create it and make the account its owner, or: ALTER ROLE {} CREATEDB",
            identifier(account)
        )))
    }

    /// Within a database, which is created if there is none.
    fn inside(&self, job: &DatabaseRestore<'_>) -> Result<Vec<String>> {
        if let (true, Some(code)) = (self.state.superuser, &job.backup.needs.others_code) {
            let why = "within a database all is done in one session";
            code.require_accepted(job.name, &self.state.account, why)?;
        }
        let created = match job.live {
            Some(_) => None,
            None => self.create(job)?,
        };
        let Some(within) = job.live.or(created.as_ref()) else {
            return Err(only_database(job.name));
        };
        let mut wanted = job.backup.clone();
        if job.live.is_some() {
            wanted = within.properties_after(job.backup);
            wanted.owner = within.properties.owner.clone();
        }
        Inside { job, within }.restore(wanted.comment())?;
        if job.live.is_some() && !within.is_empty() {
            return Ok(Vec::new());
        }
        properties::apply(self.server, self.entries.first(), job.name, &wanted)
    }

    fn create(&self, job: &DatabaseRestore<'_>) -> Result<Option<LiveDatabase>> {
        self.check_creates(job.name)?;
        let create = properties::create_statement(job.name, job.backup, &self.state.tablespaces);
        self.server.execute(self.entries.first(), &create)?;
        let citus = job.backup.citus.as_ref();
        if citus.is_some_and(|citus| citus.version.is_some()) {
            let extension = "CREATE EXTENSION IF NOT EXISTS citus";
            self.server.execute(job.name, extension)?;
        }
        self.find_live(job.name, job.backup)
    }

    fn beside(&self, job: &DatabaseRestore<'_>, entry: &str) -> Result<Vec<String>> {
        let still_free = || match job.live {
            Some(live) if live.is_empty() => {
                let found = self.find_live(job.name, job.backup)?;
                let filled = found.filter(|live| !live.is_empty());
                filled.map_or(Ok(()), |live| Err(not_empty(&live)))
            }
            _ => Ok(()),
        };
        Beside {
            job,
            target: &self.state,
            entry,
            names: OwnNames::of(job.name),
            still_free: &still_free,
        }
        .restore()
    }

    /// The index of an earlier version lacks the grants, which the archive has: it creates the database.
    fn create_from_archive(&self, job: &DatabaseRestore<'_>) -> Result<Vec<String>> {
        fill(job, RESTORE_NEW, self.entries.first())?;
        Ok(Vec::new())
    }

    /// Detects an archive from a newer pg_dump before anything is changed.
    fn check_archive(&self, part: &Part) -> Result<()> {
        part.feed(&self.server.client.command(CONTENTS))
            .map(drop)
            .map_err(|failure| {
                failure.hint("pg_restore must not be older than the pg_dump that made the backup: the index names it")
            })
    }

    /// How much a remote server has left cannot be asked: what will be needed is said.
    fn say_space(&self, name: &str, live: Option<&LiveDatabase>, part: &Part) {
        const MIB: u64 = 1 << 20;
        match live.and_then(|live| live.size) {
            Some(size) => log::info(&format!(
                "{name} stays until the new one is whole: the server needs about {} MiB beside its {} MiB",
                size.max(part.length).div_ceil(MIB),
                size.div_ceil(MIB),
            )),
            None => log::info(&format!(
                "{name}: the server needs room for {} MiB of dump, more if that is compressed, and its indexes",
                part.length.div_ceil(MIB)
            )),
        }
    }
}

/// The failure for a database with anything in it, without `--replace`.
fn not_empty(live: &LiveDatabase) -> Failure {
    Failure::new(
        "exists",
        format!(
            "the database {} is there already, with {}",
            live.name,
            live.objects.join(", ")
        ),
    )
    .hint("--replace replaces it; --only NAME=NEW restores beside it")
}
