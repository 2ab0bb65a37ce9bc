//! The lb-sync service: its shell and the drivers of balancers.
