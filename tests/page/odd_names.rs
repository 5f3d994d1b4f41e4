//! A name that no page shows as it is: what is ticked is what comes back, also where another file is called as the page
//! shows the first.

use std::fs;

use serde_json::json;

use super::{Client, backup, with_store};
use crate::harness::{Answer, Server, Sidecar};

/// Names, and what a page shows of each.
const ODD: [(&str, &str); 5] = [
    ("p\u{200d}ay.txt", "p\\u200day.txt"),
    ("می\u{200c}خواهم.txt", "می\\u200cخواهم.txt"),
    ("soft\u{ad}ware.txt", "soft\\u00adware.txt"),
    ("\u{202e}txt.exe", "\\u202etxt.exe"),
    ("100%41.txt", "100%41.txt"),
];

/// A backup of a file with an odd name, and of another one that is called as the first is shown; both have changed since.
fn backed_up(name: &str, shown: &str) -> (Sidecar, String) {
    let sidecar = with_store(Sidecar::new())
        .strategy("file_archive")
        .set("strategy.config.paths", json!(["data"]));
    fs::create_dir(sidecar.workdir().join("data")).unwrap();
    write(&sidecar, shown, "the other one");
    write(&sidecar, name, "good");
    let id = backup(&sidecar, &[]);
    write(&sidecar, shown, "changed since");
    write(&sidecar, name, "lost");
    (sidecar, id)
}

fn write(sidecar: &Sidecar, name: &str, text: &str) {
    fs::write(sidecar.workdir().join("data").join(name), text).unwrap();
}

fn read(sidecar: &Sidecar, name: &str) -> String {
    fs::read_to_string(sidecar.workdir().join("data").join(name)).unwrap()
}

/// The values of the fields of this name, as a browser reads and sends them.
fn values(screen: &str, name: &str) -> Vec<String> {
    let field = format!("name=\"{name}\" value=\"");
    let fields = screen.split(&field).skip(1);
    let values = fields.filter_map(|rest| rest.split('"').next());
    values
        .map(|value| sent(&value.replace("&#38;", "&")))
        .collect()
}

/// As a browser writes it into an address.
fn sent(value: &str) -> String {
    let bytes = value.bytes();
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}

/// The tick of the file that has `name`, which holds what it names.
fn tick(client: &Client, id: &str) -> String {
    let screen = client.reads(&format!("/ui/backups/{id}?inside=1&under=data"));
    let ticks = values(&screen, "only").into_iter();
    let mut good = ticks.filter(|tick| {
        let one = client.gets(&format!("/ui/backups/{id}/artifact?only={tick}"));
        assert_eq!(one.status, 200, "{tick}: {one:?}");
        one.body == b"good"
    });
    good.next().unwrap_or_else(|| panic!("{screen}"))
}

#[test]
fn what_is_ticked_comes_back_through_all_steps() {
    for (name, shown) in ODD {
        let (sidecar, id) = backed_up(name, shown);
        let server = sidecar.serve();
        let client = Client::signed_in(&server);
        let tick = tick(&client, &id);
        let what = client.reads(&format!("/ui/restore/{id}?only={tick}"));
        assert_eq!(values(&what, "only"), std::slice::from_ref(&tick), "{name}");
        let to_where = client.reads(&format!("/ui/restore/{id}/where?only={tick}"));
        let [only]: [String; 1] = values(&to_where, "only").try_into().unwrap();
        let answer = confirms(&server, &client, &id, &only, &format!("data/{shown}"));
        assert_eq!(answer["state"], "succeeded", "{name}: {answer}");
        assert_eq!(read(&sidecar, name), "good", "{name}");
        if name != shown {
            assert_eq!(read(&sidecar, shown), "changed since", "{name}");
        }
    }
}

/// Reads what will happen, types what is shown, and waits for the run.
fn confirms(
    server: &Server,
    client: &Client,
    id: &str,
    only: &str,
    typed: &str,
) -> serde_json::Value {
    let path = format!("/ui/restore/{id}/read");
    let screen = client.reads(&format!("{path}?only={only}&to=replace"));
    let field = |name: &str| {
        let all = values(&screen, name);
        format!("{name}={}", all[0])
    };
    let fields = [field("only"), field("to"), field("plan")].join("&");
    let body = format!("{fields}&typed={}", sent(typed));
    let begun: Answer = client.sends("POST", &path, &[("Sec-Fetch-Site", "same-origin")], &body);
    assert_eq!(begun.status, 303, "{typed}: {begun:?}");
    let run = begun
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    server.over(&format!("/backup/jobs/{run}"))
}
