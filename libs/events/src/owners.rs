//! The owner table: which writer may write which facts. Bus permissions and validity follow from it.

use crate::{Fact, WriterKind};

/// Types that a writer may write under its subject.
pub fn types_of(writer: WriterKind) -> &'static [&'static str] {
    match writer {
        WriterKind::Init => &["log.begun.v1"],
        WriterKind::Api => &["node.admitted.v1"],
        WriterKind::Scheduler => &[
            "operation.refused.v1",
            "operation.unchanged.v1",
            "operation.resolving.v1",
            "operation.succeeded.v1",
            "operation.failed.v1",
            "operation.superseded.v1",
            "release.created.v1",
            "rollout.started.v1",
            "rollout.advanced.v1",
            "rollout.finished.v1",
            "rollout.failed.v1",
            "rollout.superseded.v1",
            "service.configured.v1",
            "service.restarted.v1",
            "service.scaled.v1",
            "service.removed.v1",
            "service.ended.v1",
            "service.unplaced.v1",
            "replica.placed.v1",
            "replica.draining.v1",
            "replica.stopping.v1",
            "replica.overdue.v1",
            "replica.lost.v1",
            "replica.regained.v1",
            "node.suspected.v1",
            "node.returned.v1",
            "node.lost.v1",
            "node.cordoned.v1",
            "node.uncordoned.v1",
            "node.draining.v1",
            "node.overdue.v1",
            "node.drained.v1",
        ],
        WriterKind::Provisioner => &[
            "operation.refused.v1",
            "operation.unchanged.v1",
            "operation.succeeded.v1",
            "operation.failed.v1",
            "operation.superseded.v1",
            "pool.created.v1",
            "pool.scaled.v1",
            "pool.closing.v1",
            "pool.removed.v1",
            "machine.requested.v1",
            "machine.created.v1",
            "machine.started.v1",
            "machine.ready.v1",
            "machine.overdue.v1",
            "machine.leaving.v1",
            "machine.kept.v1",
            "machine.removing.v1",
            "machine.removed.v1",
            "machine.gone.v1",
        ],
        WriterKind::Node => &[
            "node.joined.v1",
            "replica.ready.v1",
            "replica.unready.v1",
            "replica.restarted.v1",
            "replica.failed.v1",
            "replica.stopped.v1",
        ],
        WriterKind::Balancer => &["balancer.table_applied.v1"],
    }
}

/// Whether a writer of this kind may write this fact.
pub fn may_write(writer: WriterKind, fact: &Fact) -> bool {
    types_of(writer).contains(&fact.type_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_writer_and_every_entry_is_a_fact() {
        for name in Fact::TYPES {
            assert!(
                WriterKind::ALL.iter().any(|w| types_of(*w).contains(name)),
                "nobody may write {name}"
            );
        }
        for writer in WriterKind::ALL {
            for name in types_of(writer) {
                assert!(Fact::TYPES.contains(name), "{name} is no fact");
            }
        }
    }
}
