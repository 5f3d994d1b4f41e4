//! Which known word a slip of the keys was meant to be.

/// The most similar of `known`, if one is similar enough to be a slip.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase().replace('-', "_");
    known
        .map(|candidate| {
            (
                strsim::jaro_winkler(&folded, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(similarity, _)| *similarity >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = [
            "compression",
            "content_type",
            "filename",
            "format",
            "min_size",
        ];
        let near = |word| nearest(word, known.into_iter());
        assert_eq!(near("compresion"), Some("compression"));
        assert_eq!(near("contentType"), Some("content_type"));
        assert_eq!(near("file-name"), Some("filename"));
        assert_eq!(near("port"), None);
    }
}
