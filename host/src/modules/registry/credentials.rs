//! The account for a registry: the configured one, or the one that `docker login` stored on this machine.

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use crate::config::{Reference, Registry};

/// For the registry of `reference`.
pub(super) fn find(reference: &Reference, registry: &Registry) -> RegistryAuth {
    if let Some(login) = &registry.login {
        return RegistryAuth::Basic(login.username.clone(), login.password.reveal().to_owned());
    }
    let host = match reference.host.as_str() {
        "docker.io" => "https://index.docker.io/v1/",
        host => host,
    };
    match docker_credential::get_credential(host) {
        Ok(DockerCredential::UsernamePassword(username, password)) => {
            RegistryAuth::Basic(username, password)
        }
        Ok(DockerCredential::IdentityToken(_)) => {
            tracing::warn!(
                host,
                "docker's config.json has an identity token for this registry, which is not understood: asking without credentials"
            );
            RegistryAuth::Anonymous
        }
        // No `docker login` for this registry.
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => RegistryAuth::Anonymous,
        // The error is not logged: a helper's output may hold the secret.
        Err(_) => {
            tracing::warn!(
                host,
                "docker's config.json has credentials for this registry that cannot be read: asking without credentials"
            );
            RegistryAuth::Anonymous
        }
    }
}

/// For messages: "as ci", "without credentials".
pub(super) fn describe(auth: &RegistryAuth) -> String {
    match auth {
        RegistryAuth::Basic(username, _) => format!("as {username}"),
        RegistryAuth::Bearer(_) => "with a token".to_owned(),
        RegistryAuth::Anonymous => "without credentials".to_owned(),
    }
}
