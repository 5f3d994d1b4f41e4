//! The parsed text: scalars, lists and maps, each with its position in the file.

use super::position::SourcePosition;

/// A value and its position.
#[derive(Debug, Clone)]
pub(in crate::config) struct YamlNode {
    pub(in crate::config) at: SourcePosition,
    pub(in crate::config) content: YamlContent,
}

#[derive(Debug, Clone)]
pub(in crate::config) enum YamlContent {
    Scalar(YamlScalar),
    List(Vec<YamlNode>),
    Map(Vec<YamlEntry>),
}

/// What stands between the punctuation, before its type is known.
#[derive(Debug, Clone)]
pub(in crate::config) struct YamlScalar {
    pub(in crate::config) text: String,
    /// Without quotes: it may turn out to be a number, a boolean or nothing.
    pub(in crate::config) plain: bool,
    /// A variable is part of it: its text is never shown.
    pub(in crate::config) substituted: bool,
    /// It could not be completed, which is reported already: nothing more is said about it.
    pub(in crate::config) broken: bool,
}

#[derive(Debug, Clone)]
pub(in crate::config) struct YamlEntry {
    pub(in crate::config) key: String,
    pub(in crate::config) at: SourcePosition,
    pub(in crate::config) value: YamlNode,
}

impl YamlNode {
    pub(in crate::config) fn is_map(&self) -> bool {
        matches!(self.content, YamlContent::Map(_))
    }

    /// How many values it holds, itself included.
    pub(in crate::config) fn size(&self) -> usize {
        1 + match &self.content {
            YamlContent::Scalar(_) => 0,
            YamlContent::List(items) => items.iter().map(YamlNode::size).sum(),
            YamlContent::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        }
    }

    /// How deep it is; 1 for a scalar.
    pub(in crate::config) fn depth(&self) -> usize {
        1 + match &self.content {
            YamlContent::Scalar(_) => 0,
            YamlContent::List(items) => items.iter().map(YamlNode::depth).max().unwrap_or(0),
            YamlContent::Map(entries) => entries
                .iter()
                .map(|entry| entry.value.depth())
                .max()
                .unwrap_or(0),
        }
    }
}
