//! Stub.
use serde::Serialize;
/// x
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut String) -> Result<(), serde_json::Error> {
    out.push_str(&serde_json::to_string_pretty(value)?);
    out.push('\n');
    Ok(())
}
