//! The smallest good file, with comments, and what the current folder says about it.

use std::path::Path;

use gantry_spec::ProjectName;

/// Port of a service unless the folder says another: what most images of web servers listen on.
const PORT: u16 = 8080;

/// A project named after the current folder.
pub fn project_here() -> ProjectName {
    let folder = std::env::current_dir().ok();
    let name = folder.as_deref().and_then(Path::file_name);
    named_after(&name.unwrap_or_default().to_string_lossy())
}

fn named_after(folder: &str) -> ProjectName {
    let lower = folder.to_lowercase();
    let dashed: String = lower
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' => c,
            _ => '-',
        })
        .collect();
    let start = dashed.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let short: String = start.chars().take(40).collect();
    let name = short.trim_end_matches('-').parse();
    name.unwrap_or_else(|_| "app".parse().expect("`app` is the name of a project"))
}

/// The port that the Dockerfile of the current folder exposes, if there is one and it says so.
pub fn exposed_port() -> Option<u16> {
    exposed(&std::fs::read_to_string("Dockerfile").ok()?)
}

fn exposed(dockerfile: &str) -> Option<u16> {
    let words = dockerfile.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let is_expose = words.next()?.eq_ignore_ascii_case("EXPOSE");
        is_expose.then(|| words.next())?
    });
    let port: u16 = words?.trim_end_matches("/tcp").parse().ok()?;
    Some(port).filter(|port| *port > 0)
}

/// A file of one service.
pub fn smallest(project: &ProjectName, port: Option<u16>) -> String {
    let port = port.unwrap_or(PORT);
    format!(
        "\
# The whole project is this file. Check it with `gantry validate`, make it so with `gantry deploy`;
# what it no longer names is removed.
gantry: 1                          # version of the file's schema
project: {project}

services:
  web:                             # answers at web.{project}.localhost
    image: localhost:5000/{project}:1
                                   # push one of your own with `gantry image push {project}:1`,
                                   # or name one of any registry
    port: {port:<24} # HTTP; a service without a port is a worker
    replicas: 2
    # health: {{path: /healthz}}     # else: the port takes a connection
    # env: {{LOG_LEVEL: info}}
    # domains: [shop.example.com]
    # resources: {{cpu: 0.5, memory: 512Mi}}

# environments:                    # `gantry deploy --env staging` makes {project}-staging
#   staging: {{services: {{web: {{replicas: 1}}}}}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_the_project_its_name() {
        let rows = [
            ("shop", "shop"),
            ("My Shop!", "my-shop"),
            ("2024_shop.v2", "shop-v2"),
            ("--", "app"),
            ("x", "app"),
            ("cluster", "app"),
            ("", "app"),
            ("日本", "app"),
        ];
        for (folder, project) in rows {
            assert_eq!(named_after(folder).as_str(), project, "{folder}");
        }
        assert_eq!(named_after(&"a".repeat(60)).as_str().len(), 40);
    }

    #[test]
    fn a_port_is_taken_from_what_a_dockerfile_exposes() {
        let rows = [
            ("FROM x\nEXPOSE 3000\nEXPOSE 4000", Some(3000)),
            ("expose 80/tcp", Some(80)),
            ("EXPOSE $PORT", None),
            ("EXPOSE 0", None),
            ("EXPOSE", None),
            ("FROM x", None),
        ];
        for (dockerfile, port) in rows {
            assert_eq!(exposed(dockerfile), port, "{dockerfile}");
        }
    }

    #[test]
    fn the_smallest_file_is_valid_and_says_what_was_found() {
        let text = smallest(&"shop".parse().unwrap(), Some(3000));
        let project = gantry_spec::parse(&text).unwrap().project;
        let web = project.services.values().next().unwrap();
        assert_eq!((project.name.as_str(), web.replicas.get()), ("shop", 2));
        assert_eq!(web.port.unwrap().get(), 3000);
        let commented = text
            .lines()
            .filter(|line| line.trim_start().starts_with("# health"));
        assert_eq!(commented.count(), 1);
    }

    #[test]
    fn every_line_that_is_commented_out_may_stand() {
        let text = smallest(&"shop".parse().unwrap(), None);
        let keys = [
            "health",
            "env:",
            "domains",
            "resources",
            "environments",
            "  staging",
        ];
        let live: Vec<_> = text
            .lines()
            .map(|line| {
                let bare = line.trim_start();
                let said = bare.strip_prefix("# ");
                let is_key = said.is_some_and(|said| keys.iter().any(|key| said.starts_with(key)));
                if is_key {
                    line.replacen("# ", "", 1)
                } else {
                    line.to_owned()
                }
            })
            .collect();
        let parsed = gantry_spec::parse(&live.join("\n")).unwrap();
        assert_eq!(parsed.environments.len(), 1);
        assert_eq!(parsed.warnings.len(), 1, "the domain has no certificate");
    }
}
