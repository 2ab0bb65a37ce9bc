//! A deploy from file to end, the scheduler played by hand.

use gantry_events::{
    Digest, OperationId, OperationResolving, OperationSucceeded, Place, ReleaseCreated,
    ReleaseNumber, Scope, Seq, ServiceConfigured, Time, Writer,
};

use crate::world::*;

impl World {
    /// A deploy from file to end, the scheduler played by hand. Gives the sequence of its end.
    pub async fn deploy(&self) -> Seq {
        let begun = self.put(FILE).await;
        self.finish(begun).await
    }

    pub async fn finish(&self, (operation, place): (OperationId, Place)) -> Seq {
        let config = gantry_spec::parse(FILE).unwrap().project.canonical();
        let config = Digest::of(config.as_bytes());
        let resolving = OperationResolving {
            operation,
            project: shop(),
            config,
            images: ["localhost:5000/web:1".to_owned()].into(),
            until: Time::from_unix_millis(1_700_000_060_000),
        };
        let answers = Some((operation, place));
        self.answer(Writer::Scheduler, answers, vec![resolving.into()])
            .await;
        let release = ReleaseCreated {
            project: shop(),
            release: ReleaseNumber(1),
            operation,
            config,
            images: [].into(),
            rollback_of: None,
        };
        let configured = ServiceConfigured {
            project: shop(),
            service: web(),
            release: ReleaseNumber(1),
            spec: Digest::of(b"spec"),
            replicas: 1,
            rollout: Default::default(),
            place: Default::default(),
            domains: Default::default(),
        };
        let succeeded = OperationSucceeded {
            operation,
            scope: Scope::Project(shop()),
        };
        let facts = vec![release.into(), configured.into(), succeeded.into()];
        self.go_on(operation, facts).await
    }
}
