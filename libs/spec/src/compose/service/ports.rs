//! The one port of a service, of those that a Compose file names.

use super::Service;
use crate::fault::FaultCode;
use crate::foreign::{self, Ours};
use crate::tree::Entry;

/// Ports on which nothing speaks HTTP: those of well-known databases, queues and the like.
const NOT_HTTP: [&str; 12] = [
    "22", "25", "53", "1433", "1883", "3306", "5432", "5672", "6379", "9092", "11211", "27017",
];

impl<'t> Service<'_, 't> {
    /// The first port that may speak HTTP; a service has one.
    pub(super) fn ports(&mut self, entry: &'t Entry) {
        let field = self.field.entry(entry);
        for (index, item) in entry.value.items().iter().enumerate() {
            let line = foreign::exact(Ours::Port, item);
            let number = line.as_deref().and_then(|line| line.strip_prefix("port: "));
            let message = match number {
                Some(number) if NOT_HTTP.contains(&number) => {
                    format!(
                        "port {number} was not carried over: only HTTP is balanced in this version"
                    )
                }
                Some(number) if self.lines.contains(&format!("port: {number}")) => continue,
                Some(number) if !self.says("port:") => {
                    self.lines.push(format!("port: {number}"));
                    continue;
                }
                Some(number) => {
                    format!("port {number} was not carried over: a service has one port")
                }
                None => "this port was not carried over: it is no single TCP port".to_owned(),
            };
            let fault = field
                .item(index, item)
                .fault(FaultCode::ForeignKey, message);
            self.dropped
                .push(fault.suggest("write `port: N` for the one that takes HTTP"));
        }
    }
}
