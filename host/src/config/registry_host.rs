//! `host`, `host:port`, `[address]:port`: how a registry is addressed.

use std::net::IpAddr;

pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = split(text);
    let named = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    (named || is_address(host)) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_address(host: &str) -> bool {
    address(host).is_some_and(|address| address.is_ipv6() == host.starts_with('['))
}

pub(super) fn is_loopback(host: &str) -> bool {
    let (host, _) = split(host);
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

/// The host, and the port if there is one.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    }
}
