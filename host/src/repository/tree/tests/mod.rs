//! Trees into a repository, and out of it as a tar.

mod archiving;
mod members;
