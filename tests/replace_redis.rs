//! A Redis server that is restored over: whatever happens, it has what it had, or what the backup has.

mod drilled;
mod hostile;
mod in_place;
mod killed;
mod meanwhile;
mod patient;
mod refused;

use crate::harness::sh;
use patient::{Patient, contents};

#[test]
fn the_tool_that_checks_snapshots_reads_them_where_there_is_no_server() {
    let patient = Patient::new(&[]);
    let tools = patient.sidecar.folder().join("few");
    std::fs::create_dir(&tools).unwrap();
    let programs =
        "bash sh redis-cli redis-check-rdb mkdir rm ln cp cat tr sed head tail wc cmp sleep";
    sh(&format!(
        "for p in {programs}; do ln -s \"$(readlink -f \"$(command -v $p)\")\" '{}/'$p; done",
        tools.display()
    ))
    .succeeds();
    let Patient {
        redis,
        sidecar,
        new,
        ..
    } = patient;
    let sidecar = sidecar.env("PATH", tools.to_str().unwrap());
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    assert_eq!(contents(&redis), new);
}
