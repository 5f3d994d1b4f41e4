//! A proxy may serve the page below any prefix.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::{signed_in_at, with_store};
use crate::harness::Sidecar;

#[test]
fn every_screen_works_behind_a_prefix() {
    let server = with_store(Sidecar::printing("x")).serve();
    let proxy = proxy(server.url.strip_prefix("http://").unwrap());
    let Some(browser) = signed_in_at(&format!("{proxy}/backups/citus/")) else {
        return;
    };
    browser.clicks("#members button");
    browser.reads("#run .state", "Succeeded");
    browser.clicks("#run .actions a");
    browser.reads("h1", "UTC");
    browser.clicks("form[action*=restore] button");
    browser.reads("h1", "What should come back?");
    for (link, title) in [(2, "Backups"), (3, "Runs"), (4, "Drills"), (5, "Sidecar")] {
        browser.clicks(&format!("nav li:nth-child({link}) a"));
        browser.reads("h1", title);
    }
    let outside = browser.requested();
    let prefix = format!("{proxy}/backups/citus/");
    assert!(
        outside.iter().all(|url| url.starts_with(&prefix)),
        "{outside:?}"
    );
    browser.clicks("header form button");
    browser.reads("h1", "Sign in");
}

/// Passes each request on without its prefix, and with the host that the browser names.
fn proxy(to: &str) -> String {
    let (listener, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), to.to_owned());
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, to) = (client.unwrap(), to.clone());
            thread::spawn(move || pass(client, &to));
        }
    });
    url
}

/// One request for each connection.
fn pass(mut client: TcpStream, to: &str) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        match client.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend(&buffer[..count]),
        }
    }
    let text = String::from_utf8(request).unwrap();
    let text = text.replacen(" /backups/citus", " ", 1);
    let text = text.replacen("  HTTP", " / HTTP", 1);
    let text = text.replacen("Connection: keep-alive", "Connection: close", 1);
    let mut server = TcpStream::connect(to).unwrap();
    server.write_all(text.as_bytes()).unwrap();
    let _ = std::io::copy(&mut server, &mut client);
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let lower = head.to_lowercase();
    let length = lower.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}
