//! What may happen to a cluster.

use prop::sample::Index;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Happens {
    /// A file is sent: image and number of replicas of each service, and what else they all have.
    Put {
        services: Vec<(usize, u32)>,
        policy: usize,
        keys: usize,
    },
    /// The content of an earlier file is asked for.
    RollBack(Index),
    Scale(usize, u32),
    Restart(usize),
    Remove(usize),
    Cordon(usize),
    Uncordon(usize),
    Drain(usize),
    /// A node is heard no more, and nothing it says arrives.
    Silent(usize),
    /// All of them are heard again.
    Speak,
    /// The machine of a node should leave, or stay after all, or has vanished.
    Leaves(usize),
    Kept(usize),
    Gone(usize),
    /// A further node joins.
    Joins,
    /// Nodes bring up and stop so many replicas.
    Works(usize),
    Fails(Index),
    Unready(Index),
    /// A balancer applies what follows from the log; one that lags has let nothing go.
    Balances {
        at: usize,
        lags: bool,
    },
    /// A balancer is heard no more, or again.
    Mute(bool),
    /// Nodes work, balancers follow, and time passes for a while.
    GoesWell(usize),
    Passes(u64),
    /// The scheduler loses its link and gets it back, or is started anew.
    LinkBreaks,
    Restarts,
}

/// Images of a service; nothing made of the last ever becomes ready.
pub const IMAGES: [&str; 4] = ["app:1", "app:2", "app:3", BROKEN];
pub const BROKEN: &str = "app:broken";
pub const SERVICES: [&str; 2] = ["web", "api"];
/// Surge and unavailable.
pub const POLICIES: [(u32, u32); 5] = [(1, 0), (2, 0), (0, 1), (1, 1), (0, 2)];
pub const BALANCERS: [&str; 2] = ["b1", "b2"];
pub const NODES: [&str; 6] = ["n1", "n2", "n3", "n4", "n5", "n6"];
/// Nodes there are from the beginning.
pub const FIRST: usize = 4;

pub fn anything() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => asked(),
        4 => of_nodes(),
        10 => of_replicas(),
        4 => (1..90_u64).prop_map(Happens::Passes),
        1 => prop_oneof![Just(Happens::LinkBreaks), Just(Happens::Restarts)],
    ]
}

fn asked() -> impl Strategy<Value = Happens> {
    let service = || 0..SERVICES.len();
    let of_file = (0..IMAGES.len(), 0..5_u32);
    let put = (
        prop::collection::vec(of_file, 1..3),
        0..POLICIES.len(),
        0..4_usize,
    );
    prop_oneof![
        6 => put.prop_map(|(services, policy, keys)| Happens::Put { services, policy, keys }),
        1 => any::<Index>().prop_map(Happens::RollBack),
        2 => (service(), 0..6_u32).prop_map(|(service, to)| Happens::Scale(service, to)),
        1 => service().prop_map(Happens::Restart),
        1 => service().prop_map(Happens::Remove),
    ]
}

fn of_nodes() -> impl Strategy<Value = Happens> {
    let node = || 0..FIRST;
    prop_oneof![
        1 => node().prop_map(Happens::Cordon),
        2 => node().prop_map(Happens::Uncordon),
        2 => node().prop_map(Happens::Drain),
        3 => node().prop_map(Happens::Silent),
        2 => Just(Happens::Speak),
        1 => node().prop_map(Happens::Leaves),
        1 => node().prop_map(Happens::Kept),
        2 => node().prop_map(Happens::Gone),
        1 => Just(Happens::Joins),
    ]
}

fn of_replicas() -> impl Strategy<Value = Happens> {
    let balancer = (0..BALANCERS.len(), any::<bool>());
    prop_oneof![
        4 => (1..6_usize).prop_map(Happens::Works),
        1 => any::<Index>().prop_map(Happens::Fails),
        1 => any::<Index>().prop_map(Happens::Unready),
        4 => balancer.prop_map(|(at, lags)| Happens::Balances { at, lags }),
        1 => any::<bool>().prop_map(Happens::Mute),
        4 => (1..6_usize).prop_map(Happens::GoesWell),
    ]
}
