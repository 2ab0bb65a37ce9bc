//! Windows of six lines that stand more than once, comments, imports and lines of almost nothing aside.

use std::collections::BTreeMap;

use crate::source::Source;

const WINDOW: usize = 6;
/// A line shorter than this, such as a closing brace, says nothing.
const INK: usize = 4;

/// How much is said twice, and where.
pub(super) struct Repeats {
    /// Windows that stand somewhere already, of all windows.
    pub percent: f64,
    /// The first place of each repeated stretch and the next one, most repeated first.
    pub places: Vec<String>,
}

struct Line<'a> {
    file: &'a str,
    number: usize,
    words: String,
}

pub(super) fn repeats(files: &[&Source]) -> Repeats {
    let inked: Vec<Vec<Line<'_>>> = files.iter().map(|file| lines(file)).collect();
    let mut seen: BTreeMap<Vec<&str>, Vec<&Line<'_>>> = BTreeMap::new();
    for window in inked.iter().flat_map(|lines| lines.windows(WINDOW)) {
        let words = window.iter().map(|line| line.words.as_str()).collect();
        seen.entry(words).or_default().push(&window[0]);
    }
    let all: usize = seen.values().map(Vec::len).sum();
    let again: usize = seen.values().map(|places| places.len() - 1).sum();
    Repeats {
        percent: 100.0 * again as f64 / all.max(1) as f64,
        places: stretches(seen.into_values()),
    }
}

fn lines(file: &Source) -> Vec<Line<'_>> {
    let mut importing = false;
    let mut found = Vec::new();
    for (index, text) in file.uncommented().lines().enumerate() {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        importing |= ["use ", "pub use ", "pub(crate) use "]
            .iter()
            .any(|import| words.starts_with(import));
        if !importing && words.len() >= INK {
            found.push(Line {
                file: &file.path,
                number: index + 1,
                words: words.clone(),
            });
        }
        importing &= !words.ends_with(';');
    }
    found
}

/// Repeated windows that overlap are one stretch, named by its first line.
fn stretches<'a>(windows: impl Iterator<Item = Vec<&'a Line<'a>>>) -> Vec<String> {
    let mut repeated: Vec<_> = windows.filter(|places| places.len() > 1).collect();
    repeated.sort_by_key(|places| (usize::MAX - places.len(), places[0].file, places[0].number));
    repeated.dedup_by(|next, first| {
        next[0].file == first[0].file && next[0].number.abs_diff(first[0].number) <= WINDOW && {
            first[0] = next[0];
            true
        }
    });
    let told = repeated.iter().map(|places| {
        let (first, next) = (places[0], places[1]);
        format!(
            "{}:{} and {}:{}, {} times",
            first.file,
            first.number,
            next.file,
            next.number,
            places.len()
        )
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, words: &[&str]) -> Source {
        Source::new(
            path,
            &words
                .iter()
                .map(|word| format!("    let {word};\n    }}\n"))
                .collect::<String>(),
        )
    }

    #[test]
    fn six_lines_said_twice_are_found_whatever_stands_between() {
        let one = source(
            "a.rs",
            &["one", "two", "three", "four", "five", "six", "seven"],
        );
        let two = source(
            "b.rs",
            &["zero", "one", "two", "three", "four", "five", "six"],
        );
        let repeats = repeats(&[&one, &two]);
        assert_eq!(
            (repeats.percent, repeats.places),
            (25.0, vec![String::from("a.rs:1 and b.rs:3, 2 times")])
        );
    }

    #[test]
    fn imports_and_comments_are_no_repetition() {
        let text =
            "use a::{\n    bcde,\n    cdef,\n    defg,\n    efgh,\n    fghi,\n};\n// one\n// two\n";
        let (one, two) = (Source::new("a.rs", text), Source::new("b.rs", text));
        assert_eq!(repeats(&[&one, &two]).percent, 0.0);
    }
}
