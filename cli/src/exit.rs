//! `Exit`: the exit codes, and which of them a problem of the api comes to. They are a promise to
//! scripts: see the contract's list.

use std::process::ExitCode;

use gantry_events::ProblemCode as Ended;
use gantry_rest::Problem;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// It was tried and failed.
    Failed = 1,
    /// What was given cannot be right: an argument, a file.
    BadInput = 2,
    /// Refused: token, right, precondition, conflict, not found.
    Refused = 3,
    /// Nobody answers, or cannot now.
    NotReachable = 4,
    /// It still ran when the wait ended.
    StillRunning = 5,
}

impl Exit {
    /// What a request that was answered with this problem comes to.
    pub fn of_request(problem: &Problem) -> Self {
        match problem.status {
            401 | 403 | 404 | 409 | 410 | 412 => Self::Refused,
            429 | 502..=504 => Self::NotReachable,
            400..=499 => Self::BadInput,
            _ => Self::Failed,
        }
    }

    /// What an operation that ended with this problem comes to: the code it would have had, had the api
    /// known at once; a failure where it was tried.
    pub fn of_operation(code: Ended) -> Self {
        match code {
            Ended::ProjectNotFound
            | Ended::ServiceNotFound
            | Ended::ReleaseNotFound
            | Ended::NodeNotFound
            | Ended::PoolNotFound
            | Ended::PoolExists
            | Ended::DomainTaken
            | Ended::NodeLeaving
            | Ended::VersionConflict => Self::Refused,
            Ended::InvalidConfig | Ended::ProviderUnknown => Self::BadInput,
            Ended::ImageNotFound
            | Ended::RegistryUnreachable
            | Ended::NoNodeFits
            | Ended::DeadlinePassed
            | Ended::DrainBlocked
            | Ended::MachineFailed => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_rest::ProblemCode;

    #[test]
    fn each_problem_of_a_request_has_the_exit_code_that_scripts_are_promised() {
        let rows = [
            (ProblemCode::UnknownParameter, 2),
            (ProblemCode::InvalidFile, 2),
            (ProblemCode::TooLarge, 2),
            (ProblemCode::Unauthenticated, 3),
            (ProblemCode::Forbidden, 3),
            (ProblemCode::ServiceNotFound, 3),
            (ProblemCode::PoolExists, 3),
            (ProblemCode::VersionConflict, 3),
            (ProblemCode::LogRestored, 3),
            (ProblemCode::LogUnavailable, 4),
            (ProblemCode::TooManyRequests, 4),
            (ProblemCode::NotYet, 4),
            (ProblemCode::Internal, 1),
        ];
        for (code, exit) in rows {
            let problem = Problem::new(code, "");
            assert_eq!(Exit::of_request(&problem) as u8, exit, "{code}");
        }
    }
}
