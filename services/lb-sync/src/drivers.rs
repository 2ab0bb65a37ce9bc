//! How each kind of balancer is given a table and asked what is live. Nothing is decided here.

pub mod ingress;
