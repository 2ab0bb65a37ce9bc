//! Nodes and machines, and what they say.

use gantry_events::*;

use super::{Scene, secs};

impl Scene {
    pub fn join(&mut self, node: &str) {
        let node: NodeId = node.parse().unwrap();
        let capacity = Capacity {
            cpu: MilliCpu(4000),
            memory: Bytes(4 << 30),
        };
        let joined = NodeJoined {
            node: node.clone(),
            address: [10, 0, 0, 1].into(),
            capacity,
        };
        self.stage.fact(Writer::Node(node), joined);
    }

    /// A machine with labels was asked for, and its node has joined.
    pub fn join_labelled(&mut self, node: &str, labels: &[(&str, &str)]) {
        let labels = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let requested = MachineRequested {
            machine: node.replace('n', "m").parse().unwrap(),
            node: node.parse().unwrap(),
            pool: "pool".parse().unwrap(),
            labels: labels.collect(),
            attempt: 1,
            until: self.stage.now,
        };
        self.stage.fact(Writer::Provisioner, requested);
        self.join(node);
    }

    /// Its machine should leave, within a minute.
    pub fn machine_leaves(&mut self, node: &str) -> Vec<String> {
        let (machine, node) = machine(node);
        let until = self.stage.now + secs(60);
        self.provisioner(MachineLeaving {
            machine,
            node,
            until,
        })
    }

    pub fn machine_kept(&mut self, node: &str) -> Vec<String> {
        let (machine, node) = machine(node);
        self.provisioner(MachineKept { machine, node })
    }

    pub fn machine_removed(&mut self, node: &str) -> Vec<String> {
        let (machine, node) = machine(node);
        self.provisioner(MachineRemoved { machine, node })
    }

    pub fn machine_gone(&mut self, node: &str) -> Vec<String> {
        let (machine, node) = machine(node);
        self.provisioner(MachineGone { machine, node })
    }

    fn provisioner(&mut self, fact: impl Into<Fact>) -> Vec<String> {
        self.stage.fact(Writer::Provisioner, fact);
        self.balance();
        self.settle()
    }

    pub fn cordon(&mut self, node: &str) -> Vec<String> {
        let node = node.parse().unwrap();
        self.command(Intent::CordonNode(CordonNode { node }))
    }

    pub fn uncordon(&mut self, node: &str) -> Vec<String> {
        let node = node.parse().unwrap();
        self.command(Intent::UncordonNode(UncordonNode { node }))
    }

    pub fn drain(&mut self, node: &str) -> Vec<String> {
        let node = node.parse().unwrap();
        self.command(Intent::DrainNode(DrainNode { node }))
    }

    /// The replica becomes ready, by its node's word.
    pub fn ready(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        self.node_says(ReplicaReady {
            project: self.project.clone(),
            replica,
            node,
            address: Some(([10, 0, 0, 1], 20_000).into()),
        })
    }

    pub fn unready(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        self.node_says(ReplicaUnready {
            project: self.project.clone(),
            replica,
            node,
            reason: "connection refused".to_owned(),
        })
    }

    /// The replica's process ended; its node starts it anew.
    pub fn restart(&mut self, name: &str) -> Vec<String> {
        self.restart_saying(name, 1, &[])
    }

    /// The same for the so many-th time, with its last lines.
    pub fn restart_saying(&mut self, name: &str, restarts: u32, lines: &[&str]) -> Vec<String> {
        let (replica, node) = self.find(name);
        self.node_says(ReplicaRestarted {
            project: self.project.clone(),
            replica,
            node,
            restarts,
            exit: Some(137),
            backoff: secs(1),
            log_tail: lines.iter().map(|line| (*line).to_owned()).collect(),
        })
    }

    /// The node gives the replica up.
    pub fn fail(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        self.node_says(ReplicaFailed {
            project: self.project.clone(),
            replica,
            node,
            reason: FailureReason::NotReadyInTime {
                probe: "GET /healthz gave 503".to_owned(),
            },
            exit: None,
            log_tail: vec!["no database".to_owned()],
        })
    }

    /// The node says that the replica has stopped.
    pub fn stopped(&mut self, name: &str) -> Vec<String> {
        self.stopped_saying(name, None, &[])
    }

    /// The same of one that was not ready: its probe's last answer and its last lines.
    pub fn stopped_saying(
        &mut self,
        name: &str,
        probe: Option<&str>,
        lines: &[&str],
    ) -> Vec<String> {
        let (replica, node) = self.find(name);
        self.node_says(ReplicaStopped {
            project: self.project.clone(),
            replica,
            node,
            exit: Some(0),
            probe: probe.map(str::to_owned),
            log_tail: lines.iter().map(|line| (*line).to_owned()).collect(),
        })
    }

    /// The node of a replica says this of it.
    fn node_says(&mut self, fact: impl Into<Fact>) -> Vec<String> {
        let fact = fact.into();
        let node = match &fact {
            Fact::ReplicaReady(it) => it.node.clone(),
            Fact::ReplicaUnready(it) => it.node.clone(),
            Fact::ReplicaRestarted(it) => it.node.clone(),
            Fact::ReplicaFailed(it) => it.node.clone(),
            Fact::ReplicaStopped(it) => it.node.clone(),
            other => panic!("no node says {}", other.type_name()),
        };
        self.stage.fact(Writer::Node(node), fact);
        self.balance();
        self.settle()
    }
}

fn machine(node: &str) -> (MachineId, NodeId) {
    let machine = node.replace('n', "m");
    (machine.parse().unwrap(), node.parse().unwrap())
}
