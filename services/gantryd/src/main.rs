//! The one program that carries every role.

fn main() {}
