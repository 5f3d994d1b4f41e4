//! How a registry is reached: by the configuration if one is named, by options, or as docker does.

use std::path::PathBuf;

use clap::Args;

use super::Options;
use crate::config::{Login, Reference, Registry, Secret};
use crate::error::{Error, Result};

/// What is not said here comes from `registries` of a configuration that is named with --config,
/// and from what `docker login` has left.
#[derive(Debug, Args)]
pub(super) struct Reach {
    /// The registry's account
    #[arg(long, value_name = "USER", requires = "password_file")]
    username: Option<String>,
    /// A file that holds its password
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// Certificates (PEM) that the registry's must come from
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Plain HTTP, also to another machine
    #[arg(long)]
    insecure: bool,
}

impl Reach {
    pub(super) fn registry(&self, options: &Options, reference: &Reference) -> Result<Registry> {
        let mut registry = match options.config {
            Some(_) => options.load()?.registries.remove(&reference.host),
            None => None,
        }
        .unwrap_or_default();
        if let Some((username, file)) = self.username.clone().zip(self.password_file.as_ref()) {
            let text =
                std::fs::read_to_string(file).map_err(|error| Error::io("read", file, error))?;
            registry.login = Some(Login {
                username,
                password: Secret::new(text.trim_end_matches(['\r', '\n'])),
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
