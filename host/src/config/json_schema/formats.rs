//! What a pattern cannot say: checked as `format` in our schema, and available to modules' schemas too.

use jiff::tz::TimeZone;

use crate::config::cron::is_cron;
use crate::config::duration::duration;
use crate::config::size::size;

/// A named check of text.
pub(super) struct TextFormat {
    pub(super) name: &'static str,
    pub(super) holds: fn(&str) -> bool,
}

/// All of them. Editors ignore the names that they do not know.
pub(super) const ALL: [TextFormat; 8] = [
    TextFormat {
        name: "sidecar-duration",
        holds: |text| duration(text).is_some(),
    },
    TextFormat {
        name: "sidecar-size",
        holds: |text| size(text).is_some(),
    },
    TextFormat {
        name: "sidecar-cron",
        holds: is_cron,
    },
    TextFormat {
        name: "sidecar-time-zone",
        holds: |text| TimeZone::get(text).is_ok(),
    },
    TextFormat {
        name: "sidecar-file-name",
        holds: is_file_name,
    },
    TextFormat {
        name: "sidecar-address",
        holds: is_address,
    },
    TextFormat {
        name: "sidecar-header-value",
        holds: is_header_value,
    },
    TextFormat {
        name: "sidecar-prefix",
        holds: is_prefix,
    },
];

/// One component of a path, short enough for any file system with a suffix behind it.
fn is_file_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.len() <= 200
        && !text.contains('/')
        && !text.chars().any(char::is_control)
}

/// "host:port"; `*` may stand for the port. IPv6 addresses are in brackets.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let host_is_plain = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '/', '@', ' ']),
    };
    host_is_plain && (port == "*" || port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Folders, with or without slashes at the ends, none of them leading elsewhere. Empty is none.
fn is_prefix(text: &str) -> bool {
    let folders = text.trim_matches('/');
    folders.is_empty()
        || folders
            .split('/')
            .all(|folder| is_file_name(folder) && folder != ".sidecar")
}

/// Visible ASCII with spaces inside: what an HTTP header can carry.
fn is_header_value(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_component() {
        assert!(is_file_name("backup.tar.gz"));
        for wrong in ["", ".", "..", "a/b", "a\nb"] {
            assert!(!is_file_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_prefix_stays_in_its_store() {
        for right in ["", "/", "citus", "/teams/data/"] {
            assert!(is_prefix(right), "{right}");
        }
        for wrong in ["..", "a//b", "a/../b", "a/.", ".sidecar", "a\nb"] {
            assert!(!is_prefix(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_address_has_a_port() {
        for right in ["redis:6379", "10.0.0.1:*", "[::1]:5432"] {
            assert!(is_address(right), "{right}");
        }
        for wrong in [
            "redis",
            "redis:",
            "redis:0",
            ":80",
            "::1:80",
            "http://redis:80",
            "redis:99999",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
