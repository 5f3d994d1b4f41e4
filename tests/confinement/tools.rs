//! What backups are made with works in a confined command.

use std::fs;

use serde_json::json;

use super::world::{World, filled, kernel_confines};
use crate::harness::{Postgres, Redis};

/// Lines, and what each prints.
const TOOLS: &[(&str, &str)] = &[
    ("printf 'b\\na\\n' | sort | paste -sd,", "a,b"),
    ("cat <(echo one) <(echo two) | paste -sd,", "one,two"),
    ("tar -C {folder}/granted -cf - file | tar -tf -", "file"),
    (
        "tar -C {folder}/granted -czf x.tgz . && tar -xzf x.tgz && cat file",
        "granted",
    ),
    (
        "sqlite3 new.sqlite 'create table t(x); insert into t values (7); select x from t'",
        "7",
    ),
    (
        "gzip -c {folder}/granted/file | xz | unxz | zstd -q | zstd -dq | gunzip",
        "granted",
    ),
    (
        "git init -q repository && cd repository && git -c user.name=a -c user.email=b commit -q --allow-empty -m one && git bundle create -q ../x.bundle HEAD && git log --format=%s",
        "one",
    ),
    (
        "/usr/bin/python3 -c 'import ssl, tempfile; tempfile.TemporaryFile().write(b\"x\"); print(ssl.create_default_context() is not None)'",
        "True",
    ),
    ("perl -e 'print 6 + 36'", "42"),
    ("openssl rand -hex 2 | wc -c | tr -d ' '", "5"),
    (
        "echo x >\"$HOME/.rc\" && echo y >\"$TMPDIR/t\" && cat \"$HOME/.rc\" \"$TMPDIR/t\" | paste -sd,",
        "x,y",
    ),
    (
        "echo dump >\"$SIDE_CAR_TEMP_DUMP\" && cat \"$SIDE_CAR_TEMP_DUMP\" && rm \"$SIDE_CAR_TEMP_DUMP\"",
        "dump",
    ),
    (
        "echo x >/dev/null; echo y >/dev/stderr; echo z >/dev/fd/1; mkdir -p a/b; mv a c; rm -r c",
        "z",
    ),
    ("sleep 60 & kill $! && echo ended", "ended"),
];

#[track_caller]
fn work(world: World, lines: &[(&str, &str)]) {
    let filled: Vec<String> = lines
        .iter()
        .map(|(line, _)| filled(line, world.sidecar.folder(), 0))
        .collect();
    let world = world
        .set("strategy.config.commands", json!(filled))
        .set("modules.prober.allow.commands", json!(filled));
    let printed = world.printed();
    for (at, (line, expected)) in lines.iter().enumerate() {
        assert_eq!(printed[&at], *expected, "{line}");
    }
}

#[test]
fn tools_of_the_system_work() {
    if kernel_confines("confinement::tools::tools_of_the_system_work") {
        for user in [None, Some(10001)] {
            work(World::new(&[]).user(user), TOOLS);
        }
    }
}

#[test]
fn redis_cli_dumps_a_server_that_was_granted() {
    if !kernel_confines("confinement::tools::redis_cli_dumps_a_server_that_was_granted") {
        return;
    }
    let redis = Redis::start();
    redis.cli("set key value");
    let address = json!([format!("localhost:{}", redis.port())]);
    let world = World::new(&[])
        .set("strategy.config.net", address.clone())
        .set("modules.prober.allow.net", address);
    let port = redis.port();
    let lines = [
        format!("redis-cli -h localhost -p {port} get key"),
        format!("redis-cli -p {port} --rdb dump.rdb >/dev/null && head -c 5 dump.rdb"),
    ];
    work(
        world,
        &[(lines[0].as_str(), "value"), (lines[1].as_str(), "REDIS")],
    );
}

#[test]
fn pg_dump_works_over_a_port_and_over_a_socket() {
    if !kernel_confines("confinement::tools::pg_dump_works_over_a_port_and_over_a_socket") {
        return;
    }
    let postgres = Postgres::start();
    postgres.sql("postgres", "create table kept(x int)");
    let url = format!("{}postgres", postgres.login());
    let dump = |target: &str| format!("pg_dump '{target}' | grep -c 'CREATE TABLE public.kept'");
    let line = dump(&url);
    let address = json!([format!("127.0.0.1:{}", postgres.port())]);
    let world = World::new(&[])
        .set("strategy.config.net", address.clone())
        .set("modules.prober.allow.net", address);
    work(world, &[(line.as_str(), "1")]);
    // Over the socket: a granted folder that holds it.
    let folder = postgres.folder();
    let line = dump(&format!(
        "postgresql://backup:{}@/postgres?host={}&port={}",
        postgres.encoded_password(),
        folder.display(),
        postgres.port()
    ));
    let world = World::new(&[])
        .set("strategy.config.read", json!([folder]))
        .set("modules.prober.allow.read", json!([folder]));
    work(world, &[(line.as_str(), "1")]);
}

#[test]
fn a_restore_writes_where_it_restores_to() {
    if !kernel_confines("confinement::tools::a_restore_writes_where_it_restores_to") {
        return;
    }
    for (line, code) in [
        ("echo restored >\"{folder}/target/file\"", 0),
        ("echo restored >\"{folder}/elsewhere\"", 1),
    ] {
        let world = World::new(&["true".to_owned()]);
        world.sidecar.backup().succeeds();
        let folder = world.sidecar.folder().to_owned();
        let line = filled(line, &folder, 0);
        let world = world
            .set("strategy.config.commands", json!([line]))
            .set("modules.prober.allow.commands", json!([line]));
        let target = folder.join("target");
        fs::create_dir(&target).unwrap();
        let into = ["restore", "latest", "--into", target.to_str().unwrap()];
        world.sidecar.run(&into).exits(code);
        assert_eq!(target.join("file").exists(), code == 0);
        assert!(!folder.join("elsewhere").exists());
    }
}
