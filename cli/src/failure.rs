//! `Failure`: why a verb did not do what was asked, its exit code, and how it is told: in sentences,
//! or as a problem document. Printing is left to `output`.

use std::fmt::Display;
use std::io;

use gantry_events::ReplicaId;
use gantry_rest::{ClientError, Problem, ProblemCode};
use gantry_spec::Fault;
use gantry_views::OperationDoc;
use serde_json::{Value, json};

use crate::exit::Exit;

/// Why a verb did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The api was asked and did not do it.
    #[error("{0}")]
    Api(#[from] ClientError),
    /// The same, and what to do is known better here.
    #[error("{failure}")]
    Guided {
        /// What happened.
        failure: Box<Failure>,
        /// What to do.
        way_out: String,
    },
    /// The file has faults.
    #[error("the file has {}, each shown above", count(faults.len(), "fault"))]
    Faults {
        /// Each as it stands in the file.
        shown: Vec<String>,
        /// Them.
        faults: Vec<Fault>,
    },
    /// What was given cannot be right, or the place refuses it: found here, nothing was asked.
    #[error("{what}")]
    Here {
        /// Bad input, refused or failed.
        exit: Exit,
        /// What happened and why.
        what: String,
        /// What to do.
        way_out: String,
    },
    /// The operation failed, or was overtaken.
    #[error("{}", end_of(.0))]
    Ended(Box<OperationDoc>, Option<LastWords>),
    /// The operation goes on, unwatched.
    #[error("{why}; operation {id} goes on by itself", id = .operation.id)]
    StillRunning {
        /// Why it is no longer waited for.
        why: String,
        /// It, as it was last seen.
        operation: Box<OperationDoc>,
    },
    /// What should be printed cannot be.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// What a replica wrote before its node gave it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWords {
    /// The replica.
    pub replica: ReplicaId,
    /// Its probe's last answer, if that is known.
    pub probe: Option<String>,
    /// Its last lines.
    pub lines: Vec<String>,
}

impl Failure {
    /// What was given cannot be right.
    pub fn bad_input(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::here(Exit::BadInput, what, way_out)
    }

    /// Found here, without asking.
    pub fn here(exit: Exit, what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::Here {
            exit,
            what: what.into(),
            way_out: way_out.into(),
        }
    }

    /// The same with one more way out.
    pub fn or_do(mut self, also: &str) -> Self {
        if let Self::Here { way_out, .. } = &mut self {
            way_out.push_str(", ");
            way_out.push_str(also);
        }
        self
    }

    /// The same with another way out.
    pub fn with_way_out(self, way_out: impl Into<String>) -> Self {
        Self::Guided {
            failure: Box::new(self),
            way_out: way_out.into(),
        }
    }

