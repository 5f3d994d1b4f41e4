//! The trait that a strategy implements, and the adapter that exports it as a component.

use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::artifact::Artifact;
use crate::bindings::exports::sidecar::strategy::strategy as exported;
use crate::findings::Findings;
use crate::types::{Failure, Plan, Result};

/// One run.
#[derive(Debug, Clone)]
pub struct Run<C> {
    /// The run's id, as in the operator's logs.
    pub id: String,
    /// `strategy.config`.
    pub config: C,
    /// Parameters of the caller ("drive-folder-id"); unknown names must be ignored.
    pub parameters: Vec<(String, String)>,
}

/// A strategy that takes backups.
pub trait Strategy {
    /// `strategy.config`. Its doc comments document each key for the operator; unknown keys are
    /// refused.
    type Config: DeserializeOwned + JsonSchema;

    /// The name in the operator's configuration.
    const NAME: &'static str;
    /// Usually `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// One sentence.
    const SUMMARY: &'static str;

    /// What a run will need, or every error that the schema cannot detect. It has no side effects:
    /// nothing is granted yet.
    fn plan(config: Self::Config) -> Result<Plan, Vec<Failure>>;

    /// Whether a run would succeed now: asked by `sidecar check`, with the grants of a run. It looks,
    /// and changes nothing. What `backup` checks first belongs into a function that both call.
    fn preflight(config: Self::Config) -> Findings {
        drop(config);
        Findings::default()
    }

    /// Makes the backup. What is still buffered in `artifact` is written when it returns ok.
    fn backup(run: Run<Self::Config>, artifact: &mut Artifact) -> Result<()>;
}

/// The adapter that [`export!`](crate::export) exports: it implements the raw interface with a [`Strategy`].
pub struct Module<S>(PhantomData<S>);

impl<S: Strategy> exported::Guest for Module<S> {
    fn describe() -> exported::Description {
        exported::Description {
            name: S::NAME.to_owned(),
            version: S::VERSION.to_owned(),
            summary: S::SUMMARY.to_owned(),
            config_schema: schema::<S::Config>(),
        }
    }

    fn plan_run(config: String) -> Result<exported::Plan, Vec<Failure>> {
        S::plan(parse(&config).map_err(|failure| vec![failure])?)
    }

    fn backup(run: exported::Run) -> Result<()> {
        let config = parse(&run.config)?;
        let mut artifact = Artifact::new();
        S::backup(
            Run {
                id: run.id,
                config,
                parameters: run.parameters,
            },
            &mut artifact,
        )?;
        artifact.flush_buffer()
    }
}

pub(crate) fn parse<C: DeserializeOwned>(config: &str) -> Result<C> {
    serde_json::from_str(config).map_err(|error| {
        Failure::new(
            "config-invalid",
            format!("strategy.config does not fit this module: {error}"),
        )
    })
}

/// The JSON Schema of a configuration, self-contained, with unknown keys refused.
fn schema<C: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(normalize));
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<C>();
    schema.remove("title");
    schema.insert("additionalProperties".to_owned(), false.into());
    serde_json::to_string(&schema).expect("a schema is plain JSON")
}

/// Makes descriptions one line, and removes defaults of null.
fn normalize(schema: &mut Schema) {
    if schema.get("default").is_some_and(|value| value.is_null()) {
        schema.remove("default");
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

/// A plan that requests nothing, for `..Plan::default()`.
impl Default for Plan {
    fn default() -> Self {
        Self {
            commands: Vec::new(),
            shell: None,
            read: Vec::new(),
            follow_links: false,
            net: Vec::new(),
            env: Vec::new(),
            compression: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::strings::Strings;

    #[derive(serde::Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Config {
        /// Which
        /// one.
        name: String,
        /// Lines.
        #[serde(default)]
        lines: Strings,
        /// Not there, not null.
        #[serde(default)]
        #[schemars(with = "bool")]
        flag: Option<bool>,
    }

    #[test]
    fn a_schema_is_self_contained_and_refuses_unknown_keys() {
        let schema: serde_json::Value = serde_json::from_str(&schema::<Config>()).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], serde_json::json!(["name"]));
        assert_eq!(schema["properties"]["name"]["description"], "Which one.");
        assert!(schema["properties"]["flag"].get("default").is_none());
        let lines = &schema["properties"]["lines"]["anyOf"];
        assert_eq!(lines[0]["type"], "string");
        assert_eq!(lines[1]["items"]["type"], "string");
    }

    #[test]
    fn a_config_of_another_shape_is_a_failure() {
        let failure = parse::<Config>(r#"{"lines": "x"}"#).err().unwrap();
        assert_eq!(failure.code, "config-invalid");
        assert!(failure.message.contains("name"), "{}", failure.message);
    }

    #[test]
    fn a_failure_inside_an_io_error_is_unchanged() {
        let failure = Failure::new("no-match", "nothing matches x").hint("write y");
        let back = Failure::from(std::io::Error::from(failure));
        assert_eq!(
            (back.code.as_str(), back.hint.as_deref()),
            ("no-match", Some("write y"))
        );
    }
}
