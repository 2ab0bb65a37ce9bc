//! `Followed`: which wanted set is followed. One is taken if the control plane signed it, it is for this
//! node and log, and it is not older than the last; it is on disk before anything acts on it. Leaves to
//! others: where sets come from (`told`), and what a set means (the core).

use gantry_bus::Verifier;
use gantry_events::{LogId, NodeId, WantedSet};

use crate::disk::{Disk, DiskError};

/// Why a set is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The control plane did not sign it.
    Signature,
    /// It is signed and makes no sense.
    Unreadable,
    /// It is for another node.
    OtherNode,
    /// It rests on another log.
    OtherLog,
    /// A newer one is followed. Happens when an answer and a push cross.
    Older,
}

impl Refusal {
    /// The reason in a word, as metrics and logs name it.
    pub fn because(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Unreadable => "unreadable",
            Self::OtherNode => "other_node",
            Self::OtherLog => "other_log",
            Self::Older => "older",
        }
    }
}

/// What became of a set that was told.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// It is on disk; follow it.
    News(WantedSet),
    /// It is the one that is followed already.
    Same,
    /// It is not followed.
    Refused(Refusal),
}

/// The set that is followed, and who may replace it.
#[derive(Debug)]
pub struct Followed {
    node: NodeId,
    log: LogId,
    verifier: Verifier,
    disk: Disk,
    set: Option<WantedSet>,
}

impl Followed {
    /// Goes on from the set on disk, if it rests on this log.
    pub fn resume(
        node: NodeId,
        log: LogId,
        verifier: Verifier,
        disk: Disk,
    ) -> Result<Self, DiskError> {
        let set = disk.set()?.filter(|set| set.log == log);
        Ok(Self {
            node,
            log,
            verifier,
            disk,
            set,
        })
    }

    /// Takes what was told. Remembered before it is followed, so that no restart goes back to an older
    /// one; a set that the disk does not take is not followed either.
    pub fn hear(&mut self, signed: &[u8]) -> Result<Heard, DiskError> {
        let set = match self.open(signed) {
            Ok(set) => set,
            Err(refusal) => return Ok(Heard::Refused(refusal)),
        };
        if self.set.as_ref() == Some(&set) {
            return Ok(Heard::Same);
        }
        self.disk.save_set(&set)?;
        self.set = Some(set.clone());
        Ok(Heard::News(set))
    }

    fn open(&self, signed: &[u8]) -> Result<WantedSet, Refusal> {
        let bytes = self.verifier.open(signed).ok_or(Refusal::Signature)?;
        let set: WantedSet = serde_json::from_slice(&bytes).map_err(|_| Refusal::Unreadable)?;
        if set.node != self.node {
            return Err(Refusal::OtherNode);
        }
        if set.log != self.log {
            return Err(Refusal::OtherLog);
        }
        match &self.set {
            Some(followed) if set.seq < followed.seq => Err(Refusal::Older),
            Some(_) | None => Ok(set),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use gantry_bus::Signer;
    use gantry_events::Seq;

    use super::*;

    const LOG: &str = "00000000-0000-4000-8000-00000000000a";
    const OTHER_LOG: &str = "00000000-0000-4000-8000-00000000000b";

    fn signer() -> Signer {
        Signer::new([7; 32])
    }

    fn set(seq: u64) -> WantedSet {
        WantedSet {
            log: LOG.parse().unwrap(),
            seq: Seq(seq),
            node: "n1".parse().unwrap(),
            replicas: BTreeMap::new(),
        }
    }

    fn signed(set: &WantedSet) -> Vec<u8> {
        signer().sign(&serde_json::to_vec(set).unwrap())
    }

    fn followed(folder: &Path) -> Followed {
        Followed::resume(
            "n1".parse().unwrap(),
            LOG.parse().unwrap(),
            signer().verifier(),
            Disk::open(folder).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn a_set_is_on_disk_before_it_is_followed_and_a_restart_goes_on_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = followed(folder.path());
        assert_eq!(first.hear(&signed(&set(5))).unwrap(), Heard::News(set(5)));
        assert_eq!(first.disk.set().unwrap(), Some(set(5)));
        let mut second = followed(folder.path());
        assert_eq!(second.hear(&signed(&set(5))).unwrap(), Heard::Same);
        assert_eq!(
            second.hear(&signed(&set(4))).unwrap(),
            Heard::Refused(Refusal::Older)
        );
    }

    #[test]
    fn a_set_that_the_disk_does_not_take_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let mut followed = followed(folder.path());
        std::fs::create_dir(folder.path().join("wanted.json")).unwrap();
        assert!(followed.hear(&signed(&set(5))).is_err());
        assert_eq!(followed.set, None);
    }

    #[test]
    fn what_somebody_else_signed_or_is_for_somebody_else_is_refused_and_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let mut followed = followed(folder.path());
        let bytes = serde_json::to_vec(&set(5)).unwrap();
        let mut changed = signed(&set(5));
        *changed.last_mut().unwrap() ^= 1;
        let other_node = WantedSet {
            node: "n2".parse().unwrap(),
            ..set(5)
        };
        let other_log = WantedSet {
            log: OTHER_LOG.parse().unwrap(),
            ..set(5)
        };
        for (told, refusal) in [
            (Signer::new([8; 32]).sign(&bytes), Refusal::Signature),
            (changed, Refusal::Signature),
            (bytes, Refusal::Signature),
            (signer().sign(b"{}"), Refusal::Unreadable),
            (signed(&other_node), Refusal::OtherNode),
            (signed(&other_log), Refusal::OtherLog),
        ] {
            assert_eq!(followed.hear(&told).unwrap(), Heard::Refused(refusal));
        }
        assert_eq!(followed.disk.set().unwrap(), None);
    }

    #[test]
    fn a_set_of_an_earlier_log_does_not_stand_in_the_way_of_this_ones() {
        let folder = tempfile::tempdir().unwrap();
        let earlier = WantedSet {
            log: OTHER_LOG.parse().unwrap(),
            ..set(900)
        };
        Disk::open(folder.path())
            .unwrap()
            .save_set(&earlier)
            .unwrap();
        let heard = followed(folder.path()).hear(&signed(&set(1))).unwrap();
        assert_eq!(heard, Heard::News(set(1)));
    }
}
