//! What the operator allows a module, rule by rule, with what wildcards stand for.

use super::{argv, line};
use crate::config::Allow;

/// One rule of `modules.NAME.allow`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AllowedRule {
    /// A key of `modules.NAME.allow`.
    pub access: &'static str,
    /// As it was written, or a vector with its words that vary in capitals.
    pub rule: String,
    /// What its wildcard stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
}

/// All rules, in the order of the keys.
pub fn in_words(allow: &Allow) -> Vec<AllowedRule> {
    let rule = |access, rule: String, means| AllowedRule {
        access,
        rule,
        means,
    };
    let mut rules = Vec::new();
    rules.extend(allow.commands.iter().map(|pattern| {
        let means = line::in_words(pattern).map(str::to_owned);
        rule("commands", pattern.clone(), means)
    }));
    let vectors = allow.argv.iter();
    rules.extend(vectors.map(|words| rule("argv", argv::in_words(words), None)));
    let roots = allow.read.iter();
    rules.extend(roots.map(|path| rule("read", path.display().to_string(), None)));
    if allow.follow_links {
        let means = "links in what it reads may lead anywhere".to_owned();
        rules.push(rule("follow_links", "true".to_owned(), Some(means)));
    }
    rules.extend(allow.net.iter().map(|address| {
        let host = address.strip_suffix(":*");
        let means = host.map(|host| format!("every port of {host}, and no other host"));
        rule("net", address.clone(), means)
    }));
    rules.extend(allow.env.iter().map(|name| rule("env", name.clone(), None)));
    rules
}
