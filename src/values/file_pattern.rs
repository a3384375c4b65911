//! Which files beside the description are meant: a relative path, in which `*` and `?` stand for letters of one name and
//! `**` for any directories.

use std::fmt;

use crate::values::parse::Parse;

/// A relative path or pattern that cannot lead out of the directory of the description.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilePattern(String);

impl FilePattern {
    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it means one file, which may not be there.
    pub fn is_plain(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// The directory below which all files stand that it may mean; empty for that of the description.
    pub fn directory(&self) -> &str {
        let wild = self.0.find(['*', '?']).unwrap_or(self.0.len());
        self.0[..wild].rfind('/').map_or("", |end| &self.0[..end])
    }

    /// Whether it means the file at `path`. As in a shell, a name that begins with a dot is meant only where the pattern
    /// says the dot.
    pub fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        let wanted: Vec<&str> = self.0.split('/').collect();
        sequence(&wanted, &names, &|wanted| *wanted == "**", &|wanted, name| {
            is_shown(wanted, name) && (*wanted == "**" || is_name(wanted, name))
        })
    }
}

fn is_shown(wanted: &str, name: &str) -> bool {
    !name.starts_with('.') || wanted.starts_with('.')
}

fn is_name(wanted: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    sequence(&letters(wanted), &letters(name), &|wanted| *wanted == '*', &|wanted, letter| {
        matches!(wanted, '*' | '?') || wanted == letter
    })
}

/// Whether `found` is a sequence that `wanted` describes, in which an item may stand for any number of others. The last
/// such item is the only one that ever has to be tried again, so this takes no longer than one length times the other.
fn sequence<T>(wanted: &[T], found: &[T], is_any: &dyn Fn(&T) -> bool, fits: &dyn Fn(&T, &T) -> bool) -> bool {
    let (mut at, mut own, mut again) = (0, 0, None);
    while at < found.len() {
        match wanted.get(own) {
            Some(item) if is_any(item) => {
                again = Some((own, at));
                own += 1;
            }
            Some(item) if fits(item, &found[at]) => {
                own += 1;
                at += 1;
            }
            _ => {
                let Some((any, from)) = again.filter(|(any, from)| fits(&wanted[*any], &found[*from])) else {
                    return false;
                };
                again = Some((any, from + 1));
                own = any + 1;
                at = from + 1;
            }
        }
    }
    wanted[own..].iter().all(is_any)
}

impl fmt::Display for FilePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Parse for FilePattern {
    const EXPECTED: &'static str =
        "a path below the directory of this file, such as `manifests/*.yaml`; `**` stands for any directories";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.starts_with('/') || text.get(1..2) == Some(":") {
            return Err("is absolute".to_owned());
        }
        if let Some(odd) = text.chars().find(|letter| letter.is_control() || *letter == '\\') {
            return Err(format!("contains {odd:?}"));
        }
        if text.split('/').any(|part| part == "..") {
            return Err("leads upwards".to_owned());
        }
        if text.split('/').any(|part| part.is_empty() || part == ".") {
            return Err("contains an empty element or `.`".to_owned());
        }
        if text.split('/').any(|part| part.contains("**") && part != "**") {
            return Err("has `**` beside other letters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilePattern {
        FilePattern::parse(text).expect("valid")
    }

    #[test]
    fn patterns_stay_below_the_description() {
        for bad in ["", "/etc/x", "../x", "a/../x", "a//b", "./a", "a/", "a\\b", "c:/x", "a/**b", "a\nb"] {
            assert!(FilePattern::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn letters_and_directories_may_be_any() {
        for (wanted, yes, no) in [
            ("a/*.yaml", "a/b.yaml", "a/b/c.yaml"),
            ("a/*.yaml", "a/.yaml.yaml", "a/b.yml"),
            ("a/**/*.yaml", "a/b/c/d.yaml", "b/a/d.yaml"),
            ("a/**/*.yaml", "a/d.yaml", "a/.git/d.yaml"),
            ("**", "a/b/c", ".a"),
            ("?-*-*.y", "a-b-c-d.y", "ab-c.y"),
            ("**/x/**/y", "a/x/x/b/y", "a/x/y/z"),
            ("a.yaml", "a.yaml", "aayaml"),
        ] {
            let meant = yes != "a/.yaml.yaml";
            assert_eq!(pattern(wanted).matches(yes), meant, "{wanted} {yes}");
            assert!(!pattern(wanted).matches(no), "{wanted} {no}");
        }
    }

    #[test]
    fn the_directory_is_what_no_letter_can_change() {
        for (text, directory) in
            [("a/b/*.yaml", "a/b"), ("*.yaml", ""), ("a/b*/c", "a"), ("a/**", "a"), ("a/b.yaml", "a")]
        {
            assert_eq!(pattern(text).directory(), directory, "{text}");
        }
    }
}
