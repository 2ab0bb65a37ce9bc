//! Whatever is asked and whatever happens, in any order: the scheduler comes to rest, knows what it
//! waits for, and every operation has an end.

#[path = "scenarios/scene/mod.rs"]
mod scene;

use std::collections::BTreeMap;

use gantry_events::*;
use gantry_scheduler_core::{Life, Reading, Standing};
use gantry_testkit::laws;
use gantry_testkit::told::Words;
use proptest::prelude::*;
use scene::{Scene, file_with, secs};

#[derive(Clone, Debug)]
enum Happens {
    Put {
        services: Vec<(usize, usize, u32)>,
        is_large: bool,
    },
    Scale(usize, u32),
    Remove(usize),
    Found,
    Refused,
    Silent,
    Ready(prop::sample::Index),
    Unready(prop::sample::Index),
    Fails(prop::sample::Index),
    Stops(prop::sample::Index),
    Table {
        lags: bool,
    },
    Passes(u64),
    Joins(usize),
    Restarts,
}

const SERVICES: [&str; 2] = ["api", "web"];
const IMAGES: [&str; 3] = ["app:1", "app:2", "app:3"];
const NODES: [&str; 3] = ["n1", "n2", "n3"];

fn anything() -> impl Strategy<Value = Happens> {
    let service = (0..2_usize, 0..3_usize, 0..4_u32);
    prop_oneof![
        3 => (prop::collection::vec(service, 0..3), any::<bool>())
            .prop_map(|(services, is_large)| Happens::Put { services, is_large }),
        2 => (0..2_usize, 0..5_u32).prop_map(|(service, to)| Happens::Scale(service, to)),
        1 => (0..2_usize).prop_map(Happens::Remove),
        4 => Just(Happens::Found),
        1 => Just(Happens::Refused),
        1 => Just(Happens::Silent),
        10 => any::<prop::sample::Index>().prop_map(Happens::Ready),
        2 => any::<prop::sample::Index>().prop_map(Happens::Unready),
        3 => any::<prop::sample::Index>().prop_map(Happens::Fails),
        5 => any::<prop::sample::Index>().prop_map(Happens::Stops),
        6 => any::<bool>().prop_map(|lags| Happens::Table { lags }),
        3 => (1..200_u64).prop_map(Happens::Passes),
        2 => (0..3_usize).prop_map(Happens::Joins),
        1 => Just(Happens::Restarts),
    ]
}

fn play(scene: &mut Scene, happens: &Happens) {
    match happens {
        Happens::Put { services, is_large } => {
            let services: BTreeMap<_, _> = services
                .iter()
                .map(|(name, image, replicas)| (SERVICES[*name], (IMAGES[*image], *replicas)))
                .collect();
            let services: Vec<_> = services
                .into_iter()
                .map(|(name, (image, n))| (name, image, n))
                .collect();
            let room = if *is_large {
                r#","resources":{"cpu":1.5,"memory":"1Gi"}"#
            } else {
                ""
            };
            scene.put(&file_with(&services, room));
        }
        Happens::Scale(service, to) => drop(scene.scale(SERVICES[*service], *to)),
        Happens::Remove(service) => drop(scene.remove(SERVICES[*service])),
        Happens::Found => drop(scene.find_images()),
        Happens::Refused => look(scene, |image| Reading::ImageRefused {
            image,
            said: "no".into(),
        }),
        Happens::Silent => {
            look(scene, |image| Reading::RegistryUnreachable {
                image,
                said: "no".into(),
            });
        }
        Happens::Ready(which) => {
            let rows = [" placed", " unready"];
            some(scene, which, &rows).map(|name| scene.ready(&name));
        }
        Happens::Unready(which) => {
            drop(some(scene, which, &[" ready"]).map(|it| scene.unready(&it)))
        }
        Happens::Fails(which) => drop(some(scene, which, &[""]).map(|it| scene.fail(&it))),
        Happens::Stops(which) => {
            drop(some(scene, which, &[" stopping"]).map(|it| scene.stopped(&it)))
        }
        Happens::Table { lags } => table(scene, *lags),
        Happens::Passes(seconds) => drop(scene.pass(secs(*seconds))),
        Happens::Joins(node) => scene.join(NODES[*node]),
        Happens::Restarts => drop(scene.stage.restart()),
    }
    scene.settle();
}

