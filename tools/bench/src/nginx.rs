//! nginx as the ingress's rival: in a container under the same limits, on the same network, with kept
//! connections to the same backends.

use std::fmt::Write;
use std::net::SocketAddr;

use serde_json::json;
use tempfile::NamedTempFile;

use crate::system::{System, address};

/// The port it listens at, as the ingress does.
const PORT: u16 = 8080;

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    container: String,
    /// Where it takes requests.
    pub address: SocketAddr,
    _configuration: NamedTempFile,
}

impl Nginx {
    /// Starts one that balances between these backends.
    pub async fn start(system: &System, backends: &[SocketAddr]) -> anyhow::Result<Self> {
        let mut file = NamedTempFile::new()?;
        std::io::Write::write_all(&mut file, configuration(backends)?.as_bytes())?;
        let ingress = system.container("ingress").await?;
        let body = json!({
            "Image": format!("gantry/bench-nginx:{}", system.cluster),
            "Cmd": ["/usr/sbin/nginx", "-g", "daemon off;", "-c", "/nginx.conf", "-e", "stderr"],
            "User": "0:0",
            "Labels": { "gantry.cluster": system.cluster },
            "HostConfig": {
                "NetworkMode": ingress["HostConfig"]["NetworkMode"],
                "ReadonlyRootfs": true,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges:true"],
                "Tmpfs": { "/tmp": "" },
                "Binds": [format!("{}:/nginx.conf:ro", file.path().display())],
            },
        });
        let name = format!("{}_bench-nginx", system.cluster);
        // That of a run that was cut short; most often there is none.
        let _ = system.host.remove(&name).await;
        let container = system.host.create(&name, &body).await?;
        system.host.start(&container).await?;
        let address = address(&system.host.inspect(&container).await?, PORT)?;
        Ok(Self {
            container,
            address,
            _configuration: file,
        })
    }

    /// Ends and removes it.
    pub async fn remove(self, system: &System) -> anyhow::Result<()> {
        system.host.remove(&self.container).await
    }
}

/// As fast as it gets while doing the same: keep-alive on both sides for ever, the least loaded backend
/// next, the same headers, no log.
fn configuration(backends: &[SocketAddr]) -> Result<String, std::fmt::Error> {
    let mut servers = String::new();
    for backend in backends {
        writeln!(servers, "    server {backend};")?;
    }
    Ok(format!(
        "worker_processes auto;
pid /tmp/nginx.pid;
user root root;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  scgi_temp_path /tmp/scgi;
  uwsgi_temp_path /tmp/uwsgi;
  upstream replicas {{
    least_conn;
{servers}    keepalive 64;
    keepalive_requests 100000000;
  }}
  server {{
    listen {PORT} backlog=1024;
    location / {{
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto http;
      proxy_set_header X-Forwarded-Host $http_host;
    }}
  }}
}}
"
    ))
}
