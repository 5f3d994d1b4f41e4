//! The lifecycle rules of a bucket: the library neither reads nor writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use md5::{Digest as _, Md5};
use serde_json::{Map, Value};

use super::connection::S3Connection;
use super::refusal::S3Refusal;
use super::xml::{from_json, to_json};
use crate::error::{Error, Result};

/// Tells, in a header, which objects are too small for a transition.
const SMALLEST: (&str, &str) = (
    "x-amz-transition-default-minimum-object-size",
    "TransitionDefaultMinimumObjectSize",
);

impl S3Connection {
    pub(super) async fn read_rules(&self) -> Result<Value> {
        let request = Request::get(format!("{}?lifecycle=", self.signed.url()));
        let answer = match self.signed.ask(request, Vec::new()).await {
            Ok(answer) => answer,
            Err(refusal) if refusal.code == "NoSuchLifecycleConfiguration" => {
                return Ok(Value::Null);
            }
            Err(refusal) => return Err(self.rules_failed("read", &refusal)),
        };
        let smallest = answer.headers().get(SMALLEST.0).cloned();
        let text = String::from_utf8_lossy(&answer.into_body().to_bytes()).into_owned();
        let mut found = match to_json(&text) {
            Ok((name, Value::Object(found))) if name == "LifecycleConfiguration" => found,
            Ok((name, Value::String(_))) if name == "LifecycleConfiguration" => Map::new(),
            _ => {
                let refusal = S3Refusal::other("the answer is something else");
                return Err(self.rules_failed("read", &refusal));
            }
        };
        let rules = match found.shift_remove("Rule") {
            Some(Value::Array(rules)) => rules,
            one => Vec::from_iter(one),
        };
        found.insert(
            "Rules".to_owned(),
            rules.into_iter().map(numbered).collect(),
        );
        if let Some(Ok(smallest)) = smallest.as_ref().map(|value| value.to_str()) {
            found.insert(SMALLEST.1.to_owned(), smallest.into());
        }
        Ok(found.into())
    }

    pub(super) async fn write_rules(&self, configuration: &Value) -> Result<()> {
        let failed = |refusal| self.rules_failed("write", &refusal);
        let url = format!("{}?lifecycle=", self.signed.url());
        let mut elements = match configuration {
            Value::Object(elements) => elements.clone(),
            _ => Map::new(),
        };
        let rules = elements.shift_remove("Rules").unwrap_or_default();
        if rules.as_array().is_none_or(Vec::is_empty) {
            let request = Request::builder().method(Method::DELETE).uri(url);
            return self
                .signed
                .ask(request, Vec::new())
                .await
                .map(drop)
                .map_err(failed);
        }
        elements.insert("Rule".to_owned(), rules);
        let smallest = elements.shift_remove(SMALLEST.1);
        let xml = format!(
            "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</LifecycleConfiguration>",
            from_json(&elements.into())
        );
        // S3 demands a digest of rules.
        let digest = STANDARD.encode(Md5::digest(&xml));
        let mut request = Request::put(url)
            .header("content-type", "application/xml")
            .header("content-md5", digest);
        if let Some(smallest) = smallest.as_ref().and_then(Value::as_str) {
            request = request.header(SMALLEST.0, smallest);
        }
        self.signed
            .ask(request, xml.into_bytes())
            .await
            .map(drop)
            .map_err(failed)
    }

    fn rules_failed(&self, doing: &str, why: &S3Refusal) -> Error {
        let (name, place) = (&self.store, &self.location);
        let message = format!("cannot {doing} the lifecycle rules of store `{name}`: {why}");
        let hint = match why.code.as_str() {
            "AccessDenied" => format!(
                "allow these credentials `s3:GetLifecycleConfiguration` and `s3:PutLifecycleConfiguration` on {place}"
            ),
            "NoSuchBucket" => "create the bucket, or correct `bucket` and `endpoint`".to_owned(),
            "NotImplemented" => {
                format!("the service at {place} has no such rules: leave it to `sidecar prune`")
            }
            _ => format!(
                "see whether {place} can be reached and what its log says; nothing was changed"
            ),
        };
        Error::run("lifecycle-failed", message).hint(hint)
    }
}

/// Days are numbers, as in the JSON of S3's own tools.
fn numbered(mut rule: Value) -> Value {
    if let Some(days) = rule.pointer_mut("/Expiration/Days")
        && let Some(Ok(number)) = days.as_str().map(str::parse::<u32>)
    {
        *days = number.into();
    }
    rule
}
