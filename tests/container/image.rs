//! What is in the image, and how little it may do.

use serde_json::json;

use super::Engine;
use super::app::App;
use super::engine::BASE;

#[test]
fn the_image_has_what_backups_need_and_says_what_it_is() {
    let Some(engine) = Engine::of("image") else {
        return;
    };
    let app = App::new(engine);
    app.compose_in(&app.sidecar(), &["build"]).succeeds();
    let image = app.image();
    let tools = "for tool in pg_dump pg_restore psql mariadb-dump mysqldump mariadb redis-cli sqlite3 gzip; \
                 do command -v $tool >/dev/null || echo $tool; done";
    assert_eq!(engine.bash(&image, &[], tools).succeeds().stdout, "");
    let version = engine.docker(&["run", "--rm", &image, "--version"]);
    version
        .succeeds()
        .stdout_contains(env!("CARGO_PKG_VERSION"));

    let facts: serde_json::Value =
        serde_json::from_str(&engine.inspect(&image, "{{json .Config}}")).unwrap();
    assert_eq!(facts["User"], "10001:10001");
    assert_eq!(facts["Entrypoint"], json!(["sidecar"]));
    assert_eq!(facts["Cmd"], json!(["serve"]));
    assert_eq!(
        facts["Healthcheck"]["Test"],
        json!(["CMD", "sidecar", "health"])
    );
    let label = &facts["Labels"]["org.opencontainers.image.version"];
    assert_eq!(label, env!("CARGO_PKG_VERSION"));
    let title = &facts["Labels"]["org.opencontainers.image.title"];
    assert_eq!(title, "sidecar");
}

#[test]
fn the_minimal_image_backs_up_files_without_any_right_and_is_the_same_again() {
    let Some(engine) = Engine::of("minimal") else {
        return;
    };
    let app = App::new(engine);
    app.config(
        json!({
            "type": "file_archive",
            "artifact": {"filename": "certificates.tar"},
            "config": {"paths": ["certs/*.crt"], "base_dir": "/etc/ssl"},
        }),
        &[("secrets", json!({"api_token": "of-no-use-here"}))],
    );
    let image = app.image();
    let build = || {
        // One that loses its name to a new one would stay without any.
        engine.docker(&["image", "rm", "-f", &image]);
        let context = app.sidecar();
        let base = [format!("BASE_IMAGE={BASE}"), format!("RUST_IMAGE={BASE}")];
        let arguments = [
            &["build", "--quiet", "--no-cache", "--target=minimal"][..],
            &["--build-arg", &base[0], "--build-arg", &base[1]],
            &["--build-arg", "BINARY=target/release/sidecar"],
            &["--tag", &image, context.to_str().unwrap()],
        ];
        engine.docker(&arguments.concat()).succeeds();
        engine.inspect(&image, "{{json .RootFS.Layers}}")
    };
    let layers = build();
    let config = app.sidecar().join("config");
    let config = format!("{}:/etc/sidecar:ro", config.display());
    let locked = [
        &["--read-only", "--tmpfs", "/var/lib/sidecar:mode=1777"][..],
        &["--user", "4321:4321", "--cap-drop", "ALL", "-v", &config],
        &["--security-opt", "no-new-privileges", "--network", "none"],
    ]
    .concat();
    let line = "sidecar check --offline >&2 && sidecar backup -q >&2 \
                && grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' /proc/self/status \
                && tar -xOf artifacts/certificates.tar certs/ca-certificates.crt \
                   | cmp - /etc/ssl/certs/ca-certificates.crt && ! touch /etc/it 2>/dev/null \
                && ! command -v psql mariadb redis-cli sqlite3";
    let line = format!("cd /var/lib/sidecar && {line}");
    let ran = engine.bash(&image, &locked, &line).succeeds();
    let none = "0000000000000000";
    let rights =
        format!("Uid:\t4321\t4321\t4321\t4321\nCapEff:\t{none}\nCapBnd:\t{none}\nNoNewPrivs:\t1\n");
    assert_eq!(ran.stdout, rights, "{ran:?}");

    if engine.docker(&["buildx", "version"]).code == Some(0) {
        let why = "this builder dates layers itself: SOURCE_DATE_EPOCH and rewrite-timestamp=true";
        return crate::harness::skip("container::reproducible", why);
    }
    assert_eq!(build(), layers, "built again, it is another image");
}
