//! Who makes machines: a file each. What they can do is the same: `list` what is there, `make`, `start`
//! and `remove` one machine, each as often as one likes, and tell of `changes`.

pub mod local;
