//! Any bytes as manifests: findings that can be printed; never a panic.
#![no_main]

#[path = "../bodies/manifests.rs"]
mod body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        body::judge(text);
    }
});
