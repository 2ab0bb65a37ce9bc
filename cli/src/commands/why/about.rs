//! `About`: what is asked about: by its kind and its name, or by its name alone, which is then looked for
//! among all kinds. Leaves what was meant by a wrong name to `names`.

use std::str::FromStr;

use gantry_events::ProjectName;
use gantry_rest::{Client, ReadAt, Why};
use gantry_views::DocKey;

use crate::context::answered;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::names::{Named, meant, meant_among};

/// In the order in which a name is looked for.
const KINDS: [Kind; 9] = [
    Kind("operation"),
    Kind("release"),
    Kind("service"),
    Kind("replica"),
    Kind("node"),
    Kind("machine"),
    Kind("pool"),
    Kind("balancer"),
    Kind("project"),
];

/// A kind of what has causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind(&'static str);

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    kind: Option<Kind>,
    name: String,
}

impl FromStr for About {
    type Err = String;
    /// `web`, or `service/web` as events name it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((kind, name)) = text.split_once('/') else {
            let (kind, name) = (None, text.to_owned());
            return Ok(Self { kind, name });
        };
        let all = KINDS.map(|kind| kind.0).join(", ");
        let found = KINDS.into_iter().find(|known| known.0 == kind);
        let kind = found.ok_or_else(|| format!("`{kind}` is no kind; {all} are"))?;
        Ok(Self {
            kind: Some(kind),
            name: name.to_owned(),
        })
    }
}

impl Kind {
    fn is_of_a_project(self) -> bool {
        ["release", "service", "replica"].contains(&self.0)
    }

    /// The project that stands in its path.
    fn project(self, project: Option<&ProjectName>) -> Option<&ProjectName> {
        project.filter(|_| self.is_of_a_project())
    }

    /// Whether something of this kind can have this name; why not.
    fn takes(self, project: Option<&ProjectName>, name: &str) -> Result<(), String> {
        let project = self.project(project).map(ProjectName::as_str);
        DocKey::read(self.0, project, name).map(|_| ())
    }

    /// Where its names are listed; nowhere for what nobody names.
    fn named(self, project: Option<&ProjectName>) -> Option<Named<'_>> {
        Some(match self.0 {
            "release" => Named::Release(project?),
            "service" => Named::Service(project?),
            "replica" => Named::Replica(project?),
            "node" => Named::Node,
            "machine" => Named::Machine,
            "pool" => Named::Pool,
            "project" => Named::Project,
            _ => return None,
        })
    }
}

impl About {
    /// Whether a project is needed, or may be of use.
    pub fn may_be_in_a_project(&self) -> bool {
        self.kind.is_none_or(Kind::is_of_a_project)
    }

    /// The causes of what has this name.
    ///
    /// # Errors
    /// Nothing has this name, or it is none; those of the reads.
    pub async fn ask(
        &self,
        client: &Client,
        project: Option<&ProjectName>,
        at: &ReadAt,
    ) -> Result<Why, Failure> {
        if let Some(kind) = self.kind {
            return self.ask_kind(client, kind, project, at).await;
        }
        for kind in KINDS {
            if kind.takes(project, &self.name).is_err() {
                continue;
            }
            match self.read(client, kind, project, at).await {
                Err(failure) if failure.is_not_found() => {}
                answer => return answer,
            }
        }
        Err(self.unknown(client, project).await)
    }

    async fn ask_kind(
        &self,
        client: &Client,
        kind: Kind,
        project: Option<&ProjectName>,
        at: &ReadAt,
    ) -> Result<Why, Failure> {
        if kind.is_of_a_project() && project.is_none() {
            let what = format!(
                "{} {} is of a project, and none is named",
                kind.0, self.name
            );
            return Err(Failure::bad_input(what, "name it with -p"));
        }
        let wrong = |why| Failure::bad_input(why, "see --help for what can be written");
        kind.takes(project, &self.name).map_err(wrong)?;
        let failure = match self.read(client, kind, project, at).await {
            Err(failure) if failure.is_not_found() => failure,
            answer => return answer,
        };
        if let Some(missing) = missing(client, kind.project(project)).await {
            return Err(missing);
        }
        Err(match kind.named(project) {
            Some(named) => meant(client, failure, &self.name, named).await,
            None => failure,
        })
    }

    async fn read(
        &self,
        client: &Client,
        kind: Kind,
        project: Option<&ProjectName>,
        at: &ReadAt,
    ) -> Result<Why, Failure> {
        answered(client.why(kind.0, kind.project(project), &self.name, at)).await
    }

    /// Nothing has this name.
    async fn unknown(&self, client: &Client, project: Option<&ProjectName>) -> Failure {
        let among: Vec<_> = KINDS
            .into_iter()
            .filter_map(|kind| kind.named(project))
            .collect();
        let near = meant_among(client, &self.name, &among).await;
        if near.is_none()
            && let Some(missing) = missing(client, project).await
        {
            return missing;
        }
        let (place, other) = match project {
            Some(project) => (
                format!(" in {project} or the cluster"),
                "see `gantry status`, `gantry ps -a`, `gantry node ls` for names",
            ),
            None => (
                " in the cluster, and no project is named".to_owned(),
                "name a project with -p",
            ),
        };
        let what = format!("nothing is called {}{place}", self.name);
        let way_out = near.unwrap_or_else(|| other.to_owned());
        Failure::here(Exit::Refused, what, way_out)
    }
}

/// That there is no such project, where one is named: nothing in it can be meant then.
async fn missing(client: &Client, project: Option<&ProjectName>) -> Option<Failure> {
    let project = project?;
    match answered(client.project(project, &ReadAt::default())).await {
        Err(failure) if failure.is_not_found() => {
            Some(meant(client, failure, project, Named::Project).await)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_alone_or_behind_its_kind() {
        let about = |text: &str| text.parse::<About>();
        let node = about("node/n1").unwrap();
        assert_eq!((node.kind, node.name.as_str()), (Some(Kind("node")), "n1"));
        assert!(!node.may_be_in_a_project());
        let web = about("web").unwrap();
        assert_eq!((web.kind, web.name.as_str()), (None, "web"));
        assert!(web.may_be_in_a_project());
        let wrong = about("pod/web").unwrap_err();
        assert!(
            wrong.starts_with("`pod` is no kind; operation, "),
            "{wrong}"
        );
    }
}
