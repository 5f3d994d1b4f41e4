//! What a session must be allowed to do for each address of the page: what the API's operation needs.

use axum::http::Method;

use crate::config::TokenScope;

/// The scope that a request needs.
pub(super) fn needs(method: &Method, path: &str) -> TokenScope {
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    let is_preview = path.starts_with("/ui/restore/") && path.ends_with("/read");
    match () {
        () if path == "/ui/sign-out" => TokenScope::Read,
        () if is_preview => TokenScope::Restore,
        () if changes && path.starts_with("/ui/restore/") => TokenScope::Restore,
        () if changes || path.ends_with("/artifact") => TokenScope::Run,
        () => TokenScope::Read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_need_what_the_api_asks_for() {
        for (method, path, scope) in [
            (Method::GET, "/", TokenScope::Read),
            (Method::GET, "/ui/backups/a", TokenScope::Read),
            (Method::GET, "/ui/backups/a/artifact", TokenScope::Run),
            (Method::POST, "/ui/backups/a/verify", TokenScope::Run),
            (Method::POST, "/ui/runs", TokenScope::Run),
            (Method::POST, "/ui/runs/a/cancel", TokenScope::Run),
            (Method::POST, "/ui/drills", TokenScope::Run),
            (Method::GET, "/ui/restore/a/read", TokenScope::Restore),
            (Method::POST, "/ui/restore/a/read", TokenScope::Restore),
            (Method::POST, "/ui/sign-out", TokenScope::Read),
        ] {
            assert_eq!(needs(&method, path), scope, "{method} {path}");
        }
    }
}
