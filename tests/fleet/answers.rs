//! What a sidecar answers, if it does.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;

use super::{FleetPage, SOON, drilled, new, standing};
use crate::harness::{Answer, Clock, Daemon, Fleet, READING, free_port, within};
use crate::https::certificate;

/// A server that takes every connection and does with it what `with` does; its URL.
fn server(with: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(|one| with(one.unwrap())));
    url
}

/// A server that answers this to whatever is asked.
fn answering(answer: impl Into<String>) -> String {
    let answer = answer.into();
    server(move |mut connection| {
        let _request = connection.read(&mut [0; 4096]);
        // The fleet may have gone away.
        let _ = connection.write_all(answer.as_bytes());
    })
}

#[test]
fn one_that_never_answers_delays_no_other() {
    let (send, mute) = std::sync::mpsc::channel();
    let url = server(move |connection| send.send(connection).unwrap());
    let good = drilled(new()).serve();
    let fleet = Fleet::new()
        .asks(json!({"name": "mute", "url": url, "token": READING}))
        .shows("good", &good)
        .set("timeout", "8s")
        .serve();
    let page = FleetPage::of(&fleet);
    let _asked = mute.recv_timeout(SOON).expect("it was asked");
    within(Duration::from_secs(3), "the other one is seen", || {
        page.row("good").contains("Up to date").then_some(())
    });
    assert!(page.row("mute").contains("Being asked"));
    assert_eq!(page.heading(), "1 sidecar is being asked");
    within(Duration::from_secs(20), "the time is over", || {
        page.row("mute")
            .contains("no answer within 8s")
            .then_some(())
    });
    assert_eq!(page.heading(), "1 of 2 needs you");
    assert!(page.row("mute").contains("class=\"mark unknown\""));
}

#[test]
fn a_wrong_token_is_said_and_never_shown() {
    let wrong = "a-token-that-the-sidecar-does-not-know";
    let sidecar = new().serve();
    let mut fleet = Fleet::new()
        .asks(json!({"name": "shop", "url": sidecar.url, "token": wrong}))
        .serve();
    let page = FleetPage::of(&fleet);
    let row = page.says("shop", "Token refused");
    assert!(row.contains("it does not know the token"), "{row}");
    assert!(row.contains("secrets.tokens"), "{row}");
    let shop = standing(&fleet, "shop");
    assert_eq!(
        (&shop["state"], &shop["error"]["code"]),
        (&json!("unknown"), &json!("wrong-token"))
    );
    let log = fleet.log();
    assert!(log.contains("it does not know the token"), "{log}");
    for shown in [row, page.at(""), shop.to_string(), log] {
        assert!(
            !shown.contains(wrong) && !shown.contains(READING),
            "{shown}"
        );
    }
}

#[test]
fn one_that_has_stopped_is_not_green_and_its_last_state_is_told() {
    let sidecar = drilled(new()).serve();
    let fleet = Fleet::new().shows("shop", &sidecar).serve();
    let page = FleetPage::of(&fleet);
    page.says("shop", "Up to date");
    assert_eq!(page.heading(), "None of 1 needs you");
    drop(sidecar);
    let row = page.says("shop", "No answer");
    assert!(row.contains("Last known: Up to date, "), "{row}");
    assert!(row.contains("no connection: connection refused"), "{row}");
    assert!(!row.contains("mark good"), "{row}");
    let shop = standing(&fleet, "shop");
    assert_eq!(
        (&shop["state"], &shop["status"]["state"]),
        (&json!("unknown"), &json!("fresh"))
    );
    assert!(shop["answered_at"].is_string(), "{shop}");
}

#[test]
fn one_whose_clock_stands_is_not_green() {
    // Its nightly backup is of the day at which its clock stands: to itself it is never late.
    let clock = Clock::at("2026-01-04T12:00:00Z");
    let nightly = json!([{"cron": "0 3 * * *", "catch_up": false}]);
    let sidecar = drilled(clock.rules(new().set("schedule", nightly))).serve();
    assert_eq!(sidecar.get("/backup/status").json()["state"], "fresh");
    let fleet = Fleet::new().shows("shop", &sidecar).serve();
    let page = FleetPage::of(&fleet);
    let row = page.says("shop", "Clock differs");
    assert!(row.contains("by the clock of the fleet"), "{row}");
    assert!(row.contains("compare the clocks"), "{row}");
    assert!(!row.contains("mark good"), "{row}");
    assert_eq!(page.heading(), "1 of 1 needs you");
    let shop = standing(&fleet, "shop");
    assert_eq!(
        (&shop["state"], &shop["doubt"]["code"]),
        (&json!("unknown"), &json!("clock-differs"))
    );
    assert_eq!(shop["status"]["state"], "fresh");
}

