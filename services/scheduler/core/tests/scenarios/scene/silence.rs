//! Heartbeats: who is heard while time passes.

use gantry_events::{Millis, NodeId, Time};
use gantry_scheduler_core::Reading;

use super::Scene;

impl Scene {
    /// The scheduler begins to listen, or ceases to.
    pub fn listens(&mut self, listens: bool) -> Vec<String> {
        self.stage.reading(Reading::Listening(listens));
        self.settle()
    }

    /// Time passes while these nodes, and no others, are heard each half second.
    pub fn pass_hearing(&mut self, nodes: &[&str], span: Millis) -> Vec<String> {
        let mut said = Vec::new();
        let beat = Millis(500);
        for _ in 0..span.0 / beat.0 {
            said.extend(self.pass(beat));
            said.extend(self.hear(nodes, &["b1"]));
        }
        said
    }

    /// These nodes and balancers are heard.
    pub fn hear(&mut self, nodes: &[&str], balancers: &[&str]) -> Vec<String> {
        self.hear_at(self.stage.now, nodes, balancers)
    }

    /// They were heard then, and the word of it is read now.
    pub fn hear_at(&mut self, at: Time, nodes: &[&str], balancers: &[&str]) -> Vec<String> {
        let nodes = nodes.iter().map(|node| -> NodeId { node.parse().unwrap() });
        let balancers = balancers.iter().map(|balancer| balancer.parse().unwrap());
        self.stage.reading(Reading::Heard {
            at,
            nodes: nodes.collect(),
            balancers: balancers.collect(),
        });
        self.settle()
    }
}
