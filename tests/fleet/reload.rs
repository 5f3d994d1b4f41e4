//! A fleet reads its configuration again: at SIGHUP, and when a file of it has changed.

use rustix::process::Signal;
use serde_json::json;

use super::{FleetPage, drilled, new, standing};
use crate::harness::{Fleet, READING, send};

const IN_FORCE: &str = "the new configuration is in force";

#[test]
fn a_new_token_in_its_file_is_the_one_that_is_sent() {
    let sidecar = drilled(new()).serve();
    let fleet = Fleet::new();
    let file = fleet.folder().join("token");
    std::fs::write(&file, "the-token-of-yesterday").unwrap();
    let entry = json!({"name": "shop", "url": sidecar.url, "token_file": file});
    let mut server = fleet.asks(entry).serve();
    FleetPage::of(&server).says("shop", "Token refused");
    std::fs::write(&file, READING).unwrap();
    server.logs(IN_FORCE);
    FleetPage::of(&server).says("shop", "Up to date");
}

#[test]
fn a_signal_has_it_read_and_what_was_heard_is_not_forgotten() {
    let (wiki, blog) = (drilled(new()).serve(), new().serve());
    let fleet = Fleet::new().shows("wiki", &wiki);
    let mut server = fleet.serve();
    FleetPage::of(&server).says("wiki", "Up to date");
    drop(wiki);
    FleetPage::of(&server).says("wiki", "No answer");
    fleet.shows("blog", &blog).write_config();
    send(server.pid(), Signal::HUP);
    server.logs("SIGHUP: reading the configuration again");
    server.logs(IN_FORCE);
    let page = FleetPage::of(&server);
    assert!(page.row("wiki").contains("Last known: Up to date, "));
    page.says("blog", "Nothing yet");
}

#[test]
fn one_that_is_wrong_is_refused_and_the_one_before_stays() {
    let sidecar = new().serve();
    let fleet = Fleet::new().shows("shop", &sidecar);
    let mut server = fleet.serve();
    FleetPage::of(&server).says("shop", "Nothing yet");
    fleet.set("interval", "soon").write_config();
    send(server.pid(), Signal::HUP);
    let said = server.logs("the new configuration is refused, the one before stays in force");
    assert!(said.contains("interval"), "{said}");
    assert_eq!(standing(&server, "shop")["state"], "never");
}
