//! What a change of the file does to replicas, counted. Which values differ is told by `diff`; when
//! each replica is replaced is decided by the scheduler.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gantry_events::ServiceName;
use serde::{Deserialize, Serialize};

use crate::container::ContainerSpec;
use crate::model::{Project, Service};

/// What happens to the replicas of one service; all are 0 where only what stands around them changes,
/// as domains do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turnover {
    /// Replicas replaced by new ones, as the service's rollout says.
    pub replaced: u32,
    /// Replicas that are there more than before.
    pub added: u32,
    /// Replicas that leave and nobody replaces.
    pub removed: u32,
    /// Of those that are not replaced: how many move if their nodes lack what `place` now requires.
    pub may_move: u32,
}

/// The turnover of each service that differs between `old` and `new`, as [`crate::diff`] has them; without
/// `old` everything is added. It goes by the files alone: a tag that by now stands for another image
/// replaces replicas too, which shows once the image is looked up.
pub fn turnover(old: Option<&Project>, new: &Project) -> BTreeMap<ServiceName, Turnover> {
    let none = BTreeMap::new();
    let old = old.map_or(&none, |project| &project.services);
    let names: BTreeSet<_> = old.keys().chain(new.services.keys()).collect();
    let differ = names.into_iter().filter_map(|name| {
        let (from, to) = (old.get(name), new.services.get(name));
        (from != to).then(|| (name.clone(), between(from, to)))
    });
    differ.collect()
}

fn between(from: Option<&Service>, to: Option<&Service>) -> Turnover {
    let count = |service: Option<&Service>| service.map_or(0, |service| service.replicas.get());
    let (before, after) = (count(from), count(to));
    let stay = before.min(after);
    let (replaced, may_move) = match (from, to) {
        (Some(from), Some(to)) if container(from) != container(to) => (stay, 0),
        (Some(from), Some(to)) if from.place.require != to.place.require => (0, stay),
        _ => (0, 0),
    };
    Turnover {
        replaced,
        added: after - stay,
        removed: before - stay,
        may_move,
    }
}

/// What its replicas are made of, under the name of the image that the file has.
fn container(service: &Service) -> ContainerSpec {
    ContainerSpec::of(service, service.image.clone())
}

impl fmt::Display for Turnover {
    /// `3 replaced, 1 added`, or `no replica touched`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.replaced, "replaced"),
            (self.may_move, "moved where their nodes do not fit"),
            (self.added, "added"),
            (self.removed, "removed"),
        ];
        let told = parts.iter().filter(|(count, _)| *count > 0);
        let told: Vec<_> = told
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if told.is_empty() {
            return f.write_str("no replica touched");
        }
        f.write_str(&told.join(", "))
    }
}
