//! The tree to a project: which key takes which value, its default, and what must agree. Every
//! fault is remembered and the reading goes on.

mod domains;
mod env;
mod files;
mod health;
mod place;
mod rollout;

pub(crate) use files::within_size;

use std::collections::BTreeMap;

use gantry_events::{Bytes, Domains, MilliCpu, ProjectName, RolloutPolicy, ServiceName};

use crate::fault::{Fault, FaultCode, Faults};
use crate::foreign;
use crate::form::SCHEMA_VERSION;
use crate::model::{Health, HealthCheck, HttpPort, Project, Replicas, Resources, Service};
use crate::parse::MAX_SERVICES;
use crate::read::domains::Hosts;
use crate::table::{Table, mapping};
use crate::tree::{Content, Field};
use crate::units::{parse_cores, parse_size};
use crate::value::{decimal, parsed, quantity, shown, text, whole};
use crate::words;

pub(crate) fn project(root: &Field, faults: &mut Faults) -> Option<Project> {
    let table = Table::open(root, &words::FILE, faults)?;
    if let Some(field) = table.require("gantry", faults) {
        faults.keep(schema_version(field));
    }
    let name = table
        .require("project", faults)
        .and_then(|field| faults.keep(project_name(field)));
    let services = table
        .require("services", faults)
        .and_then(|field| services(field, faults));
    Some(Project {
        name: name?,
        services: services?,
    })
}

fn schema_version(field: &Field) -> Result<(), Fault> {
    if whole(field, "schema version", 0..=u32::MAX)? == SCHEMA_VERSION {
        return Ok(());
    }
    let fault = field.fault(
        FaultCode::SchemaVersion,
        "this schema version is not known here",
    );
    Err(fault.suggest(format!(
        "write `gantry: {SCHEMA_VERSION}`, or use a newer gantry"
    )))
}

fn project_name(field: &Field) -> Result<ProjectName, Fault> {
    parsed(field, FaultCode::BadName)
}

fn services(field: &Field, faults: &mut Faults) -> Option<BTreeMap<ServiceName, Service>> {
    let entries = faults.keep(mapping(field, "services"))?;
    if entries.len() > MAX_SERVICES {
        let message = format!(
            "{} services; one project has at most {MAX_SERVICES}",
            entries.len()
        );
        faults.push(field.key_fault(FaultCode::TooManyServices, message));
        return None;
    }
    let mut services = BTreeMap::new();
    let mut hosts = Hosts::default();
    for entry in entries {
        let field = field.entry(entry);
        let name = entry.key.parse::<ServiceName>();
        let name = faults
            .keep(name.map_err(|error| field.key_fault(FaultCode::BadName, error.to_string())));
        let service = service(&field, &mut hosts, faults);
        services.extend(name.zip(service));
    }
    hosts.judge(faults);
    Some(services)
}

fn service<'t>(field: &Field<'t>, hosts: &mut Hosts<'t>, faults: &mut Faults) -> Option<Service> {
    let table = Table::open(field, &words::SERVICE, faults)?;
    let image = table
        .require("image", faults)
        .and_then(|field| faults.keep(parsed(field, FaultCode::BadImage)));
    let port = table.read("port", faults, port);
    let health = health(&table, port, faults);
    let rollout = rollout(&table, &health, faults);
    Some(Service {
        command: table.part("command", faults, texts),
        entrypoint: table.part("entrypoint", faults, texts),
        port,
        replicas: table.read("replicas", faults, replicas).unwrap_or_default(),
        domains: domains(&table, hosts, faults),
        health,
        rollout,
        resources: table.part("resources", faults, resources),
        place: table.part("place", faults, place::place),
        env: table
            .get("env")
            .map(|field| env::env(field, port, faults))
            .unwrap_or_default(),
        files: table.part("files", faults, files::files),
        image: image?,
    })
}

fn health(table: &Table, port: Option<HttpPort>, faults: &mut Faults) -> Health {
    let health = table
        .get("health")
        .and_then(|field| health::health(field, port, faults));
    if let (false, Some(field)) = (table.has("port"), table.get("health")) {
        faults.keep(health::asks_no_port(field, health.as_ref()));
    }
    health.unwrap_or_else(|| Health::of(HealthCheck::default_for(port)))
}

fn rollout(table: &Table, health: &Health, faults: &mut Faults) -> RolloutPolicy {
    let rollout = table.part("rollout", faults, rollout::rollout);
    if let Some(field) = table.get("rollout").or_else(|| table.get("health")) {
        faults.doubt(rollout::leaves_time_to_start(field, &rollout, health));
    }
    rollout
}

fn domains<'t>(table: &Table<'t>, hosts: &mut Hosts<'t>, faults: &mut Faults) -> Domains {
    let Some(field) = table.get("domains") else {
        return Domains::new();
    };
    if !table.has("port") {
        faults.keep(domains::need_a_port(field));
    }
    hosts.read(field, faults)
}

fn port(field: &Field) -> Result<HttpPort, Fault> {
    if matches!(field.node.content, Content::Map(_)) {
        let fault = field.fault(
            FaultCode::NotSupportedYet,
            "a port with a protocol is not supported yet",
        );
        return Err(fault.suggest("write `port: 8080` for http; for other protocols leave it out"));
    }
    let number = whole(field, "port", 1..=u32::from(u16::MAX))?;
    let port = u16::try_from(number)
        .ok()
        .and_then(|number| HttpPort::try_from(number).ok());
    Ok(port.expect("a whole number from 1 to 65535 is a port"))
}

fn replicas(field: &Field) -> Result<Replicas, Fault> {
    let number = whole(field, "number of replicas", 0..=Replicas::MOST)?;
    Ok(Replicas::try_from(number).expect("the number was held to the range of the type"))
}

/// A list of texts; a line is refused, as its words could be cut in more than one way.
fn texts(field: &Field, faults: &mut Faults) -> Vec<String> {
    let Content::List(items) = &field.node.content else {
        let fault = field.fault(
            FaultCode::WrongType,
            format!("a list of texts is wanted, not {}", field.node.kind()),
        );
        faults.push(match foreign::words(field.node) {
            Some(list) => fault.suggest(format!("write `{}`", shown(&list))),
            None => fault,
        });
        return Vec::new();
    };
    let texts = items.iter().enumerate().filter_map(|(index, item)| {
        let field = field.item(index, item);
        faults.keep(text(&field)).map(str::to_owned)
    });
    texts.collect()
}

fn resources(field: &Field, faults: &mut Faults) -> Resources {
    let Some(table) = Table::open(field, &words::RESOURCES, faults) else {
        return Resources::default();
    };
    Resources {
        cpu: table.read("cpu", faults, cpu),
        memory: table.read("memory", faults, memory),
    }
}

fn cpu(field: &Field) -> Result<MilliCpu, Fault> {
    decimal(field, parse_cores, MilliCpu(1)..=MilliCpu(1024 * 1000))
}

fn memory(field: &Field) -> Result<Bytes, Fault> {
    quantity(field, parse_size, Bytes(6 << 20)..=Bytes(16_384 << 30))
}
