//! What the API server of each supported minor can decode: its kinds, their types, the fields of those.
//!
//! Lives here: the table, which is taken from the crate of the typed objects (`tests/schema.rs`). It must never know what a
//! value of the right type may not be.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::ordered::Ordered;
use crate::spec::shapes::Minor;
use crate::tables::{self, HashMap};

/// A kind for each line `kind`, a type for each line `type`, and below a type its fields. `!` marks what must be there,
/// `@36+`, `@-36` and `@36` in which minors a line holds that does not hold in all.
const TABLE: &str = include_str!("schema/types.txt");

/// Begins the lines of a type.
const TYPE: &str = "type ";

/// The API of one minor.
#[derive(Debug)]
pub struct Schema {
    minor: Minor,
    kinds: HashMap<(&'static str, &'static str), Kind>,
    types: HashMap<&'static str, Type>,
}

/// A type: its lines of the table, and what they say once somebody asks. Most types are never asked for, and reading all of
/// them would take a third as long as rendering a platform.
#[derive(Debug)]
struct Type {
    lines: &'static str,
    fields: OnceLock<Vec<Field>>,
}

/// What servers say of themselves and take from nobody.
const STATUS_OF_SERVERS: &str = "core/v1.ComponentStatus";

/// A kind in one version of its group.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Whether its objects live in namespaces.
    pub is_namespaced: bool,
    /// Whether anybody can create one: some are only asked of other objects, or are what a server says of itself.
    pub is_made: bool,
    /// Its type.
    pub name: &'static str,
}

/// A field of a type.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its key.
    pub key: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether an object without it is refused.
    pub is_required: bool,
}

/// What a value may be, as the table spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// Bytes, in base64.
    Bytes,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A number.
    Number,
    /// A truth value.
    Bool,
    /// A time as RFC 3339 writes it.
    Time,
    /// An amount such as `100m`.
    Quantity,
    /// A number of 32 bits or a string.
    IntOrText,
    /// Anything.
    Any,
    /// A list of what follows, which [`Shape::inner`] reads.
    List(&'static str),
    /// A map of any keys to what follows.
    Map(&'static str),
    /// An object of a type.
    Type(&'static str),
    /// One of two shapes.
    Either(&'static str, &'static str),
}

impl Shape {
    /// The shape that a word of the table means.
    pub fn inner(word: &'static str) -> Self {
        let within = |open, close| word.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
        match word {
            "string" => Self::Text,
            "bytes" => Self::Bytes,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "time" => Self::Time,
            "quantity" => Self::Quantity,
            "int-or-string" => Self::IntOrText,
            "any" => Self::Any,
            _ => within('[', ']')
                .map(Self::List)
                .or_else(|| within('{', '}').map(Self::Map))
                .or_else(|| word.split_once('|').map(|(one, other)| Self::Either(one, other)))
                .unwrap_or(Self::Type(word)),
        }
    }
}

impl Schema {
    /// The API that `minor` serves, which is read once.
    pub fn of(minor: Minor) -> &'static Self {
        static READ: [OnceLock<Schema>; 3] = [const { OnceLock::new() }; 3];
        READ[minor as usize].get_or_init(|| Self::read(minor))
    }

    fn read(minor: Minor) -> Self {
        // line by line, as searching for a word takes several times as long as searching for a letter
        let begins = TABLE.match_indices('\n').map(|(at, _)| at + 1);
        let begins: Vec<usize> = begins.filter(|at| TABLE[*at..].starts_with(TYPE)).collect();
        let head = begins.first().map_or(TABLE, |first| &TABLE[..*first]);
        let kinds = head.lines().filter_map(|line| {
            let (line, _) = marked(line).filter(|(_, mark)| holds(mark, minor))?;
            let mut words = line.strip_prefix("kind ")?.split(' ');
            let (version, kind, scope, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let is_made = scope != "other" && !name.starts_with("meta/") && name != STATUS_OF_SERVERS;
            Some(((version, kind), Kind { is_namespaced: scope == "namespaced", is_made, name }))
        });
        let kinds = kinds.collect();
        let ends = begins.iter().skip(1).copied().chain([TABLE.len()]);
        let mut types = tables::map(begins.len());
        types.extend(begins.iter().zip(ends).filter_map(|(begin, end)| {
            let piece = &TABLE[begin + TYPE.len()..end];
            let (line, lines) = piece.split_once('\n').unwrap_or((piece, ""));
            let (name, _) = marked(line).filter(|(_, mark)| holds(mark, minor))?;
            Some((name, Type { lines, fields: OnceLock::new() }))
        }));
        Self { minor, kinds, types }
    }

    /// The kind that a version of a group, such as `apps/v1`, serves under this name.
    pub fn kind(&self, version: &str, kind: &str) -> Option<Kind> {
        // the table lives as long as the program, the question does not
        self.kinds.get(&(version, kind) as &(&str, &str)).copied()
    }

    /// The versions of groups that serve something under this name, sorted.
    pub fn versions(&self, kind: &str) -> Vec<&'static str> {
        let mut found: Vec<&str> =
            self.kinds.keys().filter(|(_, known)| *known == kind).map(|(version, _)| *version).collect();
        found.sort_unstable();
        found
    }

    /// The kinds that a version of a group serves.
    pub fn kinds(&self, version: &str) -> Vec<&'static str> {
        self.kinds.keys().filter(|(known, _)| *known == version).map(|(_, kind)| *kind).collect()
    }

    /// The versions of groups that are served, sorted.
    pub fn group_versions(&self) -> Vec<&'static str> {
        let found: BTreeSet<&str> = self.kinds.keys().map(|(version, _)| *version).ordered();
        found.into_iter().collect()
    }

    /// Whether Kubernetes itself has this group.
    pub fn has_group(&self, group: &str) -> bool {
        let is_of = |version: &str| match version.strip_prefix(group) {
            Some(_) if group.is_empty() => !version.contains('/'),
            rest => rest.is_some_and(|rest| rest.starts_with('/')),
        };
        self.kinds.keys().any(|(version, _)| is_of(version))
    }

    /// The fields of a type, sorted by their keys; none if there is no such type.
    pub fn fields(&self, name: &str) -> &[Field] {
        self.types.get(name).map_or(&[], |of| of.fields.get_or_init(|| fields(of.lines, self.minor)))
    }
}

