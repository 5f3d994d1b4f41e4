//! The subject of a sentence is the thing that acts.

use super::none;
use super::source::{files, is_word};

const FOLDERS: [&str; 5] = ["host", "plugins", "wit", "tests", "config"];
const KINDS: [&str; 12] = [
    "rs", "wit", "py", "sh", "c", "toml", "yaml", "yml", "md", "json", "err", "js",
];

#[test]
fn no_comment_or_message_speaks_of_nobody() {
    // In two parts, so that this file is none of the findings.
    let riddles = [
        concat!("no", "body"),
        concat!("some", "body"),
        concat!("who", "ever"),
    ];
    let found: Vec<String> = FOLDERS
        .iter()
        .flat_map(|folder| files(folder, &KINDS))
        .flat_map(|source| {
            let lines = (1..).zip(source.text.lines());
            let found = lines.filter_map(|(number, line)| {
                let mut words = line.split(|c| !is_word(c));
                // `NOBODY` is a user's number, "nobody" its name.
                let word = words.find(|word| {
                    let shouted = word.chars().all(char::is_uppercase);
                    !shouted && riddles.contains(&word.to_lowercase().as_str())
                })?;
                let user = ["\"nobody\"", "`nobody`", "nobody:", "/nobody"];
                let user = user.iter().any(|user| line.contains(user));
                (!user).then(|| format!("{}: {word}: {}", source.place(number), line.trim()))
            });
            found.collect::<Vec<_>>()
        })
        .collect();
    none(
        &found,
        "name the thing that acts: the scheduler, a client, another replica, no run",
    );
}
