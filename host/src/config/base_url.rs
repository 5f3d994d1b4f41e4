//! URLs below which a server is found.

use http::Uri;

use super::section_reader::SectionReader;
use super::stores::RawUrl;

/// The URL at a pointer, without a slash at its end.
pub(super) fn base_url(reader: &mut SectionReader<'_>, at: &str) -> Option<String> {
    let RawUrl(url) = reader.read(at)?;
    // In a path of a cookie a semicolon would end it.
    let is_plain = url.parse::<Uri>().is_ok_and(|uri| {
        let authority = uri.authority().map(|authority| authority.as_str());
        authority.is_some_and(|authority| !authority.contains('@'))
            && uri.query().is_none()
            && !uri.path().contains(';')
    });
    if !is_plain {
        let wrong = "browsers and programs could not both use this URL";
        let write = "write `https://HOST:PORT`, with a path where a proxy has one, and without user, password and query";
        reader.problem(at, wrong, write);
    }
    Some(url.trim_end_matches('/').to_owned())
}
