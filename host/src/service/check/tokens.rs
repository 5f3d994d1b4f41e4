//! Tokens of the API that can be guessed: a right one is always let in, however many wrong ones came before.

use crate::config::{API_TOKEN, Config};
use crate::error::{Error, Kind};

/// Characters of a token that no guessing finds, if chance has chosen them.
const SHORTEST_SAFE: usize = 16;

/// Names the tokens that are shorter. `config` is that of all strategies.
pub(super) fn warning(config: &Config) -> Option<Error> {
    let secrets = &config.secrets;
    let named = secrets.tokens.iter().map(|one| (&*one.name, &one.token));
    let short: Vec<&str> = std::iter::once((API_TOKEN, &secrets.api_token))
        .chain(named)
        .filter(|(_, token)| token.reveal().len() < SHORTEST_SAFE)
        .map(|(name, _)| name)
        .collect();
    let message = format!(
        "shorter than {SHORTEST_SAFE} characters, and so to be guessed: {}",
        short.join(", ")
    );
    let hint = "give each client the output of `openssl rand -hex 32`";
    (!short.is_empty()).then(|| Error::new(Kind::Config, "short-token", message).hint(hint))
}
