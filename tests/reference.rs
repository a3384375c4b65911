//! The reference page says what the program says. Bless with `PLATFORMGEN_BLESS=1 cargo test --test reference`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use platformgen::spec::hatches::{
    DefinitionsSpec, ManifestsSpec, OperationSpec, PatchSpec, RequiredDefinition, RequirementsSpec, TargetSpec,
};
use platformgen::spec::images::ImagesSpec;
use platformgen::spec::read::Shape;
use platformgen::spec::secrets::{NamedStore, SecretsSpec};
use platformgen::validate::pod_security::checks::CHECKS;
use toml::de::{DeTable, DeValue};

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
        assert!(text.contains(summary), "{text}");
        let group =
            platformgen::validate::groups::group_of(code).map_or("description", platformgen::validate::groups::name);
        assert!(text.contains(&format!("({group})")), "`{code}` stands in another group: {text}");
    }
}

#[test]
fn of_every_code_all_is_said() {
    let mut wrong = Vec::new();
    for (code, _) in platformgen::diagnostics::codes::ALL {
        let text = platformgen::manual::explanation(code).unwrap_or_default();
        let items = text.split("\n- ").skip(1).filter_map(|item| item.split_once(": "));
        let parts: Vec<&str> =
            items.map(|(part, said)| if said.trim().is_empty() { "nothing" } else { part }).collect();
        if parts != platformgen::manual::PARTS {
            wrong.push(format!("{code}: {}", parts.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "docs/checks.md does not say all of {} codes:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn ids_of_other_linters_are_ones_that_they_have() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("tests/linters.txt")).expect("the list is in the repository");
    let mut known: BTreeSet<(&str, &str)> = CHECKS.iter().map(|(id, ..)| ("PSS", *id)).collect();
    let mut linter = "";
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            Some(ids) => known.extend(ids.split(' ').map(|id| (linter, id))),
            None => linter = line,
        }
    }
    let linters: BTreeSet<&str> = known.iter().map(|(linter, _)| *linter).collect();
    let page = fs::read_to_string(root.join("docs/checks.md")).expect("the page is in the repository");
    let (mut named, mut wrong) = (BTreeSet::new(), Vec::new());
    for item in page.split("\n- Same check: ").skip(1) {
        let item = item.split("\n\n").next().unwrap_or_default();
        let mut linter = None;
        for word in item.split_whitespace().map(|word| word.trim_matches([',', ';', '.', '(', ')'])) {
            let is_id = word.starts_with('`') || word.contains("CKV") || word.contains("KSV");
            let is_name = linters.contains(word) || OTHERS.contains(&word);
            match linter {
                _ if is_name => linter = Some(word),
                Some(of) if is_id && linters.contains(of) => {
                    named.insert(of);
                    let id = word.trim_matches('`');
                    wrong.extend((!known.contains(&(of, id))).then(|| format!("{of} has no `{id}`")));
                }
                _ => {}
            }
        }
        let is_told = item.starts_with("none") || linters.iter().any(|linter| item.contains(linter));
        wrong.extend((!is_told).then(|| format!("nothing is said of the linters: {item}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(named, linters, "the ids of these are read");
}

/// Others whose checks have names, of which there is no list.
const OTHERS: &[&str] = &[
    "Kubescape",
    "Kyverno",
    "Pluto",
    "amtool",
    "cyclonus",
    "flux-schema",
    "kubeconform",
    "kubectl-validate",
    "kubent",
    "np-guard",
    "pint",
    "promtool",
    "server",
    "yamllint",
];

#[test]
fn what_is_asked_by_name_stands_in_the_list() {
    use platformgen::validate::groups::{GROUPS, Group, is_opt_in};
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/validate.md");
    let page = fs::read_to_string(path).expect("docs/validate.md is in the repository");
    let (by_itself, by_name) = page.split_once("| asked by name |").expect("the second list is there");
    for (group, _, codes, _) in GROUPS.iter().filter(|(group, ..)| [Group::Rights, Group::Policy].contains(group)) {
        for code in *codes {
            let (list, other) = if is_opt_in(code) { (by_name, by_itself) } else { (by_itself, by_name) };
            let (_, other) = other.split_once("Asked by itself").unwrap_or(("", other));
            let quoted = format!("`{code}`");
            assert!(list.contains(&quoted) && !other.contains(&quoted), "{group:?}: `{code}` stands in the wrong list");
        }
    }
}

/// What the page says of secrets, images and of what no key covers stands in a description that the tests render.
#[test]
fn every_key_beside_components_stands_in_an_example() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let within = |folder: &str| {
        let entries = fs::read_dir(root.join(folder)).expect("it is there");
        entries.map(|entry| entry.expect("it can be listed").path()).collect::<Vec<_>>()
    };
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let is_fine = |case: &PathBuf| read(case.join("code")) == "0\n";
    let cases = within("tests/cases").into_iter().filter(is_fine).map(|case| case.join("input.toml"));
    let texts: Vec<String> = within("tests/platforms").into_iter().chain(cases).map(read).collect();
    let examples: Vec<DeValue<'_>> =
        texts.iter().filter_map(|text| Some(DeValue::Table(DeTable::parse(text).ok()?.into_inner()))).collect();
    for (way, known) in [
        ("secrets", SecretsSpec::KEYS),
        ("secrets store", NamedStore::KEYS),
        ("images", ImagesSpec::KEYS),
        ("manifests", ManifestsSpec::KEYS),
        ("patches", PatchSpec::KEYS),
        ("patches target", TargetSpec::KEYS),
        ("patches json6902", OperationSpec::KEYS),
        ("crds *", DefinitionsSpec::KEYS),
        ("requirements", RequirementsSpec::KEYS),
        ("requirements crds *", RequiredDefinition::KEYS),
    ] {
        let way: Vec<&str> = way.split(' ').collect();
        let mut found = BTreeSet::new();
        for example in &examples {
            keys(example, &way, &mut found);
            keys(example, &[&["environments", "*"], way.as_slice()].concat(), &mut found);
        }
        for key in known {
            assert!(found.contains(key.name), "no example has `{}` of `{}`", key.name, way.join("."));
        }
    }
}

/// The keys of all tables at the end of a way; `*` is any key.
fn keys(node: &DeValue<'_>, way: &[&str], found: &mut BTreeSet<String>) {
    match (node, way) {
        (DeValue::Array(items), _) => items.iter().for_each(|item| keys(item.get_ref(), way, found)),
        (DeValue::Table(table), []) => found.extend(table.keys().map(|key| key.get_ref().to_string())),
        (DeValue::Table(table), [step, rest @ ..]) => {
            let meant = table.iter().filter(|(key, _)| *step == "*" || key.get_ref() == step);
            meant.for_each(|(_, inner)| keys(inner.get_ref(), rest, found));
        }
        _ => {}
    }
}
