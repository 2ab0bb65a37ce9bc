//! Every core in one process, beside simulated machines, engines and balancers, under faults.
