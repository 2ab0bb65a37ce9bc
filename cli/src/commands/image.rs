//! `gantry image`: puts an image of the user's own engine into the system's registry.

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::query_parameters::{
    PushImageOptionsBuilder, RemoveImageOptions, TagImageOptionsBuilder,
};
use futures::TryStreamExt;
use gantry_spec::ImageRef;
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Tone, plain};

/// What the engine says of a layer that is still on its way.
const PASSING: [&str; 3] = ["Preparing", "Waiting", "Pushing"];

/// Images in the system's own registry
#[derive(Debug, clap::Subcommand)]
pub enum Image {
    /// Put an image of your own engine into the system's registry
    #[command(after_help = "Example:
  docker build -t shop:1 . && gantry image push shop:1    prints the name for a file")]
    Push(Push),
}

/// Put an image into the registry.
#[derive(Debug, clap::Args)]
pub struct Push {
    /// The image, as your engine calls it
    name: ImageRef,
    /// Port of the system's registry
    #[arg(
        long,
        env = "GANTRY_REGISTRY_PORT",
        default_value_t = 5000,
        value_name = "PORT"
    )]
    registry_port: u16,
}

/// An image under the name that its registry is reached by from here.
struct Target {
    repository: String,
    tag: String,
}

impl Image {
    /// Pushes an image.
    ///
    /// # Errors
    /// No engine, no such image, no registry.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Push(push) => push.run(context).await,
        }
    }
}

impl Push {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        if self.name.digest().is_some() {
            let what = format!("{} is named by a digest", self.name);
            return Err(Failure::bad_input(what, "name the image by a tag"));
        }
        let tag = self.name.tag().unwrap_or("latest").to_owned();
        let target = Target {
            repository: format!(
                "localhost:{}/{}",
                self.registry_port,
                self.name.repository()
            ),
            tag,
        };
        let engine = Docker::connect_with_defaults().map_err(unreachable)?;
        let borrowed = self.tag(&engine, &target).await?;
        let pushed = push(context, &engine, &target).await;
        if borrowed {
            // The image stays under its own name; a name left over harms nobody.
            let none = None::<RemoveImageOptions>;
            let _ = engine.remove_image(&target.name(), none, None).await;
        }
        pushed?;
        self.tell(context, &target)
    }

    /// Gives the image its name in the registry. Whether that name is ours to take away again.
    async fn tag(&self, engine: &Docker, target: &Target) -> Result<bool, Failure> {
        let source = format!("{}", self.name);
        engine
            .inspect_image(&source)
            .await
            .map_err(|e| not_found(e, &source))?;
        let is_new = engine.inspect_image(&target.name()).await.is_err();
        let options = TagImageOptionsBuilder::new()
            .repo(&target.repository)
            .tag(&target.tag);
        let tagged = engine.tag_image(&source, Some(options.build())).await;
        tagged.map_err(|e| not_found(e, &source))?;
        Ok(is_new)
    }

    /// The name for a file: there `localhost:5000` means the system's registry, whatever its port here.
    fn tell(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let name = format!("localhost:5000/{}:{}", self.name.repository(), target.tag);
        if !context.screen.is_for_people() {
            return context.screen.value(&json!({ "image": name }));
        }
        context
            .screen
            .note(Tone::Good, "pushed; in a file its name is");
        context.screen.line(name)
    }
}

impl Target {
    fn name(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }
}

async fn push(context: &Context, engine: &Docker, target: &Target) -> Result<(), Failure> {
    context
        .screen
        .note(Tone::Plain, &format!("pushing to {}", target.name()));
    let options = PushImageOptionsBuilder::new().tag(&target.tag).build();
    let mut steps = Box::pin(engine.push_image(&target.repository, Some(options), None));
    let failed = |said: String| {
        let what = format!("{} was not pushed: {said}", target.name());
        let way_out =
            "see that the registry runs (`make up`), and that GANTRY_REGISTRY_PORT names its port";
        Failure::here(Exit::Failed, what, way_out)
    };
    while let Some(step) = steps.try_next().await.map_err(|e| failed(said(e)))? {
        if let Some(error) = step.error_detail {
            return Err(failed(error.message.unwrap_or_default()));
        }
        // Of each layer only its end is a line; the bytes in between would be thousands.
        let is_over = |status: &String| !PASSING.contains(&status.as_str());
        if let Some(status) = step.status.filter(is_over) {
            context
                .screen
                .note(Tone::Dim, &format!("  {}", plain(&status)));
        }
    }
    Ok(())
}

/// What the registry or the engine said, without the client's own words around it.
fn said(error: EngineError) -> String {
    match error {
        EngineError::DockerStreamError { error } => error,
        EngineError::DockerResponseServerError { message, .. } => message,
        error => error.to_string(),
    }
}

fn not_found(error: EngineError, name: &str) -> Failure {
    match error {
        EngineError::DockerResponseServerError {
            status_code: 404, ..
        } => Failure::here(
            Exit::Refused,
            format!("your engine has no image {name}"),
            format!("build it first: docker build -t {name} ."),
        ),
        error => unreachable(error),
    }
}

fn unreachable(error: EngineError) -> Failure {
    Failure::here(
        Exit::NotReachable,
        format!("your Docker engine does not answer: {error}"),
        "start it, or name another with DOCKER_HOST",
    )
}
