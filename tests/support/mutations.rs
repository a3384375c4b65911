//! Changes to the flagship that break a promise: the proof that the checks can fail.

mod connections;
mod pods;
mod shapes;

use serde_json::{Value, json};

use crate::support::examples::World;
use crate::support::objects::Object;

/// One change.
pub struct Mutation {
    /// The promise that it breaks.
    pub breaks: &'static str,
    /// What it does.
    pub what: &'static str,
    /// Does it.
    pub change: fn(&mut World),
}

/// Every change.
pub fn all() -> impl Iterator<Item = &'static Mutation> {
    [shapes::MUTATIONS, connections::MUTATIONS, pods::MUTATIONS].into_iter().flatten()
}

const fn breaks(breaks: &'static str, what: &'static str, change: fn(&mut World)) -> Mutation {
    Mutation { breaks, what, change }
}

/// The object that shows itself as `id`.
pub fn object<'w>(world: &'w mut World, id: &str) -> &'w mut Object {
    world.objects.iter_mut().find(|object| object.to_string() == id).unwrap_or_else(|| panic!("no {id}"))
}

/// Changes the value at `pointer`, which is made if only its last part is missing.
pub fn change(world: &mut World, id: &str, pointer: &str, change: impl FnOnce(&mut Value)) {
    let object = object(world, id);
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let parent = object.value.pointer_mut(parent).unwrap_or_else(|| panic!("{id} has no {parent}"));
    let value = match parent {
        Value::Array(list) => &mut list[key.parse::<usize>().expect("an index")],
        parent => &mut parent[key.replace("~1", "/")],
    };
    change(value);
    *object = Object::of(object.value.take());
}

/// Puts `value` at `pointer`.
pub fn set(world: &mut World, id: &str, pointer: &str, value: Value) {
    change(world, id, pointer, |place| *place = value);
}

/// Adds `value` to the list at `pointer`.
pub fn push(world: &mut World, id: &str, pointer: &str, value: Value) {
    change(world, id, pointer, |place| match place {
        Value::Array(list) => list.push(value),
        place => *place = json!([value]),
    });
}

/// Removes `key` from the map at `pointer`.
pub fn remove(world: &mut World, id: &str, pointer: &str, key: &str) {
    let object = object(world, id);
    let map = object.value.pointer_mut(pointer).and_then(Value::as_object_mut);
    let removed = map.and_then(|map| map.remove(key));
    assert!(removed.is_some(), "{id} has no {pointer}/{key}");
    *object = Object::of(object.value.take());
}

/// Removes an object.
pub fn drop(world: &mut World, id: &str) {
    let before = world.objects.len();
    world.objects.retain(|object| object.to_string() != id);
    assert!(world.objects.len() < before, "no {id}");
}

/// Puts an object at the very end of the stream.
pub fn last(world: &mut World, id: &str) {
    let at = world.objects.iter().position(|object| object.to_string() == id).unwrap_or_else(|| panic!("no {id}"));
    let object = world.objects.remove(at);
    world.objects.push(object);
}

/// Puts an object at the very beginning of the stream.
pub fn first(world: &mut World, id: &str) {
    last(world, id);
    world.objects.rotate_right(1);
}

/// Doubles an object, under another name.
pub fn double(world: &mut World, id: &str, name: &str) {
    let mut value = object(world, id).value.clone();
    value["metadata"]["name"] = name.into();
    world.objects.push(Object::of(value));
}
