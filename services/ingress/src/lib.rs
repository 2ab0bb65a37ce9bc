//! The data plane of the built-in balancer: accept, choose, proxy, swap the table.
