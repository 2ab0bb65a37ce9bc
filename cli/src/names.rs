//! Names that somebody wrote and nothing bears: the one that was meant, or those there are.

use std::fmt::Display;

use gantry_events::ProjectName;
use gantry_rest::{Client, ProblemCode, ReadAt};

use crate::context::answered;
use crate::failure::Failure;

/// Most names that are listed where none is near.
const LISTED: usize = 8;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// A project.
    Project,
    /// A service of this project.
    Service(&'a ProjectName),
    /// A replica of this project.
    Replica(&'a ProjectName),
    /// A release of this project.
    Release(&'a ProjectName),
    /// A node.
    Node,
    /// A machine.
    Machine,
    /// A pool.
    Pool,
}

/// The failure, and, where it says that nothing bears the name, which name was meant. Where the names
/// cannot be read, the failure alone.
pub async fn meant(
    client: &Client,
    failure: Failure,
    name: impl Display,
    of: Named<'_>,
) -> Failure {
    if !failure.is_not_found() {
        return failure;
    }
    // Without its project nothing in it can be meant.
    let of = match of {
        Named::Service(project) | Named::Replica(project) | Named::Release(project)
            if failure.says(ProblemCode::ProjectNotFound) =>
        {
            return failure.with_way_out(near(
                project.as_str(),
                "projects",
                &projects(client).await,
            ));
        }
        of => of,
    };
    let (what, names) = read(client, of).await;
    failure.with_way_out(near(&name.to_string(), &what, &names))
}

/// The name that was meant among those of several kinds, if one is near.
pub async fn meant_among(client: &Client, name: &str, of: &[Named<'_>]) -> Option<String> {
    let mut all = Vec::new();
    for of in of {
        all.extend(read(client, *of).await.1);
    }
    nearest(name, &all).map(did_you_mean)
}

async fn read(client: &Client, of: Named<'_>) -> (String, Vec<String>) {
    let now = ReadAt::default();
    match of {
        Named::Project => ("projects".to_owned(), projects(client).await),
        Named::Service(project) => {
            let list = answered(client.services(project, &now)).await;
            (
                format!("services of {project}"),
                ids(list.map(|list| list.items), |doc| doc.id.to_string()),
            )
        }
        Named::Replica(project) => {
            let list = answered(client.replicas(project, None, &now)).await;
            (
                format!("replicas of {project}"),
                ids(list.map(|list| list.items), |doc| doc.id.to_string()),
            )
        }
        Named::Release(project) => {
            let list = answered(client.releases(project, &now)).await;
            let newest = list.map(|list| list.items.into_iter().rev());
            (format!("releases of {project}"), ids(newest, |doc| doc.id))
        }
        Named::Node => {
            let list = answered(client.nodes(&now)).await;
            (
                "nodes".to_owned(),
                ids(list.map(|list| list.items), |doc| doc.id.to_string()),
            )
        }
        Named::Machine => {
            let list = answered(client.machines(&now)).await;
            (
                "machines".to_owned(),
                ids(list.map(|list| list.items), |doc| doc.id.to_string()),
            )
        }
        Named::Pool => {
            let list = answered(client.pools(&now)).await;
            (
                "pools".to_owned(),
                ids(list.map(|list| list.items), |doc| doc.id.to_string()),
            )
        }
    }
}

async fn projects(client: &Client) -> Vec<String> {
    let list = answered(client.projects(&ReadAt::default())).await;
    ids(list.map(|list| list.items), |doc| doc.id.to_string())
}

fn ids<T>(
    list: Result<impl IntoIterator<Item = T>, Failure>,
    id: impl Fn(T) -> String,
) -> Vec<String> {
    list.map(|items| items.into_iter().map(id).collect())
        .unwrap_or_default()
}

/// What to write instead.
fn near(name: &str, what: &str, names: &[String]) -> String {
    if let Some(meant) = nearest(name, names) {
        return did_you_mean(meant);
    }
    if names.is_empty() {
        return format!("there are no {what} yet");
    }
    let more = names.len().saturating_sub(LISTED);
    let listed = names.get(..LISTED).unwrap_or(names).join(", ");
    let more = (more > 0).then(|| format!(" and {more} more"));
    format!("{what}: {listed}{}", more.unwrap_or_default())
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// The name at most two slips away, and less than half of the word; else one that begins as it does.
fn nearest<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    let given = name.to_lowercase();
    let slips = |name: &str| strsim::osa_distance(name, &given);
    let near = names
        .iter()
        .filter(|name| slips(name) <= 2 && slips(name) * 2 < name.len());
    let near = near.min_by_key(|name| slips(name));
    let begins = || {
        let begins = |name: &&String| given.len() > 1 && name.starts_with(&given);
        names.iter().find(begins)
    };
    near.or_else(begins).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_near_or_begins_alike() {
        let names: Vec<_> = ["web", "worker", "web-7f3k2q", "web-9ab4xz", "n1"]
            .map(str::to_owned)
            .into();
        let rows = [
            ("wbe", Some("web")),
            ("Worker", Some("worker")),
            ("worke", Some("worker")),
            ("web-7f3k2p", Some("web-7f3k2q")),
            ("web-7f", Some("web-7f3k2q")),
            ("n4", None),
            ("database", None),
        ];
        for (given, meant) in rows {
            assert_eq!(nearest(given, &names), meant, "{given}");
        }
    }

    #[test]
    fn where_none_is_near_those_there_are_are_named() {
        let names: Vec<_> = (1..=10).map(|n| format!("s{n}")).collect();
        let told = near("database", "services of shop", &names);
        assert_eq!(
            told,
            "services of shop: s1, s2, s3, s4, s5, s6, s7, s8 and 2 more"
        );
        assert_eq!(
            near("web", "services of shop", &[]),
            "there are no services of shop yet"
        );
    }
}
