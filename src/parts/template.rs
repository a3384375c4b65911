//! The language of templates, with the delimiters `<< >>` and `<% %>`, so that Prometheus and Grafana keep their own
//! `{{ }}`. Those that somebody wrote are rendered with a bound on how long that takes, without a way to anything but the
//! files that are handed in, and with the line of the template that each rendered line comes from.

use std::error::Error as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde_json::Value as Json;

use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::model::rendered::{Fault, Rendered};

/// Steps that a template may take: a thousand times what a large one does, and a fraction of a second. Whatever a template
/// holds is counted too, a step for 64 bytes, so this also bounds its memory to some 64 MB.
const FUEL: u64 = 1_000_000;

/// An engine without templates: the same language for those that are built in and for others.
pub fn engine<'source>() -> Environment<'source> {
    let mut engine = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<<", ">>")
        .comment_delimiters("<#", "#>")
        .keep_trailing_newline(true)
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the delimiters differ from each other");
    engine.set_syntax(syntax);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.add_filter("quoted", quoted);
    engine.add_filter("json", json);
    engine
}

/// A value in one line, as YAML and JSON both read it: lists and maps too. What is not defined would be `null` there.
fn json(value: &Value) -> Result<String, Error> {
    if lacks(value) {
        return Err(ErrorKind::UndefinedError.into());
    }
    Ok(serde_json::to_string(value).expect("what a template holds can always be written as JSON"))
}

/// Whether something in a value is not defined. Values are written out by hand, so they are not deep.
fn lacks(value: &Value) -> bool {
    let inner = || value.try_iter().into_iter().flatten();
    match value.kind() {
        ValueKind::Undefined => true,
        ValueKind::Seq => inner().any(|item| lacks(&item)),
        ValueKind::Map => inner().any(|key| value.get_item(&key).is_ok_and(|item| lacks(&item))),
        _ => false,
    }
}

/// A string as YAML and JSON both read it, for the places of a template where a value of the user stands.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string can always be written as JSON")
}

/// Whether a file is a template of its own, and not only there to be included.
pub fn is_rendered(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "yaml")
}

/// The template `name` of `files`, each with its name and its text, with `values`.
pub fn render(name: &str, files: &[(&str, &str)], values: &Json) -> Result<Rendered, Fault> {
    let own = files.iter().find(|(file, _)| *file == name).map_or("", |(_, text)| text);
    if !TAGS.iter().any(|(opening, _)| own.contains(opening)) {
        return Ok(Rendered { text: own.to_owned(), lines: (0..own.lines().count()).collect() });
    }
    let text = rendered(name, files, values).map_err(|error| fault(&error, name, files, values))?;
    // the lines of what it includes are those of the line that includes it
    let own = |(file, text): &(&'_ str, &str)| if *file == name { marked(text) } else { (*text).to_owned() };
    let marked: Vec<(&str, String)> = files.iter().map(|file| (file.0, own(file))).collect();
    let marked: Vec<(&str, &str)> = marked.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let lines = rendered(name, &marked, values).ok().and_then(|marked| unmarked(&marked, &text)).unwrap_or_default();
    Ok(Rendered { text, lines })
}

fn rendered(name: &str, files: &[(&str, &str)], values: &Json) -> Result<String, Error> {
    let mut engine: Environment<'_> = engine();
    engine.set_fuel(Some(FUEL));
    engine.set_debug(true);
    // what loops could keep could become so deep that no stack holds it
    engine.add_function("namespace", |_: Rest<Value>, _: Kwargs| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::UnknownFunction, "there is no `namespace` here: loops keep nothing"))
    });
    for (file, text) in files {
        match engine.add_template(file, text) {
            // whoever renders it is told
            Err(error) if *file == name || !is_rendered(file) => return Err(error),
            _ => {}
        }
    }
    engine.get_template(name)?.render(Serde(values))
}

/// How what is no plain text begins and ends.
const TAGS: &[(&str, &str)] = &[("<<", ">>"), ("<%", "%>"), ("<#", "#>")];

/// Stands around the number of a line; of the private use area, where no text is.
const MARK: char = '\u{F8FF}';

/// The template with its number at the end of each line in which that changes nothing: no line of a tag that takes the
/// end of the line with it.
fn marked(source: &str) -> String {
    let mut text = String::with_capacity(source.len() * 2);
    let mut closing: Option<&str> = None;
    for (number, line) in source.split_inclusive('\n').enumerate() {
        let (mut rest, mut is_plain) = (line, closing.is_none());
        loop {
            if let Some(end) = closing {
                let Some((_, after)) = rest.split_once(end) else { break };
                (rest, closing) = (after, None);
            } else {
                let first = TAGS.iter().filter_map(|tag| Some((rest.find(tag.0)?, *tag))).min();
                let Some((at, (opening, end))) = first else { break };
                is_plain &= opening == "<<";
                (rest, closing) = (&rest[at + opening.len()..], Some(end));
            }
        }
        let body = line.trim_end_matches('\n');
        text += body;
        if is_plain && closing.is_none() {
            text.extend([MARK.into(), number.to_string(), MARK.into()]);
        }
        text += &line[body.len()..];
    }
    text
}

/// The numbers of the lines, if the text without them is what it would have been.
fn unmarked(marked: &str, text: &str) -> Option<Vec<usize>> {
    let mut plain = String::with_capacity(text.len());
    let mut lines: Vec<Option<usize>> = Vec::new();
    for line in marked.split_inclusive('\n') {
        let mut number = None;
        for (at, part) in line.split(MARK).enumerate() {
            if at % 2 == 0 {
                plain += part;
            } else {
                number = part.parse().ok();
            }
        }
        lines.push(number);
    }
    // a value of several lines ends where its tag stands
    let mut numbers = Vec::with_capacity(lines.len());
    let mut below = lines.iter().rev().find_map(|number| *number)?;
    for number in lines.iter().rev() {
        below = number.unwrap_or(below);
        numbers.push(below);
    }
    numbers.reverse();
    (plain == text).then_some(numbers)
}

