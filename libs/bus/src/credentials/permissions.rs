//! What each writer may publish and hear on the bus. Its subject of the log comes from the owner
//! table; the rest is the traffic of its role, row by row.

use gantry_events::{Decider, LogSubject, Writer};
use serde_json::{Value, json};

use super::bus_credential::inbox_of;

/// Time an answer may take before the right to give it ends, in nanoseconds.
const ANSWER_WITHIN: u64 = 10_000_000_000;

/// Subjects an identity may publish to and hear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// May publish to these.
    pub publish: Vec<String>,
    /// May hear these.
    pub subscribe: Vec<String>,
    /// May answer what it hears, once.
    pub answers: bool,
}

/// Name of a writer's identity: `scheduler`, `node-n1`.
pub(crate) fn name_of(writer: &Writer) -> String {
    let subject = LogSubject::Facts(writer.clone()).to_string();
    subject.trim_start_matches("evt.").replace('.', "-")
}

/// Subject of the lease a writer may hold for a duty of its own.
pub fn lease_subject(duty: &str) -> String {
    format!("$KV.LEASES.{duty}")
}

/// What this writer may do. Nobody may write another's subject, nor change a stream but the first start.
pub fn permissions(writer: &Writer) -> Permissions {
    let own = LogSubject::Facts(writer.clone()).to_string();
    let mut all = traffic(writer);
    all.subscribe
        .push(format!("{}.>", inbox_of(&name_of(writer))));
    all.publish.extend(match writer {
        Writer::Node(_) => vec![format!("$JS.API.DIRECT.GET.LOG.{own}")],
        Writer::Init => vec!["$JS.API.>".to_owned()],
        Writer::Api | Writer::Scheduler | Writer::Provisioner | Writer::Balancer(_) => {
            of_readers(&name_of(writer))
        }
    });
    all.publish.push(own);
    all
}

/// Reading the log, and the lease of the own duty.
fn of_readers(name: &str) -> Vec<String> {
    let lease = lease_subject(name);
    [
        "$JS.API.STREAM.INFO.LOG",
        "$JS.API.CONSUMER.CREATE.LOG",
        "$JS.API.CONSUMER.MSG.NEXT.LOG.*",
        "$JS.API.DIRECT.GET.LOG",
        "$JS.API.DIRECT.GET.LOG.>",
        &format!("$JS.API.DIRECT.GET.KV_LEASES.{lease}"),
        &lease,
    ]
    .map(str::to_owned)
    .into()
}

fn traffic(writer: &Writer) -> Permissions {
    let row = |publish: &[&str], subscribe: &[&str]| Permissions {
        publish: publish.iter().map(|s| (*s).to_owned()).collect(),
        subscribe: subscribe.iter().map(|s| (*s).to_owned()).collect(),
        answers: subscribe.iter().any(|s| s.starts_with("ask.")),
    };
    match writer {
        Writer::Init => row(&[], &[]),
        Writer::Api => {
            let mut api = row(
                &[
                    "ask.scheduler",
                    "ask.provisioner",
                    "ask.balancer.*",
                    "ask.node.*",
                ],
                &["hb.>"],
            );
            api.publish
                .extend(Decider::ALL.map(|decider| LogSubject::Commands(decider).to_string()));
            api
        }
        Writer::Scheduler => row(
            &["want.*"],
            &["ask.scheduler", "ask.want.*", "ask.spec.*", "hb.>"],
        ),
        Writer::Provisioner => row(&[], &["ask.provisioner"]),
        Writer::Balancer(b) => row(
            &[&format!("hb.balancer.{b}")],
            &[&format!("ask.balancer.{b}")],
        ),
        Writer::Node(n) => row(
            &[
                &format!("ask.want.{n}"),
                &format!("ask.spec.{n}"),
                &format!("hb.{n}"),
            ],
            &[&format!("want.{n}"), &format!("ask.node.{n}")],
        ),
    }
}

impl Permissions {
    /// The claims of a user JWT that say the same.
    pub(super) fn claims(&self) -> Value {
        let mut claims = json!({
            "pub": {"allow": self.publish},
            "sub": {"allow": self.subscribe},
            "subs": -1, "data": -1, "payload": -1,
            "type": "user", "version": 2,
        });
        if self.answers {
            claims["resp"] = json!({"max": 1, "ttl": ANSWER_WITHIN});
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writers() -> Vec<Writer> {
        let (node, balancer) = ("n1".parse().unwrap(), "b1".parse().unwrap());
        vec![
            Writer::Init,
            Writer::Api,
            Writer::Scheduler,
            Writer::Provisioner,
            Writer::Node(node),
            Writer::Balancer(balancer),
        ]
    }

    #[test]
    fn everyone_may_write_the_subjects_it_owns_and_no_other_of_the_log() {
        for writer in writers() {
            let logged = permissions(&writer).publish;
            for subject in logged
                .iter()
                .filter(|s| s.starts_with("evt.") || s.starts_with("cmd."))
            {
                assert_eq!(
                    subject.parse::<LogSubject>().unwrap().writer(),
                    writer,
                    "{subject}"
                );
            }
            assert!(logged.contains(&LogSubject::Facts(writer).to_string()));
        }
    }

    #[test]
    fn only_the_first_start_may_touch_streams() {
        for writer in writers().into_iter().filter(|w| *w != Writer::Init) {
            for subject in permissions(&writer).publish {
                let reads = [
                    "STREAM.INFO",
                    "CONSUMER.CREATE",
                    "CONSUMER.MSG.NEXT",
                    "DIRECT.GET",
                ];
                let api = subject.strip_prefix("$JS.API.");
                assert!(
                    api.is_none_or(|call| reads.iter().any(|read| call.starts_with(read))),
                    "{subject}"
                );
            }
        }
    }
}
