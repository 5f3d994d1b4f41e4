//! Text with positions: YAML → a tree → variables replaced → values, each of which knows where it stands.
//!
//! Knows nothing of sections; `text_purpose` says which keys hold command lines.

mod document;
mod expansion;
mod parser;
pub(in crate::config) mod pointer;
mod position;
mod problem;
mod scalar;
mod shell_variables;
mod tree;
mod tree_builder;
mod variables;

pub use document::Document;
pub(in crate::config) use parser::parse;
pub use position::SourcePosition;
pub use problem::{ConfigProblem, ConfigProblems};
pub(in crate::config) use tree::{YamlContent, YamlEntry, YamlNode};
pub(in crate::config) use variables::substitute;