fn fault(error: &Error, name: &str, files: &[(&str, &str)], values: &Json) -> Fault {
    let mut inner = error;
    while let Some(next) = inner.source().and_then(|source| source.downcast_ref::<Error>()) {
        inner = next;
    }
    let name = inner.name().unwrap_or(name);
    let source = files.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    let mut span = inner.range().map_or_else(|| line_of(source, inner.line()), Span::from);
    if inner.kind() == ErrorKind::UndefinedError {
        // of `a.b.c`, the whole chain
        let is_chain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
        let before = source.get(..span.start());
        let start = before.map_or(span.start(), |before| before.trim_end_matches(is_chain).len());
        span = (start..span.end()).into();
    }
    let words = source.get(span.start()..span.end()).unwrap_or_default().trim();
    let (message, help) = match inner.kind() {
        ErrorKind::OutOfFuel => (
            "this template takes too many steps, or makes too much text".to_owned(),
            Some(format!("it has {FUEL} of them, and 64 bytes of text are one: look at its loops")),
        ),
        ErrorKind::UndefinedError => (format!("`{words}` is not defined"), Some(known_of(words, values))),
        ErrorKind::TemplateNotFound => (
            "there is no such template".to_owned(),
            Some("a template can include what lies in the directory of its type, and nothing else".to_owned()),
        ),
        kind => (inner.detail().map_or_else(|| kind.to_string(), str::to_owned), None),
    };
    Fault { name: name.to_owned(), span, message, help }
}

/// What could have been meant.
fn known_of(words: &str, values: &Json) -> String {
    let known: Vec<&str> = values.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    match words.split_once('.') {
        Some(("values", _)) => "keys of a component are declared in `type.toml`, below `keys`".to_owned(),
        Some(("peers", _)) => "peers are whom the component names in `calls`".to_owned(),
        _ if known.is_empty() => "this template is given no values".to_owned(),
        _ => format!("this template knows {}", suggest::joined(known, "and")),
    }
}

fn line_of(source: &str, line: Option<usize>) -> Span {
    let number = line.unwrap_or(1).saturating_sub(1);
    let begin: usize = source.split_inclusive('\n').take(number).map(str::len).sum();
    let text = source[begin..].lines().next().unwrap_or_default();
    (begin..begin + text.len()).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SOURCE: &str =
        "a: << values.a >>\n<% for item in list %>\n- << item >>\n<% endfor %>\nb:\n  << text >>\nc: end\n";

    #[test]
    fn a_rendered_line_knows_where_it_comes_from() {
        let values = json!({ "values": { "a": 1 }, "list": [1, 2], "text": "x\n  y" });
        let rendered = render("t", &[("t", SOURCE)], &values).expect("it is right");
        assert_eq!(rendered.text, "a: 1\n- 1\n- 2\nb:\n  x\n  y\nc: end\n");
        assert_eq!(rendered.lines, [0, 2, 2, 4, 5, 5, 6]);
        let at = rendered.text.find("end").expect("it is there");
        let origin = rendered.origin((at..at + 3).into(), SOURCE);
        assert_eq!(&SOURCE[origin.start()..origin.end()], "end");
        let origin = rendered.origin((rendered.text.find('y').expect("it is there")..at).into(), SOURCE);
        assert_eq!(&SOURCE[origin.start()..origin.end()], "<< text >>");
    }

    #[test]
    fn a_text_without_tags_is_what_it_is() {
        let plain = "{{ .Alerts }}\na < b > c\n";
        let rendered = render("t", &[("t", plain)], &json!({})).expect("it is right");
        assert_eq!((rendered.text.as_str(), rendered.lines.as_slice()), (plain, [0, 1].as_slice()));
    }

    #[test]
    fn what_cannot_be_rendered_is_told_at_its_place() {
        let told = |source: &str| {
            let fault = render("t", &[("t", source), ("u", "<< nothing >>")], &json!({})).expect_err(source);
            (fault.name.clone(), fault.message, fault.span)
        };
        let (_, message, span) = told("a\nb << values.x >>\n");
        assert!(message.contains("is not defined") && span.start() >= 2, "{message} {span:?}");
        let (_, message, _) = told("<% for a in range(9999) %><% for b in range(9999) %><% endfor %><% endfor %>");
        assert!(message.contains("too many steps"), "{message}");
        // a text that doubles forty times, and one that is large at once
        let doubled = "<% set a = 'aaaaaaaa' %>".to_owned() + &"<% set a = a ~ a %>".repeat(40);
        let nested = "<% set n = namespace(x=[]) %><% for i in range(90000) %><% set n.x = [n.x] %><% endfor %>";
        let (_, message, _) = told(nested);
        assert!(message.contains("loops keep nothing"), "{message}");
        assert!(told("<< [missing] | json >>").1.contains("is not defined"));
        for source in [doubled.as_str(), "<< 'a' * 99999999 >>", "<< 'a' | indent(999999999999, true) >>"] {
            let (_, message, _) = told(source);
            assert!(message.contains("too much text"), "{source}: {message}");
        }
        assert_eq!(told("<% include 'u' %>").0, "u");
        assert!(told("<% include '../secrets' %>").1.contains("no such template"));
        assert!(!told("<% if %>").1.is_empty());
    }
}
