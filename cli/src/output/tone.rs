//! `Tone`: what a text means, and the colour that says so.

use comfy_table::Color;

/// What a text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// On the way, or doubtful.
    Wait,
    /// Wrong.
    Bad,
    /// Of less weight.
    Dim,
}

impl Tone {
    /// The text in this tone, for a stream that takes colour; else as it is.
    pub fn paint(self, text: &str, colour: bool) -> String {
        match self.code().filter(|_| colour) {
            Some(code) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            None => text.to_owned(),
        }
    }

    /// The colour of table cells.
    pub(super) fn colour(self) -> Option<Color> {
        match self {
            Self::Plain => None,
            Self::Good => Some(Color::DarkGreen),
            Self::Wait => Some(Color::DarkYellow),
            Self::Bad => Some(Color::DarkRed),
            Self::Dim => Some(Color::DarkGrey),
        }
    }

    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("32"),
            Self::Wait => Some("33"),
            Self::Bad => Some("31"),
            Self::Dim => Some("90"),
        }
    }
}
