//! The parser's events → one tree. Anchors are followed, `<<` is merged, duplicate keys are mistakes.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, ScalarStyle, Tag};

use super::pointer;
use super::position::SourcePosition;
use super::problem::ConfigProblem;
use super::tree::{YamlContent, YamlEntry, YamlNode, YamlScalar};

/// More values than any real configuration has; a few nested aliases could make billions.
const MAX_VALUES: usize = 20_000;
/// Deeper than any real configuration; what walks the values later is recursive.
const MAX_DEPTH: usize = 64;

/// A list or a map whose end is not reached.
struct OpenCollection {
    at: SourcePosition,
    anchor: usize,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<YamlNode>),
    Map {
        entries: Vec<YamlEntry>,
        /// What `<<` brings: the map's own keys win, wherever they stand.
        merged: Vec<YamlEntry>,
        key: Option<(String, SourcePosition)>,
    },
}

/// Takes the parser's events in their order.
#[derive(Default)]
pub(in crate::config) struct TreeBuilder {
    open: Vec<OpenCollection>,
    anchors: HashMap<usize, YamlNode>,
    root: Option<YamlNode>,
    documents: usize,
    values: usize,
    problems: Vec<ConfigProblem>,
    stopped: bool,
}

impl TreeBuilder {
    /// The tree, unless reading had to stop, and what is wrong.
    pub(in crate::config) fn finish(self) -> (Option<YamlNode>, Vec<ConfigProblem>) {
        let root = if self.stopped { None } else { self.root };
        (root, self.problems)
    }

    /// `None` when there is no sense in reading on.
    pub(in crate::config) fn take(&mut self, event: Event<'_>, at: SourcePosition) -> Option<()> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return self.stop(
                        at,
                        "a second document starts here",
                        "keep one configuration in one file: remove the line `---`",
                    );
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = self.is_plain(style, tag.as_deref(), at);
                let scalar = YamlScalar {
                    text: text.into_owned(),
                    plain,
                    substituted: false,
                    broken: false,
                };
                self.add(
                    YamlNode {
                        at,
                        content: YamlContent::Scalar(scalar),
                    },
                    anchor,
                )?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_collection(tag, "tag:yaml.org,2002:seq", at);
                self.begin(at, anchor, OpenContent::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.check_collection(tag, "tag:yaml.org,2002:map", at);
                self.begin(
                    at,
                    anchor,
                    OpenContent::Map {
                        entries: Vec::new(),
                        merged: Vec::new(),
                        key: None,
                    },
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop()?;
                let content = match open.content {
                    OpenContent::List(items) => YamlContent::List(items),
                    OpenContent::Map {
                        mut entries,
                        merged,
                        ..
                    } => {
                        merge(&mut entries, merged);
                        YamlContent::Map(entries)
                    }
                };
                self.add(
                    YamlNode {
                        at: open.at,
                        content,
                    },
                    open.anchor,
                )?;
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return self.stop(
                        at,
                        "this alias stands inside of what it refers to",
                        "write the value out instead of the alias",
                    );
                };
                self.values += node.size() - 1;
                if self.open.len() + node.depth() > MAX_DEPTH {
                    return self.too_deep(at);
                }
                if self.values > MAX_VALUES {
                    return self.too_many(at);
                }
                let node = node.clone();
                self.add(node, 0)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn begin(&mut self, at: SourcePosition, anchor: usize, content: OpenContent) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            return self.too_deep(at);
        }
        if let Some(OpenCollection {
            content: OpenContent::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            return self.stop(
                at,
                "a list or a map cannot be a key",
                "put the text in quotes if it starts with `{` or `[`",
            );
        }
        self.open.push(OpenCollection {
            at,
            anchor,
            content,
        });
        Some(())
    }

