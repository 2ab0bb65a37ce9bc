//! Which public items carry documentation: the nearest line above one, attributes passed over, is a doc comment.
//! Fields and arms are the compiler's to check.

use crate::source::Source;

/// What documentation begins with; the last is how a macro passes on what its caller wrote.
const DOCUMENTS: [&str; 3] = ["///", "#[doc", "$(#[$"];

/// A public item outside tests.
pub(super) struct Item {
    /// File and line.
    pub place: String,
    pub documented: bool,
}

pub(super) fn public_items(file: &Source) -> Vec<Item> {
    let mut items = Vec::new();
    let mut documented = false;
    let mut open = 0;
    for (index, (text, code)) in file.text.lines().zip(file.shipped.lines()).enumerate() {
        let (text, code) = (text.trim(), code.trim());
        if DOCUMENTS.iter().any(|mark| text.starts_with(mark)) {
            documented = true;
        } else if open > 0 || code.starts_with("#[") {
            open += brackets(code);
        } else if !text.is_empty() {
            let item = is_public_item(code).then(|| Item {
                place: format!("{}:{}", file.path, index + 1),
                documented,
            });
            items.extend(item);
            documented = false;
        }
    }
    items
}

fn brackets(code: &str) -> i32 {
    code.bytes()
        .map(|byte| i32::from(byte == b'[') - i32::from(byte == b']'))
        .sum()
}

fn is_public_item(code: &str) -> bool {
    let Some(rest) = code.strip_prefix("pub ") else {
        return false;
    };
    let qualifiers = ["const", "async", "unsafe", "extern"];
    let word = rest
        .split([' ', '(', '<'])
        .find(|word| !qualifiers.contains(word) && !word.starts_with('"'));
    let constant = rest.starts_with("const ") && word.is_some_and(|word| word.ends_with(':'));
    constant
        || word.is_some_and(|word| {
            matches!(
                word,
                "fn" | "struct" | "enum" | "trait" | "type" | "static" | "union"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_stands_above_the_item_and_its_attributes() {
        let text = "/// A.\n#[derive(\n    Debug,\n)]\npub struct A {\n    pub b: u8,\n}\n\npub enum C {}\n/// D.\npub const D: u8 = 1;\n\
            pub const fn e() {}\npub(crate) fn f() {}\npub use g;\n#[cfg(test)]\nmod tests {\n    pub fn h() {}\n}\n";
        let found: Vec<_> = public_items(&Source::new("x.rs", text))
            .into_iter()
            .map(|item| (item.place, item.documented))
            .collect();
        let expected = [(5, true), (9, false), (11, true), (12, false)];
        assert_eq!(
            found,
            expected.map(|(line, documented)| (format!("x.rs:{line}"), documented))
        );
    }
}
