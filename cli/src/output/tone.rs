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
    /// One of several: the same name has the same colour each time.
    Name(u8),
}

/// Colours for names. Red and yellow mean something else.
const NAMES: [&str; 10] = [
    "36", "35", "34", "32", "96", "95", "94", "92", "38;5;173", "38;5;109",
];

impl Tone {
    /// The tone of this name, always the same.
    pub fn of_name(name: &str) -> Self {
        // FNV-1a: names that differ in their last letters differ in colour.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        let most = u32::try_from(NAMES.len()).unwrap_or(1);
        Self::Name(u8::try_from((hash >> 8) % most).unwrap_or(0))
    }

    /// This tone, or, where it says nothing, that of less weight.
    pub fn or_dim(self) -> Self {
        if self == Self::Plain { Self::Dim } else { self }
    }

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
            Self::Plain | Self::Name(_) => None,
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
            Self::Name(number) => NAMES.get(usize::from(number)).copied(),
        }
    }
}
