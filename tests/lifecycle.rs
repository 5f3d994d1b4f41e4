//! `sidecar lifecycle`: the retention in the words of S3, and on the bucket.

use serde_json::json;

use crate::harness::{Fault, S3, Sidecar};

/// A rule that is not ours, with more in it than the sidecar knows of.
const FOREIGN: &str = "<Rule><ID>logs &amp; more</ID><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>1</Value></Tag>\
     <Tag><Key>b</Key><Value>2</Value></Tag></And></Filter><Status>Enabled</Status>\
     <Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>\
     <Expiration><Days>900</Days></Expiration></Rule>";

fn with_retention(store: serde_json::Value) -> Sidecar {
    Sidecar::new()
        .command("echo dump")
        .capture()
        .set("stores", json!([store]))
        .set(
            "retention",
            json!({"daily": {"days": 30}, "monthly": {"days": 365}}),
        )
}

/// As this server says it, in its own order.
fn rule(tier: &str, days: u32) -> String {
    format!(
        "<Expiration><Days>{days}</Days></Expiration><ID>sidecar-citus-{tier}</ID>\
         <Filter><Prefix>citus/{tier}/</Prefix></Filter><Status>Enabled</Status>"
    )
}

/// The bucket's rules, without white space between elements.
fn rules(s3: &S3) -> String {
    let xml = s3.ask("GET", "?lifecycle=", b"");
    xml.lines().map(str::trim).collect()
}

#[test]
fn the_retention_can_be_said_in_the_words_of_s3() {
    let store = json!({"name": "minio", "type": "s3", "bucket": "backups", "prefix": "citus"});
    let rules = with_retention(store).run(&["lifecycle"]).succeeds().json();
    let rule = |index: usize| {
        (
            &rules["Rules"][index]["Filter"]["Prefix"],
            &rules["Rules"][index]["Expiration"]["Days"],
        )
    };
    assert_eq!(rule(0), (&json!("citus/daily/"), &json!(30)));
    assert_eq!(rule(1), (&json!("citus/monthly/"), &json!(365)));
}

#[test]
fn the_bucket_gets_the_rules_and_keeps_those_of_others() {
    let s3 = S3::start();
    s3.ask(
        "PUT",
        "?lifecycle=",
        format!("<LifecycleConfiguration>{FOREIGN}</LifecycleConfiguration>").as_bytes(),
    );
    let foreign = rules(&s3);
    let foreign = &foreign[foreign.find("<Rule>").unwrap()..foreign.find("</Rule>").unwrap()];
    assert!(
        foreign.contains("GLACIER") && foreign.contains("logs &amp; more"),
        "{foreign}"
    );

    let sidecar = with_retention(s3.store());
    let apply = ["lifecycle", "--apply"];
    sidecar
        .run(&apply)
        .succeeds()
        .stdout_contains("set the rules of bucket backups");
    let set = rules(&s3);
    assert!(set.contains(foreign), "{set}\nlacks\n{foreign}");
    assert!(set.contains(&rule("daily", 30)), "{set}");
    assert!(set.contains(&rule("monthly", 365)), "{set}");
    sidecar
        .run(&apply)
        .succeeds()
        .stdout_contains("the rules were set already");
    assert_eq!(rules(&s3), set);

    let sidecar = sidecar.set("retention", json!({"daily": {"days": 7}, "monthly": {}}));
    sidecar.run(&apply).succeeds();
    let set = rules(&s3);
    assert!(
        set.contains(foreign) && set.contains(&rule("daily", 7)),
        "{set}"
    );
    assert!(!set.contains("sidecar-citus-monthly"), "{set}");
}

#[test]
fn a_bucket_without_rules_gets_them_and_loses_them() {
    let s3 = S3::start();
    let sidecar = with_retention(s3.store());
    sidecar.run(&["lifecycle", "--apply"]).succeeds();
    assert!(rules(&s3).contains(&rule("daily", 30)));
    let sidecar = sidecar.set("retention", json!({"daily": {}}));
    sidecar.run(&["lifecycle", "--apply"]).succeeds();
    assert!(rules(&s3).contains("NoSuchLifecycleConfiguration"));
}

#[test]
fn who_may_not_set_rules_is_told_what_to_allow() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    for method in ["GET", "PUT"] {
        let hits = proxy.inject(method, "lifecycle", 1, Fault::Answer(403, "AccessDenied"));
        with_retention(s3.store_behind(&proxy))
            .run(&["lifecycle", "--apply"])
            .exits(1)
            .stderr_contains("AccessDenied")
            .stderr_contains("s3:PutLifecycleConfiguration");
        assert_eq!(hits.count(), 1);
    }
    assert!(rules(&s3).contains("NoSuchLifecycleConfiguration"));
    // What is no configuration is not taken for an empty one.
    let torn = proxy.inject("GET", "lifecycle", 1, Fault::Answer(200, "InternalError"));
    with_retention(s3.store_behind(&proxy))
        .run(&["lifecycle", "--apply"])
        .exits(1)
        .stderr_contains("nothing was changed");
    assert_eq!(torn.count(), 1);
    assert!(rules(&s3).contains("NoSuchLifecycleConfiguration"));
}
