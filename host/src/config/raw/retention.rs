//! `retention`

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Keep;

/// How long backups are kept. A tier that is not named is not kept.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Retention {
    pub(in super::super) daily: Option<Keep>,
    pub(in super::super) weekly: Option<Keep>,
    pub(in super::super) monthly: Option<Keep>,
    pub(in super::super) yearly: Option<Keep>,
}
