//! Links the program to a fixed address where it runs on Linux with glibc, as Go links kubectl and Helm: a program that
//! can lie anywhere has 34,000 places to be put right at each start, and a list of them that is 0.8 MB long.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |key: &str, wanted: &[&str]| env::var(key).is_ok_and(|value| wanted.contains(&value.as_str()));
    let is_glibc = is("CARGO_CFG_TARGET_OS", &["linux"]) && is("CARGO_CFG_TARGET_ENV", &["gnu"]);
    if is_glibc && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64"]) {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
