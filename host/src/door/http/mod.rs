//! The API: a thin door to the same service as the command line.
//!
//! ```text
//! server ──► router ──► auth, size ──► one file for each thing that can be asked
//!            operations ──► openapi
//! ```

mod answer;
mod artifact;
mod auth;
mod backups;
mod body;
mod chunk;
mod coverage;
mod events;
mod export;
mod follow;
mod headers;
mod health;
mod jobs;
mod metrics;
mod openapi;
mod operation;
mod page;
mod range;
mod request;
mod restore;
mod router;
mod server;
mod throttle;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::service::Jobs;

pub use server::{Server, Stop};

/// What every request shares.
struct App {
    jobs: Arc<Jobs>,
    /// Of the token, so that comparing takes the same time for any length.
    token: [u8; 32],
    throttle: throttle::Throttle,
    coverage: coverage::Coverage,
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
struct Peer(IpAddr);

impl Peer {
    /// For the journal.
    fn asks(self) -> String {
        format!("http {}", self.0.to_canonical())
    }
}

impl App {
    fn new(jobs: Arc<Jobs>) -> Self {
        let token = Sha256::digest(jobs.service().config().secrets.api_token.reveal()).into();
        Self {
            jobs,
            token,
            throttle: throttle::Throttle::default(),
            coverage: coverage::Coverage::default(),
        }
    }

    /// Does what may wait for the disk where that disturbs nobody.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, answer::Problem> {
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.map_err(|_| answer::Problem::internal())
    }
}
