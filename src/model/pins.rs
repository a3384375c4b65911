//! What tags stand for: the digests of `platformgen.lock`.

use std::collections::{BTreeMap, btree_map};

use crate::values::image::{Digest, Image};

/// Digests by image, which is named with its tag.
#[derive(Clone, Debug, Default)]
pub struct Pins(BTreeMap<String, Digest>);

impl Pins {
    /// Whether nothing is pinned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digest that the tag of `image` stands for.
    pub fn digest(&self, image: &Image) -> Option<&Digest> {
        self.0.get(&image.tagged())
    }

    /// The image as pods name it: by digest wherever one is known.
    #[must_use]
    pub fn pinned(&self, image: &Image) -> Image {
        match self.digest(image).filter(|_| image.digest().is_none()) {
            Some(digest) => image.clone().at(&digest.to_string()),
            None => image.clone(),
        }
    }
}

impl IntoIterator for Pins {
    type Item = (String, Digest);
    type IntoIter = btree_map::IntoIter<String, Digest>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<(String, Digest)> for Pins {
    fn from_iter<I: IntoIterator<Item = (String, Digest)>>(pins: I) -> Self {
        Self(pins.into_iter().collect())
    }
}
