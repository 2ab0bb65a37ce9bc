//! Lines of several replicas in one order: by time, but those of one replica as they were written.

use gantry_events::{OutputFrom, OutputLine, OutputStream, ReplicaId, ServiceName, Time};
use gantry_rest::{LogLine, NOTICE};

use super::{Cursor, Page};

/// What was read of one replica.
pub(super) struct Written {
    replica: ReplicaId,
    lines: Vec<OutputLine>,
    begin: OutputFrom,
    lost: bool,
}

impl Written {
    /// A page of it, or nothing where there is no container yet.
    pub(super) fn of(replica: &ReplicaId, page: Option<Page>) -> Self {
        let replica = replica.clone();
        match page {
            None => Self {
                replica,
                lines: Vec::new(),
                begin: OutputFrom::beginning(),
                lost: false,
            },
            Some(page) => Self {
                replica,
                lines: page.lines,
                begin: page.begin,
                lost: page.lost,
            },
        }
    }
}

/// The lines in their order, each with the cursor that is true once it is given.
pub(super) fn in_order(
    service: &ServiceName,
    cursor: &mut Cursor,
    written: Vec<Written>,
    now: Time,
) -> Vec<LogLine> {
    let (mut lines, mut given) = (Vec::new(), Vec::new());
    for part in &written {
        cursor.reached(&part.replica, &part.begin);
    }
    for part in written {
        if part.lost {
            let text = "lines before these were dropped by its engine before they could be read";
            given.push(notice(
                &part.replica,
                text.to_owned(),
                now,
                cursor.text(service),
            ));
        }
        // An engine's clock may jump back; what was written later still comes later.
        let mut latest = Time::default();
        let replica = part.replica;
        lines.extend(part.lines.into_iter().map(|line| {
            latest = latest.max(line.time);
            (latest, replica.clone(), line)
        }));
    }
    lines.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    given.extend(lines.into_iter().map(|(_, replica, line)| {
        cursor.reached(&replica, &OutputFrom::After { place: line.place });
        LogLine {
            replica,
            stream: stream_name(line.stream).to_owned(),
            time: line.time,
            line: line.line,
            cursor: cursor.text(service),
        }
    }));
    given
}

/// A line that no replica wrote.
pub(super) fn notice(replica: &ReplicaId, line: String, time: Time, cursor: String) -> LogLine {
    LogLine {
        replica: replica.clone(),
        stream: NOTICE.to_owned(),
        time,
        line,
        cursor,
    }
}

fn stream_name(stream: OutputStream) -> &'static str {
    match stream {
        OutputStream::Stdout => "stdout",
        OutputStream::Stderr => "stderr",
    }
}