/// The fields that these lines declare in a minor.
fn fields(lines: &'static str, minor: Minor) -> Vec<Field> {
    let field = |line: &'static str| {
        let (line, _) = marked(line).filter(|(_, mark)| holds(mark, minor))?;
        let (key, word) = line.trim_start().split_once(' ')?;
        let is_required = key.ends_with('!');
        Some(Field { key: key.trim_end_matches('!'), shape: Shape::inner(word), is_required })
    };
    lines.lines().filter_map(field).collect()
}

/// A line and its mark; nothing of a comment.
fn marked(line: &'static str) -> Option<(&'static str, &'static str)> {
    let (line, mark) = line.split_once('@').map_or((line, ""), |(line, mark)| (line.trim_end(), mark));
    (!line.starts_with('#')).then_some((line, mark))
}

fn holds(mark: &str, minor: Minor) -> bool {
    let own = minor.number();
    let number = |text: &str| text.parse::<u32>().unwrap_or_default();
    if mark.is_empty() {
        true
    } else if let Some(first) = mark.strip_suffix('+') {
        number(first) <= own
    } else if let Some(last) = mark.strip_prefix('-') {
        own <= number(last)
    } else {
        number(mark) == own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINORS: [Minor; 3] = [Minor::V1_35, Minor::V1_36, Minor::V1_37];

    #[test]
    fn the_table_says_what_a_minor_serves() {
        let (oldest, newest) = (Schema::of(Minor::V1_35), Schema::of(Minor::V1_37));
        let kind = newest.kind("apps/v1", "Deployment").expect("it is served");
        assert!(kind.is_namespaced && kind.name == "apps/v1.Deployment");
        assert!(newest.kind("apps/v1beta1", "Deployment").is_none());
        assert_eq!(newest.versions("Deployment"), ["apps/v1"]);
        assert!(newest.has_group("") && newest.has_group("apps") && !newest.has_group("cert-manager.io"));
        let has = |schema: &Schema, key: &str| schema.fields("core/v1.PodSpec").iter().any(|field| field.key == key);
        assert!(has(oldest, "containers") && has(newest, "evictionResponders") && !has(oldest, "evictionResponders"));
    }

    #[test]
    fn every_type_that_a_field_has_is_in_the_table() {
        for minor in MINORS {
            let schema = Schema::of(minor);
            let strange =
                schema.types.keys().flat_map(|name| schema.fields(name)).find(|field| !is_known(schema, field.shape));
            assert!(strange.is_none(), "{strange:?}");
        }
    }

    fn is_known(schema: &Schema, shape: Shape) -> bool {
        match shape {
            Shape::List(word) | Shape::Map(word) => is_known(schema, Shape::inner(word)),
            Shape::Either(one, other) => [one, other].iter().all(|word| is_known(schema, Shape::inner(word))),
            Shape::Type(name) => schema.types.contains_key(name),
            _ => true,
        }
    }

    #[test]
    fn marks_say_in_which_minors_a_line_holds() {
        for (mark, wanted) in
            [("", [true; 3]), ("36+", [false, true, true]), ("-36", [true, true, false]), ("36", [false, true, false])]
        {
            assert_eq!(MINORS.map(|minor| holds(mark, minor)), wanted, "{mark}");
        }
    }
}
