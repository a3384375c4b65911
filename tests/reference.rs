//! The reference page says what the program says. Bless with `PLATFORMGEN_BLESS=1 cargo test --test reference`.

use std::fs;
use std::path::PathBuf;

#[test]
fn the_reference_page_is_up_to_date() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let page = platformgen::manual::reference();
    if std::env::var_os("PLATFORMGEN_BLESS").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&path).expect("docs/reference.md is in the repository");
    assert!(written == page, "docs/reference.md is out of date");
}

#[test]
fn the_schema_is_up_to_date() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("platform.schema.json");
    let schema = platformgen::manual::schema();
    if std::env::var_os("PLATFORMGEN_BLESS").is_some() {
        fs::write(&path, &schema).expect("the schema can be written");
    }
    assert!(
        fs::read_to_string(&path).expect("it is in the repository") == schema,
        "platform.schema.json is out of date"
    );
}

#[test]
fn every_key_is_documented() {
    for line in platformgen::manual::reference().lines().filter(|line| line.starts_with("| `")) {
        assert!(!line.ends_with("|  |"), "no meaning: {line}");
    }
}

#[test]
fn every_code_is_explained() {
    for (code, summary) in platformgen::diagnostics::codes::ALL {
        let text = platformgen::manual::explanation(code).unwrap_or_else(|| panic!("docs/checks.md lacks `{code}`"));
        assert!(text.contains(summary) && text.contains("- What:") && text.contains("- Fix:"), "{text}");
        let group =
            platformgen::validate::groups::group_of(code).map_or("description", platformgen::validate::groups::name);
        assert!(text.contains(&format!("({group})")), "`{code}` stands in another group: {text}");
    }
}
