//! Where the comments and the string contents of a Rust file are, so that laws read code and nothing else.
//!
//! It knows just enough of the language for that: raw strings, nested comments, and the difference between a
//! character and a lifetime. What the code means is left to others.

use std::ops::Range;

/// What a stretch of a file is, when it is not code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A comment with its slashes, documentation included.
    Comment,
    /// What stands between the quotes of a string or character literal.
    Text,
}

/// A stretch that is not code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Comment or string contents.
    pub kind: Kind,
    /// Bytes of the file.
    pub bytes: Range<usize>,
}

/// Every comment and every literal's contents, in order. A literal that never closes reaches to the end.
pub fn spans(source: &str) -> Vec<Span> {
    let mut cursor = Cursor {
        bytes: source.as_bytes(),
        at: 0,
    };
    let mut found = Vec::new();
    while cursor.at < cursor.bytes.len() {
        if let Some(span) = cursor.step(source) {
            found.push(span);
        }
    }
    found
}

/// The file with every span of these kinds made blank: same length, same lines.
pub fn without(source: &str, spans: &[Span], kinds: &[Kind]) -> String {
    let mut bytes = source.as_bytes().to_vec();
    for span in spans.iter().filter(|span| kinds.contains(&span.kind)) {
        blank(&mut bytes[span.bytes.clone()]);
    }
    String::from_utf8(bytes)
        .expect("spans begin and end between characters, and what is blank is ASCII")
}

/// Turns everything but line ends into spaces.
pub fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Whether this byte may stand in an identifier.
pub fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn step(&mut self, source: &str) -> Option<Span> {
        let rest = &self.bytes[self.at..];
        match rest[0] {
            b'/' if rest.starts_with(b"//") => Some(self.line_comment()),
            b'/' if rest.starts_with(b"/*") => Some(self.block_comment()),
            b'"' => Some(self.string()),
            b'\'' => self.character(source),
            b'r' => self.raw_string(),
            _ => {
                self.at += 1;
                None
            }
        }
    }

    fn line_comment(&mut self) -> Span {
        let start = self.at;
        let length = self.bytes[start..].iter().position(|byte| *byte == b'\n');
        self.at = length.map_or(self.bytes.len(), |length| start + length);
        Span {
            kind: Kind::Comment,
            bytes: start..self.at,
        }
    }

    fn block_comment(&mut self) -> Span {
        let start = self.at;
        let mut depth = 0;
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let mark = if rest.starts_with(b"/*") {
                depth += 1;
                2
            } else if rest.starts_with(b"*/") {
                depth -= 1;
                2
            } else {
                1
            };
            self.at += mark;
            if depth == 0 {
                break;
            }
        }
        Span {
            kind: Kind::Comment,
            bytes: start..self.at,
        }
    }

    fn string(&mut self) -> Span {
        let start = self.at + 1;
        let mut end = start;
        while end < self.bytes.len() && self.bytes[end] != b'"' {
            end += if self.bytes[end] == b'\\' { 2 } else { 1 };
        }
        self.text(start, end, 1)
    }

    fn raw_string(&mut self) -> Option<Span> {
        let start = self.at;
        let hashes = self.bytes[start + 1..]
            .iter()
            .take_while(|byte| **byte == b'#')
            .count();
        let opens = self.bytes.get(start + 1 + hashes) == Some(&b'"');
        if !opens || !self.begins_a_literal() {
            self.at += 1;
            return None;
        }
        let start = start + hashes + 2;
        let close = [&b"\""[..], &vec![b'#'; hashes]].concat();
        let length = self.bytes[start..]
            .windows(close.len())
            .position(|window| window == close);
        let end = length.map_or(self.bytes.len(), |length| start + length);
        Some(self.text(start, end, close.len()))
    }

    /// Whether the `r` here is a prefix (`r"`, `br"`, `cr"`) and not the end of a name.
    fn begins_a_literal(&self) -> bool {
        let before = &self.bytes[..self.at];
        let name = before
            .iter()
            .rev()
            .take_while(|byte| in_word(**byte))
            .count();
        name == 0 || (name == 1 && matches!(before.last(), Some(b'b' | b'c')))
    }

    /// `'a'` and `'\n'` are characters; `'a` is a lifetime or a label.
    fn character(&mut self, source: &str) -> Option<Span> {
        let start = self.at + 1;
        if self.bytes.get(start) == Some(&b'\\') {
            let end = self.bytes[start + 2..]
                .iter()
                .position(|byte| *byte == b'\'');
            let end = end.map_or(self.bytes.len(), |length| start + 2 + length);
            return Some(self.text(start, end, 1));
        }
        let width = source[start..].chars().next().map_or(0, char::len_utf8);
        if self.bytes.get(start + width) == Some(&b'\'') {
            return Some(self.text(start, start + width, 1));
        }
        self.at = start;
        None
    }

    fn text(&mut self, start: usize, end: usize, close: usize) -> Span {
        let end = end.min(self.bytes.len());
        self.at = (end + close).min(self.bytes.len());
        Span {
            kind: Kind::Text,
            bytes: start.min(end)..end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        let all = spans(source);
        all.into_iter()
            .filter(|span| span.kind == Kind::Text)
            .map(|span| &source[span.bytes])
            .collect()
    }

    fn code(source: &str) -> String {
        without(source, &spans(source), &[Kind::Comment, Kind::Text])
    }

    #[test]
    fn strings_of_every_kind_end_where_the_compiler_ends_them() {
        for (source, contents) in [
            (r#"a("x", "y")"#, vec!["x", "y"]),
            (r#"a("say \"x\" \\")"#, vec![r#"say \"x\" \\"#]),
            (
                r###"r#"a "quoted" word"# + r"\""###,
                vec![r#"a "quoted" word"#, r"\"],
            ),
            (
                r##"b"bytes" br#"raw "bytes""# c"c""##,
                vec!["bytes", r#"raw "bytes""#, "c"],
            ),
            (r#"let r#type = "x"; for"#, vec!["x"]),
            ("\"never closed", vec!["never closed"]),
        ] {
            assert_eq!(texts(source), contents, "{source}");
        }
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        for (source, contents) in [
            ("f::<'a, 'b>('x')", vec!["x"]),
            (
                r"['\'', '\\', '\u{1F600}', 'é', b'\n', '\x7f']",
                vec![r"\'", r"\\", r"\u{1F600}", "é", r"\n", r"\x7f"],
            ),
            ("'outer: loop { break 'outer; } '\"'", vec!["\""]),
        ] {
            assert_eq!(texts(source), contents, "{source}");
        }
    }

    #[test]
    fn comments_nest_and_quotes_in_them_open_nothing() {
        assert_eq!(code("a /* b /* c \" */ d */ e"), "a                     e");
        assert_eq!(code("a // it's \"open\nb"), "a              \nb");
        assert_eq!(
            code("let u = \"http://x\"; // y"),
            "let u = \"        \";     "
        );
    }

    #[test]
    fn blanking_keeps_every_length_and_line() {
        let source = "//! é\nlet a = \"ü\n\"; /* ß\n */ 'ö'";
        let blanked = code(source);
        assert_eq!(
            (blanked.len(), blanked.lines().count()),
            (source.len(), source.lines().count())
        );
    }
}
