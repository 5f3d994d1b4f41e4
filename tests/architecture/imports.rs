//! Which file of a crate imports which: by `use`, or by a path in the middle of its code.
//!
//! A name that a `mod.rs` hands on (`pub use` of its children) stands for the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::{Source, Word, code, files, without_tests, words};

/// A module's path in its crate: `["store", "s3"]`.
pub(super) type Module = Vec<String>;

/// A file imports something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: PathBuf,
    pub(super) line: usize,
    /// The file that defines it.
    pub(super) to: PathBuf,
    /// As it is written, from the crate on.
    pub(super) path: Module,
}

struct File {
    source: Source,
    code: String,
    /// What its `use` brings in, by name, or by `*`.
    uses: Vec<Use>,
}

struct Use {
    name: String,
    path: Module,
    line: usize,
    handed_on: bool,
}

/// The modules of a crate without their tests.
pub(super) struct Crate {
    modules: BTreeMap<Module, File>,
}

impl Crate {
    /// The crate whose sources lie in `folder`.
    pub(super) fn read(folder: &str) -> Self {
        let sources = files(folder, &["rs"]);
        let untested = sources.into_iter().filter(|source| !source.is_test());
        let mut modules: BTreeMap<Module, File> = untested
            .map(|source| {
                let code = without_tests(&code(&source.text));
                let module = module_of(source.path.strip_prefix(folder).unwrap());
                let uses = Vec::new();
                (module, File { source, code, uses })
            })
            .collect();
        let names: BTreeSet<Module> = modules.keys().cloned().collect();
        for (module, file) in &mut modules {
            file.uses = uses(&file.code, module, &names);
        }
        Self { modules }
    }

    /// Every import of one file by another one, each once.
    pub(super) fn imports(&self) -> Vec<Import> {
        let mut found = BTreeMap::new();
        for (module, file) in &self.modules {
            let names: BTreeSet<Module> = self.modules.keys().cloned().collect();
            let used = file
                .uses
                .iter()
                .filter(|one| !(one.handed_on && one.path.starts_with(module)))
                .map(|one| (one.path.clone(), one.line));
            for (path, line) in used.chain(paths(&file.code, module, &names)) {
                let Some(target) = self.defining(&path, 0) else {
                    continue;
                };
                let (from, to) = (&file.source.path, &self.modules[&target].source.path);
                if from != to {
                    let (from, to) = (from.clone(), to.clone());
                    found
                        .entry((from.clone(), to.clone(), path[0].clone()))
                        .or_insert(Import {
                            from,
                            line,
                            to,
                            path,
                        });
                }
            }
        }
        found.into_values().collect()
    }

    /// The module whose file defines what `path` names.
    fn defining(&self, path: &[String], depth: usize) -> Option<Module> {
        let known = (0..=path.len())
            .rev()
            .find(|length| *length > 0 && self.modules.contains_key(&path[..*length]));
        // What is in the crate's root is `crate::NAME`.
        let (module, rest) = path.split_at(known.unwrap_or(0));
        let file = self.modules.get(module)?;
        let Some(name) = rest.first().filter(|_| depth < 8) else {
            return Some(module.to_vec());
        };
        if file.defines(name) {
            return Some(module.to_vec());
        }
        let named = file.uses.iter().filter(|one| one.name == *name);
        let starred = file.uses.iter().filter(|one| one.name == "*");
        let mut followed = named
            .map(|one| self.defining(&one.path, depth + 1))
            .chain(starred.map(|one| {
                let target = self.defining(&one.path, depth + 1)?;
                let target = target.clone();
                self.modules[&target].defines(name).then_some(target)
            }));
        followed.find_map(|found| found).or(Some(module.to_vec()))
    }
}

impl File {
    fn defines(&self, name: &str) -> bool {
        const KINDS: [&str; 9] = [
            "fn",
            "struct",
            "enum",
            "trait",
            "type",
            "const",
            "static",
            "union",
            "macro_rules",
        ];
        let words = words(&self.code);
        words
            .windows(2)
            .any(|pair| pair[1].text == name && KINDS.contains(&pair[0].text))
    }
}

/// `store/s3/mod.rs` and `store/s3.rs` are `store::s3`.
fn module_of(path: &Path) -> Module {
    let mut module: Module = path
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if module
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        module.pop();
    }
    module
}

