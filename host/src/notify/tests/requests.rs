//! What is sent, to which receiver, how often.

use std::time::Duration;

use serde_json::json;

use super::*;

fn body(event: &RunEvent) -> serde_json::Value {
    let all = [Event::Start, Event::Success, Event::Failure];
    let request = request(&webhook("https://hooks.example.com/s3cret", &all), event).unwrap();
    assert_eq!(request.method, NotifyMethod::Post);
    assert_eq!(request.url.reveal(), "https://hooks.example.com/s3cret");
    request.body.unwrap()
}

#[test]
fn a_webhook_gets_the_event_in_json() {
    assert_eq!(
        body(&started()),
        json!({
            "event": "start",
            "text": "backup (database_dump) started",
            "id": "run-1",
            "strategy": "database_dump",
            "started_at": "2023-12-01T03:00:00Z",
        })
    );
    assert_eq!(
        body(&succeeded()),
        json!({
            "event": "success",
            "text": "backup (database_dump) succeeded: backup.dump, 1.50 MiB, in 2 s",
            "id": "run-1",
            "strategy": "database_dump",
            "started_at": "2023-12-01T03:00:00Z",
            "finished_at": "2023-12-01T03:00:02.5Z",
            "duration_ms": 2500,
            "artifact": {"filename": "backup.dump", "size": 1_572_864, "sha256": "9f86d0"},
            "stores": ["minio"],
        })
    );
    assert_eq!(
        body(&failed()),
        json!({
            "event": "failure",
            "text": "backup (database_dump) failed after 2 s: pg_dump exited with 1 (is the password right?)",
            "id": "run-1",
            "strategy": "database_dump",
            "started_at": "2023-12-01T03:00:00Z",
            "finished_at": "2023-12-01T03:00:02.5Z",
            "duration_ms": 2500,
            "error": {
                "code": "command-failed",
                "message": "pg_dump exited with 1",
                "hint": "is the password right?",
            },
        })
    );
}

#[test]
fn what_is_to_be_looked_at_is_in_the_event_and_in_its_text() {
    let warning = |message: &str| EventFailure {
        code: "no-delete-permission".to_owned(),
        message: message.to_owned(),
        hint: None,
    };
    let warned = RunEvent {
        warnings: vec![warning("an old one stays"), warning("another one stays")],
        ..succeeded()
    };
    let told = body(&warned);
    assert_eq!(told["warnings"][1]["message"], "another one stays");
    assert_eq!(told["warnings"][0]["code"], "no-delete-permission");
    let text = told["text"].as_str().unwrap();
    assert!(
        text.ends_with("in 2 s; warning: an old one stays (and 1 more)"),
        "{text}"
    );
}

#[test]
fn only_receivers_that_asked_for_an_event_get_it() {
    let receiver = webhook("https://hooks.example.com", &[Event::Failure]);
    assert_eq!(request(&receiver, &started()), None);
    assert_eq!(request(&receiver, &succeeded()), None);
    assert!(request(&receiver, &failed()).is_some());
}

#[test]
fn a_health_check_is_pinged_at_the_event_s_path() {
    let pinged = |url: &str| {
        [started(), succeeded(), failed()].map(|event| {
            let request = request(&healthcheck(url), &event).unwrap();
            assert_eq!((request.method, request.body), (NotifyMethod::Get, None));
            request.url.reveal().to_owned()
        })
    };
    assert_eq!(
        pinged("https://hc.example.com/uuid"),
        [
            "https://hc.example.com/uuid/start",
            "https://hc.example.com/uuid",
            "https://hc.example.com/uuid/fail"
        ]
    );
    assert_eq!(
        pinged("https://hc.example.com/key/slug/?create=1"),
        [
            "https://hc.example.com/key/slug/start?create=1",
            "https://hc.example.com/key/slug/?create=1",
            "https://hc.example.com/key/slug/fail?create=1"
        ]
    );
}

#[test]
fn of_a_url_only_the_origin_is_shown() {
    let shown = |url: &str| Target::Webhook(Secret::new(url)).origin();
    assert_eq!(
        shown("https://user:s3cret@hooks.example.com:8443/s3cret?token=s3cret"),
        "https://hooks.example.com:8443"
    );
    assert_eq!(shown("http://hooks/s3cret"), "http://hooks");
    assert_eq!(shown("s3cret not a url"), "what is not a URL");
    assert_eq!(shown("/s3cret"), "what is not a URL");
    let receiver = healthcheck("https://hc.example.com/s3cret");
    assert!(!format!("{receiver:?}").contains("s3cret"));
    assert!(!format!("{:?}", request(&receiver, &failed())).contains("s3cret"));
}

#[test]
fn waits_grow_until_it_is_given_up() {
    let retry = Retry::default();
    let waits: Vec<_> = (0..6).map(|failed| retry.wait(failed)).collect();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(
        waits,
        [None, seconds(1), seconds(4), seconds(16), None, None]
    );
}

#[test]
fn only_what_may_pass_is_tried_again() {
    for (statuses, expected) in [
        (&[200, 204][..], NotifyAnswer::Delivered),
        (
            &[408, 425, 429, 500, 502, 503, 504][..],
            NotifyAnswer::TryAgain,
        ),
        (
            &[301, 302, 308, 400, 401, 403, 404, 410][..],
            NotifyAnswer::Refused,
        ),
    ] {
        for status in statuses {
            assert_eq!(answer(*status), expected, "{status}");
        }
    }
}
