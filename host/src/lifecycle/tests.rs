#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn policy(json: &str) -> Policy {
    serde_json::from_str(json).unwrap()
}

fn smart() -> Lifecycle {
    let policy = policy(r#"{"daily": {"days": 30}, "monthly": {"days": 365}}"#);
    Lifecycle::new(&policy, "citus")
}

fn rule(id: &str, prefix: &str, days: u32) -> Value {
    json!({
        "ID": id,
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
    })
}

#[test]
fn the_seed_s_policy_is_its_two_rules() {
    let expected = json!({"Rules": [
        rule("sidecar-citus-daily", "citus/daily/", 30),
        rule("sidecar-citus-monthly", "citus/monthly/", 365),
    ]});
    assert_eq!(smart().configuration(), expected);
    assert_eq!(smart().warnings.len(), 1);
    assert!(smart().warnings[0].starts_with("S3 deletes by age alone"));
}

#[test]
fn a_prefix_may_be_deep_or_missing() {
    let policy = policy(r#"{"daily": {"days": 7}}"#);
    let rules = |prefix| Lifecycle::new(&policy, prefix).configuration()["Rules"].clone();
    assert_eq!(rules(""), json!([rule("sidecar-daily", "daily/", 7)]));
    assert_eq!(
        rules("/eu/citus/"),
        json!([rule("sidecar-eu/citus-daily", "eu/citus/daily/", 7)])
    );
}

#[test]
fn what_s3_cannot_count_is_left_to_prune() {
    let policy =
        policy(r#"{"daily": {"days": 7, "last": 3}, "weekly": {"last": 8}, "yearly": {}}"#);
    let lifecycle = Lifecycle::new(&policy, "citus");
    assert_eq!(lifecycle.configuration(), json!({"Rules": []}));
    assert_eq!(lifecycle.warnings.len(), 2);
    assert!(lifecycle.warnings[0].starts_with("daily: `last: 3` cannot be"));
    assert!(lifecycle.warnings[1].starts_with("weekly: `last: 8` cannot be"));
}

#[test]
fn foreign_rules_stay_as_they_are() {
    let foreign = json!({
        "ID": "logs", "Status": "Enabled", "Prefix": "logs/",
        "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
    });
    let other_sidecar = rule("sidecar-shop-daily", "shop/daily/", 3);
    let existing = json!({
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
        "Rules": [
            foreign,
            rule("sidecar-citus-daily", "citus/daily/", 7),
            other_sidecar,
            rule("sidecar-citus-weekly", "citus/weekly/", 60),
        ],
    });
    let merged = smart().merged_into(&existing).unwrap();
    let expected = json!({
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
        "Rules": [
            foreign,
            other_sidecar,
            rule("sidecar-citus-daily", "citus/daily/", 30),
            rule("sidecar-citus-monthly", "citus/monthly/", 365),
        ],
    });
    assert_eq!(merged.configuration, expected);
    assert!(merged.changed);
    assert_eq!(merged.warnings, [""; 0]);
    let again = smart().merged_into(&merged.configuration).unwrap();
    assert_eq!(again.configuration, expected);
    assert!(!again.changed);
}

#[test]
fn a_bucket_without_rules_gets_ours() {
    for nothing in [
        json!(null),
        json!({}),
        json!({"Rules": []}),
        json!({"Rules": null}),
    ] {
        let merged = smart().merged_into(&nothing).unwrap();
        assert_eq!(
            merged.configuration["Rules"],
            smart().configuration()["Rules"]
        );
        assert!(merged.changed);
    }
}

#[test]
fn a_policy_without_days_removes_our_rules() {
    let merged = Lifecycle::new(&policy(r#"{"daily": {}}"#), "citus")
        .merged_into(&smart().configuration())
        .unwrap();
    assert_eq!(merged.configuration, json!({"Rules": []}));
    assert!(merged.changed);
}

#[test]
fn foreign_rules_that_delete_too_early_are_named() {
    let cases = [
        (
            rule("by-hand", "citus/daily/", 7),
            Some("`by-hand`, which is not the sidecar's, expires citus/daily/ after 7 days"),
        ),
        (rule("by-hand", "citus/daily/", 30), None),
        (
            rule("all", "", 100),
            Some("`all`, which is not the sidecar's, expires citus/weekly/ after 100 days"),
        ),
        (rule("other", "shop/", 1), None),
        (
            json!({"Status": "Disabled", "Prefix": "", "Expiration": {"Days": 1}}),
            None,
        ),
        (
            json!({"Status": "Enabled", "Prefix": "citus/", "Expiration": {"Days": 1}}),
            Some("`without an id`"),
        ),
        (
            json!({"ID": "tagged", "Status": "Enabled", "Expiration": {"Days": 1},
                   "Filter": {"And": {"Prefix": "citus/monthly/", "Tags": []}}}),
            Some("expires citus/monthly/ after 1 days"),
        ),
    ];
    for (foreign, expected) in cases {
        let merged = smart().merged_into(&json!({"Rules": [foreign]})).unwrap();
        match expected {
            Some(words) => {
                assert_eq!(merged.warnings.len(), 1, "{foreign}");
                assert!(merged.warnings[0].contains(words), "{}", merged.warnings[0]);
            }
            None => assert_eq!(merged.warnings, [""; 0], "{foreign}"),
        }
    }
}

#[test]
fn what_is_not_a_lifecycle_is_left_alone() {
    for wrong in [json!([]), json!("Rules"), json!({"Rules": {}})] {
        let error = smart().merged_into(&wrong).unwrap_err();
        assert_eq!(error.code(), "malformed-lifecycle");
    }
}
