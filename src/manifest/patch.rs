//! Changes to values: JSON merge patches (RFC 7386) and JSON patches (RFC 6902). It must never know what the values mean.

use crate::manifest::node::{Entry, Node, Value, edit};

/// Merges `patch` into `target`: maps merge, `null` removes, everything else replaces.
pub fn merge(target: &mut Node, patch: &Node) {
    let Value::Map(changes) = &patch.value else {
        *target = patch.clone();
        return;
    };
    if !matches!(target.value, Value::Map(_)) {
        target.value = Value::Map(Box::default());
    }
    let Value::Map(entries) = &mut target.value else { return };
    for change in changes {
        let at = entries.iter().position(|entry| entry.key == change.key);
        match (at, &change.node.value) {
            (Some(at), Value::Null) => {
                edit(entries, |entries| entries.remove(at));
            }
            (None, Value::Null) => {}
            (Some(at), _) => merge(&mut entries[at].node, &change.node),
            (None, _) => {
                // a map that is new has nothing to remove either
                let mut node = Node { span: change.node.span, value: Value::Null };
                merge(&mut node, &change.node);
                edit(entries, |entries| entries.push(Entry { key: change.key.clone(), span: change.span, node }));
            }
        }
    }
}

/// One operation of a JSON patch.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// Adds a value at a place.
    Add(&'a Pointer, &'a Node),
    /// Removes what is at a place.
    Remove(&'a Pointer),
    /// Replaces what is at a place.
    Replace(&'a Pointer, &'a Node),
    /// Moves a value from one place to another.
    Move(&'a Pointer, &'a Pointer),
    /// Copies a value from one place to another.
    Copy(&'a Pointer, &'a Pointer),
    /// Fails unless a place has this value.
    Test(&'a Pointer, &'a Node),
}

/// A place in a value (RFC 6901), as keys from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads `/spec/ports/0`; the error is what is wrong with it, as the middle of a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(rest) = text.strip_prefix('/') else { return Err("does not begin with `/`".to_owned()) };
        rest.split('/').map(unescaped).collect::<Option<_>>().map(Self).ok_or_else(|| {
            "has a `~` that is neither `~0`, which stands for a tilde, nor `~1`, which stands for a slash".to_owned()
        })
    }

    fn begins(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

fn unescaped(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        text.push(match part.as_bytes().first()? {
            b'0' => '~',
            b'1' => '/',
            _ => return None,
        });
        text.push_str(&part[1..]);
    }
    Some(text)
}

/// Carries out one operation; the error says what is in its way, and then nothing has changed.
pub fn operate(root: &mut Node, operation: Operation<'_>) -> Result<(), String> {
    match operation {
        Operation::Add(at, value) => add(root, at, value.clone()),
        Operation::Remove(at) => take(root, at).map(drop),
        Operation::Replace(at, value) => {
            *place(root, at)? = value.clone();
            Ok(())
        }
        Operation::Copy(from, to) => {
            let value = place(root, from)?.clone();
            add(root, to, value)
        }
        Operation::Move(from, to) if from == to => place(root, from).map(|_| ()),
        Operation::Move(from, to) if to.begins(from) => Err("a value cannot be moved into itself".to_owned()),
        Operation::Move(from, to) => {
            // what cannot be put there must stay where it is
            let mut moved = root.clone();
            let value = take(&mut moved, from)?;
            add(&mut moved, to, value)?;
            *root = moved;
            Ok(())
        }
        Operation::Test(at, value) => {
            if same(place(root, at)?, value) {
                Ok(())
            } else {
                Err("the value is another one".to_owned())
            }
        }
    }
}

/// Numbers are equal by what they say, not by how they are spelled (RFC 6902, 4.6).
#[allow(clippy::cast_precision_loss, reason = "a float is compared as what it is")]
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Integer(whole), Value::Float(number)) | (Value::Float(number), Value::Integer(whole)) => {
            (whole.get() as f64).to_bits() == number.to_bits()
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Map(entries), Value::Map(others)) => {
            let is_same = |entry: &Entry| other.get(&entry.key).is_some_and(|other| same(&entry.node, other));
            entries.len() == others.len() && entries.iter().all(is_same)
        }
        (one, other) => one == other,
    }
}

/// What stands at a place.
fn place<'n>(root: &'n mut Node, at: &Pointer) -> Result<&'n mut Node, String> {
    let mut node = root;
    for token in &at.0 {
        node = match &mut node.value {
            Value::Map(entries) => {
                let found = entries.iter_mut().find(|entry| entry.key == token.as_str());
                found.map(|entry| &mut entry.node).ok_or_else(|| format!("there is no `{token}`"))?
            }
            Value::List(items) => {
                let at = index(token, items.len())?;
                items.get_mut(at).ok_or_else(|| format!("there is no item {token}"))?
            }
            _ => return Err(format!("`{token}` cannot be in a plain value")),
        };
    }
    Ok(node)
}

/// The place that holds the last step, and that step.
fn holder<'n, 'p>(root: &'n mut Node, at: &'p Pointer) -> Result<Option<(&'n mut Node, &'p str)>, String> {
    let Some((last, before)) = at.0.split_last() else { return Ok(None) };
    place(root, &Pointer(before.to_vec())).map(|node| Some((node, last.as_str())))
}

fn add(root: &mut Node, at: &Pointer, value: Node) -> Result<(), String> {
    let Some((node, token)) = holder(root, at)? else {
        *root = value;
        return Ok(());
    };
    match &mut node.value {
        Value::Map(entries) => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == token) {
                entry.node = value;
            } else {
                edit(entries, |entries| entries.push(Entry { key: token.into(), span: value.span, node: value }));
            }
        }
        Value::List(items) if token == "-" => edit(items, |items| items.push(value)),
        Value::List(items) => {
            let at = index(token, items.len())?;
            if at > items.len() {
                return Err(format!("there are {} items, so none can be added at {token}", items.len()));
            }
            edit(items, |items| items.insert(at, value));
        }
        _ => return Err(format!("`{token}` cannot be in a plain value")),
    }
    Ok(())
}

fn take(root: &mut Node, at: &Pointer) -> Result<Node, String> {
    let Some((node, token)) = holder(root, at)? else {
        return Ok(std::mem::replace(&mut root.value, Value::Null)).map(|value| Node { span: root.span, value });
    };
    match &mut node.value {
        Value::Map(entries) => {
            let found = entries.iter().position(|entry| entry.key == token);
            found
                .map(|at| edit(entries, |entries| entries.remove(at)).node)
                .ok_or_else(|| format!("there is no `{token}`"))
        }
        Value::List(items) => {
            let at = index(token, items.len())?;
            let is_there = at < items.len();
            is_there.then(|| edit(items, |items| items.remove(at))).ok_or_else(|| format!("there is no item {token}"))
        }
        _ => Err(format!("`{token}` cannot be in a plain value")),
    }
}

/// A position in a list: digits without a zero before them.
fn index(token: &str, length: usize) -> Result<usize, String> {
    if token == "-" {
        return Err("`-` is the place behind the last item, where nothing is".to_owned());
    }
    let is_number = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if !is_number || token.is_empty() {
        return Err(format!("`{token}` is no position in a list"));
    }
    // a number that no computer can count to is beyond the end of every list
    Ok(token.parse().unwrap_or(usize::MAX).min(length + 1))
}
