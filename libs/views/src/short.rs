//! Cuts texts, so that a document keeps within its size whatever others wrote.

/// The text, cut so that it takes `most` bytes as JSON, quotes aside; a cut shows as `…`.
pub(crate) fn short(text: &str, most: usize) -> String {
    let whole: usize = text.chars().map(json_len).sum();
    if whole <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub('…'.len_utf8());
    let mut cut = String::new();
    for c in text.chars() {
        let Some(rest) = left.checked_sub(json_len(c)) else {
            break;
        };
        left = rest;
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// The last of these lines that together take `most` bytes as JSON; none of them is cut but a single
/// one that is too long.
pub(crate) fn last_lines(lines: &[String], most: usize) -> Vec<String> {
    let mut left = most;
    let mut kept: Vec<String> = Vec::new();
    for line in lines.iter().rev() {
        let size = line.chars().map(json_len).sum::<usize>() + 3;
        match left.checked_sub(size) {
            Some(rest) => left = rest,
            None if kept.is_empty() => return vec![short(line, most - 3)],
            None => break,
        }
        kept.push(line.clone());
    }
    kept.reverse();
    kept
}

fn json_len(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_fits_as_json_whatever_is_in_it() {
        for text in ["plain", &"x".repeat(90), &"\"\n\u{1}é…".repeat(30), ""] {
            let cut = short(text, 40);
            let json = serde_json::to_string(&cut).unwrap();
            assert!(json.len() <= 42, "{json}");
            assert!(text.len() > 40 || cut == *text);
        }
    }

    #[test]
    fn of_many_lines_the_last_stay() {
        let lines: Vec<String> = (0..9).map(|n| format!("line {n}")).collect();
        assert_eq!(last_lines(&lines, 20), ["line 7", "line 8"]);
        assert_eq!(last_lines(&["y".repeat(50)], 20)[0].chars().count(), 15);
    }
}
