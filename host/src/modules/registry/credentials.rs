//! The account for a registry: the configured one, or the one that `docker login` stored on this machine.

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use super::identity::IdentityToken;
use crate::config::{Reference, Registry};

/// Who asks a registry.
pub(super) enum Account {
    /// What the registry, or its server of tokens, takes as it is.
    Direct(RegistryAuth),
    /// What is changed into a token for each repository.
    Identity(IdentityToken),
}

/// For the registry of `reference`.
pub(super) fn find(reference: &Reference, registry: &Registry) -> Account {
    if let Some(login) = &registry.login {
        let password = login.password.reveal().to_owned();
        return Account::Direct(RegistryAuth::Basic(login.username.clone(), password));
    }
    let host = match reference.host.as_str() {
        "docker.io" => "https://index.docker.io/v1/",
        host => host,
    };
    match docker_credential::get_credential(host) {
        Ok(DockerCredential::UsernamePassword(username, password)) => {
            Account::Direct(RegistryAuth::Basic(username, password))
        }
        Ok(DockerCredential::IdentityToken(token)) => Account::Identity(IdentityToken::new(token)),
        // No `docker login` for this registry.
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => Account::Direct(RegistryAuth::Anonymous),
        // The error is not logged: a helper's output may hold the secret.
        Err(_) => {
            tracing::warn!(
                host,
                "docker's config.json has credentials for this registry that cannot be read: asking without credentials"
            );
            Account::Direct(RegistryAuth::Anonymous)
        }
    }
}

/// For messages: "as ci", "without credentials".
pub(super) fn describe(account: &Account) -> String {
    match account {
        Account::Direct(RegistryAuth::Basic(username, _)) => format!("as {username}"),
        Account::Direct(RegistryAuth::Bearer(_)) => "with a token".to_owned(),
        Account::Direct(RegistryAuth::Anonymous) => "without credentials".to_owned(),
        Account::Identity(_) => "with the identity token of docker's config.json".to_owned(),
    }
}
