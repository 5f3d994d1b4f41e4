//! `POST /backup/export` of several strategies: the set as one ZIP, streamed while its members are made.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_LENGTH, TRAILER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::time::sleep;

use super::body::{BodySender, Disconnected, Transfer, body_channel};
use super::error_response::ErrorResponse;
use super::export::{ExportClient, FIRST_BYTE_TIMEOUT, time_to_stream};
use super::follow::failed;
use super::headers;
use super::state::ApiState;
use super::trickle::Trickle;
use crate::config::SET_FORMAT;
use crate::service::set_archive::{LIST, MANIFEST};
use crate::service::{ArchiveWriter, Job, Run, RunState};

/// What the file is called.
const FILENAME: &str = "set.zip";

/// A member, and the name of its entry.
type Entry = (Arc<Job>, String);

/// Answers with the set, at its end or when the client can wait no longer.
pub(super) async fn wait(
    app: Arc<ApiState>,
    job: Arc<Job>,
    client: ExportClient,
    within: Duration,
) -> Result<Response, ErrorResponse> {
    let over = tokio::select! {
        biased;
        run = job.over() => Some(run),
        () = time_to_answer(&job, within), if client.takes_chunks => None,
    };
    match over {
        Some(run) if run.state != RunState::Succeeded => Err(ErrorResponse::of_run(&run)),
        _ => Ok(stream(app, job, client)),
    }
}

async fn time_to_answer(job: &Job, within: Duration) {
    match job.members().first() {
        // `before`, or a run before this one, may take longer than the client waits for the headers.
        Some(first) if within.is_zero() => tokio::select! {
            _ = time_to_stream(first, within) => {}
            () = sleep(FIRST_BYTE_TIMEOUT) => {}
        },
        _ => sleep(within).await,
    }
}

/// The answer for a set whose ZIP was sent, or not asked for, when it was made.
pub(super) async fn not_kept(app: &Arc<ApiState>, run: &Run) -> ErrorResponse {
    let id = run.id.clone();
    let members = app.blocking(move |app| app.jobs.service().history().members(&id));
    let members = members.await.unwrap_or_default();
    let urls = members.iter().filter_map(|member| {
        let name = member.member.as_deref()?;
        Some(format!("{name} at /backup/jobs/{}/artifact", member.id))
    });
    let urls: Vec<String> = urls.collect();
    let message = "a set is streamed while it is made, to the client that waits for it";
    ErrorResponse::new(StatusCode::NOT_FOUND, "set-not-kept", message)
        .hint(format!(
            "its members are kept by themselves: {}; POST /backup/export without `Prefer: respond-async` streams the next set",
            urls.join(", ")
        ))
        .status_url(format!("/backup/jobs/{}", run.id))
}

/// Whether a run makes a set, whose own artifact is only the list of its members: it is nothing to download.
pub(super) fn is_set(run: &Run) -> bool {
    run.member.is_none() && run.set_id.is_some()
}

fn stream(app: Arc<ApiState>, job: Arc<Job>, client: ExportClient) -> Response {
    let mut head = headers::name(&job.run(), FILENAME, SET_FORMAT, "application/zip");
    let entries = entries(&app, &job);
    // Without chunks the client has waited for the end, and all sizes are known.
    let size = (!client.takes_chunks).then(|| size(&job, &entries));
    match size {
        Some(size) => drop(head.insert(CONTENT_LENGTH, size.into())),
        None if client.takes_trailers => {
            let names = HeaderValue::from_static("X-Checksum-Sha256, X-Size");
            head.insert(TRAILER, names);
        }
        None => {}
    }
    let (sender, body) = body_channel(size);
    tokio::spawn(async move {
        let transfer = follow(&job, &entries, sender).await;
        drop(client.guard);
        tracing::debug!(id = job.request().id, ?transfer, "a streamed set has ended");
        if transfer.complete {
            let sent = move |app: &ApiState| {
                for (member, _) in &entries {
                    app.jobs.service().artifact_sent(&member.request().id);
                }
            };
            // A failure is in the log.
            let _ = app.blocking(sent).await;
        }
    });
    (head, axum::body::Body::new(body)).into_response()
}

