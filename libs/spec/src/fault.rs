//! `Fault`: one thing wrong in a file, with its place, and the gathering of all of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parse::MAX_FAULTS;
use crate::tree::Spot;

/// One thing wrong (or, as a warning, doubtful) in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// JSON Pointer (RFC 6901) to the value, or to where it is missing; empty for the whole file.
    pub pointer: String,
    /// Line of the key or value, from 1.
    pub line: u32,
    /// Column of the key or value in characters, from 1.
    pub column: u32,
    /// What kind of fault this is; stable.
    pub code: FaultCode,
    /// What is wrong, with the values.
    pub message: String,
    /// What to write instead, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// The kinds of faults; their spellings are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultCode {
    /// The text is neither YAML nor JSON.
    Syntax,
    /// The file holds nothing.
    EmptyFile,
    /// The file is larger than [`crate::MAX_BYTES`], or one that it brings than [`crate::MAX_CONTENT`].
    TooLarge,
    /// Values are nested deeper than [`crate::MAX_DEPTH`].
    TooDeep,
    /// More services than [`crate::MAX_SERVICES`].
    TooManyServices,
    /// More faults than [`crate::MAX_FAULTS`]; the rest is not listed.
    TooManyFaults,
    /// More than one YAML document.
    SeveralDocuments,
    /// A key stands twice in one mapping.
    DuplicateKey,
    /// A key is a list or a mapping.
    KeyNotText,
    /// A YAML anchor or alias.
    Anchor,
    /// A YAML merge key, `<<`.
    MergeKey,
    /// A YAML tag, `!name`.
    Tag,
    /// A key that nobody knows.
    UnknownKey,
    /// A key as another program spells it.
    ForeignKey,
    /// A key or value of the file's language that this version does not carry out.
    NotSupportedYet,
    /// A required key is not there.
    MissingKey,
    /// A value of another form: a list where text is wanted.
    WrongType,
    /// A key without a value, or null.
    NoValue,
    /// A schema version that this program does not know.
    SchemaVersion,
    /// A name outside the rules for names.
    BadName,
    /// A name that the system itself sets.
    ReservedName,
    /// No image reference.
    BadImage,
    /// A value that cannot be read as what its key takes.
    BadValue,
    /// A value outside its range.
    OutOfRange,
    /// Two values that exclude each other.
    Contradiction,
    /// No host name.
    BadHost,
    /// A host that the file names twice.
    DuplicateHost,
    /// No path: of a file in a container, or beside the file.
    BadPath,
    /// `files.from` in a file that came without what it names.
    NotInlined,
    /// `files.from` names what cannot be read.
    Unreadable,
    /// An environment that the file does not have.
    UnknownEnvironment,
    /// More environments than [`crate::MAX_ENVIRONMENTS`].
    TooManyEnvironments,
    /// An environment removes what is not there.
    NothingToRemove,
    /// A warning: a host is served over plain HTTP, as there is no certificate for it.
    NoCertificate,
    /// A warning: a rollout may be given up while a replica may still become ready.
    DeadlineBeforeReady,
    /// A warning: a probe may take longer than the time to the next one.
    TimeoutOverInterval,
}

impl FaultCode {
    /// The text was no YAML or JSON at all (HTTP 400), rather than an invalid file (HTTP 422).
    pub fn is_syntax(self) -> bool {
        matches!(self, Self::Syntax | Self::EmptyFile)
    }
}

impl Fault {
    pub(crate) fn new(
        spot: Spot,
        pointer: &str,
        code: FaultCode,
        message: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.to_owned(),
            line: spot.line,
            column: spot.column,
            code,
            message: message.into(),
            suggestion: None,
        }
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl fmt::Display for Fault {
    /// `4:5: message; suggestion`. The name of the file is for the caller to put in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; {suggestion}"),
            None => Ok(()),
        }
    }
}

/// The faults of one file while it is read.
#[derive(Default)]
pub(crate) struct Faults {
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault) {
        // One more than is shown, so that the end can say that some were left out.
        if self.errors.len() <= MAX_FAULTS {
            self.errors.push(fault);
        }
    }

    pub(crate) fn warn(&mut self, fault: Fault) {
        self.warnings.push(fault);
    }

    /// Takes over what is wrong in another reading of the same file and is not known yet.
    pub(crate) fn add_errors_of(&mut self, other: Self) {
        for fault in other.errors {
            if !self.errors.contains(&fault) {
                self.push(fault);
            }
        }
    }

    pub(crate) fn doubt(&mut self, fault: Result<(), Fault>) {
        self.warnings.extend(fault.err());
    }

    /// The value; or nothing, its fault being remembered.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }

    /// Errors and warnings, each sorted by place. Of several at the same place the first found stays:
    /// what follows from it would only repeat it.
    pub(crate) fn sorted(mut self) -> (Vec<Fault>, Vec<Fault>) {
        let cut = self.errors.len() > MAX_FAULTS;
        self.errors.truncate(MAX_FAULTS);
        for faults in [&mut self.errors, &mut self.warnings] {
            faults.sort_by_key(|fault| (fault.line, fault.column));
            faults.dedup_by(|later, first| {
                (later.line, later.column, &later.pointer)
                    == (first.line, first.column, &first.pointer)
            });
        }
        if let (true, Some(last)) = (cut, self.errors.last()) {
            let spot = Spot {
                line: last.line,
                column: last.column,
            };
            let message = format!("more than {MAX_FAULTS} faults; the rest is not listed");
            self.errors
                .push(Fault::new(spot, "", FaultCode::TooManyFaults, message));
        }
        (self.errors, self.warnings)
    }
}