    /// Puts a finished value where it belongs; a scalar may turn out to be a key.
    fn add(&mut self, node: YamlNode, anchor: usize) -> Option<()> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return self.too_many(node.at);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(OpenCollection {
                content: OpenContent::List(items),
                ..
            }) => items.push(node),
            Some(OpenCollection {
                content:
                    OpenContent::Map {
                        entries,
                        merged,
                        key,
                    },
                ..
            }) => match key.take() {
                None => match node.content {
                    YamlContent::Scalar(scalar) => *key = Some((scalar.text, node.at)),
                    _ => {
                        return self.stop(
                            node.at,
                            "a list or a map cannot be a key",
                            "write the key out instead of the alias",
                        );
                    }
                },
                Some((name, at)) if name == "<<" => {
                    if !collect_maps(node, merged) {
                        self.mistake(
                            at,
                            "<<",
                            "only a map, or a list of maps, can be merged",
                            "write `<<: *anchor`, where &anchor stands before a map",
                        );
                    }
                }
                Some((name, at)) => {
                    let own = entries.iter().find(|entry| entry.key == name);
                    match own.map(|first| first.at) {
                        None => entries.push(YamlEntry {
                            key: name,
                            at,
                            value: node,
                        }),
                        Some(first) => self.mistake(
                            at,
                            &name,
                            format!(
                                "this key stands here twice; the first is in line {}",
                                first.line
                            ),
                            "keep one of the two",
                        ),
                    }
                }
            },
        }
        Some(())
    }

    /// Whether the scalar may be something else than text.
    fn is_plain(&mut self, style: ScalarStyle, tag: Option<&Tag>, at: SourcePosition) -> bool {
        let plain = style == ScalarStyle::Plain;
        let Some(tag) = tag else { return plain };
        match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
            (true, "str") => false,
            (true, "null" | "bool" | "int" | "float") => true,
            _ if tag.handle.is_empty() && tag.suffix == "!" => false,
            _ => {
                self.unknown_tag(tag, at);
                plain
            }
        }
    }

    fn check_collection(&mut self, tag: Option<Cow<'_, Tag>>, expected: &str, at: SourcePosition) {
        if let Some(tag) = tag
            && format!("{}{}", tag.handle, tag.suffix) != expected
        {
            self.unknown_tag(&tag, at);
        }
    }

    fn unknown_tag(&mut self, tag: &Tag, at: SourcePosition) {
        let wrong = format!("the tag `{}{}` means nothing here", tag.handle, tag.suffix);
        self.problems.push(ConfigProblem {
            at: Some(at),
            key: pointer::dotted(&self.pointer()),
            wrong,
            write: "remove the tag; put the text in quotes if it starts with `!`".to_owned(),
        });
    }

    /// A mistake at a key of the map that is open, after which reading goes on.
    fn mistake(&mut self, at: SourcePosition, key: &str, wrong: impl Into<String>, write: &str) {
        self.problems.push(ConfigProblem {
            at: Some(at),
            key: pointer::dotted(&pointer::child(&self.pointer(), key)),
            wrong: wrong.into(),
            write: write.to_owned(),
        });
    }

    fn too_many(&mut self, at: SourcePosition) -> Option<()> {
        let wrong = format!("the file stands for more than {MAX_VALUES} values");
        self.open.truncate(1);
        self.stop(
            at,
            &wrong,
            "a configuration is never that large: look for aliases of aliases",
        )
    }

    fn too_deep(&mut self, at: SourcePosition) -> Option<()> {
        let wrong = format!("lists and maps are nested deeper than {MAX_DEPTH}");
        self.open.truncate(1);
        self.stop(
            at,
            &wrong,
            "a configuration is never that deep: look for brackets without end",
        )
    }

    /// A mistake after which nothing can be read.
    pub(in crate::config) fn stop(
        &mut self,
        at: SourcePosition,
        wrong: &str,
        write: &str,
    ) -> Option<()> {
        self.stopped = true;
        self.problems.push(ConfigProblem {
            at: Some(at),
            key: pointer::dotted(&self.pointer()),
            wrong: wrong.to_owned(),
            write: write.to_owned(),
        });
        None
    }

    /// Where reading has got to.
    fn pointer(&self) -> String {
        self.open
            .iter()
            .fold(String::new(), |pointer, open| match &open.content {
                OpenContent::List(items) => pointer::child(&pointer, items.len()),
                OpenContent::Map {
                    key: Some((key, _)),
                    ..
                } => pointer::child(&pointer, key),
                OpenContent::Map { key: None, .. } => pointer,
            })
    }
}

/// The entries of a map, or of a list of maps, for `<<`. False if it is neither.
fn collect_maps(node: YamlNode, merged: &mut Vec<YamlEntry>) -> bool {
    match node.content {
        YamlContent::Map(entries) => {
            merge(merged, entries);
            true
        }
        YamlContent::List(items) => items.into_iter().all(|item| collect_maps(item, merged)),
        YamlContent::Scalar(_) => false,
    }
}

/// Adds what `entries` does not have yet.
fn merge(entries: &mut Vec<YamlEntry>, more: Vec<YamlEntry>) {
    for entry in more {
        if entries.iter().all(|own| own.key != entry.key) {
            entries.push(entry);
        }
    }
}
