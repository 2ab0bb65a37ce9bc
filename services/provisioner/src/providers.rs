//! Who makes machines: a file each. What they can do is the same: `list` what is there, `ensure` that
//! one machine exists and runs, and tell of `changes`.

pub mod local;
