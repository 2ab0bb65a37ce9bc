//! The bugs that are planted to show that the checks see them.

macro_rules! bugs {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A bug planted on purpose.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug {
            $($(#[$doc])* $variant,)*
        }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

bugs! {
    /// The api says that a command is accepted before the log has stored it.
    AcknowledgeBeforeAppend = "acknowledge-before-append";
    /// The scheduler places two replicas where it decided for one.
    PlaceTwice = "place-twice";
    /// The scheduler does not look again when a deadline passes.
    ForgetADeadline = "forget-a-deadline";
    /// The scheduler has a replica stopped in the moment it begins to drain.
    StopBeforeDrain = "stop-before-drain";
    /// What comes back with its node after its slot was filled elsewhere runs on.
    KeepTheReturned = "keep-the-returned";
    /// The way back to an earlier release takes away what it should keep.
    RollbackStopsOld = "rollback-stops-old";
    /// Nodes are lost after the short time, however many are silent at once.
    LostWithoutGuard = "lost-without-guard";
    /// An operation that was overtaken is not said to have ended.
    NeverEnds = "never-ends";
    /// The scheduler places on a node that takes nothing.
    PlaceOnClosed = "place-on-closed";
    /// The scheduler places where a label is missing that the service requires.
    IgnoreLabels = "ignore-labels";
    /// The scheduler places more replicas of a service on a node than its file allows.
    CrowdANode = "crowd-a-node";
    /// A host that leads to one service is given to another as well.
    ShareADomain = "share-a-domain";
    /// Every slot of a service is doubled where some may be.
    DoubleAll = "double-all";
    /// A whole service makes way where one replica may.
    TooManyMakeWay = "too-many-make-way";
    /// A restart is said, and nothing is replaced.
    RestartDoesNothing = "restart-does-nothing";
    /// The provisioner asks for two machines where it decided for one.
    MachineTwice = "machine-twice";
    /// A machine is removed while replicas run on it.
    RemoveUndrained = "remove-undrained";
    /// What vanished is not asked for again.
    GoneNotReplaced = "gone-not-replaced";
    /// The node-worker acts once when it is told, not until it is so.
    ActPerEvent = "act-per-event";
    /// The node-worker takes no answer for an empty set.
    SilenceIsEmpty = "silence-is-empty";
    /// The node-worker follows whatever set comes last, were it of a leader that is deposed.
    FollowStaleLeader = "follow-stale-leader";
    /// lb-sync believes messages whose mark does not fit.
    TrustUnmarked = "trust-unmarked";
    /// lb-sync takes silent nodes out even where nothing else is left.
    SilenceEmptiesTable = "silence-empties-table";
    /// The balancer lets go what still has requests in flight.
    ReleaseBusy = "release-busy";
}

impl Bug {
    /// The bug of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|bug| bug.name() == name)
    }
}
