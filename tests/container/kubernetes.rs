//! `config/kubernetes`: what Kubernetes' own schemas say of it, and the sidecar of its configuration.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Finished, Running, repository, sh, skip};

/// A copy of the base with its secrets filled in.
fn base() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = repository().join("config/kubernetes");
    for entry in fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let example = folder.path().join("secrets.env.example");
    fs::copy(example, folder.path().join("secrets.env")).unwrap();
    folder
}

/// What the API would say of these manifests: unknown keys are errors too.
fn validate(manifests: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("manifests.yaml");
    fs::write(&file, manifests).unwrap();
    let mut command = Command::new(validator());
    command.arg("--strict").arg(file);
    Running::start(command).finish()
}

fn validator() -> std::path::PathBuf {
    repository().join("target/kubernetes/bin/kubernetes-validate")
}

#[test]
fn the_manifests_are_what_kubernetes_takes() {
    if sh("command -v kubectl").code != Some(0) || !validator().exists() {
        return skip(
            "container::kubernetes",
            "no kubectl, or no kubernetes-validate",
        );
    }
    let base = base();
    let built = sh(&format!("kubectl kustomize '{}'", base.path().display())).succeeds();
    let kinds = built
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("kind: "));
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort_unstable();
    let expected = [
        "ConfigMap",
        "CronJob",
        "Deployment",
        "NetworkPolicy",
        "NetworkPolicy",
        "Secret",
        "Service",
    ];
    assert_eq!(kinds, expected);
    validate(&built.stdout).succeeds();
    // It does look: a slip is found.
    let slip = built
        .stdout
        .replace("readOnlyRootFilesystem", "readOnlyRootFileSystem");
    assert_ne!(validate(&slip).code, Some(0));
}

#[test]
fn its_configuration_is_sound() {
    let base = base();
    let config = base.path().join("config.yaml");
    // Another folder than /var/lib/sidecar: this machine is no container.
    let text = fs::read_to_string(&config).unwrap();
    let data = base.path().join("data");
    fs::write(
        &config,
        text.replace("/var/lib/sidecar", data.to_str().unwrap()),
    )
    .unwrap();
    sh(&format!(
        "env $(xargs -d '\\n' <'{}') '{}' check --offline -c '{}'",
        base.path().join("secrets.env").display(),
        env!("CARGO_BIN_EXE_sidecar"),
        config.display()
    ))
    .succeeds();
}
