//! SQL as words, names and texts.

/// A word of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a number or an unquoted name, as it stands.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A quoted text.
    Text(String),
    Symbol(char),
}

impl Token {
    /// Whether it is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// As a name.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Word(word) => Some(word.to_lowercase()),
            Self::Name(name) => Some(name.clone()),
            _ => None,
        }
    }
}

/// Splits a script. Fails with a text that it cannot read.
pub(super) fn statements(script: &str) -> Result<Vec<Vec<Token>>, String> {
    let mut statements = Vec::new();
    let mut tokens = Vec::new();
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if first.is_whitespace() {
            rest = after;
        } else if rest.starts_with("--") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if first == '\\' {
            // Newer versions close a script to every other command of psql's.
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let word = line.split_whitespace().next().unwrap_or_default();
            if !tokens.is_empty() || !["\\restrict", "\\unrestrict"].contains(&word) {
                return Err(line.to_owned());
            }
            rest = after;
        } else if first == ';' {
            statements.push(std::mem::take(&mut tokens));
            rest = after;
        } else if first == '"' {
            let (name, after) = quoted(after, '"', false).ok_or_else(|| rest.to_owned())?;
            tokens.push(Token::Name(name));
            rest = after;
        } else if first == '\'' {
            let (text, after) = quoted(after, '\'', false).ok_or_else(|| rest.to_owned())?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("E'") {
            let (text, after) = quoted(after, '\'', true).ok_or_else(|| rest.to_owned())?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if is_word(first) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            tokens.push(Token::Symbol(first));
            rest = after;
        }
    }
    if tokens.is_empty() {
        Ok(statements)
    } else {
        Err(shown(&tokens))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-' || !c.is_ascii()
}

/// What is quoted up to the end, where quotes are doubled and, in an escaped text, backslashes are.
fn quoted(text: &str, quote: char, escaped: bool) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if escaped && c == '\\' {
            // `pg_dumpall` escapes nothing else.
            match chars.next() {
                Some((_, '\\')) => value.push('\\'),
                _ => return None,
            }
        } else if c != quote {
            value.push(c);
        } else if text[at + 1..].starts_with(quote) {
            chars.next();
            value.push(quote);
        } else {
            return Some((value, &text[at + 1..]));
        }
    }
    None
}

/// A statement for the operator.
pub(super) fn shown(tokens: &[Token]) -> String {
    let words = tokens.iter().map(|token| match token {
        Token::Word(word) => word.clone(),
        Token::Name(name) => format!("\"{name}\""),
        // It may be a password.
        Token::Text(_) => "'…'".to_owned(),
        Token::Symbol(symbol) => symbol.to_string(),
    });
    words.collect::<Vec<_>>().join(" ")
}
