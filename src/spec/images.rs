//! Where images may come from, and `platformgen.lock`: which image a tag means.

use crate::spec::non_empty::NonEmpty;
use crate::spec::read::At;
use crate::spec::scalars::FormatVersion;
use crate::spec::shape::shape;
use crate::values::image::{Digest, Image, Origin};

shape! {
    /// Images of every pod, built-in software included.
    ImagesSpec {
        /// Where they may come from; anywhere when absent.
        registries: Option<NonEmpty<Vec<At<Origin>>>>,
    }
}

impl ImagesSpec {
    /// What holds when the table is absent.
    pub const fn open() -> Self {
        Self { registries: None }
    }
}

shape! {
    /// `platformgen.lock`: the digests that tags stand for. `platformgen lock` writes it.
    LockSpec {
        /// Version of this format.
        version: FormatVersion,
        /// The pinned images, in alphabetical order.
        image: Vec<PinSpec>,
    }
}

shape! {
    /// A pinned image.
    PinSpec {
        /// The image, with registry host and tag.
        reference: At<Image>,
        /// What its tag stands for.
        digest: Digest,
    }
}
