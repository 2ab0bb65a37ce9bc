//! The names and paths that code mentions, `use` trees written out, each with its place.
//!
//! `use std::{env, fs as f};` mentions `std::env` and `std::fs`. Nothing is resolved: a law that forbids a thing
//! forbids the import as well, and that is where an alias would have to come from.

use crate::lexer::in_word;

/// A path as the code says it: `tokio::time::sleep`, or a single name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Segments joined by `::`, without generic arguments.
    pub path: String,
    /// Offset in the file.
    pub at: usize,
}

impl Mention {
    /// Whether these segments stand next to each other somewhere in the path: `std::env` in `std::env::var`.
    pub fn says(&self, words: &str) -> bool {
        let path: Vec<&str> = self.path.split("::").collect();
        let words: Vec<&str> = words.split("::").collect();
        path.windows(words.len()).any(|window| window == words)
    }
}

/// Every path in `code`, which must be free of comments and string contents.
pub fn mentions(code: &str) -> Vec<Mention> {
    let mut reader = Reader {
        code,
        at: 0,
        found: Vec::new(),
    };
    while let Some(start) = reader.next_word() {
        let path = reader.path();
        if path == "use" {
            reader.tree("");
        } else {
            reader.found.push(Mention { path, at: start });
        }
    }
    reader.found
}

struct Reader<'a> {
    code: &'a str,
    at: usize,
    found: Vec<Mention>,
}

impl Reader<'_> {
    /// Moves to the next identifier; numbers and lifetimes are passed over.
    fn next_word(&mut self) -> Option<usize> {
        let bytes = self.code.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !in_word(*byte) {
                self.at += 1;
            } else if byte.is_ascii_digit() || (self.at > 0 && bytes[self.at - 1] == b'\'') {
                self.word();
            } else {
                return Some(self.at);
            }
        }
        None
    }

    fn word(&mut self) -> String {
        let start = self.at;
        let length = self.code.as_bytes()[start..]
            .iter()
            .take_while(|byte| in_word(**byte))
            .count();
        self.at += length;
        self.code[start..self.at].to_owned()
    }

    fn path(&mut self) -> String {
        let mut path = self.word();
        while self.rest().starts_with("::") && self.rest()[2..].bytes().next().is_some_and(in_word)
        {
            self.at += 2;
            path = format!("{path}::{}", self.word());
        }
        path
    }

    /// What follows `use`, up to its `;`, or one branch of a group, up to its `,` or `}`.
    fn tree(&mut self, prefix: &str) {
        self.skip_blank();
        let start = self.at;
        if self.take("{") {
            return self.group(prefix);
        }
        let path = if self.take("*") {
            String::from("*")
        } else {
            self.path()
        };
        let full = if prefix.is_empty() {
            path
        } else {
            format!("{prefix}::{path}")
        };
        if self.take("::") {
            return self.tree(&full);
        }
        self.found.push(Mention {
            path: full,
            at: start,
        });
        self.skip_blank();
        if self.rest().starts_with("as ") {
            self.at += 2;
            self.skip_blank();
            self.word();
        }
    }

    fn group(&mut self, prefix: &str) {
        loop {
            self.skip_blank();
            if self.rest().is_empty() || self.take("}") {
                return;
            }
            let before = self.at;
            self.tree(prefix);
            self.skip_blank();
            if !self.take(",") && self.at == before {
                return;
            }
        }
    }

    fn take(&mut self, mark: &str) -> bool {
        let here = self.rest().starts_with(mark);
        self.at += if here { mark.len() } else { 0 };
        here
    }

    fn skip_blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().trim_start_matches("::").len();
    }

    fn rest(&self) -> &str {
        &self.code[self.at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str) -> Vec<String> {
        mentions(code)
            .into_iter()
            .map(|mention| mention.path)
            .collect()
    }

    #[test]
    fn use_trees_are_written_out() {
        assert_eq!(
            said("use std::{env, collections::{BTreeMap, HashMap as Map}, io::{self, *}};"),
            [
                "std::env",
                "std::collections::BTreeMap",
                "std::collections::HashMap",
                "std::io::self",
                "std::io::*",
            ]
        );
        assert_eq!(
            said("pub use ::tokio::spawn;\nuse super::a;"),
            ["pub", "tokio::spawn", "super::a"]
        );
    }

    #[test]
    fn paths_end_at_generics_and_skip_lifetimes_and_numbers() {
        assert_eq!(
            said("Vec::<u8>::new(&'static 10_u8, a::b)"),
            ["Vec", "u8", "new", "a::b"]
        );
    }

    #[test]
    fn words_match_whole_segments_only() {
        let mention = Mention {
            path: String::from("std::env::var"),
            at: 0,
        };
        assert!(
            mention.says("std::env")
                && mention.says("env")
                && !mention.says("std::en")
                && !mention.says("std::var")
        );
    }

    #[test]
    fn a_broken_use_tree_still_ends() {
        assert_eq!(
            said("use a::{b, ; } c").last().map(String::as_str),
            Some("c")
        );
    }
}
