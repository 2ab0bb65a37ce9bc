//! `gantry node`: the nodes, what each has and runs, and which take replicas.

mod drain;
mod list;
mod show;

pub use drain::homes;

use gantry_events::NodeId;
use gantry_rest::Write;

use crate::context::Context;
use crate::failure::Failure;
use crate::names::{Named, meant};
use crate::operation;
use crate::tale::Goal;

/// Nodes of the cluster
#[derive(Debug, clap::Subcommand)]
pub enum Node {
    /// List the nodes
    #[command(after_help = "Example:
  gantry node ls")]
    Ls(list::Ls),
    /// Show one node: what it has, what runs on it, what it waits for
    #[command(after_help = "Example:
  gantry node show n1")]
    Show(show::Show),
    /// Place nothing more on a node; what runs there stays
    #[command(after_help = "Example:
  gantry node cordon n1")]
    Cordon(Name),
    /// Let a node take replicas again; ends a drain
    #[command(after_help = "Example:
  gantry node uncordon n1")]
    Uncordon(Name),
    /// Move all that runs on a node elsewhere, following it live
    #[command(after_help = "Examples:
  gantry node drain n1
  gantry node drain n1 --no-wait")]
    Drain(Name),
}

/// A node.
#[derive(Debug, clap::Args)]
pub struct Name {
    /// The node
    node: NodeId,
}

impl Node {
    /// Does what is asked for.
    ///
    /// # Errors
    /// Those of the reads, of the write and its operation.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Ls(ls) => ls.run(context).await,
            Self::Show(show) => show.run(context).await,
            Self::Cordon(name) => name.cordon(context).await,
            Self::Uncordon(name) => name.uncordon(context).await,
            Self::Drain(name) => drain::run(context, &name.node).await,
        }
    }
}

impl Name {
    async fn cordon(&self, context: &Context) -> Result<(), Failure> {
        let (client, key) = (context.client()?, Write::new());
        let accepted = operation::write(context, || client.cordon(&self.node, &key)).await;
        let next = format!(
            "what runs there stays; to move it: gantry node drain {0}; to undo: gantry node uncordon {0}",
            self.node
        );
        self.finish(context, accepted, &next).await
    }

    async fn uncordon(&self, context: &Context) -> Result<(), Failure> {
        let (client, key) = (context.client()?, Write::new());
        let accepted = operation::write(context, || client.uncordon(&self.node, &key)).await;
        self.finish(
            context,
            accepted,
            "what runs elsewhere stays there; new replicas may come",
        )
        .await
    }

    async fn finish(
        &self,
        context: &Context,
        accepted: Result<gantry_views::OperationDoc, Failure>,
        next: &str,
    ) -> Result<(), Failure> {
        let goal = Goal {
            nodes: [self.node.clone()].into(),
            ..Goal::default()
        };
        let ended = match accepted {
            Ok(accepted) => operation::finish(context, accepted, goal, next).await,
            Err(failure) => Err(failure),
        };
        match ended {
            Err(failure) => Err(meant(&context.client()?, failure, &self.node, Named::Node).await),
            Ok(()) => Ok(()),
        }
    }
}
