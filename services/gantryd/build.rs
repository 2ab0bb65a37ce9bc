//! How the program is linked: static, at a fixed address. Position-independent, each process writes 0.8 MB of
//! addresses into its own memory when it starts, and shares them with none.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // In this order: the last word overrules the compiler's own, which is `-static-pie`.
    println!("cargo:rustc-link-arg-bins=-static");
    println!("cargo:rustc-link-arg-bins=-no-pie");
}
