//! The page itself: filters in its address, rows that stay where they are, and who may see it.

use super::{FleetPage, backed_up, drilled, new, signed_in};
use crate::harness::{Fleet, TOKEN};
use crate::page::client::Client;

#[test]
fn a_filter_is_in_the_address_and_works_without_a_script() {
    let (good, never) = (drilled(new()).serve(), backed_up().serve());
    let fleet = Fleet::new()
        .shows("wiki", &good)
        .shows("blog", &never)
        .serve();
    let page = FleetPage::of(&fleet);
    page.says("wiki", "Up to date");
    page.says("blog", "Up to date");
    let shown = |query: &str| {
        let text = page.at(query);
        ["wiki", "blog"].map(|name| text.contains(&format!(">{name}</a>")))
    };
    assert_eq!(shown("?state=fresh"), [true, true]);
    assert_eq!(shown("?state=never-drilled"), [false, true]);
    assert_eq!(shown("?match=WIK"), [true, false]);
    assert_eq!(shown("?match=wiki&state=never-drilled"), [false, false]);
    let none = page.at("?state=failed");
    assert!(
        none.contains("Nothing fits this filter") && none.contains("never drilled (1)"),
        "{none}"
    );
    // The text and the state narrow down together.
    let both = page.at("?state=fresh&match=blog");
    assert!(both.contains("name=\"state\" value=\"fresh\""), "{both}");
    assert!(both.contains("match=blog"), "{both}");
}

#[test]
fn a_row_changes_where_it_is() {
    let (first, second) = (drilled(new()).serve(), drilled(new()).serve());
    let fleet = Fleet::new()
        .shows("wiki", &first)
        .shows("blog", &second)
        .serve();
    let page = FleetPage::of(&fleet);
    page.says("wiki", "Up to date");
    page.says("blog", "Up to date");
    let Some(browser) = signed_in(&fleet) else {
        return;
    };
    browser.reads("#sidecar-1", "Up to date");
    browser.evaluates("document.querySelector('#sidecar-1 a').focus()");
    drop(second);
    browser.reads("#sidecar-1", "Last known: Up to date");
    browser.reads("h1", "1 of 2 needs you");
    let order = browser
        .evaluates("return [...document.querySelectorAll('tbody th')].map(th => th.innerText)");
    assert_eq!(order, serde_json::json!(["wiki", "blog"]));
    let focused = browser.evaluates("return document.activeElement.innerText");
    assert_eq!(focused, "blog");
    assert_eq!(
        browser.evaluates("return document.title"),
        "1 of 2 needs you – sidecar"
    );
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    // Opened anew, the worst is the first; what a filter left out comes when it fits.
    browser.open(&format!("{}/?state=unknown", fleet.url));
    let order = browser
        .evaluates("return [...document.querySelectorAll('tbody th')].map(th => th.innerText)");
    assert_eq!(order, serde_json::json!(["blog"]));
    drop(first);
    browser.reads("#sidecar-0", "No answer");
}

#[test]
fn the_page_of_a_fleet_needs_its_token() {
    let sidecar = new().serve();
    let fleet = Fleet::new().shows("shop", &sidecar).serve();
    let stranger = Client::new(&fleet);
    let screen = stranger.gets("/");
    let screen = String::from_utf8(screen.body).unwrap();
    assert!(
        screen.contains("id=\"token\"") && !screen.contains("shop"),
        "{screen}"
    );
    assert_eq!(stranger.gets("/ui/runs").status, 404);
    let answer = stranger.submits("/ui/sign-in", &[("token", "wrong")]);
    assert_eq!(answer.status, 401);
    let answer = stranger.submits("/ui/sign-in", &[("token", TOKEN)]);
    assert_eq!((answer.status, answer.header("location")), (303, "../"));
    let screen = stranger.reads("/");
    assert!(
        screen.contains(">shop</a>") && !screen.contains("<nav"),
        "{screen}"
    );
    assert!(screen.contains("ui/sign-out"), "{screen}");
}