/// From the crate on; none for what is elsewhere.
fn absolute(path: &[String], module: &[String], names: &BTreeSet<Module>) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Vec::new(),
        "self" => module.to_vec(),
        "super" => module.split_last()?.1.to_vec(),
        child => {
            let mut base = module.to_vec();
            base.push(child.to_owned());
            return names
                .contains(&base)
                .then(|| [base, rest.to_vec()].concat());
        }
    };
    for step in rest {
        match step.as_str() {
            "super" => drop(base.pop()?),
            step => base.push(step.to_owned()),
        }
    }
    Some(base)
}

/// All that is imported with `use`.
fn uses(code: &str, module: &[String], names: &BTreeSet<Module>) -> Vec<Use> {
    let mut found = Vec::new();
    let all = words(code);
    for (at, word) in all
        .iter()
        .enumerate()
        .filter(|(_, word)| word.text == "use")
    {
        let from = word.start + "use".len();
        let end = code[from..]
            .find(';')
            .map_or(code.len(), |length| from + length);
        let mut leaves = Vec::new();
        tree(&code[from..end], &[], &mut leaves);
        let handed_on = is_public(code, &all, at);
        for (path, name) in leaves {
            if let Some(path) = absolute(&path, module, names) {
                let line = word.line;
                found.push(Use {
                    name,
                    path,
                    line,
                    handed_on,
                });
            }
        }
    }
    found
}

/// `pub use`, `pub(super) use`, `pub(in crate::store) use`.
fn is_public(code: &str, all: &[Word<'_>], at: usize) -> bool {
    let start = code[..all[at].start]
        .rfind([';', '}', '{'])
        .map_or(0, |end| end + 1);
    let head = &code[start..all[at].start];
    words(head).iter().any(|word| word.text == "pub")
}

/// The leaves of `a::{b, c as d, e::*}`, and the names that they get.
fn tree(text: &str, before: &[String], leaves: &mut Vec<(Module, String)>) {
    let text = text.trim();
    if let Some(open) = text.find('{') {
        let mut base = before.to_vec();
        base.extend(segments(&text[..open]));
        let inner = text[open + 1..].trim_end().trim_end_matches('}');
        for part in split(inner) {
            tree(part, &base, leaves);
        }
        return;
    }
    let (path, alias) = match text.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim().to_owned())),
        None => (text, None),
    };
    let mut path = [before.to_vec(), segments(path)].concat();
    let Some(last) = path.last().cloned() else {
        return;
    };
    if last == "*" || last == "self" && path.len() > 1 {
        path.pop();
    }
    let name = match last.as_str() {
        "self" => path.last().cloned().unwrap_or(last),
        _ => last,
    };
    leaves.push((path, alias.unwrap_or(name)));
}

fn segments(path: &str) -> Vec<String> {
    path.split("::")
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// At the commas that are in no inner brace.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (place, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Paths in the middle of the code, and their lines.
fn paths(code: &str, module: &[String], names: &BTreeSet<Module>) -> Vec<(Module, usize)> {
    let all = words(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let first = at;
        let mut path = vec![all[at].text.to_owned()];
        while at + 1 < all.len() {
            let end = all[at].start + all[at].text.len();
            if code[end..all[at + 1].start].trim() != "::" {
                break;
            }
            at += 1;
            path.push(all[at].text.to_owned());
        }
        at += 1;
        let goes_on = code[..all[first].start].trim_end().ends_with("::");
        let imported = first > 0 && all[first - 1].text == "use";
        let scope = first > 0 && ["in", "mod"].contains(&all[first - 1].text);
        if path.len() > 1
            && !goes_on
            && !imported
            && !scope
            && let Some(path) = absolute(&path, module, names)
            && !path.is_empty()
        {
            found.push((path, all[first].line));
        }
    }
    found
}

#[test]
fn a_tree_of_uses_has_leaves() {
    let mut leaves = Vec::new();
    tree("crate::{a::{self, B as C}, d::*}", &[], &mut leaves);
    let shown: Vec<String> = leaves
        .iter()
        .map(|(path, name)| format!("{} {name}", path.join("::")))
        .collect();
    assert_eq!(shown, ["crate::a a", "crate::a::B C", "crate::d *"]);
}
