//! The shipped example of a fleet, and pairs of broken files with the exact messages about them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use super::tests::{assert_explained, repository};
use super::{Environment, load_fleet, parse_fleet};
use crate::error::Error;

#[test]
fn the_example_of_a_fleet_is_valid() {
    let env = [
        ("FLEET_TOKEN", "opens"),
        ("SHOP_TOKEN", "shop"),
        ("CRM_TOKEN", "crm"),
    ];
    let environment = Environment::new(env, repository());
    let config = load_fleet(Some(Path::new("config/fleet.example.yaml")), &environment);
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    let [shop, crm] = &config.sidecars[..] else {
        panic!("{:?}", config.sidecars);
    };
    assert_eq!((shop.name.as_str(), shop.token.reveal()), ("shop", "shop"));
    assert_eq!(shop.page, "https://shop-backup.example.org");
    assert_eq!(crm.page, crm.url);
    assert_eq!(config.interval, std::time::Duration::from_secs(15));
    assert_eq!(config.timeout, std::time::Duration::from_secs(3));
}

/// As the pairs of sidecars.
#[test]
fn broken_files_of_fleets_are_explained() {
    assert_explained("tests/configuration/fleet", 2, broken_fleet);
}

/// The message about a broken file of a fleet.
fn broken_fleet(stem: &Path, environment: &Environment) -> String {
    let text = std::fs::read_to_string(stem.with_extension("yaml")).unwrap();
    let shown = PathBuf::from(stem.file_name().unwrap()).with_extension("yaml");
    let problems = parse_fleet(&shown, &text, environment)
        .expect_err(&format!("{} is not broken", stem.display()));
    Error::from(problems).message().to_owned()
}
