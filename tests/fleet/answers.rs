//! What a sidecar answers, if it does.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;

use super::{FleetPage, SOON, drilled, new, standing};
use crate::harness::{Answer, Daemon, Fleet, READING, free_port, within};
use crate::https::certificate;

/// A server that takes every connection and does with it what `with` does; its URL.
fn server(with: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(|one| with(one.unwrap())));
    url
}

/// A server that answers this to whatever is asked.
fn answering(answer: &'static str) -> String {
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
fn what_is_no_sidecar_is_told_as_such() {
    let cases = [
        (
            "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
            "it answered 302",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "does not say how backups stand",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "does not say how backups stand",
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
    assert_eq!(page.heading(), "4 of 4 need you");
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
    page.says("unnamed", "no trusted connection");
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
