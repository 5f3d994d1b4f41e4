//! The words that the specification is written in.
//!
//! Everything lives in a temporary folder that goes away with its owner; every process that is
//! started here ends with its owner too.

mod between;
mod browser;
mod clock;
mod components;
mod control_group;
mod counted;
mod daemon;
mod event;
mod finished;
mod fleet;
mod hook;
mod http;
mod mariadb;
mod openid;
mod openid_key;
mod orchestrator;
mod parts;
mod postgres;
mod process;
mod raw;
mod receiver;
mod redis;
mod registry;
mod request;
mod s3;
mod server;
mod sidecar;
mod skip;
mod system;
mod terminal;
mod volume;

pub(crate) use between::{Asked, Between, Fate};
pub(crate) use browser::Browser;
pub(crate) use clock::Clock;
pub(crate) use components::{component, python_component};
pub(crate) use control_group::{ControlGroup, started_by};
pub(crate) use counted::Counted;
pub(crate) use daemon::Daemon;
pub(crate) use event::{Gate, mkfifo, within};
pub(crate) use finished::Finished;
pub(crate) use fleet::{Fleet, READING};
pub(crate) use http::{Answer, agent};
pub(crate) use mariadb::MariaDb;
pub(crate) use openid::{CLIENT_SECRET, OpenId};
pub(crate) use openid_key::Signed;
pub(crate) use orchestrator::Orchestrator;
pub(crate) use parts::{cut, index};
pub(crate) use postgres::Postgres;
pub(crate) use process::{Running, STOP_LIMIT, peak_memory, send};
pub(crate) use raw::{End, Raw};
pub(crate) use receiver::Receiver;
pub(crate) use redis::Redis;
pub(crate) use registry::Registry;
pub(crate) use s3::{Fault, Faulty, Hits, S3};
pub(crate) use server::Server;
pub(crate) use sidecar::{Sidecar, TOKEN};
pub(crate) use skip::skip;
pub(crate) use system::{Tmpfs, age_key, free_port, measure, repository, sh, sha256, through};
pub(crate) use terminal::Terminal;
pub(crate) use volume::{Lack, Volume};