fn look(scene: &mut Scene, reading: impl Fn(String) -> Reading) {
    for image in scene.stage.wanted().resolve {
        scene.stage.reading(reading(image));
    }
}

/// One of the replicas whose line ends in one of these.
fn some(scene: &Scene, which: &prop::sample::Index, ends: &[&str]) -> Option<String> {
    let lines = scene.replicas();
    let rows: Vec<_> = lines
        .iter()
        .filter(|line| ends.iter().any(|end| line.ends_with(end)))
        .collect();
    let line = (!rows.is_empty()).then(|| which.get(&rows))?;
    line.split(' ').next().map(str::to_owned)
}

/// The balancer applies its table; one that lags has not let go yet.
fn table(scene: &mut Scene, lags: bool) {
    let (routed, released) = scene.table();
    scene.apply(routed, if lags { [].into() } else { released });
}

/// A replica is replaced only by a newer one of its slot that was ready when that was said.
fn nothing_ready_is_dropped_for_nothing(scene: &Scene) {
    let mut ready = BTreeMap::new();
    let mut slots = BTreeMap::new();
    for told in &scene.stage.told {
        let Words::Fact(fact) = &told.said else {
            continue;
        };
        match fact.as_ref() {
            Fact::ReplicaPlaced(it) => {
                let before = slots.insert(it.replica.clone(), (it.slot.clone(), it.epoch));
                assert!(before.is_none(), "{} is placed twice", it.replica);
            }
            Fact::ReplicaReady(it) => drop(ready.insert(it.replica.clone(), true)),
            Fact::ReplicaUnready(it) => drop(ready.insert(it.replica.clone(), false)),
            Fact::ReplicaFailed(it) => drop(ready.insert(it.replica.clone(), false)),
            Fact::ReplicaDraining(it) => {
                if let RetireReason::Replaced { by } = &it.why {
                    assert!(
                        ready[by],
                        "{} makes way for {by}, which is not ready",
                        it.replica
                    );
                    let (old, new) = (&slots[&it.replica], &slots[by]);
                    assert!(
                        old.0 == new.0 && old.1 < new.1,
                        "{old:?} makes way for {new:?}"
                    );
                }
            }
            _ => {}
        }
    }
}

/// Faults cease: registries and nodes do what they are asked to.
fn all_ends_well(scene: &mut Scene) {
    NODES.iter().for_each(|node| scene.join(node));
    for _ in 0..40 {
        scene.find_images();
        scene.run("");
        table(scene, false);
        scene.settle();
        scene.pass(secs(20));
    }
    let state = &scene.stage.state;
    assert!(
        state.operations.is_empty(),
        "no end: {:?}",
        state.operations
    );
    assert!(state.contents.is_empty() && state.unanswered.is_empty());
    for (name, service) in state
        .projects
        .values()
        .flat_map(|project| &project.services)
    {
        assert!(
            !matches!(service.standing, Standing::Changing { .. }),
            "{name} still changes"
        );
    }
    let leaving = state
        .projects
        .values()
        .flat_map(|project| project.replicas.values());
    for replica in leaving {
        let leaves = matches!(replica.life, Life::Draining { .. } | Life::Stopping { .. });
        assert!(!leaves, "{replica:?} never leaves");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_scheduler_comes_to_rest_and_every_operation_ends(
        story in prop::collection::vec(anything(), 1..60)
    ) {
        let mut scene = Scene::of(&["n1", "n2"]);
        for happens in &story {
            play(&mut scene, happens);
            scene.stage.state.check().unwrap();
            laws::nothing_waits_unseen(&scene.stage);
        }
        all_ends_well(&mut scene);
        scene.stage.state.check().unwrap();
        nothing_ready_is_dropped_for_nothing(&scene);
        laws::writes_only_its_own(&scene.stage);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replayed_state_is_live_state_at_every_cut(story in prop::collection::vec(anything(), 1..25)) {
        let mut scene = Scene::of(&["n1", "n2"]);
        for happens in &story {
            play(&mut scene, happens);
        }
        scene.holds();
    }
}
