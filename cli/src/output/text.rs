//! Texts within a width: how wide they are, broken between words, or cut.

use comfy_table::Table;

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text in lines of at most so many columns, broken between words where they allow it.
pub fn lines(text: &str, most: usize) -> Vec<String> {
    let most = most.max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let fits = |line: &&mut String| width(line) + 1 + width(word) <= most;
        if let Some(line) = lines.last_mut().filter(fits) {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        let letters: Vec<char> = word.chars().collect();
        lines.extend(letters.chunks(most).map(|part| part.iter().collect()));
    }
    lines
}

/// The text in at most so many columns; a cut shows as `…`.
pub fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Columns of the terminal: what `COLUMNS` says, else what it says itself; none where there is none.
pub fn terminal() -> Option<u16> {
    let said = std::env::var("COLUMNS").ok();
    let said = said.and_then(|columns| columns.parse().ok());
    said.filter(|columns| *columns > 0)
        .or_else(|| Table::new().width())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_broken_between_words() {
        let text = "connection refused on 172.30.0.7:40001";
        assert_eq!(
            lines(text, 21),
            ["connection refused on", "172.30.0.7:40001"]
        );
        assert_eq!(
            lines(text, 8),
            ["connecti", "on", "refused", "on", "172.30.0", ".7:40001"]
        );
        assert!(lines("", 8).is_empty());
    }

    #[test]
    fn a_cut_takes_no_more_than_it_may() {
        assert_eq!(cut("checkout", 8), "checkout");
        assert_eq!(cut("checkout", 5), "chec…");
        assert_eq!(cut("a b", 1), "…");
    }
}
