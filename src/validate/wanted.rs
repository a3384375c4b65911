//! Which codes are asked about: groups and codes by name, what is asked by itself, or everything.

use std::collections::BTreeSet;

use crate::diagnostics::{codes, suggest};
use crate::validate::groups::{GROUPS, Group, group_of, is_opt_in};

/// The codes that are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted(BTreeSet<&'static str>);

/// A name, and what it stands for.
type Set = (&'static str, fn() -> Wanted);

/// Names that stand for many codes, beside those of groups.
const SETS: &[Set] = &[("default", Wanted::default), ("all", Wanted::all)];

/// What is asked by itself: all but what has to be named.
impl Default for Wanted {
    fn default() -> Self {
        Self(every().filter(|code| !is_opt_in(code)).collect())
    }
}

impl Wanted {
    /// Everything.
    pub fn all() -> Self {
        Self(every().collect())
    }

    /// What these groups ask by themselves.
    pub fn of(groups: &[Group]) -> Self {
        let is_meant = |code: &&str| group_of(code).is_some_and(|group| groups.contains(&group));
        Self(Self::default().0.into_iter().filter(is_meant).collect())
    }

    /// What is named by groups, codes and sets; without names, what is asked by itself. The error says what is no name.
    pub fn read(names: &[String]) -> Result<Self, String> {
        if names.is_empty() {
            return Ok(Self::default());
        }
        let mut wanted = BTreeSet::new();
        for name in names {
            wanted.extend(Self::named(name)?.0);
        }
        Ok(Self(wanted))
    }

    fn named(name: &str) -> Result<Self, String> {
        if let Some((_, set)) = SETS.iter().find(|(known, _)| *known == name) {
            return Ok(set());
        }
        if let Some((group, ..)) = GROUPS.iter().find(|(_, known, ..)| *known == name) {
            return Ok(Self::of(&[*group]));
        }
        if let Some(code) = every().find(|code| *code == name) {
            return Ok(Self(BTreeSet::from([code])));
        }
        let names = || GROUPS.iter().map(|(_, name, ..)| *name).chain(SETS.iter().map(|(name, _)| *name));
        Err(match suggest::nearest(name, names().chain(every())) {
            Some(near) => format!("there is no group or code of checks `{name}`; did you mean `{near}`?"),
            None => format!(
                "there is no group or code of checks `{name}`; the groups are {}, and docs/checks.md lists the codes",
                suggest::list(names())
            ),
        })
    }

    /// Whether a code is asked about. What is said about the description always is, and so is what cannot be read: it has
    /// not been checked, whatever was asked.
    pub fn has(&self, code: &str) -> bool {
        code == codes::MANIFEST || self.0.contains(code) || group_of(code).is_none()
    }

    /// Whether any of these codes is asked about.
    pub fn has_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.0.contains(code))
    }
}

fn every() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|(_, _, codes, _)| codes.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Result<Wanted, String> {
        Wanted::read(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_has_to_be_named_is_asked_when_it_is() {
        let opt_in = codes::IMAGE_DIGEST;
        assert!(!Wanted::default().has(opt_in) && !Wanted::of(&[Group::Policy]).has(opt_in));
        let both = read(&["policy", opt_in]).expect("both are known");
        assert!(both.has(opt_in) && both.has(codes::IMAGE_TAG) && !both.has(codes::BLOCKED_DRAIN));
        let one = read(&[opt_in]).expect("it is known");
        assert!(one.has(opt_in) && !one.has(codes::IMAGE_TAG));
        assert!(one.has(codes::MANIFEST) && one.has(codes::UNUSED_ACCEPT), "these are about the input");
        assert!(read(&["all"]).expect("it is known").has(opt_in));
        let more = read(&["default", opt_in]).expect("both are known");
        assert!(more.has(opt_in) && more.has(codes::BLOCKED_DRAIN));
    }

    #[test]
    fn a_wrong_name_gets_a_suggestion() {
        assert!(read(&["image-digst"]).expect_err("misspelt").contains("did you mean `image-digest`?"));
        assert!(read(&["zzzzzzzz"]).expect_err("unknown").contains("`decode`"));
    }
}