    /// Whether nothing bears a name that was given.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Api(e) => e.problem().is_some_and(|problem| problem.status == 404),
            Self::Ended(operation, _) => operation
                .problem
                .as_ref()
                .is_some_and(|problem| ProblemCode::from(problem.code).status() == 404),
            _ => false,
        }
    }

    /// Whether the api's problem has this code.
    pub fn says(&self, code: ProblemCode) -> bool {
        match self {
            Self::Api(e) => e.problem().is_some_and(|problem| problem.code == code),
            _ => false,
        }
    }

    /// Whether the same may do better in a moment: nobody answered, or not now.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Api(ClientError::Unreachable { .. } | ClientError::Silent { .. }) => true,
            Self::Api(ClientError::Problem(problem)) => problem.code.may_pass(),
            _ => false,
        }
    }

    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Api(ClientError::Problem(problem)) => Exit::of_request(problem),
            Self::Api(ClientError::Address { .. }) | Self::Faults { .. } => Exit::BadInput,
            Self::Api(
                ClientError::Unreachable { .. }
                | ClientError::Silent { .. }
                | ClientError::Foreign { .. },
            ) => Exit::NotReachable,
            Self::Here { exit, .. } => *exit,
            Self::Guided { failure, .. } => failure.exit(),
            Self::Ended(operation, _) => operation
                .problem
                .as_ref()
                .map_or(Exit::Failed, |problem| Exit::of_operation(problem.code)),
            Self::StillRunning { .. } => Exit::StillRunning,
            // Who reads has read enough, as `head` does: no failure.
            Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Output(_) => Exit::Failed,
        }
    }

    /// What to do, where the sentence does not say it.
    pub fn way_out(&self) -> Option<String> {
        match self {
            Self::Here { way_out, .. } | Self::Guided { way_out, .. } => Some(way_out.clone()),
            Self::Api(
                ClientError::Unreachable { .. }
                | ClientError::Silent { .. }
                | ClientError::Foreign { .. },
            ) => Some(
                "start the system with `make up`, or name its address with --url or GANTRY_URL"
                    .to_owned(),
            ),
            Self::Api(ClientError::Address { .. }) => {
                Some("write --url or GANTRY_URL as in http://127.0.0.1:7070".to_owned())
            }
            Self::Api(ClientError::Problem(problem)) if problem.status == 401 => {
                Some("source .gantry/env, or pass a token with --token or GANTRY_TOKEN".to_owned())
            }
            Self::StillRunning { operation, .. } => Some(match operation.project() {
                Some(project) => format!(
                    "see how far it is with `gantry status -p {project}`, what happens with `gantry events -f -p {project}`"
                ),
                None => format!(
                    "see how far it is with `gantry events --operation {}`",
                    operation.id
                ),
            }),
            Self::Api(ClientError::Problem(_))
            | Self::Faults { .. }
            | Self::Ended(..)
            | Self::Output(_) => None,
        }
    }

    /// The same as a problem document; of what was found here, one in the same form.
    pub fn document(&self) -> Value {
        match self {
            Self::Api(ClientError::Problem(problem)) => json!(problem),
            Self::Faults { faults, .. } => json!(Problem::from(faults.clone())),
            Self::Ended(operation, _) => match &operation.problem {
                Some(problem) => json!(Problem::from(problem.clone()).of_operation(operation.id)),
                None => self.own_document("superseded", Some(operation)),
            },
            Self::StillRunning { operation, .. } => {
                self.own_document("still-running", Some(operation))
            }
            Self::Api(ClientError::Address { .. }) => self.own_document("bad-address", None),
            Self::Api(
                ClientError::Unreachable { .. }
                | ClientError::Silent { .. }
                | ClientError::Foreign { .. },
            ) => self.own_document("not-reachable", None),
            Self::Here { exit, .. } => self.own_document(code_of(*exit), None),
            Self::Guided { failure, .. } => failure.document(),
            Self::Output(_) => self.own_document("output", None),
        }
    }

    /// A document of the command line's own: it has no HTTP status.
    fn own_document(&self, code: &str, operation: Option<&OperationDoc>) -> Value {
        let way_out = self.way_out().map(|way| format!("; {way}"));
        let mut document = json!({
            "type": format!("urn:gantry:cli:{code}"),
            "title": code.replace('-', " "),
            "detail": format!("{self}{}", way_out.unwrap_or_default()),
            "code": code,
        });
        if let Some(operation) = operation {
            document["operation"] = json!(operation.id);
        }
        document
    }
}

fn code_of(exit: Exit) -> &'static str {
    match exit {
        Exit::BadInput => "bad-input",
        Exit::Refused => "refused",
        Exit::NotReachable => "not-reachable",
        Exit::StillRunning => "still-running",
        Exit::Done | Exit::Failed => "failed",
    }
}

fn end_of(operation: &OperationDoc) -> String {
    if let Some(problem) = &operation.problem {
        return problem.detail.clone();
    }
    match operation.superseded_by {
        Some(by) => format!("a newer operation, {by}, took over"),
        None => format!("operation {} failed", operation.id),
    }
}

/// `1 fault`, `2 faults`.
pub fn count(number: impl Display + PartialEq<usize>, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
