//! Selectors of the Kubernetes API in one text, as a discovery of Prometheus sends them.
//!
//! Source: `labels.Parse` and `fields.ParseSelector` of apimachinery.

use crate::validate::api::forms::{is_label_value, is_qualified};

/// `app=shop,tier in (a, b),!old`
pub fn is_of_labels(text: &str) -> bool {
    text.trim().is_empty() || parts(text).is_some_and(|parts| parts.into_iter().all(|part| is_requirement(part.trim())))
}

/// `status.phase=Running,spec.nodeName!=a`
pub fn is_of_fields(text: &str) -> bool {
    text.split(',').all(|part| part.is_empty() || part.contains('='))
}

/// What stands between the commas that are in no parentheses.
fn parts(text: &str) -> Option<Vec<&str>> {
    let (mut found, mut start, mut is_inside) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' if is_inside => return None,
            '(' => is_inside = true,
            ')' if !is_inside => return None,
            ')' => is_inside = false,
            ',' if !is_inside => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    (!is_inside).then_some(found)
}

fn is_requirement(part: &str) -> bool {
    if let Some((before, values)) = part.split_once('(') {
        let words: Vec<&str> = before.split_whitespace().collect();
        let Some(values) = values.strip_suffix(')') else { return false };
        return matches!(words.as_slice(), [key, "in" | "notin"] if is_qualified(key))
            && values.split(',').all(|value| is_label_value(value.trim()));
    }
    if let Some(key) = part.strip_prefix('!') {
        return is_qualified(key.trim());
    }
    let Some(at) = part.find(['=', '!', '<', '>']) else { return is_qualified(part) };
    let (key, rest) = part.split_at(at);
    let value = rest.trim_start_matches(['=', '!', '<', '>']);
    let is_value = match &rest[..rest.len() - value.len()] {
        "=" | "==" | "!=" => is_label_value(value.trim()),
        "<" | ">" => value.trim().parse::<i64>().is_ok(),
        _ => false,
    };
    is_qualified(key.trim()) && is_value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_apimachinery_does() {
        for text in ["", "a=b", "a==b, c!=d", "a in (b, c),!d", "a", "a notin (b)", "x.io/a>5", "a="] {
            assert!(is_of_labels(text), "{text}");
        }
        for text in ["a in (b", "a in b)", "a=b=c", "=b", "a in b", "a>b", "!", "a b", "a,,b", "a=(b)"] {
            assert!(!is_of_labels(text), "{text}");
        }
        assert!(is_of_fields("") && is_of_fields("status.phase=Running,a!=b") && !is_of_fields("status.phase"));
    }
}
