//! `Sheet`: a table that keeps within the width: it wraps long texts first, then leaves columns out,
//! those that can best be spared first. `-o json` has everything at any width.

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::{Tone, plain};

/// Least width that a text is wrapped to.
const NARROWEST: usize = 24;
/// Spaces between two columns.
const GAP: usize = 2;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Always,
    /// Left out where there is no room, the highest first, and where nothing stands in it.
    Spare(u8),
    /// Wrapped where there is no room; left out where nothing stands in it.
    Wrap,
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

    /// A column of sentences.
    pub const fn wrapped(title: &'static str) -> Self {
        let keep = Keep::Wrap;
        Self { title, keep }
    }
}

impl Field {
    /// A cell in a tone.
    pub fn toned(tone: Tone, text: impl ToString) -> Self {
        let text = plain(&text.to_string());
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

    /// The table as text, without a line end.
    pub fn show(mut self, width: Option<u16>, colour: bool) -> String {
        self.leave_out(|sheet, index| {
            sheet.columns[index].keep != Keep::Always && sheet.is_empty(index)
        });
        while let Some(index) = width.and_then(|width| self.too_much(usize::from(width))) {
            self.remove(index);
        }
        self.table(width, colour).trim_fmt()
    }

    fn table(&self, width: Option<u16>, colour: bool) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(self.columns.iter().map(|column| column.title));
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
        if let Some(width) = width {
            // The gap after the last column is trimmed: it takes no room.
            table.set_width(width.saturating_add(2));
            table.set_content_arrangement(ContentArrangement::Dynamic);
            self.constrain(&mut table, usize::from(width));
        } else {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
        table
    }

    /// Gives sentences what the others leave, and never breaks the others, as long as all fit.
    fn constrain(&self, table: &mut Table, width: usize) {
        let fixed: usize = self.widths().map(|(keep, wide)| taken(keep, wide, 0)).sum();
        let left = width.saturating_sub(fixed);
        if left < NARROWEST && self.widths().any(|(keep, _)| keep == Keep::Wrap) || fixed > width {
            return;
        }
        let upper = Width::Fixed(u16::try_from(left + GAP).unwrap_or(u16::MAX));
        for (column, (keep, _)) in table.column_iter_mut().zip(self.widths()) {
            column.set_constraint(match keep {
                Keep::Always | Keep::Spare(_) => ColumnConstraint::ContentWidth,
                Keep::Wrap => ColumnConstraint::UpperBoundary(upper),
            });
        }
    }

    /// The column to leave out, if they do not all fit even with texts wrapped.
    fn too_much(&self, width: usize) -> Option<usize> {
        let taken = self
            .widths()
            .map(|(keep, wide)| taken(keep, wide, NARROWEST));
        if taken.sum::<usize>() <= width + GAP {
            return None;
        }
        let spare = self.columns.iter().enumerate();
        let spare = spare.filter_map(|(index, column)| match column.keep {
            Keep::Spare(rank) => Some((rank, index)),
            Keep::Always | Keep::Wrap => None,
        });
        spare.max().map(|(_, index)| index)
    }

    /// What each column keeps, and its width with the gap after it.
    fn widths(&self) -> impl Iterator<Item = (Keep, usize)> {
        self.columns.iter().enumerate().map(|(index, column)| {
            let cells = self.rows.iter().map(|row| row[index].text.chars().count());
            let widest = cells.max().unwrap_or(0).max(column.title.len());
            (column.keep, widest + GAP)
        })
    }

    fn is_empty(&self, index: usize) -> bool {
        self.rows.iter().all(|row| row[index].text.is_empty())
    }

    fn leave_out(&mut self, which: impl Fn(&Self, usize) -> bool) {
        for index in (0..self.columns.len()).rev() {
            if which(self, index) {
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

fn taken(keep: Keep, wide: usize, wrapped: usize) -> usize {
    match keep {
        Keep::Always | Keep::Spare(_) => wide,
        Keep::Wrap => wide.min(wrapped + GAP),
    }
}

fn cell(field: &Field) -> Cell {
    let cell = Cell::new(&field.text);
    match field.tone.colour() {
        Some(colour) => cell.fg(colour),
        None => cell,
    }
}
