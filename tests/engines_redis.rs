//! Redis servers that do not have all of their keys: a backup of one says so, or fails.

use std::time::Duration;

use serde_json::json;

use crate::engines_complete::keeping;
use crate::harness::{Redis, free_port, within};

#[test]
fn a_node_of_a_cluster_has_its_share_and_says_so() {
    let options = |port: u16| {
        ["--cluster-enabled", "yes", "--cluster-port"]
            .map(str::to_owned)
            .into_iter()
            .chain([port.to_string()])
            .collect::<Vec<_>>()
    };
    let start = |port: u16| {
        let options = options(port);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Redis::start_with(&options)
    };
    let bus = free_port();
    let (node, other) = (start(free_port()), start(bus));
    node.cli("cluster addslotsrange 0 8191");
    other.cli("cluster addslotsrange 8192 16383");
    node.cli(&format!("cluster meet 127.0.0.1 {} {bus}", other.port()));
    within(Duration::from_secs(30), "the cluster", || {
        let said = node.cli("cluster info").stdout;
        let is_one = said.contains("cluster_size:2") && said.contains("cluster_state:ok");
        is_one.then_some(())
    });
    node.cli("set b x");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", node.port()));
    for tried in [sidecar.backup().exits(1), sidecar.check().exits(3)] {
        tried.stderr_contains("the keys of the other nodes of the cluster");
    }
    sidecar
        .set("strategy.config.allow_missing", json!(["databases"]))
        .backup()
        .succeeds();
}

#[test]
fn a_replica_whose_primary_is_away_is_not_up_to_date() {
    let replica = Redis::start();
    replica.cli("set k v");
    replica.cli(&format!("replicaof 127.0.0.1 {}", free_port()));
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", replica.port()));
    for tried in [sidecar.backup().exits(1), sidecar.check().exits(3)] {
        tried.stderr_contains("master_link_status:down");
    }
}
