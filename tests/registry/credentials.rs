//! Who a registry lets in: a user and a password, a token of another server, an identity of docker's.

use super::*;

#[test]
fn a_private_registry_needs_credentials() {
    let registry = Registry::private("ci", PASSWORD);
    let host = &registry.host;
    let denied = push(&maker(), host).exits(1).never_says(PASSWORD).json();
    assert_eq!(denied["error"]["code"], "registry-denied", "{denied}");
    contains(&denied["error"]["message"], "without credentials");
    contains(
        &denied["error"]["hint"],
        &format!("registries.{host}.username"),
    );

    // By the configuration, by options, as docker has it.
    let configured = |sidecar: Sidecar, password: &str| {
        let file = sidecar.folder().join("password");
        fs::write(&file, format!("{password}\n")).unwrap();
        let account = json!({"username": "ci", "password_file": file});
        sidecar.set(&format!("registries.{host}"), account)
    };
    push(&configured(maker(), PASSWORD), host).succeeds();
    backs_up(&configured(user(host), PASSWORD));
    let error = fails(&configured(user(host), "wrong"), 1, "registry-denied");
    contains(&error["message"], "as ci");

    let sidecar = maker();
    fs::write(sidecar.folder().join("password"), PASSWORD).unwrap();
    let reference = format!("{host}/acme/hello:1");
    let arguments = ["module", "pull", &reference, "-o", "pulled.wasm"];
    sidecar
        .run_without_config(&arguments)
        .exits(1)
        .stderr_contains("without credentials");
    let account = ["--username", "ci", "--password-file", "password"];
    sidecar
        .run_without_config(&[&arguments[..], &account].concat())
        .succeeds();
    fs::remove_file(sidecar.folder().join("pulled.wasm")).unwrap();

    let docker = sidecar.folder().join(".docker");
    fs::create_dir(&docker).unwrap();
    let auth = sh(&format!("printf %s 'ci:{PASSWORD}' | base64 -w0")).stdout;
    fs::write(
        docker.join("config.json"),
        json!({"auths": {host: {"auth": auth}}}).to_string(),
    )
    .unwrap();
    sidecar.run_without_config(&arguments).succeeds();
    assert!(fs::read(sidecar.folder().join("pulled.wasm")).unwrap() == hello().1);
}

#[test]
fn a_registry_may_require_a_token_of_another_server() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let fate = |own: &str, asked: &Asked| {
        let authorization = asked.header("authorization").unwrap_or_default();
        // "ci:secret"
        let (basic, bearer) = ("Basic Y2k6c2VjcmV0", "Bearer the-token");
        match asked.path.starts_with("/token?") {
            true if authorization == basic && asked.path.contains("acme%2Fhello%3Apull") => {
                Fate::Is(
                    "200 OK",
                    String::new(),
                    json!({"token": "the-token"}).to_string(),
                )
            }
            false if authorization == bearer => Fate::Passes,
            _ => {
                let challenge = format!("Bearer realm=\"http://{own}/token\",service=\"spec\"");
                let challenge = format!("WWW-Authenticate: {challenge}\r\n");
                Fate::Is("401 Unauthorized", challenge, String::new())
            }
        }
    };
    let guarded = Between::start(&registry.host, fate);
    let account = |password: &str| json!({"username": "ci", "password": password});
    let key = format!("registries.{}", guarded.host);
    fails(&user(&guarded.host), 1, "registry-denied");
    fails(
        &user(&guarded.host).set(&key, account("wrong")),
        1,
        "registry-denied",
    );
    backs_up(&user(&guarded.host).set(&key, account("secret")));
}

#[test]
fn an_identity_token_of_docker_is_changed_into_tokens_for_the_registry() {
    let registry = Registry::start();
    push(&maker(), &registry.host).succeeds();
    let order = "grant_type=refresh_token&service=spec&client_id=sidecar\
                 &scope=repository%3Aacme%2Fhello%3Apull&refresh_token=an-identity-of-tests";
    let guarded = Between::start(&registry.host, move |own, asked| {
        let bearer = asked.header("authorization") == Some("Bearer the-token");
        match asked.path.as_str() {
            "/token" if asked.body == order => Fate::Is(
                "200 OK",
                String::new(),
                json!({"access_token": "the-token", "expires_in": 300}).to_string(),
            ),
            "/token" => Fate::Is("400 Bad Request", String::new(), String::new()),
            _ if bearer => Fate::Passes,
            _ => {
                let challenge = format!("Bearer realm=\"http://{own}/token\",service=\"spec\"");
                let challenge = format!("WWW-Authenticate: {challenge}\r\n");
                Fate::Is("401 Unauthorized", challenge, String::new())
            }
        }
    });
    let with_identity = |token: &str| {
        let sidecar = user(&guarded.host);
        let docker = sidecar.folder().join(".docker");
        fs::create_dir(&docker).unwrap();
        let account = json!({"auth": "", "identitytoken": token});
        let config = json!({"auths": {&guarded.host: account}}).to_string();
        fs::write(docker.join("config.json"), config).unwrap();
        sidecar
    };
    backs_up(&with_identity("an-identity-of-tests"));
    let error = fails(&with_identity("of-another-account"), 1, "registry-denied");
    contains(&error["message"], "identity token");
    assert!(!error.to_string().contains("of-another-account"));
}
