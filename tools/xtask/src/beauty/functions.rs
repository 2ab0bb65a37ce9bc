//! How long functions are: from `fn` to the closing brace, tests aside. A declaration without a body has no length.

use crate::lexer::in_word;
use crate::source::Source;

/// Lines and place of every function with a body.
pub(super) fn lengths(file: &Source) -> Vec<(usize, String)> {
    let code = file.shipped.as_bytes();
    let marks = file.shipped.match_indices("fn ").map(|(at, _)| at);
    let named = marks
        .filter(|at| *at == 0 || !in_word(code[at - 1]))
        .filter(|at| code.get(at + 3).is_some_and(|b| in_word(*b)));
    let bodies = named.filter_map(|at| Some((at, body_end(code, at)?)));
    bodies
        .map(|(at, end)| (file.line(end) - file.line(at) + 1, place(file, at)))
        .collect()
}

fn place(file: &Source, at: usize) -> String {
    let name: String = file.shipped[at + 3..]
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    format!("{}:{} {name}", file.path, file.line(at))
}

/// Where the braces that open after the signature close.
fn body_end(code: &[u8], at: usize) -> Option<usize> {
    let mut nested = 0_usize;
    let mut braces = 0_usize;
    for (offset, byte) in code[at..].iter().enumerate() {
        match byte {
            b'(' | b'[' => nested += 1,
            b')' | b']' => nested = nested.saturating_sub(1),
            b'{' => braces += 1,
            b'}' if braces == 1 && nested == 0 => return Some(at + offset),
            b'}' => braces = braces.saturating_sub(1),
            b';' if braces == 0 && nested == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_runs_from_fn_to_its_closing_brace() {
        let text = "pub fn a() {}\nfn b(\n    c: [u8; 2],\n) -> D\nwhere\n    D: Fn(u8),\n{\n    if c { \"}\" } else { d(|| {}) }\n}\n\
            trait E {\n    fn f(&self);\n}\n#[cfg(test)]\nmod tests {\n    fn g() {\n    }\n}\n";
        let found = lengths(&Source::new("x.rs", text));
        assert_eq!(
            found,
            [(1, String::from("x.rs:1 a")), (8, String::from("x.rs:2 b"))]
        );
    }

    #[test]
    fn types_of_functions_are_none() {
        assert_eq!(
            lengths(&Source::new(
                "x.rs",
                "type A = fn (u8) -> u8;\nstruct B { c: fn(u8) }\n"
            )),
            []
        );
    }
}
