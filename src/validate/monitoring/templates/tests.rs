//! What Go reads, and what it says of the rest.

use crate::validate::monitoring::templates::{OF_ALERTS, read};

#[test]
fn templates_that_go_reads_are_read() {
    for text in [
        "plain",
        "{{ $labels.pod }} is at {{ $value | humanizePercentage }}",
        "{{ printf \"%.2f\" $value }} {{- /* a remark */ -}} x",
        "{{ range query \"up\" }}{{ .Labels.x }}{{ else }}none{{ end }}",
        "{{ with $x := query `up` }}{{ $x | first | value }}{{ end }}",
        "{{ if eq $labels.a \"b\" }}1{{ else if gt $value 2.0 }}2{{ else }}3{{ end }}",
        "{{ range $i, $v := query \"up\" }}{{ $i }}{{ break }}{{ end }}",
        "{{ (query \"up\" | first).Labels }}{{ .Labels.pod }}{{ $.Value }}",
        "{{ define \"a\" }}{{ .Anything }}{{ end }}{{ template \"a\" . }}",
        "{{ index $labels \"a-b\" }}{{ -1.5e3 }}{{ 'x' }}{{ true }}",
    ] {
        assert!(read(text, OF_ALERTS).is_ok(), "{text}: {:?}", read(text, OF_ALERTS));
    }
}

#[test]
fn others_are_told_with_their_place() {
    for (text, at, message) in [
        ("{{ $labels.pod }", 0, "these braces are never closed"),
        ("a {{ $label.pod }}", 5, "there is no variable `$label`"),
        ("{{ $value | humanise }}", 12, "there is no function `humanise`"),
        ("{{ if true }}", 0, "`if` has no `end`"),
        ("{{ end }}", 0, "this `end` ends nothing"),
        ("{{ }}", 0, "there is nothing between the braces"),
        ("{{ $value | }}", 12, "a value is missing here"),
        ("{{ $value | \"x\" }}", 12, "only a function can come after `|`"),
        ("{{ .Label.x }}", 3, "alerts have no `.Label`"),
        ("{{ \"x }}", 3, "this text is never closed"),
        ("{{ (len $labels }}", 3, "this parenthesis is never closed"),
        ("{{ else }}", 0, "this `else` belongs to nothing"),
        ("{{ if true }}{{ else }}{{ else }}{{ end }}", 23, "`if` has a second `else`"),
        ("{{ $x }}", 3, "there is no variable `$x`"),
        ("{{ if $y := 1 }}{{ end }}{{ $y }}", 28, "there is no variable `$y`"),
        ("{{ template x }}", 12, "`template` must be followed by a name in quotes"),
        ("{{ 1 2 }}", 3, "a plain value takes no arguments"),
        ("{{ $value ? }}", 10, "`?` cannot stand here"),
        ("{{ break }}", 0, "`break` stands outside of `range`"),
    ] {
        let found = read(text, OF_ALERTS).expect_err(text);
        assert_eq!((found.at, found.message.as_str()), (at, message), "{text}");
    }
}

#[test]
fn labels_are_remembered() {
    let uses = read("{{ $labels.a }}{{ .Labels.b }}{{ $externalLabels.c }}", OF_ALERTS).expect("it can be read");
    assert_eq!(uses.labels, [(3, "a".to_owned()), (18, "b".to_owned())]);
}
