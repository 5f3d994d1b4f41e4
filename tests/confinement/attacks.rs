//! What the module lays for its commands, and what they are given, gets them nothing.

use serde_json::json;

use super::world::{SECRET, TOKEN, World, filled, kernel_confines};
use crate::harness::{Sidecar, started_by};

/// The lines, and what each prints. One that is refused prints `refused`; what must go on working stands among them.
const ATTACKS: &[(&str, &str)] = &[
    // Links of the module, and of the application that is backed up.
    ("cat \"$SIDE_CAR_WORKDIR/link\" || echo refused", "refused"),
    ("cat {folder}/granted/link || echo refused", "refused"),
    ("cat {folder}/granted/file", "granted"),
    (
        "cat \"$SIDE_CAR_WORKDIR/folder/file\" || echo refused",
        "refused",
    ),
    ("cat \"$SIDE_CAR_WORKDIR/words\"", "words"),
    // Files that the operator did not name.
    ("cat {folder}/secret/file || echo refused", "refused"),
    ("cat /etc/shadow || echo refused", "refused"),
    ("cat {folder}/config.yaml || echo refused", "refused"),
    ("ls {folder} || echo refused", "refused"),
    (
        "ls \"$SIDE_CAR_ARTIFACTS_DIR/.sidecar\" || echo refused",
        "refused",
    ),
    ("ls /etc/ssl/private /root || echo refused", "refused"),
    // The sidecar itself.
    ("cat /proc/$PPID/environ || echo refused", "refused"),
    ("cat /proc/$PPID/cmdline || echo refused", "refused"),
    ("kill -CONT $PPID || echo refused", "refused"),
    (
        "prlimit --pid $PPID --nofile=900:900 || echo refused",
        "refused",
    ),
    ("renice -n 1 -p $PPID || echo refused", "refused"),
    (
        "/usr/bin/python3 -c 'import os; os.setpriority(os.PRIO_USER, 0, 1)' || echo refused",
        "refused",
    ),
    ("taskset -p 1 $PPID >/dev/null || echo refused", "refused"),
    // All processors for itself.
    (
        "/usr/bin/python3 -c 'import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))' || echo refused",
        "refused",
    ),
    ("ipcmk -M 4096 || echo refused", "refused"),
    // Programs that the module wrote.
    ("\"$SIDE_CAR_WORKDIR/dump.sh\" || echo refused", "refused"),
    ("sh \"$SIDE_CAR_WORKDIR/d.sh\"", "runs, but refused"),
    (
        "git -c safe.directory=\"$SIDE_CAR_WORKDIR\" -C \"$SIDE_CAR_WORKDIR\" status 2>&1 | grep -o 'may see' || echo refused",
        "refused",
    ),
    (
        "echo 'echo mine' >mine; chmod +x mine; ./mine || echo refused",
        "refused",
    ),
    // Writing.
    ("echo x >{folder}/granted/file || echo refused", "refused"),
    (
        "truncate -s 0 {folder}/granted/file || echo refused",
        "refused",
    ),
    ("mv {folder}/granted/file . || echo refused", "refused"),
    ("ln {folder}/granted/file . || echo refused", "refused"),
    (
        "echo x >\"$SIDE_CAR_WORKDIR/new\" || echo refused",
        "refused",
    ),
    (
        "echo x >\"$SIDE_CAR_ARTIFACTS_DIR/new\" || echo refused",
        "refused",
    ),
    ("echo x >/tmp/sidecar-of-a-test || echo refused", "refused"),
    ("mknod device c 1 3 || echo refused", "refused"),
    // The network: nothing was granted.
    (
        "(exec 3<>/dev/tcp/127.0.0.1/{port}) || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX)' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)' || echo refused",
        "refused",
    ),
    // Calls of the system that go around the rules: io_uring_setup, ptrace.
    (
        "/usr/bin/python3 -c '{c}; c.syscall(425, 1, 0); {errno}'",
        "1",
    ),
    (
        "/usr/bin/python3 -c '{c}; c.ptrace(0, 0, 0, 0); {errno}'",
        "1",
    ),
    // The same calls by their other numbers: socket of x32.
    (
        "/usr/bin/python3 -c '{c}; c.syscall(0x40000029, 1, 1, 0); {errno}'",
        "1",
    ),
    // Descriptors of folders that may not be listed: the names of what happens there.
    (
        "/usr/bin/python3 -c '{c}; c.inotify_add_watch(c.inotify_init(), b\"/etc\", 0x100); {errno}'",
        "1",
    ),
    // What outlives the command.
    (
        "/usr/bin/python3 -c '{c}; c.mq_open(b\"/sidecar-of-a-test\", 0o102, 0o666, None); {errno}'",
        "1",
    ),
    // Half of a pair, which sends to any socket that is a file.
    (
        "/usr/bin/python3 -c 'import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; a, b = socket.socketpair(); a.send(b\"paired\"); print(b.recv(9).decode())'",
        "paired",
    ),
    // Hiding from the sidecar, which counts what it holds open.
    (
        "/usr/bin/python3 -c '{c}; c.prctl(4, 0, 0, 0, 0); {errno}'",
        "1",
    ),
    // Rights that come back.
    (
        "grep NoNewPrivs /proc/self/status || echo refused",
        "refused",
    ),
    (
        "unshare -r cat {folder}/secret/file || echo refused",
        "refused",
    ),
    // A process that is never the same for long, with a group of its own each time: it is gone with the run.
    (
        "/usr/bin/python3 -c 'exec(\"import os\\nwhile True:\\n os.setsid()\\n if os.fork(): os._exit(0)\")' >/dev/null 2>&1 & echo left",
        "left",
    ),
    // Namespaces of users, in each of the ways: unshare, clone3 (which does not exist), setns.
    (
        "/usr/bin/python3 -c '{c}; c.unshare(0x10000000); {errno}'",
        "1",
    ),
    (
        "/usr/bin/python3 -c '{c}; a = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17); c.syscall(435, a, 88); {errno}'",
        "38",
    ),
    ("/usr/bin/python3 -c '{c}; c.setns(0, 0); {errno}'", "1"),
    // Threads and children go on.
    (
        "/usr/bin/python3 -c 'import os, threading; threading.Thread(target=print, args=(\"thread\",)).start(); os.waitpid(os.fork() or os._exit(0), 0)'",
        "thread",
    ),
];

