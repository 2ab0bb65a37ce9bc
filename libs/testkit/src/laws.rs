//! The laws that every core obeys, as functions that panic with the law's name when it is broken.

use gantry_decider::Core;
use gantry_events::{Fact, may_write};

use crate::told::Words;
use crate::{Stage, Told};

/// Live state = replayed state = state from snapshot and tail, byte for byte, at every cut.
pub fn replay_is_the_same<C: Core>(core: &C, live: &C::State, told: &[Told]) {
    let replayed = fold(core, C::State::default(), told);
    assert!(
        *live == replayed,
        "law `replay is the same`: the replayed state differs from the live one"
    );
    for cut in 0..=told.len() {
        let snapshot = fold(core, C::State::default(), &told[..cut]);
        let text = serde_json::to_string(&snapshot).expect("a state has string keys only");
        let restored: C::State =
            serde_json::from_str(&text).expect("a state reads back as it was written");
        let resumed = fold(core, restored, &told[cut..]);
        let (a, b) = (serde_json::to_string(&resumed), serde_json::to_string(live));
        assert!(
            a.expect("string keys") == b.expect("string keys"),
            "law `replay is the same`: a snapshot after {cut} entries and its tail give another state"
        );
    }
}

/// A core says only what the owner table lets it.
pub fn writes_only_its_own<C: Core>(stage: &Stage<C>) {
    let own = stage.core.writer();
    for told in stage.told.iter().filter(|told| told.writer == own) {
        if let Words::Fact(fact) = &told.said {
            let name = Fact::type_name(fact);
            assert!(
                may_write(own.kind(), fact),
                "law `one writer a subject`: {own:?} may not write {name}"
            );
        }
    }
}

/// Once a core has come to rest, every wait has its deadline ahead.
pub fn nothing_waits_unseen<C: Core>(stage: &Stage<C>) {
    for deadline in stage.core.deadlines(&stage.state) {
        assert!(
            deadline.until >= stage.now,
            "law `nothing waits unseen`: {} waits for {} since before {}",
            deadline.entity,
            deadline.waiting_for,
            deadline.until
        );
    }
}

/// All laws at once, after a scene that has settled.
pub fn hold<C: Core>(stage: &Stage<C>) {
    replay_is_the_same(&stage.core, &stage.state, &stage.told);
    writes_only_its_own(stage);
    nothing_waits_unseen(stage);
}

fn fold<C: Core>(core: &C, mut state: C::State, told: &[Told]) -> C::State {
    for one in told {
        one.fold(core, &mut state);
    }
    state
}
