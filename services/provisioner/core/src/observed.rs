//! What the provider was last seen to have. Forgotten at a restart: no reading means unknown.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{MachineId, Seq, Time};

/// Longest text of a provider that is kept, in characters; it goes into facts.
const LONGEST: usize = 500;

/// One reading of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The provider has the machine.
    MachineSeen {
        /// The machine.
        machine: MachineId,
        /// What the provider calls it.
        provider_id: String,
        /// Whether it runs.
        running: bool,
    },
    /// The provider was asked and does not have the machine.
    MachineAbsent {
        /// The machine.
        machine: MachineId,
        /// What of the log was known when the provider was asked.
        as_of: Seq,
        /// Whether something that belonged to it is still there.
        remains: bool,
    },
    /// The provider could not do what was asked of it.
    ProviderSaid {
        /// The machine it was about.
        machine: MachineId,
        /// What it said.
        error: String,
    },
    /// These are the machines that are wanted. The others are final: what was seen of them is forgotten.
    Wanted(BTreeSet<MachineId>),
}

/// What was last seen of every machine that is not final.
#[derive(Clone, Debug, Default)]
pub struct Observed(BTreeMap<MachineId, Sight>);

/// What was last seen of one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Whether it is there.
    pub presence: Presence,
    /// What the provider called it when it was last seen, whether or not it is still there.
    pub seen_as: Option<String>,
    /// The last error of the provider; none once the machine was seen running after it.
    pub error: Option<String>,
}

/// Whether a machine is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// The provider does not have it.
    Absent {
        /// Since when it is known not to run.
        since: Time,
        /// What of the log was known when that was last seen.
        as_of: Seq,
        /// Whether something that belonged to it is still there.
        remains: bool,
    },
    /// It is there and does not run.
    Down {
        /// What the provider calls it.
        provider_id: String,
        /// Since when it is known not to run.
        since: Time,
    },
    /// It runs.
    Up {
        /// What the provider calls it.
        provider_id: String,
        /// Since when it was known not to run, before it ran again.
        after: Option<Time>,
    },
}

impl Observed {
    /// The machines of which anything was seen.
    pub fn machines(&self) -> impl Iterator<Item = &MachineId> {
        self.0.keys()
    }

    pub(crate) fn of(&self, machine: &MachineId) -> Sight {
        self.0.get(machine).cloned().unwrap_or_default()
    }

    pub(crate) fn take(&mut self, reading: Reading, now: Time) {
        match reading {
            Reading::MachineSeen {
                machine,
                provider_id,
                running: true,
            } => {
                let sight = self.0.entry(machine).or_default();
                let after = sight.presence.down_since();
                *sight = Sight {
                    seen_as: Some(provider_id.clone()),
                    presence: Presence::Up { provider_id, after },
                    error: None,
                };
            }
            Reading::MachineSeen {
                machine,
                provider_id,
                running: false,
            } => {
                let sight = self.0.entry(machine).or_default();
                let since = sight.presence.is_down_since().unwrap_or(now);
                sight.seen_as = Some(provider_id.clone());
                sight.presence = Presence::Down { provider_id, since };
            }
            Reading::MachineAbsent {
                machine,
                as_of,
                remains,
            } => {
                let sight = self.0.entry(machine).or_default();
                let since = sight.presence.is_down_since().unwrap_or(now);
                sight.presence = Presence::Absent {
                    since,
                    as_of,
                    remains,
                };
            }
            Reading::ProviderSaid { machine, error } => {
                let error = error.chars().take(LONGEST).collect();
                self.0.entry(machine).or_default().error = Some(error);
            }
            Reading::Wanted(wanted) => self.0.retain(|machine, _| wanted.contains(machine)),
        }
    }
}

impl Presence {
    /// What the provider calls the machine, if it has it.
    pub fn provider_id(&self) -> Option<&str> {
        match self {
            Self::Unknown | Self::Absent { .. } => None,
            Self::Down { provider_id, .. } | Self::Up { provider_id, .. } => Some(provider_id),
        }
    }

    /// Since when it does not run, if it does not.
    fn is_down_since(&self) -> Option<Time> {
        match self {
            Self::Unknown | Self::Up { .. } => None,
            Self::Absent { since, .. } | Self::Down { since, .. } => Some(*since),
        }
    }

    /// Since when it does not run, or did not before it ran again.
    fn down_since(&self) -> Option<Time> {
        match self {
            Self::Unknown => None,
            Self::Absent { since, .. } | Self::Down { since, .. } => Some(*since),
            Self::Up { after, .. } => *after,
        }
    }
}
