//! How a registry is reached: by options, by a configuration that is named, or as docker does.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Login, Reference, Registry, Secret};
use crate::error::{Error, Result};
use crate::frontend::cli::options::Options;
use crate::redact;

/// Options about a registry. What they leave out comes from `registries` in a configuration that is
/// named with --config, or from `docker login`.
#[derive(Debug, Args)]
pub(super) struct RegistryArgs {
    /// The user name at the registry [default: as `docker login` has stored it]
    #[arg(long, value_name = "USER", requires = "password_file")]
    username: Option<String>,
    /// A file with the password
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// The certificate authorities (PEM) that the registry's certificate is checked with
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Use plain HTTP, also to another machine
    #[arg(long)]
    insecure: bool,
}

impl RegistryArgs {
    pub(super) fn registry(&self, options: &Options, reference: &Reference) -> Result<Registry> {
        let registry = match options.config {
            Some(_) => options.load()?.registries.remove(&reference.host),
            None => None,
        };
        self.complete(registry.unwrap_or_default())
    }

    /// The same where no configuration has a say.
    pub(super) fn registry_without_config(&self) -> Result<Registry> {
        self.complete(Registry::default())
    }

    fn complete(&self, mut registry: Registry) -> Result<Registry> {
        if let Some((username, file)) = self.username.clone().zip(self.password_file.as_ref()) {
            let text =
                std::fs::read_to_string(file).map_err(|error| Error::io("read", file, error))?;
            let password = text.trim_end_matches(['\r', '\n']);
            redact::keep_secret(password);
            registry.login = Some(Login {
                username,
                password: Secret::new(password),
            });
        }
        if self.ca_file.is_some() {
            registry.ca_file.clone_from(&self.ca_file);
        }
        if self.insecure {
            registry.insecure = Some(true);
        }
        Ok(registry)
    }
}
