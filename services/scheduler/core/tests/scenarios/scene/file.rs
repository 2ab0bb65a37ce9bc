//! Files of one project, as the api sends them.

/// What a service needs beyond name, image and number of replicas.
const HEALTH: &str = r#"{"tcp":true,"interval":"5s","timeout":"2s","start_within":"60s"}"#;

/// A file of one project: services with image and replicas.
pub fn file(services: &[(&str, &str, u32)]) -> String {
    file_with(services, "")
}

/// The same with more keys in each service.
pub fn file_with(services: &[(&str, &str, u32)], keys: &str) -> String {
    file_of("shop", services, keys)
}

/// The same of another project.
pub fn file_of(project: &str, services: &[(&str, &str, u32)], keys: &str) -> String {
    let service = |(name, image, replicas): &(&str, &str, u32)| {
        format!(
            r#""{name}":{{"image":"{image}","port":8080,"replicas":{replicas},"health":{HEALTH}{keys}}}"#
        )
    };
    let services: Vec<String> = services.iter().map(service).collect();
    let services = services.join(",");
    format!(r#"{{"gantry":1,"project":"{project}","services":{{{services}}}}}"#)
}

/// The key `rollout`, for [`file_with`].
pub fn rollout(surge: u32, unavailable: u32, deadline: &str) -> String {
    format!(
        r#","rollout":{{"surge":{surge},"unavailable":{unavailable},"drain":"30s","grace":"10s","deadline":"{deadline}"}}"#
    )
}

/// The key `place`, for [`file_with`].
pub fn place(policy: &str) -> String {
    format!(r#","place":{{{policy}}}"#)
}
