//! What one node does: converge, probe, heal, report.