#[test]
fn what_is_no_sidecar_is_told_as_such() {
    let cases = [
        (
            "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
            "single sign-on",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "does not say how backups stand",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "does not say how backups stand",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            "a proxy in front of it does not reach it",
        ),
        ("220 mail.example ready\r\n", "it does not speak HTTP"),
    ];
    let fleet = cases.into_iter().zip(0..).fold(Fleet::new(), |fleet, ((answer, _), number)| {
        fleet.asks(json!({"name": format!("odd-{number}"), "url": answering(answer), "token": READING}))
    });
    let fleet = fleet.serve();
    let page = FleetPage::of(&fleet);
    for ((_, words), number) in cases.into_iter().zip(0..) {
        page.says(&format!("odd-{number}"), words);
    }
    assert_eq!(page.heading(), "5 of 5 need you");
}

#[test]
fn a_certificate_counts_if_its_authority_is_named() {
    let port = free_port();
    let sidecar = new();
    let (cert, key) = certificate(sidecar.folder(), "server");
    let sidecar = sidecar
        .set("app.port", port)
        .set("app.tls", json!({"cert": cert, "key": key}));
    let mut server = Daemon::start(sidecar.sidecar(&["serve"]));
    server.await_line(|line| line.contains("listening").then_some(()));
    let url = format!("https://localhost:{port}");
    let fleet = Fleet::new()
        .asks(json!({"name": "named", "url": url, "token": READING, "ca_file": cert}))
        .asks(json!({"name": "unnamed", "url": url, "token": READING}))
        .serve();
    let page = FleetPage::of(&fleet);
    page.says("named", "Nothing yet");
    let unnamed = page.says("unnamed", "no trusted connection");
    assert!(unnamed.contains("ca_file"), "{unnamed}");
}

#[test]
fn scripts_need_a_token_and_get_what_the_page_shows() {
    let sidecar = drilled(new()).serve();
    let fleet = Fleet::new().shows("shop", &sidecar).serve();
    let url = format!("{}/fleet/status", fleet.url);
    assert_eq!(Answer::get(&url, None).status, 401);
    assert_eq!(Answer::get(&url, Some(READING)).status, 401);
    let shop = within(SOON, "an answer", || {
        Some(standing(&fleet, "shop")).filter(|shop| shop["state"] == "fresh")
    });
    assert_eq!(
        (&shop["needs_you"], &shop["never_drilled"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(
        shop["status"]["members"][0]["last_good"]["stores"],
        json!([])
    );
    assert_eq!(fleet.get("/fleet/status").json()["need_you"], 0);
    assert_eq!(
        Answer::get(&format!("{}/healthz", fleet.url), None).status,
        200
    );
}

#[test]
fn a_configuration_that_is_missing_or_wrong_ends_it() {
    Fleet::new()
        .asks(json!({"name": "shop", "url": "ftp://shop", "token": READING}))
        .run()
        .exits(3)
        .stderr_contains("sidecars[0].url");
    Fleet::new().run().exits(3).stderr_contains("sidecars");
}

#[test]
fn no_proxy_gets_the_tokens() {
    let (send, asked) = std::sync::mpsc::channel();
    let proxy = server(move |connection| send.send(connection).unwrap());
    let sidecar = new().serve();
    let fleet = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]
        .into_iter()
        .fold(Fleet::new(), |fleet, name| fleet.env(name, &proxy));
    let fleet = fleet.shows("shop", &sidecar).serve();
    FleetPage::of(&fleet).says("shop", "Nothing yet");
    assert!(asked.try_recv().is_err(), "the proxy was asked");
}

#[test]
fn what_one_sidecar_says_is_bounded() {
    let why = json!({"code": "overdue", "args": {}, "message": "x".repeat(100_000)});
    let member = json!({
        "name": "db", "strategy": "custom", "state": "late", "why": [why],
        "damaged": [], "missing_uploads": [], "stores": [],
    });
    let says = |members: usize| {
        let all = vec![member.clone(); members];
        let status = json!({"as_of": "2026-11-30T09:00:00Z", "state": "late", "members": all});
        let body = status.to_string();
        let length = body.len();
        answering(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    };
    let fleet = Fleet::new()
        .asks(json!({"name": "wordy", "url": says(2), "token": READING}))
        .asks(json!({"name": "huge", "url": says(3), "token": READING}))
        .serve();
    let page = FleetPage::of(&fleet);
    let row = page.says("wordy", "db: ");
    assert!(row.len() < 5_000, "{}", row.len());
    page.says("huge", "its answer is larger than 256 KiB");
    assert!(fleet.get("/fleet/status").body.len() < 10_000);
}
