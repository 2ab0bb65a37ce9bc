//! Which digest a registry gives for an image's name, and what its refusals mean.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test builds on either works or ends it"
)]

mod shelf;

use gantry_events::Digest;
use gantry_scheduler::registry::{LookupError, Registries};

async fn look(name: &str) -> Result<Digest, LookupError> {
    let own = shelf::registry().await.to_string();
    let registries = Registries::new(&own).unwrap();
    registries.digest(&format!("localhost:5000/{name}")).await
}

#[tokio::test]
async fn the_systems_own_registry_gives_digests_for_names() {
    for name in ["hello:1", "acme/shop", "nameless:1", "guarded/app:2"] {
        assert_eq!(look(name).await, Ok(Digest::of(shelf::MANIFEST)), "{name}");
    }
}

#[tokio::test]
async fn an_image_that_is_not_there_is_refused_and_a_registry_in_trouble_is_asked_again() {
    for name in ["missing:1", "private:1"] {
        assert!(
            matches!(look(name).await, Err(LookupError::Refused(_))),
            "{name}"
        );
    }
    assert!(matches!(
        look("broken:1").await,
        Err(LookupError::Unreachable(_))
    ));
    let nobody = Registries::new("127.0.0.1:1").unwrap();
    let error = nobody.digest("localhost:5000/hello:1").await.unwrap_err();
    assert!(
        matches!(&error, LookupError::Unreachable(said) if said.contains("refused")),
        "{error}"
    );
}
