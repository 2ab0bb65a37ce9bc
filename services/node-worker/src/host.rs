//! The machine itself: its address on the private network, its processors and memory.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;

use gantry_events::{Bytes, Capacity, MilliCpu};
use gantry_node_worker_core::Host;
use tokio::net::{UdpSocket, lookup_host};

/// The address from which `peer` (`nats://nats:4222`) is reached. Nothing is sent.
pub async fn address_towards(peer: &str) -> io::Result<IpAddr> {
    let peer = peer.split_once("://").map_or(peer, |(_, rest)| rest);
    let targets: Vec<SocketAddr> = lookup_host(peer).await?.collect();
    let nowhere = || {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("{peer} has no IPv4 address"),
        )
    };
    let target = targets
        .into_iter()
        .find(SocketAddr::is_ipv4)
        .ok_or_else(nowhere)?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(target).await?;
    Ok(socket.local_addr()?.ip())
}

/// Whether this machine has this address now.
pub async fn is_own(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).await.is_ok()
}

/// This machine as it is now.
pub async fn look(address: Option<IpAddr>, peer: &str) -> io::Result<Host> {
    let address = match address {
        Some(address) => address,
        None => address_towards(peer).await?,
    };
    Ok(Host {
        address,
        capacity: Capacity {
            cpu: cpu()?,
            memory: memory()?,
        },
    })
}

/// Within the limits of the control group this runs in.
fn cpu() -> io::Result<MilliCpu> {
    let cores = thread::available_parallelism()?.get();
    Ok(MilliCpu(
        u32::try_from(cores.saturating_mul(1000)).unwrap_or(u32::MAX),
    ))
}

fn memory() -> io::Result<Bytes> {
    let installed = installed(&fs::read_to_string("/proc/meminfo")?).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "/proc/meminfo names no MemTotal",
        )
    })?;
    // Version 2, then version 1, of control groups; "max" and very large numbers mean no limit.
    let limits = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let limit = limits
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok())
        .min();
    Ok(Bytes(
        limit.map_or(installed, |limit: u64| limit.min(installed)),
    ))
}

fn installed(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_memory_is_read_in_bytes() {
        assert_eq!(
            installed("MemTotal:       24680000 kB\nMemFree: 1 kB\n"),
            Some(24_680_000 * 1024)
        );
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_not_its_own() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()).await);
        assert!(!is_own(Ipv4Addr::new(192, 0, 2, 1).into()).await);
    }

    #[tokio::test]
    async fn the_address_is_the_one_the_peer_is_reached_from() {
        let host = look(None, "nats://127.0.0.1:4222").await.unwrap();
        assert_eq!(host.address, IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(host.capacity.cpu.0 >= 1000 && host.capacity.memory.0 > 0);
    }
}
