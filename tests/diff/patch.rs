//! `--format unified`, applied, makes the one side of the other.

use std::collections::BTreeMap;

use platformgen::diff::compare::compare;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::views::unified;
use proptest::prelude::*;

use crate::flagship::{TEXT, with_text};
use crate::random;
use crate::trees::{flagship, side, tree};

type Files = BTreeMap<String, String>;

fn files(tree: &Tree) -> Files {
    tree.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
}

/// What `patch -p1` makes of these files. Hunks are as long as their heads say, whatever their lines look like.
fn patched(mut files: Files, diff: &str) -> Files {
    let mut lines = diff.split_inclusive('\n').peekable();
    // the file that a head of git's is about: whatever follows such a head is taken for a part of it
    let mut of: Option<String> = None;
    while let Some(line) = lines.next() {
        let name = |line: &str, prefix: &str| {
            let name = line.split_once(' ').expect("a name follows").1.trim_end_matches(['\n', '\t']).to_owned();
            (name != "/dev/null").then(|| name.strip_prefix(prefix).expect("a prefix").to_owned())
        };
        if let Some(names) = line.strip_prefix("diff --git a/") {
            let name = names.split(" b/").next().expect("two names").to_owned();
            let is_new = lines.next_if(|line| line.starts_with("new file mode")).is_some();
            let is_gone = lines.next_if(|line| line.starts_with("deleted file mode")).is_some();
            // git alone can say that an empty file comes or goes
            if lines.peek().is_none_or(|line| !line.starts_with("--- ")) {
                if is_new {
                    files.insert(name.clone(), String::new());
                }
                assert!(!is_gone || files.remove(&name).as_deref() == Some(""));
            }
            of = Some(name);
            continue;
        }
        if !line.starts_with("--- ") {
            assert!(line.starts_with("# "), "{line} is no part of a diff");
            continue;
        }
        let (old, new) = (name(line, "a/"), name(lines.next().expect("a head has two lines"), "b/"));
        assert_eq!(new.as_ref().or(old.as_ref()), of.as_ref(), "a file without a head of its own");
        let text = old.as_ref().map_or_else(String::new, |old| files.remove(old).expect("it is there"));
        let before: Vec<&str> = text.split_inclusive('\n').collect();
        let (mut after, mut next) = (String::new(), 0);
        while let Some(head) = lines.next_if(|line| line.starts_with("@@ -")) {
            let ranges: Vec<usize> = head
                .split(['-', '+', '@', ' '])
                .filter(|range| !range.trim().is_empty())
                .flat_map(|range| match range.split_once(',') {
                    Some((start, count)) => [start.parse().expect("a number"), count.parse().expect("a number")],
                    None => [range.parse().expect("a number"), 1],
                })
                .collect();
            let [start, mut went, _, mut came] = ranges[..] else { panic!("{head}") };
            let start = if went == 0 { start } else { start - 1 };
            after.extend(before[next..start].iter().copied());
            next = start;
            while went + came > 0 {
                let line = lines.next().expect("hunks are whole");
                let (sign, mut text) = line.split_at(1);
                if lines.next_if(|line| line.starts_with('\\')).is_some() {
                    text = text.trim_end_matches('\n');
                }
                if sign != "+" {
                    assert_eq!(before.get(next), Some(&text), "context and removed lines are those of the file");
                    (next, went) = (next + 1, went - 1);
                }
                if sign != "-" {
                    after.push_str(text);
                    came -= 1;
                }
            }
        }
        after.extend(before[next..].iter().copied());
        match new {
            Some(new) => drop(files.insert(new, after)),
            None => assert_eq!(after, "", "nothing is left of a file that goes"),
        }
    }
    files
}

/// Both sides as files, and what `--format unified` says.
fn unified_between(old: &Tree, new: &Tree, context: usize) -> (Files, Files, String) {
    let sides = (side(old.clone()), side(new.clone()));
    let shown = unified::unified(&compare(&sides.0, &sides.1), &sides.0, &sides.1, context);
    (files(old), files(new), shown)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Applied as `patch -p1` does, `--format unified` makes the rendered tree, byte for byte.
    #[test]
    fn the_unified_view_makes_one_platform_of_another(old in random::platforms(), new in random::platforms(), context in 0..5_usize) {
        let (old, new, shown) = unified_between(&tree(&old), &tree(&new), context);
        // a random value may look like a password in an address
        let is_shown = |path: &String| !shown.contains(&format!("# {path} holds secret values"));
        let kept = |files: Files| -> Files { files.into_iter().filter(|(path, _)| is_shown(path)).collect() };
        prop_assert_eq!(patched(kept(old), &shown), kept(new));
    }

    /// The same of any files, with lines that look like parts of a diff, with and without an end.
    #[test]
    fn the_unified_view_makes_one_text_of_another(texts in prop::collection::vec((text_file(), text_file()), 1..4), context in 0..4_usize) {
        let file = |at: usize, text: &Option<String>| Some(TreeFile { path: format!("a {at}/b.txt"), text: text.clone()? });
        let olds = texts.iter().enumerate().filter_map(|(at, (old, _))| file(at, old)).collect();
        let news = texts.iter().enumerate().filter_map(|(at, (_, new))| file(at, new)).collect();
        let (old, new, shown) = unified_between(&Tree { files: olds }, &Tree { files: news }, context);
        prop_assert_eq!(patched(old, &shown), new, "{}", shown);
    }
}

/// A text that may not be there, may be empty and may not end its last line.
fn text_file() -> impl Strategy<Value = Option<String>> {
    let line = prop::sample::select(vec![
        "a\n",
        "b\n",
        "\n",
        "-- x\n",
        "++ x\n",
        "@@ -1 +1 @@\n",
        "\\ No\n",
        "--- a/b\n",
        "c",
    ]);
    prop::option::weighted(0.8, prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat()))
}

#[test]
fn the_unified_view_can_be_applied() {
    let old = flagship();
    for (from, to) in [
        ("[components.image]", "[components.picture]"),
        ("calls     = [\"auth\", \"postgres\"]", "calls     = [\"auth\", \"postgres\", \"image\"]"),
        ("acme/api:1.4.2", "acme/api:1.5.0"),
        ("route     = { host = \"app\", path = \"/auth\" }", ""),
    ] {
        assert!(TEXT.contains(from), "{from}");
        let (old, new, shown) = unified_between(&old, &tree(with_text(&TEXT.replace(from, to))), 3);
        assert_ne!(old, new, "{to}");
        assert_eq!(patched(old, &shown), new, "{to}");
    }
}
