//! All operations of the API: the router and the documentation are made of these rows.

use axum::routing::{delete, get, post};

use super::audit::{AuditLog, AuditQuery};
use super::backups::{
    AcceptQuery, ArtifactQuery, BackupList, BackupsQuery, PruneQuery, PruneResponse,
};
use super::capabilities::CapabilitiesView;
use super::check::{CheckQuery, CheckView};
use super::contents::ContentsParameters;
use super::drill::DrillQuery;
use super::jobs::{JobList, JobView, PageQuery, RunJournal};
use super::log::LogQuery;
use super::operation::Operation;
use super::request::Parameters;
use super::restore::{RestoreBody, RestorePreview};
use super::start::Accepted;
use super::{
    about, all_events, artifact, audit, backups, capabilities, check, contents, drill, events,
    export, health, jobs, log, metrics, restore, status,
};
use crate::config::TokenScope;
use crate::service::{
    BackupContents, LogExcerpt, ModuleAccess, ShownConfig, SidecarStatus, Verification,
};

/// Every operation of the API.
pub(super) fn operations() -> Vec<Operation> {
    let job = "/backup/jobs/{id}";
    let artifact = "/backup/jobs/{id}/artifact";
    vec![
        Operation::new("get", "/backup/capabilities", get(capabilities::capabilities))
            .needs(TokenScope::Read)
            .summary("What this sidecar can back up")
            .json::<CapabilitiesView>(200),
        Operation::new("get", "/backup/status", get(status::status))
            .needs(TokenScope::Read)
            .summary("How each strategy stands: whether a good backup is young enough, and why not")
            .json::<SidecarStatus>(200),
        Operation::new("get", "/backup/events", get(all_events::follow))
            .needs(TokenScope::Read)
            .summary("Everything that happens: events `status`, `run-started`, `run-progress` and `run-finished`")
            .text(200, "text/event-stream"),
        Operation::new("post", "/backup/export", post(export::export))
            .needs(TokenScope::Run)
            .summary("Makes a backup and answers with the artifact; in chunks with trailers when the run takes long")
            .query::<Parameters>()
            .header("Prefer", "`respond-async`: answer 202 at once")
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .bytes(200)
            .json::<Accepted>(202)
            .fails(&[400, 404, 409, 500, 503]),
        Operation::new("post", "/backup/run", post(export::run))
            .needs(TokenScope::Run)
            .summary("Starts a backup and answers at once")
            .query::<Parameters>()
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .json::<Accepted>(202)
            .fails(&[400, 404, 409, 500, 503]),
        Operation::new("post", "/backup/restore", post(restore::restore))
            .needs(TokenScope::Restore)
            .summary("Starts to restore a backup and answers at once; the job tells the result of each part. With `dry_run`, answers what would be done")
            .body::<RestoreBody>()
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .json::<RestorePreview>(200)
            .json::<Accepted>(202)
            .fails(&[400, 404, 409, 500, 503]),
        Operation::new("post", "/backup/drill", post(drill::drill))
            .needs(TokenScope::Run)
            .summary("Starts a drill and answers at once: the latest backup is restored into the scratch target and checked")
            .query::<DrillQuery>()
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .json::<Accepted>(202)
            .fails(&[400, 404, 409, 500, 503]),
        Operation::new("post", "/backup/check", post(check::check))
            .needs(TokenScope::Run)
            .summary("Looks at everything that a backup needs, servers and stores among it, and answers with what would go wrong")
            .query::<CheckQuery>()
            .json::<CheckView>(200)
            .fails(&[400, 404, 409, 500]),
        Operation::new("get", "/backup/jobs", get(jobs::list))
            .needs(TokenScope::Read)
            .summary("Runs in progress and over, newest first")
            .query::<PageQuery>()
            .json::<JobList>(200)
            .fails(&[400, 404]),
        Operation::new("get", job, get(jobs::status))
            .needs(TokenScope::Read)
            .summary("The state of a run")
            .json::<JobView>(200)
            .fails(&[404]),
        Operation::new("delete", job, delete(jobs::cancel))
            .needs(TokenScope::Run)
            .summary("Cancels a run: it and every process that it started are gone when this answers")
            .json::<JobView>(200)
            .fails(&[404, 409]),
        Operation::new("get", "/backup/jobs/{id}/events", get(events::follow))
            .needs(TokenScope::Read)
            .summary("The status of a run, as it changes: events `state`, `log` and `progress`")
            .text(200, "text/event-stream")
            .fails(&[404]),
        Operation::new("get", "/backup/jobs/{id}/log", get(log::log))
            .needs(TokenScope::Read)
            .summary("What the commands and the module of a run have said: its last lines, also of the last 200 runs that are over")
            .query::<LogQuery>()
            .json::<LogExcerpt>(200)
            .fails(&[400, 404]),
        Operation::new("get", artifact, get(artifact::fetch))
            .needs(TokenScope::Run)
            .summary("The artifact of a run, until it was fetched completely or paths.keep_undelivered is over")
            .header("Range", "one range of bytes")
            .header("If-Range", "the ETag that the range belongs to")
            .header("If-None-Match", "ETags that the client has")
            .bytes(200)
            .bytes(206)
            .nothing(304)
            .fails(&[404, 409, 416, 500, 503]),
        Operation::new("get", "/backup/runs", get(jobs::journal))
            .needs(TokenScope::Read)
            .summary("The journal of runs, newest first")
            .query::<PageQuery>()
            .json::<RunJournal>(200)
            .fails(&[400, 404]),
        Operation::new("get", "/backup/backups", get(backups::list))
            .needs(TokenScope::Read)
            .summary("The backups in the stores, newest first")
            .query::<BackupsQuery>()
            .json::<BackupList>(200)
            .fails(&[400, 404, 500]),
        Operation::new("get", "/backup/backups/{id}", get(backups::one))
            .needs(TokenScope::Read)
            .summary("Every copy of a backup; the id may be the beginning of one, or `latest`")
            .json::<BackupList>(200)
            .fails(&[400, 404, 500]),
        Operation::new("get", "/backup/backups/{id}/artifact", get(backups::artifact))
            .needs(TokenScope::Run)
            .summary("The artifact from a store, or with `only` parts or files of it; its last bytes are sent only when all of it is unaltered")
            .query::<ArtifactQuery>()
            .bytes(200)
            .fails(&[400, 404, 500]),
        Operation::new("get", "/backup/backups/{id}/contents", get(contents::contents))
            .needs(TokenScope::Read)
            .summary("What lies in a backup: parts of a dump, members of a set, entries of an archive")
            .query::<ContentsParameters>()
            .json::<BackupContents>(200)
            .fails(&[400, 404, 500]),
        Operation::new("post", "/backup/backups/{id}/verify", post(backups::verify))
            .needs(TokenScope::Run)
            .summary("Reads a backup again, in every store, and compares it with its manifest")
            .query::<AcceptQuery>()
            .header("Prefer", "`respond-async`: answer 202 at once, with a run to follow")
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .json::<Verification>(200)
            .json::<Accepted>(202)
            .fails(&[400, 404, 409, 500, 503]),
        Operation::new("post", "/backup/verify", post(backups::verify_all))
            .needs(TokenScope::Run)
            .summary("Reads every backup again, in every store, and compares it with its manifest; of a repository, the share that is due")
            .query::<AcceptQuery>()
            .header("Prefer", "`respond-async`: answer 202 at once, with a run to follow")
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .json::<Verification>(200)
            .json::<Accepted>(202)
            .fails(&[400, 404, 409, 500, 503]),
        Operation::new("post", "/backup/prune", post(backups::prune))
            .needs(TokenScope::Admin)
            .summary("Applies the retention to the stores; answers what is kept and what is deleted, and why")
            .query::<PruneQuery>()
            .json::<PruneResponse>(200)
            .fails(&[400, 409, 500]),
        Operation::new("get", "/backup/audit", get(audit::list))
            .needs(TokenScope::Admin)
            .summary("Who asked for what, newest first")
            .query::<AuditQuery>()
            .json::<AuditLog>(200)
            .fails(&[400]),
        Operation::new("get", "/backup/config", get(about::config))
            .needs(TokenScope::Admin)
            .summary("The configuration in force, without secrets")
            .json::<ShownConfig>(200),
        Operation::new("get", "/backup/modules", get(about::modules))
            .needs(TokenScope::Read)
            .summary("The modules, and what each strategy's asks for against what it may have")
            .json::<ModuleAccess>(200),
        Operation::new("get", "/metrics", get(metrics::metrics))
            .needs(TokenScope::Read)
            .summary("Metrics in the Prometheus text format")
            .text(200, "text/plain"),
        Operation::new("get", "/healthz", get(health::healthy))
            .summary("Whether the process answers")
            .without_token()
            .text(200, "text/plain"),
        Operation::new("get", "/readyz", get(health::ready))
            .summary("Whether a backup could be made, or the name of the first check that failed")
            .without_token()
            .text(200, "text/plain")
            .text(503, "text/plain"),
    ]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::openapi;
    use super::*;

    /// Every reference below `value`.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            found.insert(reference.to_owned());
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(map) => map.values().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_describes_every_operation() {
        let document = openapi::document(&operations());
        for operation in operations() {
            let described = &document["paths"][operation.path][operation.method];
            assert!(
                described["summary"].is_string(),
                "{} {}",
                operation.method,
                operation.path
            );
            let open = described
                .get("security")
                .is_some_and(|none| *none == serde_json::json!([]));
            assert_eq!(open, operation.needs.is_none(), "{}", operation.path);
        }
        let export = &document["paths"]["/backup/export"]["post"];
        let names: Vec<_> = export["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| &parameter["name"])
            .collect();
        assert_eq!(
            names,
            [
                "drive_folder_id",
                "strategy",
                "cancel_on_disconnect",
                "Prefer",
                "Idempotency-Key"
            ]
        );
        assert!(export["responses"]["401"].is_object() && export["responses"]["409"].is_object());
    }

    /// What each scope may do beyond the one before it.
    #[test]
    fn every_operation_needs_the_scope_that_is_written_here() {
        let table = [
            (
                TokenScope::Read,
                "GET /backup/capabilities, GET /backup/status, GET /backup/events, GET /backup/jobs, \
              GET /backup/jobs/{id}, GET /backup/jobs/{id}/events, GET /backup/jobs/{id}/log, GET /backup/runs, GET /backup/backups, \
              GET /backup/backups/{id}, GET /backup/backups/{id}/contents, GET /backup/modules, GET /metrics",
            ),
            (
                TokenScope::Run,
                "POST /backup/export, POST /backup/run, POST /backup/drill, POST /backup/check, DELETE /backup/jobs/{id}, \
              GET /backup/jobs/{id}/artifact, GET /backup/backups/{id}/artifact, POST /backup/backups/{id}/verify, \
              POST /backup/verify",
            ),
            (TokenScope::Restore, "POST /backup/restore"),
            (
                TokenScope::Admin,
                "POST /backup/prune, GET /backup/audit, GET /backup/config",
            ),
        ];
        for (scope, expected) in table {
            let operations = operations();
            let found = operations.iter().filter(|one| one.needs == Some(scope));
            let found: Vec<String> = found.map(Operation::name).collect();
            assert_eq!(found.join(", "), expected, "{}", scope.as_str());
        }
        let all = operations();
        let open = all.iter().filter(|one| one.needs.is_none());
        let open: Vec<String> = open.map(Operation::name).collect();
        assert_eq!(open, ["GET /healthz", "GET /readyz"]);
    }

    /// Generated clients carry these names.
    #[test]
    fn the_names_of_the_schemas_stay() {
        let document = openapi::document(&operations());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let names: Vec<_> = schemas.keys().map(String::as_str).collect();
        let stable = "Capabilities StrategyCapabilities Error Status MemberState MemberStatus StatusReason LastGood RunInProgress Kind State Progress \
                      LastRun Failure VerifiedCopy DrillResult DamagedCopy MissingUpload StoreStatus Accepted AcceptedMember RestorePreview FoundTarget Preview Restore Selection \
                      Check Jobs Job Artifact RunOmission Outcome Run RunLog LogLine Runs Backups Backup BackupHealth Manifest Tier MadeBy Contents Codec \
                      Encrypted InRepository FilesInTree Part Omission SetMember BackupVerdict Damaged BackupContents ContentsEntry EntryKind Unaltered Verified Proof Pruning Pruned Audit AuditEntry Configuration Modules Module StrategyAccess AccessVerdict";
        assert_eq!(names, stable.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn every_schema_that_is_named_is_there_and_good() {
        let document = openapi::document(&operations());
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.contains("#/components/schemas/Job"), "{found:?}");
        for reference in &found {
            let schema = document
                .pointer(&reference[1..])
                .unwrap_or_else(|| panic!("no {reference}"));
            jsonschema::meta::validate(schema).unwrap();
        }
    }
}
