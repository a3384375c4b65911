//! How much memory `platformgen render` takes at its highest.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

/// The most memory, in megabytes, that the program holds at any time while it renders `description`.
///
/// Its output is read slowly: while it waits for its reader, the kernel tells its high-water mark.
pub fn peak_memory(description: &str) -> f64 {
    let file = tempfile::NamedTempFile::new().expect("there is room for a description");
    fs::write(file.path(), description).expect("there is room for a description");
    let mut child = Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .args(["render", "--file"])
        .arg(file.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo has built the program");
    let status = format!("/proc/{}/status", child.id());
    let mut stdout = child.stdout.take().expect("stdout is a pipe");
    let mut chunk = vec![0; 1 << 20];
    let mut peak = 0.0_f64;
    while stdout.read(&mut chunk).is_ok_and(|bytes| bytes > 0) {
        let text = fs::read_to_string(&status).unwrap_or_default();
        peak = high_water_mark(&text).unwrap_or_default().max(peak);
    }
    let exit = child.wait().expect("the program ends");
    assert!(exit.success(), "the generated description has no mistakes");
    peak
}

/// From `VmHWM:     1234 kB`, where a kilobyte has 1024 bytes.
fn high_water_mark(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
