//! The key `health`: what is asked of a replica, how often, and that there is a port to ask.

use gantry_events::Millis;

use crate::fault::{Fault, FaultCode, Faults};
use crate::model::{Health, HealthCheck, HttpPort};
use crate::read::texts;
use crate::table::Table;
use crate::tree::{Content, Field};
use crate::units::parse_duration;
use crate::value::{quantity, shown, text};
use crate::words;

pub(super) fn health(field: &Field, port: Option<HttpPort>, faults: &mut Faults) -> Option<Health> {
    let table = Table::open(field, &words::HEALTH, faults)?;
    let path = table.read("path", faults, path);
    let tcp = table.read("tcp", faults, tcp);
    let exec = table.get("exec").and_then(|field| exec(field, faults));
    let asked = ["path", "tcp", "exec"];
    if asked.iter().filter(|key| table.has(key)).count() > 1 {
        faults.push(field.fault(
            FaultCode::Contradiction,
            "health asks one of `path`, `tcp` and `exec`, not several",
        ));
    }
    let check = path
        .map(|path| HealthCheck::Http { path })
        .or(tcp.map(|()| HealthCheck::Tcp))
        .or(exec.map(|command| HealthCheck::Exec { command }));
    let health = Health {
        check: check.unwrap_or_else(|| HealthCheck::default_for(port)),
        interval: table
            .read("interval", faults, interval)
            .unwrap_or(Health::INTERVAL),
        timeout: table
            .read("timeout", faults, timeout)
            .unwrap_or(Health::TIMEOUT),
        start_within: table
            .read("start_within", faults, start_within)
            .unwrap_or(Health::START_WITHIN),
    };
    if health.timeout > health.interval {
        let message = format!(
            "a probe may take {}, longer than the {} to the next one",
            health.timeout, health.interval
        );
        faults.warn(field.fault(FaultCode::TimeoutOverInterval, message));
    }
    Some(health)
}

fn path(field: &Field) -> Result<String, Fault> {
    let path = text(field)?;
    if path.starts_with('/')
        && path.len() <= 2048
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        return Ok(path.to_owned());
    }
    let message = format!(
        "`{}` is no path: it begins with / and has no spaces and no #, as in /healthz",
        shown(path)
    );
    Err(field.fault(FaultCode::BadValue, message))
}

fn tcp(field: &Field) -> Result<(), Fault> {
    match text(field)? {
        "true" => Ok(()),
        other => {
            let fault = field.fault(
                FaultCode::BadValue,
                format!("`tcp` is true or left out, not `{}`", shown(other)),
            );
            Err(fault.suggest("write `tcp: true`"))
        }
    }
}

/// A program and its arguments; nothing to run is no probe.
fn exec(field: &Field, faults: &mut Faults) -> Option<Vec<String>> {
    let command = texts(field, faults);
    if !field.node.items().is_empty() && command.first().is_none_or(|program| !program.is_empty()) {
        return Some(command).filter(|command| !command.is_empty());
    }
    if matches!(field.node.content, Content::List(_)) {
        let fault = field.fault(FaultCode::BadValue, "`exec` names no program to run");
        faults.push(fault.suggest("write `exec: [PROGRAM, ARGUMENT]`"));
    }
    None
}

/// Probes of a service without a port have nothing to ask.
pub(super) fn asks_no_port(field: &Field, health: Option<&Health>) -> Result<(), Fault> {
    match health.map(|health| &health.check) {
        Some(HealthCheck::Http { .. } | HealthCheck::Tcp) => {
            let fault = field.key_fault(
                FaultCode::Contradiction,
                "this probe asks the port, and the service has none",
            );
            Err(fault.suggest("write `port: 8080`, or remove the probe"))
        }
        Some(HealthCheck::Exec { .. } | HealthCheck::Running) | None => Ok(()),
    }
}

fn interval(field: &Field) -> Result<Millis, Fault> {
    quantity(field, parse_duration, Millis(100)..=Millis::from_secs(3600))
}

fn timeout(field: &Field) -> Result<Millis, Fault> {
    quantity(field, parse_duration, Millis(100)..=Millis::from_secs(60))
}

fn start_within(field: &Field) -> Result<Millis, Fault> {
    quantity(
        field,
        parse_duration,
        Millis::from_secs(1)..=Millis::from_secs(3600),
    )
}
