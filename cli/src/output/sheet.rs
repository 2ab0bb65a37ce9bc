//! `Sheet`: a table that keeps within the width. No cell is ever broken over lines: sentences go below
//! their rows, then columns are left out, those that can best be spared first, and at last the widest
//! cells are cut. `-o json` has everything at any width.

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};

use super::{Tone, plain, text};

/// Spaces between two columns.
const GAP: usize = 2;
/// What stands before a sentence below its row.
const INDENT: &str = "  ";
/// Least width that a cell is cut to.
const NARROWEST: usize = 6;
/// Columns of this rank and above are worth less than sentences beside their rows.
const EXTRA: u8 = 5;

/// A table.
#[derive(Clone, Debug)]
pub struct Sheet {
    columns: Vec<Column>,
    rows: Vec<Vec<Field>>,
}

/// A column: its title, and what becomes of it where there is little room.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    title: &'static str,
    keep: Keep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Keep {
    Always,
    /// Left out where there is no room, the highest first, and where nothing stands in it.
    Spare(u8),
    /// Below its row where there is no room beside it; left out where nothing stands in it.
    Sentence,
}

/// One cell.
#[derive(Clone, Debug, Default)]
pub struct Field {
    text: String,
    tone: Tone,
}

impl Column {
    /// A column that is always there.
    pub const fn always(title: &'static str) -> Self {
        let keep = Keep::Always;
        Self { title, keep }
    }

    /// A column that can be spared: the higher, the sooner.
    pub const fn spare(title: &'static str, rank: u8) -> Self {
        let keep = Keep::Spare(rank);
        Self { title, keep }
    }

    /// A column of sentences; at most one a table, and the last.
    pub const fn sentence(title: &'static str) -> Self {
        let keep = Keep::Sentence;
        Self { title, keep }
    }
}

impl Field {
    /// A cell in a tone.
    pub fn toned(tone: Tone, text: impl ToString) -> Self {
        let text = in_a_row(&text.to_string());
        Self { text, tone }
    }

    /// A cell.
    pub fn of(text: impl ToString) -> Self {
        Self::toned(Tone::Plain, text)
    }

    /// A cell that may be empty.
    pub fn maybe(text: Option<impl ToString>) -> Self {
        text.map(Self::of).unwrap_or_default()
    }
}

impl Sheet {
    /// A table of these columns; each row has as many cells.
    pub fn new(columns: &[Column], rows: impl IntoIterator<Item = Vec<Field>>) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: rows.into_iter().collect(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, without a line end.
    pub fn show(mut self, width: Option<u16>, colour: bool) -> String {
        self.leave_out_empty();
        let Some(width) = width.map(usize::from) else {
            return self.table(colour).join("\n");
        };
        self.leave_out_extras(width);
        let below = if self.taken() > width {
            self.take_sentences()
        } else {
            Vec::new()
        };
        while self.taken() > width {
            match self.most_spared() {
                Some(index) => self.remove(index),
                None if self.cut_widest(width) => {}
                None => break,
            }
        }
        let mut lines = self.table(colour).into_iter();
        let mut shown: Vec<_> = lines.by_ref().take(1).collect();
        for (row, line) in lines.enumerate() {
            shown.push(line);
            shown.extend(below.get(row).into_iter().flat_map(|sentence| {
                let lines = text::lines(&sentence.text, width.saturating_sub(INDENT.len()));
                let toned = lines
                    .into_iter()
                    .map(|line| sentence.tone.or_dim().paint(&line, colour));
                toned.map(|line| format!("{INDENT}{line}"))
            }));
        }
        shown.join("\n")
    }

    /// The head and each row, a line each.
    fn table(&self, colour: bool) -> Vec<String> {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(self.columns.iter().map(|column| {
                let cell = Cell::new(column.title);
                if colour {
                    cell.add_attribute(Attribute::Bold)
                } else {
                    cell
                }
            }));
        if colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        for row in &self.rows {
            table.add_row(row.iter().map(cell));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, u16::try_from(GAP).unwrap_or(2)));
        }
        table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    /// Columns in all; the gap after the last takes no room.
    fn taken(&self) -> usize {
        let all: usize = self.widths().map(|wide| wide + GAP).sum();
        all.saturating_sub(GAP)
    }

    fn widths(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().enumerate().map(|(index, column)| {
            let cells = self.rows.iter().map(|row| text::width(&row[index].text));
            cells.max().unwrap_or(0).max(column.title.len())
        })
    }

    /// Leaves out columns that are worth less than sentences beside their rows, if that makes room.
    fn leave_out_extras(&mut self, width: usize) {
        let mut less = self.clone();
        while less.taken() > width
            && let Some(index) = less.most_spared()
            && less.columns[index].keep >= Keep::Spare(EXTRA)
        {
            less.remove(index);
        }
        if less.taken() <= width {
            *self = less;
        }
    }

    /// The column that can best be spared, if one can.
    fn most_spared(&self) -> Option<usize> {
        let spare = self.columns.iter().enumerate();
        let spare = spare.filter_map(|(index, column)| match column.keep {
            Keep::Spare(rank) => Some((rank, index)),
            Keep::Always | Keep::Sentence => None,
        });
        spare.max().map(|(_, index)| index)
    }

    /// Cuts the widest cells by as much as is too much. Whether that helped.
    fn cut_widest(&mut self, width: usize) -> bool {
        let too_much = self.taken() - width;
        let Some((widest, index)) = self.widths().zip(0..).max() else {
            return false;
        };
        let most = widest.saturating_sub(too_much).max(NARROWEST);
        for row in &mut self.rows {
            row[index].text = text::cut(&row[index].text, most);
        }
        most < widest && self.widths().nth(index) < Some(widest)
    }

    /// Takes the sentences out of the table, one for each row.
    fn take_sentences(&mut self) -> Vec<Field> {
        let is_sentence = |column: &Column| column.keep == Keep::Sentence;
        let Some(index) = self.columns.iter().position(is_sentence) else {
            return Vec::new();
        };
        self.columns.remove(index);
        let rows = self.rows.iter_mut();
        rows.map(|row| row.remove(index)).collect()
    }

    fn leave_out_empty(&mut self) {
        for index in (0..self.columns.len()).rev() {
            let is_empty = self.rows.iter().all(|row| row[index].text.is_empty());
            if is_empty && self.columns[index].keep != Keep::Always {
                self.remove(index);
            }
        }
    }

    fn remove(&mut self, index: usize) {
        self.columns.remove(index);
        for row in &mut self.rows {
            row.remove(index);
        }
    }
}

fn cell(field: &Field) -> Cell {
    let cell = Cell::new(&field.text);
    match field.tone.colour() {
        Some(colour) => cell.fg(colour),
        None => cell,
    }
}

/// A cell is one line: line breaks of its text are shown as bars.
fn in_a_row(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_is_one_cell_of_one_line() {
        let rows = [vec![Field::of(
            "its last lines:\nno database\r\nbye\u{1b}[2J",
        )]];
        let sheet = Sheet::new(&[Column::sentence("WHY")], rows);
        let shown = "WHY\nits last lines: | no database | bye\u{fffd}[2J";
        assert_eq!(sheet.show(None, false), shown);
    }
}
