//! `Context`: what every verb works with: the api, the screen, the common options.

use std::cell::OnceCell;
use std::future::Future;

use gantry_events::{Millis, ProjectName};
use gantry_rest::{Client, ClientError};
use tokio::time::Instant;

use crate::args::{Common, FileArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file::File;
use crate::output::{Answer, Screen};
use crate::patience::from_now;

/// Time in which the api answers, where less is not asked for. Its own longest wait on a read is shorter.
const ANSWER_WITHIN: Millis = Millis::from_secs(30);

/// What a verb works with.
#[derive(Debug)]
pub struct Context {
    /// The common options.
    pub common: Common,
    /// Where results and progress are written.
    pub screen: Screen,
    /// When nothing is waited for any more, once something is.
    until: OnceCell<Instant>,
}

impl Context {
    /// A context of these options.
    pub fn new(common: Common, screen: Screen) -> Self {
        Self {
            common,
            screen,
            until: OnceCell::new(),
        }
    }

    /// When nothing is waited for any more. The time runs from the first call on: what a person takes to answer a
    /// question before is not counted.
    pub fn until(&self) -> Instant {
        let limit = self.common.timeout.duration();
        *self.until.get_or_init(|| from_now(limit))
    }

    /// The api, as the options name it. Nothing is asked yet.
    ///
    /// # Errors
    /// The address is none, or the token cannot be sent.
    pub fn client(&self) -> Result<Client, Failure> {
        let token = self.common.token.as_deref().unwrap_or_default();
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::bad_input(
                "the token has a space, a line break or another character that no token has",
                "pass it with --token or GANTRY_TOKEN as it was given out",
            ));
        }
        let client = Client::new(&self.common.url, self.common.token.clone())?;
        Ok(client.answered_within(ANSWER_WITHIN.min(self.common.timeout)))
    }

    /// The project: the one that is named, else the file's.
    ///
    /// # Errors
    /// None is named, and there is no file that could be read.
    pub fn project(&self, file: &FileArg) -> Result<ProjectName, Failure> {
        if let Some(project) = self.common.named_project()? {
            return Ok(project);
        }
        match File::read(&file.path) {
            Ok(file) => file.project_name(self.common.environment.as_ref()),
            Err(failure) => Err(failure.or_do("or name a project with -p")),
        }
    }

    /// The project, if one is named, or there is a file that names it.
    ///
    /// # Errors
    /// There is a file, and it has faults.
    pub fn project_if_any(&self, file: &FileArg) -> Result<Option<ProjectName>, Failure> {
        if self.common.project.is_none() && file.is_missing() {
            return Ok(None);
        }
        self.project(file).map(Some)
    }

    /// Asks whether that is meant, where someone can be asked; `enter` is what an empty answer says.
    ///
    /// # Errors
    /// It is not.
    pub fn agree(&self, question: &str, enter: Answer) -> Result<(), Failure> {
        if !self.screen.asks() || self.screen.confirms(question, enter)? {
            return Ok(());
        }
        let what = "not confirmed; nothing was changed";
        Err(Failure::here(Exit::Failed, what, "answer y, or pass --yes"))
    }
}

/// The answer, as what a verb can go on with.
///
/// # Errors
/// Those of the request.
pub async fn answered<T>(
    request: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, Failure> {
    Ok(request.await?)
}
