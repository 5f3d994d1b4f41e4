//! What a token may not do, its session may not do either, and is not offered.

use serde_json::json;

use super::{Client, backup, with_store};
use crate::harness::Sidecar;

const RUNNER: &str = "a-token-that-makes-backups-only";
const READER: &str = "a-token-that-may-look-only-here";

#[test]
fn a_session_may_do_what_its_token_may() {
    let sidecar = with_store(Sidecar::printing("x"))
        .set("strategy.config.restore", "cat > state")
        .set(
            "secrets.tokens",
            json!({
                "night": {"scope": "run", "token": RUNNER},
                "wall": {"scope": "read", "token": READER},
            }),
        );
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let runner = Client::signed_in_with(&server, RUNNER);
    let text = runner.reads(&format!("/ui/backups/{id}"));
    assert!(
        text.contains("needs a token of the scope “restore”"),
        "{text}"
    );
    assert!(
        !text.contains(&format!("action=\"../restore/{id}\"><p")),
        "{text}"
    );
    assert_eq!(runner.gets(&format!("/ui/restore/{id}")).status, 403);
    let read = format!("/ui/restore/{id}/read?to=original");
    assert_eq!(runner.gets(&read).status, 403);
    let confirmed = runner.submits(&read, &[("to", "original"), ("plan", "x")]);
    assert_eq!(confirmed.status, 403);
    assert_eq!(runner.gets("/ui/sidecar").status, 403);
    assert_eq!(runner.submits("/ui/runs", &[]).status, 303);

    let reader = Client::signed_in_with(&server, READER);
    assert!(!reader.reads("/").contains("Back up now"));
    assert_eq!(reader.submits("/ui/runs", &[]).status, 403);
    assert_eq!(
        reader
            .submits(&format!("/ui/backups/{id}/verify"), &[])
            .status,
        403
    );
    assert_eq!(
        reader.gets(&format!("/ui/backups/{id}/artifact")).status,
        403
    );
    assert_eq!(reader.gets("/ui/drills").status, 200);

    let audit = server.get("/backup/audit").json();
    let entries = audit["audit"].as_array().unwrap();
    let refused = entries
        .iter()
        .find(|one| one["operation"] == "POST /backup/restore");
    let refused = refused.unwrap_or_else(|| panic!("{audit}"));
    assert_eq!(refused["who"], "night");
    assert_eq!(refused["outcome"], "403 scope-missing");
}
