//! What breaks, on the real system: each test is a row of the table in the documents, with 64 connections
//! asking all the time where requests are what counts.

mod balancer;
mod crowds;
mod machines;
mod midway;
mod releases;
mod replicas;
mod roles;
mod stage;
mod unhealthy;
