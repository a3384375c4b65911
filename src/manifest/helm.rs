//! Texts that somebody wrote, read as manifests. A template of Helm's is none yet: that is all that is wrong with it, however
//! much of it no reader understands.

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::manifest::document::Document;
use crate::manifest::read::{self, Dialect};

/// The documents of a text; of a template of Helm's none, which is told once.
pub fn documents(text: &str, dialect: Dialect, report: &mut Report) -> Vec<Document> {
    let mut own = Report::default();
    let documents = read::read(text, dialect, &mut own);
    if let Some(at) = braces(text, &documents, &own) {
        let message = "this is a template of Helm's, and no manifest yet";
        report.error(codes::MANIFEST, at..at + BRACES.len(), message).help("take what `helm template` makes of it");
        return Vec::new();
    }
    report.take(own);
    documents
}

const BRACES: &str = "{{";

/// Where the braces are that keep a text from being read, or that stand for what an object is called.
fn braces(text: &str, documents: &[Document], report: &Report) -> Option<usize> {
    if !text.contains(BRACES) {
        return None;
    }
    let names: [&[&str]; 3] = [&["kind"], &["metadata", "name"], &["metadata", "namespace"]];
    let named = documents.iter().flat_map(|document| names.iter().filter_map(move |keys| document.root.at(keys)));
    let named = named.filter(|node| node.text().is_some_and(|text| text.contains(BRACES)));
    let found = report.sorted();
    let mut places = found.iter().map(|found| found.span.start()).chain(named.map(|node| node.span.start()));
    places.find_map(|at| {
        let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        let line = text[start..].lines().next()?;
        line.find(BRACES).map(|column| start + column)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mut report = Report::default();
        documents(text, Dialect::Any, &mut report);
        report.sorted().iter().map(|found| format!("{}: {}", found.span.start(), found.message)).collect()
    }

    #[test]
    fn a_template_is_one_mistake() {
        let head = "apiVersion: v1\nkind: ConfigMap\n";
        let whole = |at: usize| vec![format!("{}: this is a template of Helm's, and no manifest yet", head.len() + at)];
        assert_eq!(
            told(&format!("{head}metadata:\n  name: {{{{ .Values.a }}}}\ndata: {{{{ .Values.b }}}}\n")),
            whole(18)
        );
        assert_eq!(told(&format!("{head}metadata:\n  name: \"{{{{ .Release.Name }}}}-a\"\n")), whole(19));
        assert_eq!(told(&format!("{head}{{{{- if .Values.a }}}}\nmetadata: {{name: a}}\n{{{{- end }}}}\n")), whole(0));
    }

    #[test]
    fn braces_in_a_text_are_no_template() {
        let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        assert_eq!(told(&format!("{head}data:\n  a: \"{{{{ .Labels.b }}}}\"\n")), [""; 0]);
        let broken = told(&format!("{head}data:\n  a: |\n    {{{{ define \"b\" }}}}\n  c: d: e\n"));
        assert!(broken.len() == 1 && !broken[0].contains("Helm"), "{broken:?}");
    }
}
