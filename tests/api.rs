//! The HTTP API apart from runs: tokens, refused requests, metrics, its own description.

use crate::harness::{Answer, Raw, Sidecar, TOKEN};

#[test]
fn an_address_that_guesses_tokens_is_told_to_wait_and_keeps_no_right_one_out() {
    let server = Sidecar::printing("x").serve();
    let wrong = [("Authorization", "Bearer wrong")];
    let url = format!("{}/backup/capabilities", server.url);
    let guess = || Answer::ask("GET", &url, &wrong);
    let answers: Vec<u16> = (0..20).map(|_| guess().status).collect();
    assert_eq!(answers, [401; 20]);
    for _ in 0..20 {
        let told = guess();
        assert_eq!(told.status, 429);
        assert!((1..=61).contains(&told.header("retry-after").parse::<u64>().unwrap()));
    }
    assert_eq!(server.get("/backup/capabilities").status, 200);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn bad_requests_are_refused_in_json() {
    let server = Sidecar::printing("x").serve();
    for (method, path, status) in [
        ("POST", "/backup/capabilities", 405),
        ("PUT", "/backup/export", 405),
        ("GET", "/nothing", 404),
        ("POST", "/backup/export?cancel_on_disconnect=perhaps", 400),
        ("GET", "/backup/jobs?limit=many", 400),
    ] {
        let answer = server.ask(method, path, &[]);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(
            answer.json()["error"].is_string(),
            "{method} {path}: {answer:?}"
        );
    }
    let long = Raw::ask(
        &server,
        "POST /backup/export HTTP/1.1",
        &["Content-Length: 100000"],
    );
    assert_eq!(long.status, 413);
    let chunk = format!("\r\n11000\r\n{}", "x".repeat(0x11000));
    let long = Raw::ask(
        &server,
        "POST /backup/export HTTP/1.1",
        &["Transfer-Encoding: chunked", &chunk],
    );
    assert_eq!(long.status, 413);
}

#[test]
fn metrics_count_the_runs() {
    let server = Sidecar::printing("0123456789").serve();
    server.export();
    server.export();
    let answer = server.get("/metrics");
    let text = String::from_utf8(answer.body).unwrap();
    for line in [
        "sidecar_runs_total{state=\"succeeded\"} 2",
        "sidecar_runs_total{state=\"failed\"} 0",
        "sidecar_run_in_progress 0",
        "sidecar_last_success_size_bytes 10",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no {line} in:\n{text}"
        );
    }
    let without = Answer::get(&format!("{}/metrics", server.url), None);
    assert_eq!(without.status, 401);
    assert!(!text.contains(TOKEN));
}

#[test]
fn the_api_describes_itself() {
    let server = Sidecar::printing("x").serve();
    let document = server.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let url = server.start_run();
    server.over(&url);
    // The answers match the description.
    let mut schema = document["components"]["schemas"]["Job"].clone();
    schema["components"] = document["components"].clone();
    let job = server.get(&url).json();
    let described = schema["properties"].as_object().unwrap();
    for key in job.as_object().unwrap().keys() {
        assert!(described.contains_key(key), "{key} is not described");
    }
    for key in schema["required"].as_array().unwrap() {
        assert!(
            job.get(key.as_str().unwrap()).is_some(),
            "{key} is missing in {job}"
        );
    }
}

#[test]
fn readiness_names_the_check_that_failed() {
    let sidecar = Sidecar::printing("x");
    let server = sidecar.serve();
    std::fs::remove_dir(sidecar.workdir()).unwrap();
    std::fs::write(sidecar.workdir(), "").unwrap();
    let answer = server.get("/readyz");
    assert_eq!(
        (answer.status, answer.body.trim_ascii()),
        (503, b"workdir".as_slice())
    );
    assert_eq!(server.get("/healthz").status, 200);
}
