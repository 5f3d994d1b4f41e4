//! Patterns, matched component by component during the walk: a directory that cannot lead to a match
//! is never listed.

use std::collections::BTreeSet;

use glob::{MatchOptions, Pattern, PatternError};

/// One component of a pattern.
#[derive(Debug)]
enum Component {
    Literal(String),
    Wildcard(Pattern),
    /// `**`: any number of directories.
    Recursive,
}

impl Component {
    fn parse(text: &str) -> Result<Self, PatternError> {
        Ok(match text {
            "**" => Self::Recursive,
            text if has_wildcard(text) => Self::Wildcard(Pattern::new(text)?),
            text => Self::Literal(text.to_owned()),
        })
    }
}

/// Whether a component can match more than one name.
pub(crate) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The longest directory before the first wildcard; the path itself if there is none.
pub(crate) fn root(pattern: &str) -> String {
    let literal: Vec<&str> = pattern
        .split('/')
        .skip(1)
        .take_while(|part| !has_wildcard(part))
        .collect();
    format!("/{}", literal.join("/"))
}

/// Absolute patterns that are matched together.
#[derive(Debug)]
pub(crate) struct Patterns {
    patterns: Vec<Vec<Component>>,
    options: MatchOptions,
}

/// The state of all patterns at some path: pairs of a pattern and its next component.
#[derive(Debug, Clone, Default)]
pub(crate) struct PatternState(Vec<(usize, usize)>);

impl PatternState {
    /// Whether nothing below can match.
    pub(crate) fn is_dead(&self) -> bool {
        self.0.is_empty()
    }
}

impl Patterns {
    /// Patterns whose wildcards do or do not match a leading dot. An error contains the index.
    pub(crate) fn new(
        patterns: &[String],
        match_dots: bool,
    ) -> Result<Self, (usize, PatternError)> {
        let parse = |(index, pattern): (usize, &String)| {
            let parts = pattern.split('/').filter(|part| !part.is_empty());
            let mut components: Vec<Component> = parts
                .map(Component::parse)
                .collect::<Result<_, _>>()
                .map_err(|error| (index, error))?;
            if matches!(components.last(), Some(Component::Recursive)) {
                components.push(Component::Wildcard(
                    Pattern::new("*").map_err(|error| (index, error))?,
                ));
            }
            Ok(components)
        };
        Ok(Self {
            patterns: patterns
                .iter()
                .enumerate()
                .map(parse)
                .collect::<Result<_, _>>()?,
            options: MatchOptions {
                case_sensitive: true,
                require_literal_separator: true,
                require_literal_leading_dot: !match_dots,
            },
        })
    }

    /// The state at "/".
    pub(crate) fn start(&self) -> PatternState {
        let mut state = PatternState::default();
        (0..self.patterns.len()).for_each(|pattern| self.enter(&mut state, pattern, 0));
        state
    }

