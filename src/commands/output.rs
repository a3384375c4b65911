//! Stub.
/// x
pub fn write_stdout(t: &str) -> anyhow::Result<()> {
    use std::io::Write;
    std::io::stdout().write_all(t.as_bytes())?;
    Ok(())
}
/// x
pub fn complain(t: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(t.as_bytes());
}
/// x
pub fn write_directory(_d: &std::path::Path, _t: &crate::model::tree::Tree) -> anyhow::Result<String> {
    Ok(String::new())
}
