//! What a server has and is, as it says itself.

use sidecar_sdk::{Failure, Result};

/// From the answer to `INFO`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// In all databases.
    pub(super) keys: u64,
    /// Libraries of functions.
    libraries: u64,
    /// Whether it is a node of a cluster, which has one database.
    pub(super) is_cluster: bool,
    is_replica: bool,
    is_loading: bool,
    /// Whether it is a replica that does not hear of its primary.
    pub(super) is_cut_off: bool,
    /// The names of modules that were loaded into it.
    pub(super) modules: Vec<String>,
}

impl Target {
    /// None if this is no answer to `INFO`.
    pub(super) fn parse(info: &str) -> Option<Self> {
        let field = |name: &str| {
            let mut lines = info.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        };
        field("redis_version")?;
        let is = |name: &str, value: &str| field(name).is_some_and(|found| found.trim() == value);
        Some(Self {
            keys: count_keys(info),
            libraries: field("number_of_libraries")
                .map_or(0, |count| count.trim().parse().unwrap_or(1)),
            is_cluster: is("cluster_enabled", "1"),
            is_replica: is("role", "slave"),
            is_loading: is("loading", "1"),
            is_cut_off: is("master_link_status", "down"),
            modules: modules(info),
        })
    }

    /// Fails while it reads its file.
    pub(super) fn require_loaded(&self, server: &str) -> Result<()> {
        match self.is_loading {
            true => Err(
                Failure::new("loading", format!("{server} still loads its data"))
                    .hint("try again once it has: INFO says loading:0 then"),
            ),
            false => Ok(()),
        }
    }

    /// Whether a restore can take nothing away.
    pub(super) fn is_empty(&self) -> bool {
        self.keys == 0 && self.libraries == 0
    }

    /// Fails if it is not to be written to, or not without `replace`.
    pub(super) fn require_free(&self, server: &str, replace: bool) -> Result<()> {
        self.require_loaded(server)?;
        if self.is_replica {
            return Err(Failure::new(
                "replica",
                format!("{server} is a replica, which cannot be written to"),
            )
            .hint("restore to its primary: --into redis://primary/"));
        }
        if self.is_empty() || replace {
            return Ok(());
        }
        let functions = match self.libraries {
            0 => String::new(),
            count => format!(", and {count} libraries of functions"),
        };
        let message = format!("the server has {} keys already{functions}", self.keys);
        Err(Failure::new("exists", message)
            .hint("--replace removes them; --into restores to another server"))
    }
}

/// The sum over lines like "db0:keys=12,expires=0,avg_ttl=0", one for each database.
pub(super) fn count_keys(info: &str) -> u64 {
    let counts = info.lines().filter_map(|line| {
        let (_, after) = line.strip_prefix("db")?.split_once(":keys=")?;
        after.split(',').next()?.parse::<u64>().ok()
    });
    counts.sum()
}

/// Of lines like "module:name=search,ver=20810,api=1,filters=0,…".
fn modules(info: &str) -> Vec<String> {
    let named = info.lines().filter_map(|line| {
        let (_, after) = line.strip_prefix("module:")?.split_once("name=")?;
        after.split(',').next().map(str::to_owned)
    });
    // It comes with the server.
    named.filter(|name| name != "vectorset").collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn target(lines: &[&str]) -> Target {
        Target::parse(&format!(
            "redis_version:7.0.15\r\n{}\r\n",
            lines.join("\r\n")
        ))
        .unwrap()
    }

    #[test]
    fn the_keys_of_all_databases_count_and_so_do_functions() {
        let keys = [
            "db0:keys=12,expires=0,avg_ttl=0",
            "db3:keys=2,expires=1,avg_ttl=9",
        ];
        let refused = target(&keys).require_free("redis", false).unwrap_err();
        assert_eq!(refused.message, "the server has 14 keys already");
        let functions = target(&["number_of_libraries:2"]);
        let refused = functions.require_free("redis", false).unwrap_err();
        assert_eq!(
            refused.message,
            "the server has 0 keys already, and 2 libraries of functions"
        );
        functions.require_free("redis", true).unwrap();
        target(&["number_of_libraries:0"])
            .require_free("redis", false)
            .unwrap();
        assert_eq!(Target::parse("NOAUTH Authentication required."), None);
    }

    #[test]
    fn a_replica_without_its_primary_and_modules_are_seen() {
        let server = target(&[
            "role:slave",
            "master_link_status:down",
            "module:name=search,ver=20810,api=1",
            "module:name=vectorset,ver=1,api=1",
        ]);
        assert!(server.is_cut_off && !target(&["master_link_status:up"]).is_cut_off);
        assert_eq!(server.modules, ["search"]);
    }

    #[test]
    fn a_replica_and_a_server_that_loads_are_refused_whatever_is_asked() {
        for (line, code) in [("role:slave", "replica"), ("loading:1", "loading")] {
            let refused = target(&[line]).require_free("redis", true);
            assert_eq!(refused.unwrap_err().code, code);
        }
    }
}
