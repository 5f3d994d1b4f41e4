//! A bucket on a real S3 server of our own, and what can go wrong on the way to it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{agent, within};

#[allow(dead_code, reason = "the unit tests of the stores use the rest")]
#[path = "../../host/src/store/tests/faulty.rs"]
mod faulty;
#[allow(dead_code, reason = "the unit tests of the stores use the rest")]
#[path = "../../host/src/store/tests/server.rs"]
mod server;

pub(crate) use faulty::{Fault, Faulty, Hits};

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=admin/20231201/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
/// How long a request may take to come.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A server with an empty bucket called `backups`.
pub(crate) struct S3 {
    server: server::S3Server,
}

impl S3 {
    pub(crate) fn start() -> Self {
        let server = server::S3Server::with_bucket(&[]);
        Self { server }
    }

    /// One of `stores`, below the prefix `citus`.
    pub(crate) fn store(&self) -> Value {
        self.store_at(&self.server.url)
    }

    /// The same by way of a proxy.
    pub(crate) fn store_behind(&self, proxy: &Faulty) -> Value {
        self.store_at(&proxy.url)
    }

    pub(crate) fn store_at(&self, endpoint: &str) -> Value {
        json!({
            "name": "minio", "type": "s3", "bucket": "backups", "prefix": "citus", "endpoint": endpoint,
            "access_key_id": "admin", "secret_access_key": "a-secret-key",
        })
    }

    /// A proxy before it.
    pub(crate) fn proxy(&self) -> Faulty {
        Faulty::before(&self.server.url)
    }

    /// Every object in the tiers, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys = self.all_keys();
        keys.retain(|key| key.starts_with("citus/") && !key.starts_with("citus/.sidecar/"));
        keys
    }

    /// Every object of the bucket, sorted.
    pub(crate) fn all_keys(&self) -> Vec<String> {
        let mut keys = texts(&self.ask("GET", "?list-type=2", b""), "Key");
        keys.sort();
        keys
    }

    /// The same without tombstones, by which names of what was given up are not used again.
    pub(crate) fn live_keys(&self) -> Vec<String> {
        let mut keys = self.keys();
        keys.retain(|key| !self.object(key).starts_with(b"{\"burned\""));
        keys
    }

    /// The keys of uploads that are neither completed nor aborted.
    pub(crate) fn uploads(&self) -> Vec<String> {
        texts(&self.ask("GET", "?uploads=", b""), "Key")
    }

    /// An object's bytes.
    pub(crate) fn object(&self, key: &str) -> Vec<u8> {
        // The server looks at no signature, but wants one.
        let signed = agent()
            .get(self.url(&format!("/{key}")))
            .header("Authorization", SIGNED);
        let mut answer = signed.call().unwrap();
        assert_eq!(answer.status(), 200, "{key}");
        answer
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .read_to_vec()
            .unwrap()
    }

    /// Puts something there that is not a sidecar's.
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        // Signed as the sidecar's own objects are: what it wrote can be written over.
        let put = agent()
            .put(self.url(&format!("/{key}")))
            .header("Authorization", SIGNED);
        assert_eq!(put.send(bytes).unwrap().status(), 200, "{key}");
    }

    /// Waits until there is an object.
    pub(crate) fn has(&self, key: &str) {
        within(TIME_LIMIT, key, || {
            self.keys().iter().any(|there| there == key).then_some(())
        });
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/backups{path}", self.server.url)
    }

    /// Any request; the answer's text.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> String {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(self.url(path))
            .header("Content-Type", "application/xml");
        let answer = match body {
            [] => agent().run(request.body(()).unwrap()),
            body => agent().run(request.body(body).unwrap()),
        };
        answer.unwrap().body_mut().read_to_string().unwrap()
    }
}

/// What stands in each element of that name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let rest = xml.split(&open).skip(1);
    rest.map(|text| text.split(&close).next().unwrap().to_owned())
        .collect()
}
