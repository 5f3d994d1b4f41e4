//! Who asks a registry: whom the operator names, or whoever logged in with docker on this machine.

use docker_credential::{CredentialRetrievalError as Trouble, DockerCredential};
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
                "docker's config.json has an identity token for this registry, which is not understood: asking as nobody"
            );
            RegistryAuth::Anonymous
        }
        // Nobody has logged in here.
        Err(
            Trouble::ConfigNotFound | Trouble::ConfigReadError | Trouble::NoCredentialConfigured,
        ) => RegistryAuth::Anonymous,
        // A helper's own words may hold what it was to keep.
        Err(_) => {
            tracing::warn!(
                host,
                "docker's config.json has credentials for this registry that cannot be read: asking as nobody"
            );
            RegistryAuth::Anonymous
        }
    }
}

/// For messages: "as ci", "without credentials".
pub(super) fn shown(auth: &RegistryAuth) -> String {
    match auth {
        RegistryAuth::Basic(username, _) => format!("as {username}"),
        RegistryAuth::Bearer(_) => "with a token".to_owned(),
        RegistryAuth::Anonymous => "without credentials".to_owned(),
    }
}
