//! The page speaks the language of its reader.

use super::{Client, signed_in};
use crate::harness::Sidecar;

#[test]
fn the_browsers_language_is_spoken_until_another_is_chosen() {
    let server = Sidecar::printing("x").serve();
    let client = Client::signed_in(&server);
    let spanish = client.sends("GET", "/", &[("Accept-Language", "es-MX,es;q=0.9")], "");
    let text = String::from_utf8(spanish.body).unwrap();
    assert!(text.contains("<html lang=\"es\">"), "{text}");
    assert!(text.contains("Aún no se ha copiado nada"), "{text}");
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.reads("h1", "Nothing has been backed up yet");
    browser.clicks("a[hreflang=es]");
    browser.reads("h1", "Aún no se ha copiado nada");
    browser.open(&format!("{}/ui/drills", server.url));
    browser.reads("h1", "Ensayos");
    browser.clicks("a[hreflang=en]");
    browser.reads("h1", "Drills");
}
