//! What the host does for a module: one file for each interface of `wit/`.

mod artifact;
mod attributed_target;
mod attributes;
mod changes;
mod choices;
mod commands;
mod deflate;
mod files;
mod omissions;
mod programs;
mod progress;
mod source;
mod target;
mod temp_dump;
mod tree;
mod types;
mod unpacking;
