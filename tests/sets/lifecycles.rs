//! The lifecycle rules of a bucket in which several strategies have their folders.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::application;
use crate::harness::S3;

#[test]
fn a_bucket_has_one_configuration_with_the_rules_of_all_strategies() {
    let s3 = S3::start();
    let sidecar = application()
        .set("stores", json!([s3.store()]))
        .set("retention", json!({"daily": {"days": 30}}))
        .set("strategies.db.retention", json!({"daily": {"days": 7}}));
    let one = sidecar.run(&["lifecycle"]).succeeds().json();
    let rules = one["Rules"].as_array().unwrap().iter();
    let days = |rule: &Value| {
        let prefix = rule["Filter"]["Prefix"].as_str().unwrap().to_owned();
        (prefix, rule["Expiration"]["Days"].as_u64().unwrap())
    };
    let expected = [
        ("citus/db/daily/", 7),
        ("citus/sets/daily/", 30),
        ("citus/uploads/daily/", 30),
    ];
    let expected: BTreeSet<_> = expected.map(|(at, days)| (at.to_owned(), days)).into();
    assert_eq!(rules.map(days).collect::<BTreeSet<_>>(), expected);

    let applied = sidecar.run(&["lifecycle", "--apply", "--json"]).succeeds();
    assert_eq!(applied.json(), json!({"changed": ["backups"]}));
    let set = s3.ask("GET", "?lifecycle=", b"");
    for (prefix, _) in expected {
        assert!(set.contains(&format!("<Prefix>{prefix}</Prefix>")), "{set}");
    }
}
