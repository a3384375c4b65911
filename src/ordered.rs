//! Ordered maps and sets out of things in any order.

/// Collects into an ordered map or set, one thing after the other. `collect` sorts all of them first, and every type of thing
/// brings a sort of its own: the program is a fiftieth smaller without some eighty of them.
pub trait Ordered: Iterator + Sized {
    /// All of it; of two under one key, the later.
    fn ordered<C: Default + Extend<Self::Item>>(self) -> C {
        let mut all = C::default();
        all.extend(self);
        all
    }
}

impl<I: Iterator> Ordered for I {}