/// `db/db.dump` for each member.
fn entries(app: &ApiState, job: &Job) -> Vec<Entry> {
    let service = app.jobs.service();
    let members = job.members().iter().filter_map(|member| {
        let name = member.request().strategy.as_deref()?;
        let config = service.strategy(Some(name)).ok()?.config();
        let filename = &config.strategy.artifact.filename;
        Some((member.clone(), format!("{name}/{filename}")))
    });
    members.collect()
}

/// Of a set that is over.
fn size(job: &Job, entries: &[Entry]) -> u64 {
    let mut zip = ArchiveWriter::default();
    let mut add = |name: &str, run: &Run, size: u64| {
        zip.begin(name, run.queued_at);
        zip.skip(size);
        zip.end();
    };
    let made = |run: &Run| run.artifact.as_ref().map_or(0, |artifact| artifact.size);
    for (member, name) in entries {
        let run = member.run();
        add(name, &run, made(&run));
        let manifest = member.manifest().map_or(0, <[u8]>::len);
        add(&format!("{name}{MANIFEST}"), &run, manifest as u64);
    }
    let run = job.run();
    add(LIST, &run, made(&run));
    zip.finish();
    zip.measured().0
}

/// Sends the set as it grows. Only one that has succeeded ends the body; any other breaks the connection at once.
async fn follow(job: &Job, entries: &[Entry], sender: BodySender) -> Transfer {
    let sent = tokio::select! {
        biased;
        () = failed(job) => Err(Disconnected),
        sent = send(job, entries, &sender) => sent,
    };
    match sent {
        Ok(trailers) => sender.end(Some(trailers)).await,
        Err(Disconnected) => sender.abort().await,
    }
}

/// Returns the trailers when all of it was sent.
async fn send(
    job: &Job,
    entries: &[Entry],
    sender: &BodySender,
) -> Result<HeaderMap, Disconnected> {
    let mut zip = ArchiveWriter::default();
    let mut out = Trickle::new(sender);
    for (member, name) in entries {
        send_artifact(member, name, &mut zip, &mut out).await?;
        let manifest = member.manifest().ok_or(Disconnected)?.to_vec();
        out.push(zip.begin(&format!("{name}{MANIFEST}"), member.run().queued_at))
            .await?;
        zip.add(&manifest);
        out.push(manifest).await?;
        out.push(zip.end()).await?;
    }
    send_artifact(job, LIST, &mut zip, &mut out).await?;
    out.push(zip.finish()).await?;
    out.flush().await?;
    let (size, sha256) = zip.measured();
    Ok(headers::measured(size, sha256.as_str()))
}

/// Sends what a run writes as an entry, which ends with the run.
async fn send_artifact(
    job: &Job,
    name: &str,
    zip: &mut ArchiveWriter,
    out: &mut Trickle<'_>,
) -> Result<(), Disconnected> {
    // The head of the entry comes first: it is what keeps the client from giving up while the run has not begun.
    out.push(zip.begin(name, job.run().queued_at)).await?;
    let opened = out.alive_until(job.spool_reader()).await?;
    let mut reader = opened.ok_or(Disconnected)?;
    let file = reader.file();
    let (mut sent, mut written) = (0, 0);
    let mut rest = async |out: &mut Trickle<'_>, written: u64| {
        while sent < written {
            let bytes: Bytes = out.sender().read(&file, sent, written - sent).await?;
            zip.add(&bytes);
            sent += bytes.len() as u64;
            out.push(bytes).await?;
        }
        Ok(())
    };
    while let Some(more) = out.alive_until(reader.beyond(written)).await? {
        written = more;
        rest(out, written).await?;
    }
    let run = out.alive_until(job.over()).await?;
    let artifact = run.artifact.ok_or(Disconnected)?;
    rest(out, artifact.size).await?;
    out.push(zip.end()).await
}
