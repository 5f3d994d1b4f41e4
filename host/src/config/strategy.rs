//! `strategy`: what a run does.

use std::time::Duration;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::artifact::{self, ArtifactSpec, RawArtifact};
use super::duration::RawDuration;
use super::json_schema;
use super::section_reader::SectionReader;
use super::spelling::nearest;
use crate::redact;

/// What a run does.
#[derive(JsonSchema)]
#[schemars(rename = "Strategy", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read key by key: the name of a strategy can be checked beside a broken artifact"
)]
pub(super) struct RawStrategy {
    /// `database_dump`, `file_archive`, `custom`, or a name under `modules`. `postgres`, `mysql` and
    /// `mariadb` mean `database_dump`, `filesystem` means `file_archive`; case is ignored.
    #[schemars(length(min = 1), extend("examples" = ["database_dump", "file_archive", "custom"]))]
    r#type: String,
    /// A run that takes longer is cancelled and failed; 0 means no limit.
    #[schemars(extend("default" = "2h"))]
    timeout: Option<RawDuration>,
    /// How long each line of `post` may take after a run that was stopped.
    #[schemars(extend("default" = "60s"))]
    post_timeout: Option<RawDuration>,
    artifact: Option<RawArtifact>,
    /// The strategy's own configuration, checked with the schema that its module brings.
    config: Option<Map<String, Value>>,
}

/// `strategy`
#[derive(Debug, Clone)]
pub struct Strategy {
    /// The canonical name: "database_dump", "file_archive", "custom", or a key of `modules`.
    pub name: String,
    /// A run that takes longer is cancelled and failed.
    pub timeout: Option<Duration>,
    /// How long each line of `post` may take after a run that was stopped.
    pub post_timeout: Duration,
    /// How the artifact is named and made.
    pub artifact: ArtifactSpec,
    /// The strategy's own configuration as JSON: variables substituted, but not in command lines.
    pub config: Value,
}

/// What `post_timeout` is when it is left out.
const POST_TIMEOUT: Duration = Duration::from_secs(60);

/// What may be written, and the strategy that it means.
const BUILT_IN: [(&str, &str); 7] = [
    ("database_dump", "database_dump"),
    ("postgres", "database_dump"),
    ("mysql", "database_dump"),
    ("mariadb", "database_dump"),
    ("file_archive", "file_archive"),
    ("filesystem", "file_archive"),
    ("custom", "custom"),
];

/// The built-in strategy that `name` means; case does not matter.
pub(super) fn built_in(name: &str) -> Option<&'static str> {
    let found = BUILT_IN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, strategy)| *strategy)
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Option<Strategy> {
    let name = read_name(reader);
    let artifact = artifact::read(reader);
    let timeout: Option<RawDuration> = reader.read("/strategy/timeout");
    let timeout = timeout.map_or(Duration::from_secs(2 * 3600), |span| span.0);
    let post_timeout = read_post_timeout(reader);
    let config = reader.given("/strategy/config").cloned();
    config.iter().for_each(|config| keep_secrets("", config));
    Some(Strategy {
        name: name?,
        timeout: (!timeout.is_zero()).then_some(timeout),
        post_timeout,
        artifact,
        config: config.unwrap_or_else(|| Value::Object(Map::new())),
    })
}

/// A strategy's own secrets have no type: passwords of addresses, and what is called one.
fn keep_secrets(key: &str, value: &Value) {
    const CALLED: [&str; 5] = ["pass", "secret", "token", "auth", "key"];
    match value {
        Value::String(text) => {
            redact::keep_password(text);
            let key = key.to_ascii_lowercase();
            if CALLED.iter().any(|called| key.contains(called)) && !text.starts_with('/') {
                redact::keep_secret(text);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keep_secrets(key, value)),
        Value::Object(values) => values
            .iter()
            .for_each(|(key, value)| keep_secrets(key, value)),
        _ => {}
    }
}

fn read_post_timeout(reader: &mut SectionReader<'_>) -> Duration {
    let at = "/strategy/post_timeout";
    let written: Option<RawDuration> = reader.read(at);
    let timeout = written.map_or(POST_TIMEOUT, |span| span.0);
    if timeout.is_zero() {
        reader.problem(
            at,
            "a `post` that may take no time cannot run",
            "write a duration such as 60s",
        );
    }
    timeout
}

fn read_name(reader: &mut SectionReader<'_>) -> Option<String> {
    let at = "/strategy/type";
    let written = reader.given(at)?.as_str()?.trim().to_owned();
    let modules = reader.keys("/modules");
    let same = |name: &&String| name.eq_ignore_ascii_case(&written);
    let module = modules
        .iter()
        .find(|name| **name == written)
        .or(modules.iter().find(same));
    let found = built_in(&written).map(str::to_owned).or(module.cloned());
    if found.is_none() && !written.is_empty() {
        let shown = reader
            .document
            .shown(at)
            .unwrap_or_else(|| "the value".to_owned());
        let known = BUILT_IN.iter().map(|(known, _)| *known);
        let write = match nearest(&written, known.chain(modules.iter().map(String::as_str))) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "write database_dump, file_archive, custom, or a name under `modules`".to_owned()
            }
        };
        reader.problem(at, format!("{shown} is not the name of a strategy"), write);
    }
    found
}

/// A file that has problems anyway: those in the `strategy.config` of a built-in strategy belong to
/// the same list.
pub(super) fn check_own_config(reader: &mut SectionReader<'_>, strategy: &str) {
    if reader.has_problems()
        && let Some(schema) = reader.environment.schema(strategy)
        && let Err(more) = json_schema::check_section(reader.document, "/strategy/config", &schema)
    {
        reader.add(more.into_list());
    }
}
