//! `DocKey`: names one document.

use gantry_events::{
    BalancerId, Kind, MachineId, NodeId, OperationId, PoolName, ProjectName, ReleaseNumber,
    ReplicaId, Scope, ServiceName,
};

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
