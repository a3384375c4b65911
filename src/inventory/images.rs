//! The images that pods run, and those that what runs will start itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::node::Node;
use crate::validate::world::World;

/// An image and who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// As the objects write it.
    pub reference: String,
    /// Registry and repository.
    pub name: String,
    /// The tag, if it has one.
    pub tag: Option<String>,
    /// The digest, if it has one.
    pub digest: Option<String>,
    /// The workloads that run it.
    pub users: BTreeSet<String>,
}

/// All images, by their references.
pub fn images(world: &World<'_>) -> Vec<Image> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pod in &world.pods {
        let user = format!("{}/{}", pod.namespace(), pod.owner.document.id.name);
        for (_, container) in pod.containers() {
            let own = container.text_at(&["image"]).into_iter();
            for image in own.chain(started(container)) {
                users.entry(image.to_owned()).or_default().insert(user.clone());
            }
        }
        for volume in pod.spec().items_at(&["volumes"]) {
            if let Some(image) = volume.text_at(&["image", "reference"]) {
                users.entry(image.to_owned()).or_default().insert(user.clone());
            }
        }
    }
    users.into_iter().map(|(reference, users)| Image::of(reference, users)).collect()
}

/// Images that a container is told to start pods of: `--acme-http01-solver-image=...`.
fn started(container: &Node) -> impl Iterator<Item = &str> {
    let words = ["command", "args"].into_iter().flat_map(|key| container.items_at(&[key])).filter_map(Node::text);
    words.filter_map(|word| {
        let (flag, value) = word.strip_prefix("--")?.split_once('=')?;
        (flag.ends_with("-image") && value.contains('/')).then_some(value)
    })
}

impl Image {
    /// Source: `github.com/distribution/reference`: `name[:tag][@digest]`, where a colon before a slash is a port's.
    fn of(reference: String, users: BTreeSet<String>) -> Self {
        let (rest, digest) = reference
            .split_once('@')
            .map_or((reference.as_str(), None), |(rest, digest)| (rest, Some(digest.to_owned())));
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name.to_owned(), Some(tag.to_owned())),
            _ => (rest.to_owned(), None),
        };
        Self { reference, name, tag, digest, users }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_taken_apart() {
        let parts = |text: &str| {
            let image = Image::of(text.to_owned(), BTreeSet::new());
            (image.name, image.tag.unwrap_or_default(), image.digest.unwrap_or_default())
        };
        let said = |name: &str, tag: &str, digest: &str| (name.to_owned(), tag.to_owned(), digest.to_owned());
        assert_eq!(parts("localhost:5000/a/b"), said("localhost:5000/a/b", "", ""));
        assert_eq!(parts("localhost:5000/a:1@sha256:00"), said("localhost:5000/a", "1", "sha256:00"));
        assert_eq!(parts("quay.io/a/b@sha256:00"), said("quay.io/a/b", "", "sha256:00"));
        assert_eq!(parts("nginx"), said("nginx", "", ""));
    }
}
