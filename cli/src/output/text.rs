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

/// A line that a container wrote, for a terminal: tabs stay, and colours where there are any; what would move the
/// cursor, ask the terminal something or name it otherwise does not.
pub fn tamed(line: &str, colours: bool) -> String {
    let mut rest = line.trim_end_matches('\r');
    let mut tamed = String::with_capacity(rest.len());
    while let Some(first) = rest.chars().next() {
        let length = match colour(rest) {
            Some(length) if colours => {
                tamed.push_str(&rest[..length]);
                length
            }
            Some(length) => length,
            None => {
                let stays = first == '\t' || !first.is_control();
                tamed.push(if stays { first } else { '\u{fffd}' });
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    // A colour that the line did not end would go on over what follows.
    if tamed.contains('\u{1b}') {
        tamed.push_str("\u{1b}[0m");
    }
    tamed
}

/// Length of the sequence that sets a colour, if the text begins with one.
fn colour(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let is_end = |c: char| !(c.is_ascii_digit() || matches!(c, ';' | ':'));
    let end = numbers.find(is_end)?;
    numbers[end..]
        .starts_with('m')
        .then_some("\u{1b}[".len() + end + "m".len())
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
    fn of_what_a_container_wrote_tabs_and_colours_reach_a_terminal() {
        let rows = [
            ("a\tb\r", "a\tb"),
            ("\u{1b}[1;31mred", "\u{1b}[1;31mred\u{1b}[0m"),
            (
                "\u{1b}[2J\u{1b}]0;mine\u{7}",
                "\u{fffd}[2J\u{fffd}]0;mine\u{fffd}",
            ),
            ("100%\rdone\u{9b}6n", "100%\u{fffd}done\u{fffd}6n"),
            ("\u{1b}[31", "\u{fffd}[31"),
        ];
        for (line, shown) in rows {
            assert_eq!(tamed(line, true), shown);
        }
        assert_eq!(tamed("\u{1b}[31mred\u{1b}[m", false), "red");
    }

    #[test]
    fn a_cut_takes_no_more_than_it_may() {
        assert_eq!(cut("checkout", 8), "checkout");
        assert_eq!(cut("checkout", 5), "chec…");
        assert_eq!(cut("a b", 1), "…");
    }
}
