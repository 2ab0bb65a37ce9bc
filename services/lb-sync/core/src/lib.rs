//! What one balancer routes: the table, and when a replica is let go.
