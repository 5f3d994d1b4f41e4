//! An export that begins before its run ends: the spool, sent while it grows.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::body::{Feed, Gone, Taken};
use super::headers;
use crate::service::{Artifact, Growth, Job, State as RunState};

/// Bytes that are held back where a run has more to do than to write: they are what a client gets, one
/// by one, while it would otherwise hear nothing and give up a good backup.
pub(super) const HELD: u64 = 4096;
/// How often: well below the 300 s that the orchestrator waits.
const DRIP: Duration = Duration::from_secs(30);

/// Sends what a run writes, the last `held` bytes only at its end. Only a run that has succeeded gives
/// the body a good end; any other breaks it at once, whatever a slow client still has to get.
pub(super) async fn follow(job: &Job, growth: Growth, feed: Feed, held: u64) -> Taken {
    let sent = tokio::select! {
        biased;
        () = failed(job) => Err(Gone),
        sent = send(job, growth, &feed, held) => sent,
    };
    match sent {
        Ok(artifact) => feed.end(Some(headers::measure(&artifact))).await,
        Err(Gone) => feed.give_up().await,
    }
}

/// Ends if the run ends without an artifact.
async fn failed(job: &Job) {
    if job.over().await.state == RunState::Succeeded {
        pending().await
    }
}

/// Returns what was made, when all of it was sent.
async fn send(job: &Job, mut growth: Growth, feed: &Feed, held: u64) -> Result<Artifact, Gone> {
    let file = growth.file();
    let (mut written, mut sent, mut growing) = (0_u64, 0, true);
    let mut drip = Instant::now() + DRIP;
    let run = loop {
        // The first byte says that the run is well.
        let due = written.saturating_sub(held).max(written.min(1));
        if sent < due {
            feed.send_file(&file, sent..due).await?;
            sent = due;
            drip = Instant::now() + DRIP;
        }
        tokio::select! {
            run = job.over() => break run,
            () = feed.gone() => return Err(Gone),
            more = growth.beyond(written), if growing => match more {
                Some(more) => written = more,
                None => growing = false,
            },
            () = sleep_until(drip), if sent < written => {
                feed.send_file(&file, sent..sent + 1).await?;
                sent += 1;
                drip = Instant::now() + DRIP;
            }
        }
    };
    let artifact = run.artifact.ok_or(Gone)?;
    feed.send_file(&file, sent..artifact.size).await?;
    Ok(artifact)
}
