//! One file of the project as the laws read it: its text and, if it is Rust, its code without comments, strings
//! and tests. Which files there are is `project`'s to say.

use std::ops::Range;

use crate::lexer::{self, Kind, Span};

/// A tracked text file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is, from the project's root, with `/`.
    pub path: String,
    /// Its contents as they are.
    pub text: String,
    /// Rust code with comments and string contents made blank, tests included. Empty for other files.
    pub code: String,
    /// As `code`, tests made blank too. Empty in a file that is a test as a whole.
    pub shipped: String,
    /// Whether the file as a whole is test, bench or example code, by its place or by its parent's word.
    pub is_test: bool,
    spans: Vec<Span>,
}

impl Source {
    /// Reads `text` as the file at `path`.
    pub fn new(path: &str, text: &str) -> Self {
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: String::new(),
            shipped: String::new(),
            is_test: stands_among_tests(path),
            spans: Vec::new(),
        };
        if source.is_rust() {
            source.spans = lexer::spans(text);
            source.code = lexer::without(text, &source.spans, &[Kind::Comment, Kind::Text]);
            source.shipped = source.without_tests();
        }
        source
    }

    /// Whether the file is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The file with comments made blank, strings kept.
    pub fn uncommented(&self) -> String {
        lexer::without(&self.text, &self.spans, &[Kind::Comment])
    }

    /// The contents of every string and character outside tests, with their offsets.
    pub fn literals(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = test_spans(&self.code);
        let whole = self.is_test;
        self.spans
            .iter()
            .filter(move |span| span.kind == Kind::Text && !whole)
            .filter(move |span| !tests.iter().any(|test| test.contains(&span.bytes.start)))
            .map(|span| (span.bytes.start, &self.text[span.bytes.clone()]))
    }

    /// Every comment with its offset.
    pub fn comments(&self) -> impl Iterator<Item = (usize, &str)> {
        let comments = self.spans.iter().filter(|span| span.kind == Kind::Comment);
        comments.map(|span| (span.bytes.start, &self.text[span.bytes.clone()]))
    }

    /// The line, from 1, that holds this offset.
    pub fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    }

    /// Makes the whole file test code: its parent says `#[cfg(test)] mod` of it.
    pub fn becomes_a_test(&mut self) {
        self.is_test = true;
        self.shipped = String::new();
    }

    /// Paths of the files that `#[cfg(test)] mod name;` in this one makes tests.
    pub fn test_modules(&self) -> Vec<String> {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let stem = name.trim_end_matches(".rs");
        let home = match stem {
            "lib" | "main" | "mod" => folder.to_owned(),
            _ => format!("{folder}/{stem}"),
        };
        let items = test_spans(&self.code)
            .into_iter()
            .filter_map(|span| declared(&self.code[span]));
        items
            .flat_map(|name| [format!("{home}/{name}.rs"), format!("{home}/{name}/mod.rs")])
            .collect()
    }

    fn without_tests(&self) -> String {
        if self.is_test {
            return String::new();
        }
        let mut bytes = self.code.clone().into_bytes();
        for test in test_spans(&self.code) {
            lexer::blank(&mut bytes[test]);
        }
        String::from_utf8(bytes).expect("items begin and end at ASCII marks")
    }
}

fn stands_among_tests(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let room = |folder| matches!(folder, "tests" | "benches" | "examples" | "fuzz");
    name == "tests.rs" || name.ends_with("_tests.rs") || folders.split('/').any(room)
}

/// The name in `mod name;`, if that is what the item is.
fn declared(item: &str) -> Option<&str> {
    let (_, after) = item.split_once("mod ")?;
    after
        .strip_suffix(';')
        .filter(|name| name.bytes().all(lexer::in_word))
}

/// The items that exist for tests only, each from its `#[cfg(test)]` to its end.
fn test_spans(code: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for mark in ["#[cfg(test)]", "#[cfg(all(test", "#[test]", "#[tokio::test"] {
        spans.extend(
            code.match_indices(mark)
                .map(|(start, _)| start..item_end(code, start)),
        );
    }
    spans
}

/// Where the item that begins at `start`, with its attributes, ends: after its `}` or `;`.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.as_bytes()[start..].iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' if depth <= 1 => return start + offset + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return start + offset + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_has_no_comments_strings_or_tests() {
        let source = Source::new(
            "libs/a/src/b.rs",
            "//! x\nfn a() { b(\"c\") } // d\n#[cfg(test)]\nmod tests {\n    fn t() { [1]; }\n}\nfn e() {}\n",
        );
        let words: Vec<&str> = source.shipped.split_whitespace().collect();
        assert_eq!(words.join(" "), "fn a() { b(\" \") } fn e() {}");
        assert_eq!(source.line(source.shipped.find("fn e").expect("kept")), 7);
    }

    #[test]
    fn a_test_file_ships_nothing() {
        for path in [
            "tests/e2e/src/lib.rs",
            "libs/a/tests/b.rs",
            "libs/a/src/tests.rs",
            "a/benches/b.rs",
        ] {
            assert_eq!(Source::new(path, "fn a() {}").shipped, "", "{path}");
        }
        assert_ne!(
            Source::new("libs/testkit/src/lib.rs", "fn a() {}").shipped,
            ""
        );
    }

    #[test]
    fn modules_declared_for_tests_are_named() {
        let source = Source::new("libs/a/src/b.rs", "#[cfg(test)]\nmod twin;\nmod real;");
        assert_eq!(
            source.test_modules(),
            ["libs/a/src/b/twin.rs", "libs/a/src/b/twin/mod.rs"]
        );
    }

    #[test]
    fn literals_in_tests_are_left_out() {
        let source = Source::new(
            "a.rs",
            "const A: &str = \"a\";\n#[cfg(test)]\nmod t { const B: &str = \"b\"; }",
        );
        assert_eq!(
            source.literals().map(|(_, text)| text).collect::<Vec<_>>(),
            ["a"]
        );
    }
}
