//! `Place`: where an image's manifest is asked for, from its name alone.

use gantry_spec::ImageRef;

/// How files name the system's own registry.
const OWN: &str = "localhost:5000";

/// Where names without a registry are looked up, by its name and where it answers.
const DEFAULT: &str = "docker.io";
const DEFAULT_HOST: &str = "registry-1.docker.io";

/// The registry of an image, its name there, and its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    host: String,
    is_near: bool,
    repository: String,
    tag: String,
}

impl Place {
    /// Where this image is, with the system's own registry at `own`.
    pub fn of(image: &ImageRef, own: &str) -> Self {
        let tag = image.tag().unwrap_or("latest").to_owned();
        let repository = image.repository().to_owned();
        match image.registry() {
            None | Some(DEFAULT | "index.docker.io") => Self {
                host: DEFAULT_HOST.to_owned(),
                is_near: false,
                repository: in_library(repository),
                tag,
            },
            Some(host) => {
                let is_own = host == OWN || host == own;
                let host = if is_own { own } else { host };
                let is_near = is_own || is_loopback(host);
                Self {
                    host: host.to_owned(),
                    is_near,
                    repository,
                    tag,
                }
            }
        }
    }

    /// Whether it is spoken to over plain HTTP: the system's own registry, and those on this host.
    pub fn is_near(&self) -> bool {
        self.is_near
    }

    /// The registry's host and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The image's name in its registry.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Name and tag.
    pub fn name(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }

    /// Address of the manifest.
    pub fn manifest(&self) -> String {
        let scheme = if self.is_near { "http" } else { "https" };
        format!(
            "{scheme}://{}/v2/{}/manifests/{}",
            self.host, self.repository, self.tag
        )
    }
}

/// Names of one part stand for the default registry's own images.
fn in_library(repository: String) -> String {
    if repository.contains('/') {
        repository
    } else {
        format!("library/{repository}")
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    name == "localhost" || name.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_looked_up_where_its_name_says() {
        let rows = [
            (
                "localhost:5000/hello:1",
                "http://registry:5000/v2/hello/manifests/1",
            ),
            (
                "registry:5000/hello",
                "http://registry:5000/v2/hello/manifests/latest",
            ),
            (
                "127.0.0.1:5001/a/b:2",
                "http://127.0.0.1:5001/v2/a/b/manifests/2",
            ),
            (
                "nginx",
                "https://registry-1.docker.io/v2/library/nginx/manifests/latest",
            ),
            (
                "docker.io/nginx:1",
                "https://registry-1.docker.io/v2/library/nginx/manifests/1",
            ),
            (
                "acme/shop:1.8.2",
                "https://registry-1.docker.io/v2/acme/shop/manifests/1.8.2",
            ),
            (
                "ghcr.io/acme/shop:1",
                "https://ghcr.io/v2/acme/shop/manifests/1",
            ),
        ];
        for (image, manifest) in rows {
            let place = Place::of(&image.parse().unwrap(), "registry:5000");
            assert_eq!(place.manifest(), manifest, "{image}");
        }
    }
}
