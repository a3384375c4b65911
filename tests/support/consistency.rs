//! The forms of output hold the same objects, and the same bytes every time.

use std::collections::BTreeSet;

use platformgen::emit;
use serde_json::Value;

use crate::support::examples::{bundle, documents, examples};
use crate::support::objects::{Object, texts};

/// Every example is a platform; the other checks see only those that are.
pub fn every_example_renders() -> Vec<String> {
    let outcomes = examples().into_iter().map(|example| (bundle(&example), example.name));
    outcomes.filter_map(|(outcome, name)| outcome.err().map(|why| format!("{name}:\n{why}"))).collect()
}

/// Stream, tree and list hold the same objects.
pub fn forms_agree() -> Vec<String> {
    let mut faults = Vec::new();
    for example in examples() {
        let Ok(bundle) = bundle(&example) else { continue };
        let stream = documents(&emit::stream(&bundle.objects));
        let list: Value = serde_json::from_str(&emit::list(&bundle.objects)).expect("a list is JSON");
        if list["kind"] != "List" || list["items"] != Value::from(stream.clone()) {
            faults.push(format!("{}: the list is not the stream", example.name));
        }
        let files = emit::tree(&bundle).files;
        let mut in_files = Vec::new();
        for file in files.iter().filter(|file| file.path != "kustomization.yaml") {
            let objects = documents(&file.text);
            if objects.is_empty() {
                faults.push(format!("{}: {} is empty", example.name, file.path));
            }
            in_files.extend(objects);
        }
        faults.extend(difference(&example.name, &stream, &in_files));
        let kustomization = files.iter().find(|file| file.path == "kustomization.yaml");
        let kustomization = documents(&kustomization.expect("a tree has one").text).remove(0);
        let named: BTreeSet<&str> = texts(&kustomization["resources"]).into_iter().collect();
        let there: BTreeSet<&str> =
            files.iter().map(|file| file.path.as_str()).filter(|path| *path != "kustomization.yaml").collect();
        if named != there {
            faults.push(format!("{}: kustomization.yaml names {named:?}, there are {there:?}", example.name));
        }
    }
    faults
}

/// Objects that stand in one form and not in the other, or several times.
fn difference(name: &str, stream: &[Value], files: &[Value]) -> Vec<String> {
    let count = |list: &[Value], wanted: &Value| list.iter().filter(|value| *value == wanted).count();
    let mut faults = Vec::new();
    for value in stream.iter().chain(files) {
        let (left, right) = (count(stream, value), count(files, value));
        if (left, right) != (1, 1) {
            let object = Object::of(value.clone());
            faults.push(format!("{name}: {object} stands {left} times in the stream, {right} times in the tree"));
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

/// Paths differ in more than case, stay below the tree and are plain.
pub fn paths_are_distinct() -> Vec<String> {
    let mut faults = Vec::new();
    for example in examples() {
        let Ok(bundle) = bundle(&example) else { continue };
        let mut seen = BTreeSet::new();
        for file in emit::tree(&bundle).files {
            let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-./".contains(letter);
            if !seen.insert(file.path.to_lowercase()) {
                faults.push(format!("{}: {} is there twice", example.name, file.path));
            }
            if file.path.starts_with('/') || file.path.contains("..") || !file.path.chars().all(plain) {
                faults.push(format!("{}: {} is no plain path", example.name, file.path));
            }
        }
        // A directory and a file of one name cannot both be there.
        let directories =
            seen.iter().filter_map(|path| path.rsplit_once('/')).map(|(directory, _)| directory.to_owned());
        let clash: Vec<String> = directories.filter(|directory| seen.contains(directory)).collect();
        faults.extend(clash.into_iter().map(|path| format!("{}: {path} is a file and a directory", example.name)));
    }
    faults
}

/// Rendering twice gives the same bytes, in every form.
pub fn text_is_stable() -> Vec<String> {
    let mut faults = Vec::new();
    for example in examples() {
        let (Ok(first), Ok(second)) = (bundle(&example), bundle(&example)) else { continue };
        let same = emit::stream(&first.objects) == emit::stream(&second.objects)
            && emit::list(&first.objects) == emit::list(&second.objects)
            && emit::tree(&first) == emit::tree(&second);
        if !same {
            faults.push(format!("{}: two renderings differ", example.name));
        }
        let stream = emit::stream(&first.objects);
        let odd = stream.lines().position(|line| line.ends_with([' ', '\t', '\r']));
        if let Some(line) = odd {
            faults.push(format!("{}: line {} ends in a blank", example.name, line + 1));
        }
        if !stream.ends_with('\n') || stream.ends_with("\n\n") {
            faults.push(format!("{}: the stream does not end in one line break", example.name));
        }
    }
    faults
}
