//! `DocKey`: names one document.

use gantry_events::{
    BalancerId, Kind, MachineId, NodeId, OperationId, PoolName, ProjectName, ReleaseNumber,
    ReplicaId, Scope, ServiceName,
};

/// Kinds that have documents.
const KINDS: [Kind; 9] = [
    Kind::Operation,
    Kind::Project,
    Kind::Release,
    Kind::Service,
    Kind::Replica,
    Kind::Node,
    Kind::Pool,
    Kind::Machine,
    Kind::Balancer,
];

/// Names one document. Operations and projects stand in the cluster's scope, whatever they are about,
/// so that their id alone finds them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocKey {
    /// What it is.
    pub kind: Kind,
    /// Where it belongs.
    pub scope: Scope,
    /// Its id, unique among its kind in its scope.
    pub id: String,
}

impl DocKey {
    /// The document of this kind and id, as a path writes them: a project's with the project.
    ///
    /// # Errors
    /// Why it names none, in a sentence.
    pub fn read(kind: &str, project: Option<&str>, id: &str) -> Result<Self, String> {
        let known = KINDS.iter().find(|known| known.as_str() == kind);
        let kind = *known.ok_or_else(|| {
            let all: Vec<_> = KINDS.iter().map(|kind| kind.as_str()).collect();
            format!("`{kind}` is no kind of entity; {} are", all.join(", "))
        })?;
        let wrong = |e: &dyn ToString| e.to_string();
        let project: Option<ProjectName> = match project.map(str::parse) {
            Some(Ok(project)) => Some(project),
            Some(Err(e)) => return Err(wrong(&e)),
            None => None,
        };
        match (kind, &project) {
            (Kind::Operation, None) => id.parse().map(Self::operation).map_err(|e| wrong(&e)),
            (Kind::Project, None) => id
                .parse()
                .map(|id| Self::project(&id))
                .map_err(|e| wrong(&e)),
            (Kind::Node, None) => id.parse().map(|id| Self::node(&id)).map_err(|e| wrong(&e)),
            (Kind::Pool, None) => id.parse().map(|id| Self::pool(&id)).map_err(|e| wrong(&e)),
            (Kind::Machine, None) => id
                .parse()
                .map(|id| Self::machine(&id))
                .map_err(|e| wrong(&e)),
            (Kind::Balancer, None) => id
                .parse()
                .map(|id| Self::balancer(&id))
                .map_err(|e| wrong(&e)),
            (Kind::Release, Some(project)) => {
                let number = id.trim_start_matches('r').parse().map(ReleaseNumber);
                let number =
                    number.map_err(|_| format!("`{id}` is no number of a release; write 3 or r3"));
                number.map(|number| Self::release(project, number))
            }
            (Kind::Service, Some(project)) => id
                .parse()
                .map(|id| Self::service(project, &id))
                .map_err(|e| wrong(&e)),
            (Kind::Replica, Some(project)) => id
                .parse()
                .map(|id| Self::replica(project, &id))
                .map_err(|e| wrong(&e)),
            (Kind::Log | Kind::Rollout, _) => Err("there is no document of this kind".to_owned()),
            (_, None) => Err(format!(
                "a {0} is named with its project: {0}/PROJECT/{id}",
                kind.as_str()
            )),
            (_, Some(_)) => Err(format!(
                "a {0} is of no project; name it {0}/{id}",
                kind.as_str()
            )),
        }
    }

    /// An operation.
    pub fn operation(id: OperationId) -> Self {
        Self::cluster(Kind::Operation, id)
    }

    /// A project.
    pub fn project(name: &ProjectName) -> Self {
        Self::cluster(Kind::Project, name)
    }

    /// A release; its id is `r1`.
    pub fn release(project: &ProjectName, number: ReleaseNumber) -> Self {
        Self::within(project, Kind::Release, number)
    }

    /// A service.
    pub fn service(project: &ProjectName, name: &ServiceName) -> Self {
        Self::within(project, Kind::Service, name)
    }

    /// A replica.
    pub fn replica(project: &ProjectName, id: &ReplicaId) -> Self {
        Self::within(project, Kind::Replica, id)
    }

    /// A node.
    pub fn node(id: &NodeId) -> Self {
        Self::cluster(Kind::Node, id)
    }

    /// A pool.
    pub fn pool(name: &PoolName) -> Self {
        Self::cluster(Kind::Pool, name)
    }

    /// A machine.
    pub fn machine(id: &MachineId) -> Self {
        Self::cluster(Kind::Machine, id)
    }

    /// A balancer.
    pub fn balancer(id: &BalancerId) -> Self {
        Self::cluster(Kind::Balancer, id)
    }

    fn cluster(kind: Kind, id: impl ToString) -> Self {
        Self {
            kind,
            scope: Scope::Cluster,
            id: id.to_string(),
        }
    }

    fn within(project: &ProjectName, kind: Kind, id: impl ToString) -> Self {
        Self {
            kind,
            scope: Scope::Project(project.clone()),
            id: id.to_string(),
        }
    }

    /// A text by which lists are sorted: the id, its numbers so wide that `n2` comes before `n10`.
    pub(crate) fn natural_order(&self) -> String {
        let mut order = String::new();
        let mut digits = String::new();
        for c in self.id.chars() {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            push_number(&mut order, &mut digits);
            order.push(c);
        }
        push_number(&mut order, &mut digits);
        order
    }
}

fn push_number(order: &mut String, digits: &mut String) {
    if !digits.is_empty() {
        order.push_str(&format!("{digits:0>10}"));
        digits.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_ids_sort_as_numbers() {
        let ids = ["n2", "n10", "n10-a", "n11"];
        let orders: Vec<_> = ids
            .iter()
            .map(|id| DocKey::node(&id.parse().unwrap()).natural_order())
            .collect();
        assert!(orders.is_sorted(), "{orders:?}");
    }
}
