//! Stores that are buckets of a service that speaks S3.
//!
//! `opendal` moves the bytes. Beside it `object_store` was weighed: both have multipart uploads,
//! conditional writes, ranges and about as many dependencies (155 and 146 crates for files and S3,
//! most of them already here). `opendal` also copies objects of more than 5 GiB inside the store, and
//! lets us bring our own HTTP client, and with it our own certificates, time limits and retries;
//! `object_store` would have brought `aws-lc` and a second crate for dates. Of the other services that
//! it speaks, WebDAV and Google Drive take an object only as one piece, so that an artifact would have
//! to fit into memory: they are not offered.
//!
//! Neither library lists unfinished uploads or knows lifecycle rules, and both want a part in memory
//! before they send it: these requests are our own (`signed`, `multipart`, `xml`). Every request passes
//! one place (`transport`, `adaptation`), which signs it, tries it again, and puts it as the service takes
//! it (`dialect`).

mod abandoned;
mod adaptation;
mod backend;
mod conditional;
mod connection;
mod dialect;
mod error;
mod http_client;
mod lifecycle;
mod multipart;
mod part_sizes;
mod payload;
mod refusal;
mod sending;
mod signed;
mod signing;
mod transport;
mod writer;
mod xml;

pub(super) use backend::S3Backend;
pub use dialect::keep_notes_in;
