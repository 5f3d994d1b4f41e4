//! What lies in a server is data.

use crate::engines_complete::keeping;
use crate::harness::{Redis, sh};

#[test]
fn names_values_and_functions_of_others_are_data() {
    let redis = Redis::start();
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    let planted = sidecar.folder().join("planted");
    let shell = format!("touch {}", planted.display());
    let names = [
        format!("$({shell})"),
        format!("`{shell}`"),
        format!("'; {shell}; '"),
        "a\r\nFLUSHALL\r\n*1\r\n$8\r\nFLUSHALL\r\n".to_owned(),
        "\r\nEXEC\r\nSHUTDOWN NOSAVE\r\n".to_owned(),
        "\n.shell\n-- .system\n".to_owned(),
        "-h otherhost".to_owned(),
        "sidecar_new_0123456789".to_owned(),
        "\u{1b}]0;title\u{7}\u{202e}".to_owned(),
        "db0:keys=1,expires=0".to_owned(),
    ];
    let script = "import sys, socket\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nf = s.makefile('rb')\n\
         def do(*a):\n    s.sendall(b'*%d\\r\\n' % len(a) + b''.join(b'$%d\\r\\n%s\\r\\n' % (len(x), x) for x in a)); r = f.readline(); assert r[:1] in b'+:$', r\n    if r[:1] == b'$': f.readline()\n\
         for i, n in enumerate(sys.argv[2:]):\n    n = n.encode()\n    do(b'SELECT', b'%d' % (i % 4)); do(b'SET', n, n); do(b'RPUSH', n + b'\\x00\\xff', n, bytes(range(256)))\n    \
         do(b'HSET', b'h' + n, n, n); do(b'XADD', b's' + n, b'1-1', n, n)\n    w = b'_'.join(n.split())\n    do(b'ACL', b'SETUSER', b'u' + w, b'on', b'>' + n, b'~' + w)";
    let planting = sidecar.folder().join("plant.py");
    std::fs::write(&planting, script).unwrap();
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("$'{}'", escaped(name)))
        .collect();
    sh(&format!(
        "python3 {} {} {}",
        planting.display(),
        redis.port(),
        quoted.join(" ")
    ))
    .succeeds();
    let library = format!(
        "function load \"#!lua name=hostile\nredis.register_function{{function_name='f', callback=function() return 1 end, description='\\n\\$({shell})\\nlibrary_name'}}\""
    );
    redis.cli(&library);
    sidecar.backup().succeeds();
    let (digest, functions) = (redis.digest(), redis.cli("function list withcode").stdout);
    let accounts = redis.cli("acl list").stdout;
    let tight = Redis::start_with(&["--databases", "4"]);
    tight.cli("set since x");
    redis.cli("-n 2 set since x");
    let into = format!("redis://127.0.0.1:{}/", tight.port());
    let in_place = ["--into", &into, "--accept", "in-place"];
    for (target, more) in [(&redis, &[][..]), (&tight, &in_place)] {
        let words = [&["restore", "latest", "--replace"], more].concat();
        sidecar.run(&words).succeeds();
        assert_eq!(target.digest(), digest);
        assert_eq!(target.cli("function list withcode").stdout, functions);
    }
    assert_eq!(redis.cli("acl list").stdout, accounts);
    assert!(!planted.exists());
    assert!(sidecar.processes().is_empty());
    let files = sidecar.files();
    assert!(
        matches!(&files[..], [saved] if saved.contains("sidecar_old_")),
        "{files:?}"
    );
}

/// For `$'…'` of bash.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}