/// Where a server was granted.
const WITH_A_SERVER: &[(&str, &str)] = &[
    (
        "(exec 3<>/dev/tcp/127.0.0.1/{port}) || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' || echo refused",
        "refused",
    ),
    // A socket that connects by what it sends.
    (
        "/usr/bin/python3 -c 'import socket; socket.socket().sendto(b\"x\", 0x20000000, (\"127.0.0.1\", {port}))' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket().sendmsg([b\"x\"], [], 0x20000000, (\"127.0.0.1\", {port}))' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket().setsockopt(6, 30, 1)' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0))' || echo refused",
        "refused",
    ),
    // A port that the system chooses.
    (
        "/usr/bin/python3 -c 'import socket; socket.socket().listen()' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET6).listen()' || echo refused",
        "refused",
    ),
    // Netlink, for other things than the machine's addresses.
    (
        "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_RAW)' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)' || echo refused",
        "refused",
    ),
    (
        "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX)' || echo refused",
        "refused",
    ),
];

/// With what the module lays: links, scripts, a configuration that git obeys.
fn laid(world: World) -> World {
    let file = world.sidecar.folder().join("secret/file");
    let read = format!("cat '{}' && exit; echo 'runs, but refused'", file.display());
    let obeyed = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = \"cat '{}' >&2; false\"\n",
        file.display(),
    );
    world
        .set(
            "strategy.config.links",
            json!({"link": "../secret/file", "folder": "../secret"}),
        )
        .set(
            "strategy.config.lay",
            json!({
                "words": "words", "d.sh": read, "dump.sh": format!("#!/bin/sh\n{read}"),
                ".git/config": obeyed, ".git/HEAD": "ref: refs/heads/main\n",
                ".git/objects/x": "", ".git/refs/x": "",
            }),
        )
}