    /// Whether an absolute path, or a directory above it, matches.
    pub(crate) fn cover(&self, path: &[u8]) -> bool {
        let mut state = self.start();
        let mut names = path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty());
        self.matches(&state)
            || names.any(|name| {
                state = self.advance(&state, name);
                self.matches(&state)
            })
    }

    /// The state one component further down.
    pub(crate) fn advance(&self, state: &PatternState, name: &[u8]) -> PatternState {
        let mut next = PatternState::default();
        if state.is_dead() {
            return next;
        }
        let text = String::from_utf8_lossy(name);
        for &(pattern, position) in &state.0 {
            match self.patterns[pattern].get(position) {
                Some(Component::Literal(literal)) if literal.as_bytes() == name => {
                    self.enter(&mut next, pattern, position + 1);
                }
                Some(Component::Wildcard(wildcard))
                    if wildcard.matches_with(&text, self.options) =>
                {
                    self.enter(&mut next, pattern, position + 1);
                }
                Some(Component::Recursive)
                    if !(self.options.require_literal_leading_dot && name.starts_with(b".")) =>
                {
                    self.enter(&mut next, pattern, position);
                }
                _ => {}
            }
        }
        next
    }

    /// Adds a position, and the next one after `**`, which also matches no directory at all.
    fn enter(&self, state: &mut PatternState, pattern: usize, position: usize) {
        if !state.0.contains(&(pattern, position)) {
            state.0.push((pattern, position));
        }
        if matches!(
            self.patterns[pattern].get(position),
            Some(Component::Recursive)
        ) {
            self.enter(state, pattern, position + 1);
        }
    }

    /// Whether any pattern matches here.
    pub(crate) fn matches(&self, state: &PatternState) -> bool {
        self.matched(state).next().is_some()
    }

    /// The patterns that match here.
    pub(crate) fn matched<'a>(
        &'a self,
        state: &'a PatternState,
    ) -> impl Iterator<Item = usize> + 'a {
        state
            .0
            .iter()
            .filter(|(pattern, position)| *position == self.patterns[*pattern].len())
            .map(|(pattern, _)| *pattern)
    }

    /// The only names that can lead to a match; none if the directory has to be listed.
    pub(crate) fn only_names(&self, state: &PatternState) -> Option<BTreeSet<&str>> {
        let next = state
            .0
            .iter()
            .filter_map(|(pattern, position)| self.patterns[*pattern].get(*position));
        next.map(|component| match component {
            Component::Literal(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str, dots: bool) -> bool {
        let patterns = Patterns::new(&[pattern.to_owned()], dots).unwrap();
        let mut state = patterns.start();
        for name in path.split('/').skip(1) {
            state = patterns.advance(&state, name.as_bytes());
        }
        patterns.matches(&state)
    }

    #[test]
    fn the_root_ends_before_the_first_wildcard() {
        for (pattern, expected) in [
            ("/data", "/data"),
            ("/data/*.txt", "/data"),
            ("/data/**/x", "/data"),
            ("/data/a?/x", "/data"),
            ("/data/[ab]/x", "/data"),
            ("/*", "/"),
        ] {
            assert_eq!(root(pattern), expected);
        }
    }

    #[test]
    fn matches_like_glob() {
        for (pattern, path, expected) in [
            ("/d/*.txt", "/d/a.txt", true),
            ("/d/*.txt", "/d/sub/a.txt", false),
            ("/d/*.txt", "/d/.a.txt", false),
            ("/d/.*", "/d/.a.txt", true),
            ("/d/**/*.txt", "/d/a.txt", true),
            ("/d/**/*.txt", "/d/x/y/a.txt", true),
            ("/d/**/*.txt", "/d/.x/a.txt", false),
            ("/d/**", "/d/x", true),
            ("/d/**", "/d/x/y", true),
            ("/d/**", "/d", false),
            ("/d/[!a]x", "/d/bx", true),
            ("/d/?", "/d/ä", true),
            ("/d/*/e", "/d/x/e", true),
            ("/**/e", "/a/b/e", true),
        ] {
            assert_eq!(matches(pattern, path, false), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn matches_dots_on_request() {
        assert!(matches("/d/**/*.tmp", "/d/.cache/.x.tmp", true));
    }

    #[test]
    fn knows_when_a_listing_is_not_needed() {
        let both = ["/a/b".to_owned(), "/a/c/*".to_owned()];
        let patterns = Patterns::new(&both, false).unwrap();
        let at_a = patterns.advance(&patterns.start(), b"a");
        assert_eq!(patterns.only_names(&at_a), Some(BTreeSet::from(["b", "c"])));
        assert_eq!(patterns.only_names(&patterns.advance(&at_a, b"c")), None);
        assert!(patterns.advance(&at_a, b"x").is_dead());
    }

    #[test]
    fn refuses_a_broken_pattern_by_its_index() {
        let broken = ["/ok".to_owned(), "/d/[a".to_owned()];
        assert_eq!(Patterns::new(&broken, false).unwrap_err().0, 1);
        assert_eq!(
            Patterns::new(&["/d/**.log".to_owned()], false)
                .unwrap_err()
                .0,
            0
        );
    }
}
