//! `modules`: strategies from elsewhere, by name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::module_allow::{self, Allow, RawAllow};
use super::module_confine::Confine;
use super::module_limits::{self, Limits, RawLimits};
use super::module_source::{self, Origin};
use super::oci_reference::SCHEME;
use super::section_reader::SectionReader;
use super::strategy::built_in;
use super::yaml::pointer;

/// A strategy from elsewhere.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Module")]
pub(super) struct RawModule {
    /// The component's file, relative to the configuration file; or `oci://registry/name:tag`.
    #[schemars(length(min = 1), extend("examples" = ["/plugins/redis_snapshot.wasm"]))]
    pub(super) source: String,
    /// The digest that the component must have. Required for `oci://`.
    pub(super) sha256: Option<RawSha256>,
    /// The minisign key that the component must be signed with: in `SOURCE.minisig`, or pushed along with it.
    pub(super) signed_by: Option<RawSigningKey>,
    pub(super) allow: Option<RawAllow>,
    pub(super) limits: Option<RawLimits>,
    /// Whether its commands run where the kernel cannot confine them as a whole.
    #[schemars(extend("default" = "auto"))]
    pub(super) confine: Option<Confine>,
}

/// In hexadecimal digits.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "Sha256",
    title = "SHA-256 digest (64 hexadecimal digits)",
    extend(
        "pattern" = "^[0-9A-Fa-f]{64}$",
        "examples" = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
    )
)]
pub(super) struct RawSha256(pub(super) String);

/// A public key of minisign: the second line of `minisign.pub`.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "SigningKey",
    title = "public key of minisign (the second line of minisign.pub)",
    extend(
        "pattern" = "^RW[A-Za-z0-9+/]{54}$",
        "examples" = ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"]
    )
)]
pub(super) struct RawSigningKey(pub(super) String);

/// `modules.NAME`
#[derive(Debug, Clone)]
pub struct ModuleSpec {
    /// Where the component is.
    pub source: Origin,
    /// The digest that it must have: lower-case hex. Always there for one in a registry.
    pub sha256: Option<String>,
    /// The minisign key that it must be signed with.
    pub signed_by: Option<String>,
    /// What it may do at most.
    pub allow: Allow,
    /// What it may use at most.
    pub limits: Limits,
    /// What is done where the kernel cannot confine its commands.
    pub confine: Confine,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> BTreeMap<String, ModuleSpec> {
    let mut modules = BTreeMap::new();
    for name in reader.keys("/modules") {
        let at = pointer::child("/modules", &name);
        if built_in(&name).is_some() {
            let wrong = format!("`{name}` is the name of a built-in strategy");
            reader.key_problem(&at, wrong, "give the module another name");
        }
        if let Some(raw) = reader.read(&at) {
            let module = read_module(reader, &at, raw);
            modules.insert(name, module);
        }
    }
    modules
}

fn read_module(reader: &mut SectionReader<'_>, at: &str, raw: RawModule) -> ModuleSpec {
    let source = module_source::read(reader, at, &raw.source);
    if raw.source.starts_with(SCHEME) && raw.sha256.is_none() {
        reader.key_problem(
            at,
            "a module from a registry needs its digest: `sha256` is required",
            "add `sha256:` with the 64 hexadecimal digits that its makers publish",
        );
    }
    ModuleSpec {
        source,
        sha256: raw.sha256.map(|digest| digest.0.to_lowercase()),
        signed_by: raw.signed_by.map(|key| key.0),
        allow: module_allow::read(reader, at, raw.allow.unwrap_or_default()),
        limits: module_limits::read(reader, at, raw.limits.unwrap_or_default()),
        confine: raw.confine.unwrap_or_default(),
    }
}
