//! `set`: the strategies that are backed up together, as one consistent set.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::artifact::ArtifactSpec;
use super::codec::{Codec, Compression};
use super::duration::RawDuration;
use super::section_reader::SectionReader;
use super::spelling::nearest;
use super::strategy::Strategy;

/// The folder of the stores where sets lie, beside those of the strategies.
pub const SETS: &str = "sets";

/// The format of a set's list, and of a set as one file.
pub const SET_FORMAT: &str = "sidecar-set";

/// What a set is called where strategies are named.
pub(super) const NAME: &str = "set";

/// The strategies that are backed up together. Left out: all of them, in the order of the file.
#[derive(JsonSchema)]
#[schemars(rename = "Set", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read key by key, so that a mistake in one hides none in another"
)]
pub(super) struct RawSet {
    /// Names under `strategies`, in the order in which they run. Left out: all.
    #[schemars(length(min = 1), extend("examples" = [["db", "uploads"]]))]
    members: Option<Vec<String>>,
    quiesce: Option<RawQuiesce>,
    /// How many of them run at a time.
    #[schemars(range(min = 1), extend("default" = 1))]
    parallel: Option<usize>,
}

/// Commands that make the application hold still while the set is made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Quiesce")]
pub(super) struct RawQuiesce {
    /// Runs before the first member. Its failure is that of the set.
    #[schemars(length(min = 1), extend("examples" = ["occ maintenance:mode --on"]))]
    before: String,
    /// Runs after the last one, and whatever happens once `before` has started.
    #[schemars(length(min = 1), extend("examples" = ["occ maintenance:mode --off"]))]
    after: String,
    /// How long each of the two may take.
    #[schemars(extend("default" = "60s"))]
    timeout: Option<RawDuration>,
}

/// `set`
#[derive(Debug, Clone)]
pub struct SetSpec {
    /// Names of strategies, in their order.
    pub members: Vec<String>,
    /// How many run at a time.
    pub parallel: usize,
    /// Whether there is something to quiesce.
    pub quiesce: Option<Quiesce>,
}

/// `set.quiesce`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiesce {
    /// Runs before the first member.
    pub before: String,
    /// Runs whatever happens once `before` has started.
    pub after: String,
    /// How long each of the two may take.
    pub timeout: Duration,
}

/// What `quiesce.timeout` is when it is left out.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn read(reader: &mut SectionReader<'_>, strategies: &[String]) -> SetSpec {
    let mut members: Vec<String> = Vec::new();
    for at in reader.items("/set/members") {
        let Some(name) = reader.read::<String>(&at) else {
            continue;
        };
        if members.contains(&name) {
            reader.problem(&at, "it is named twice", "remove one");
        } else if !strategies.contains(&name) {
            let write = match nearest(&name, strategies.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write the name of one under `strategies`".to_owned(),
            };
            reader.problem(&at, "no strategy has this name", write);
        }
        members.push(name);
    }
    if members.is_empty() {
        members = strategies.to_vec();
    }
    let quiesce: Option<RawQuiesce> = reader.read("/set/quiesce");
    SetSpec {
        members,
        parallel: reader.read("/set/parallel").unwrap_or(1),
        quiesce: quiesce.map(|quiesce| read_quiesce(reader, quiesce)),
    }
}

fn read_quiesce(reader: &mut SectionReader<'_>, raw: RawQuiesce) -> Quiesce {
    let timeout = raw.timeout.map_or(TIMEOUT, |span| span.0);
    if timeout.is_zero() {
        let wrong = "commands that may take no time cannot run";
        reader.problem(
            "/set/quiesce/timeout",
            wrong,
            "write a duration such as 60s",
        );
    }
    Quiesce {
        before: raw.before,
        after: raw.after,
        timeout,
    }
}

impl SetSpec {
    /// A set as a strategy: its artifact is the list of its members, and `post` is what has to run whatever happens.
    pub(super) fn strategy(&self) -> Strategy {
        let quiesce = self.quiesce.as_ref();
        Strategy {
            name: NAME.to_owned(),
            timeout: None,
            post_timeout: quiesce.map_or(TIMEOUT, |quiesce| quiesce.timeout),
            artifact: ArtifactSpec {
                filename: format!("{NAME}.json"),
                format: SET_FORMAT.to_owned(),
                content_type: "application/json".to_owned(),
                compression: Compression {
                    codec: Codec::None,
                    level: None,
                },
                encryption: None,
                min_size: 1,
            },
            config: match quiesce {
                Some(Quiesce { before, after, .. }) => json!({"pre": before, "post": after}),
                None => json!({}),
            },
        }
    }
}