#[track_caller]
fn all_refused(attacks: &[(&str, &str)], user: Option<u32>, net: Option<u16>) {
    // The lines name the world's folder, which is made with them.
    let world = World::new(&[]);
    let lines: Vec<String> = attacks
        .iter()
        .map(|(line, _)| filled(line, world.sidecar.folder(), world.port()))
        .collect();
    let addresses: Vec<String> = net.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let world = laid(world)
        .set("strategy.config.commands", json!(lines))
        .set("modules.prober.allow.commands", json!(lines))
        .set("strategy.config.net", json!(addresses))
        .set("modules.prober.allow.net", json!(addresses))
        .user(user);
    let printed = world.printed();
    let wrong: Vec<String> = attacks
        .iter()
        .enumerate()
        .filter(|(at, (_, expected))| printed[at] != *expected)
        .map(|(at, (_, expected))| {
            format!(
                "{}\n  prints {:?}, not {expected:?}",
                lines[at], printed[&at]
            )
        })
        .collect();
    assert!(wrong.is_empty(), "as {user:?}:\n{}", wrong.join("\n"));
    is_obeyed_by_git(&world);
    for text in printed.values() {
        assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{text}");
    }
    world.is_unharmed();
}

/// What was laid is an attack: outside of a run, git does what it says.
#[track_caller]
fn is_obeyed_by_git(world: &World) {
    let line = format!(
        "git -c safe.directory='*' -C '{}' status",
        world.sidecar.workdir().display()
    );
    let done = crate::harness::sh(&line);
    assert!(done.stderr.contains(SECRET), "{done:?}");
}

#[test]
fn a_command_does_for_a_module_only_what_was_granted() {
    if kernel_confines("confinement::attacks::a_command_does_for_a_module_only_what_was_granted") {
        all_refused(ATTACKS, None, None);
    }
}

#[test]
fn the_same_holds_for_a_user_without_rights() {
    if kernel_confines("confinement::attacks::the_same_holds_for_a_user_without_rights") {
        all_refused(ATTACKS, Some(10001), None);
    }
}

#[test]
fn a_server_that_was_granted_opens_its_port_and_no_other() {
    if !kernel_confines(
        "confinement::attacks::a_server_that_was_granted_opens_its_port_and_no_other",
    ) {
        return;
    }
    let granted = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = granted.local_addr().unwrap().port();
    for user in [None, Some(10001)] {
        all_refused(WITH_A_SERVER, user, Some(port));
        let line = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected");
        let attacks = [(line.as_str(), "connected")];
        all_refused(&attacks, user, Some(port));
        granted.accept().unwrap();
    }
}

#[test]
fn a_descriptor_that_the_sidecar_was_started_with_stays_with_it() {
    let world = World::new(&["cat <&9 || echo refused".to_owned()]);
    let secret = world.sidecar.folder().join("secret/file");
    let open = format!("exec 9<'{}'; exec \"$@\"", secret.display());
    let with_one = |command| started_by(&["sh", "-c", &open, "sh"], command);
    world.sidecar.run_within(with_one, &["backup"]).succeeds();
    let artifact = String::from_utf8(world.sidecar.artifact().unwrap()).unwrap();
    assert!(artifact.contains("refused"), "{artifact}");
    assert!(!artifact.contains(SECRET), "{artifact}");
}

#[test]
fn what_is_built_in_does_what_its_configuration_says() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), "the operator's").unwrap();
    let line = format!(
        "cat '{}'; grep NoNewPrivs /proc/self/status",
        outside.path().display()
    );
    let sidecar = Sidecar::new().command(&line).capture();
    sidecar.backup().succeeds();
    let artifact = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    assert!(artifact.starts_with("the operator's"), "{artifact}");
    assert!(artifact.trim_end().ends_with('0'), "{artifact}");
    sidecar.check().succeeds().never_says("confinement");
}

#[test]
fn the_table_in_the_readme_counts_them() {
    let readme =
        std::fs::read_to_string(crate::harness::repository().join("tests/README.md")).unwrap();
    for (row, attacks) in [
        ("| a granted command |", ATTACKS),
        ("| a granted server |", WITH_A_SERVER),
    ] {
        let row = readme.lines().find(|line| line.starts_with(row)).unwrap();
        assert!(
            row.ends_with(&format!("| {} |", attacks.len())),
            "{}: {row}",
            attacks.len()
        );
    }
}
