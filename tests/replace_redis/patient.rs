//! A Redis server, a backup of it, and restores that end where the test says.

use std::time::Duration;

use rustix::process::Signal;

use crate::engines_complete::keeping;
use crate::harness::{Finished, Gate, Redis, Sidecar, send, within};

pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// All that a database has, as the server sees it.
const CONTENTS: &str = "local keys = redis.call('KEYS', '*') table.sort(keys) local all = {} \
     for _, k in ipairs(keys) do all[#all + 1] = #k .. k .. redis.call('DUMP', k) .. redis.call('PEXPIRETIME', k) end \
     return redis.sha1hex(table.concat(all)) .. ' ' .. #keys";

/// As many keys, in a way that the server's log of commands has.
const POPULATE: &str =
    "for i = 1, ARGV[2] do redis.call('SET', ARGV[1] .. i, string.rep('x', 50)) end";

/// A server, a backup of it, and then other data in it.
pub(super) struct Patient {
    pub(super) redis: Redis,
    pub(super) sidecar: Sidecar,
    pub(super) gate: Gate,
    pub(super) old: String,
    pub(super) new: String,
}

impl Patient {
    pub(super) fn new(options: &[&str]) -> Self {
        Self::with(options, "-n 3")
    }

    /// `other` is the database besides the first in which the backup has keys.
    pub(super) fn with(options: &[&str], other: &str) -> Self {
        let redis = Redis::start_with(options);
        redis.cli(&format!("eval \"{POPULATE}\" 0 key 3000"));
        redis.cli(&format!("{other} set 'with an end' x pxat 4102444800000"));
        redis.cli(&format!("{other} hset h f $'\\r\\n\\x01'"));
        redis.cli(r"function load $'#!lua name=new\nredis.register_function(\'f\', function() return 1 end)'");
        let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
        sidecar.backup().succeeds();
        let new = contents(&redis);
        redis.cli("flushall");
        redis.cli("function flush");
        redis.cli(&format!("eval \"{POPULATE}\" 0 old 2000"));
        redis.cli(&format!("{} set gone x", other.replace('3', "5")));
        redis.cli(r"function load $'#!lua name=old\nredis.register_function(\'g\', function() return 2 end)'");
        let (gate, old) = (sidecar.gate("stop"), contents(&redis));
        assert_ne!(old, new);
        Self {
            redis,
            sidecar,
            gate,
            old,
            new,
        }
    }

    /// Runs `hook` before each call of `redis-cli`.
    pub(super) fn hooked(mut self, hook: &str) -> Self {
        self.sidecar = self.sidecar.hooked("redis-cli", hook, &self.gate);
        self
    }

    pub(super) fn restore(&self, more: &[&str]) -> Finished {
        let words = [&["restore", "latest", "--replace"][..], more].concat();
        self.sidecar.run(&words)
    }

    pub(super) fn has_the_old(&self, when: &str) {
        assert_eq!(contents(&self.redis), self.old, "{when}");
    }

    pub(super) fn has_the_new(&self, when: &str) {
        assert_eq!(contents(&self.redis), self.new, "{when}");
    }

    /// Ends a restore with `end` where it stops, and then waits until nothing of it runs.
    pub(super) fn ended(&self, more: &[&str], end: Signal) {
        let words = [&["restore", "latest", "--replace"][..], more].concat();
        let running = self.sidecar.start(&words);
        let open = self.gate.reached();
        send(running.pid(), end);
        let finished = running.finish();
        assert_ne!(finished.code, Some(0), "{finished:#?}");
        within(LIMIT, "the end of all commands", || {
            self.sidecar.processes().is_empty().then_some(())
        });
        drop(open);
    }

    /// The next restore gives all of the backup, and leaves nothing else.
    pub(super) fn must_be_restored(mut self, more: &[&str], when: &str) {
        self.sidecar = self.sidecar.unhooked();
        self.restore(more).succeeds();
        self.has_the_new(when);
        let keyspace = self.redis.cli("info keyspace").stdout;
        let databases = keyspace.lines().filter(|line| line.starts_with("db"));
        let expected = self.new.lines().filter(|line| !line.ends_with(" 0"));
        // The last line is the one of the functions.
        assert_eq!(
            databases.count(),
            expected.count() - 1,
            "{when}: {keyspace}"
        );
        let mut left = self.sidecar.files();
        left.retain(|file| !file.contains("sidecar_old_"));
        assert_eq!(left, [""; 0], "{when}");
    }
}

/// The first eight databases, or as many as there are, and the functions.
pub(super) fn contents(redis: &Redis) -> String {
    let databases = redis.cli("config get databases").stdout;
    let count: u32 = databases.lines().last().unwrap().parse().unwrap();
    let all = (0..count.min(8)).map(|database| {
        let said = redis.cli(&format!("-n {database} --raw eval \"{CONTENTS}\" 0"));
        said.stdout.trim().to_owned()
    });
    let functions = redis.cli("function list withcode").stdout;
    let lines: Vec<String> = all.chain([functions.replace('\n', " ")]).collect();
    lines.join("\n")
}
