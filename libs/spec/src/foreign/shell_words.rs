//! A line as a shell cuts it into words, and nothing else of a shell: quotes and backslashes keep words together,
//! `&&`, `|` and `*` are words like others.

/// The words; nothing where a quote does not end.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => word.get_or_insert_default().push_str(&quoted(&mut rest)?),
            '"' => word
                .get_or_insert_default()
                .push_str(&double_quoted(&mut rest)?),
            '\\' => word.get_or_insert_default().push(rest.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// Up to the next single quote, as it is.
fn quoted(rest: &mut std::str::Chars<'_>) -> Option<String> {
    let (text, after) = rest.as_str().split_once('\'')?;
    *rest = after.chars();
    Some(text.to_owned())
}

/// Up to the next double quote. A backslash takes their meaning from quotes and backslashes.
fn double_quoted(rest: &mut std::str::Chars<'_>) -> Option<String> {
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => match rest.next()? {
                c @ ('"' | '\\' | '$' | '`') => text.push(c),
                c => text.extend(['\\', c]),
            },
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_spaces_outside_of_quotes() {
        let rows: [(&str, &[&str]); 6] = [
            ("node  server.js", &["node", "server.js"]),
            ("sh -c 'a && b'", &["sh", "-c", "a && b"]),
            (r#"echo "a \"b\" \n" c\ d"#, &["echo", r#"a "b" \n"#, "c d"]),
            (r#"run --name="x y"'z' """#, &["run", "--name=x yz", ""]),
            ("a && b | c", &["a", "&&", "b", "|", "c"]),
            ("", &[]),
        ];
        for (line, words) in rows {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for line in ["it's", "say \"hi", "end\\"] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
