//! Lists, maps and structs of the YAML writer: their layout, entry by entry.
//!
//! Lives here: where an entry begins and how its key stands before its value. It must never know what an entry means.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use crate::emit::error::Error;
use crate::emit::field_order::FieldOrder;
use crate::emit::map_key::MapKey;
use crate::emit::yaml::line::line;
use crate::emit::yaml::{Node, Place, Text};

/// Readers look for the `:` of a plain or quoted key no further than this many characters
/// (<https://yaml.org/spec/1.2.2/#742-block-mappings>); a longer key is announced by `?`.
const LONGEST_SIMPLE_KEY: usize = 1024;

/// A list or map that is being written, entry by entry.
pub(super) struct Entries<'t, 'o> {
    text: &'t mut Text<'o>,
    /// Where the text stood before the first entry.
    start: usize,
    /// What the whole follows.
    place: Place,
    /// Where its keys or dashes stand.
    column: u16,
    /// How many levels may still follow.
    levels: u8,
}

impl<'t, 'o> Entries<'t, 'o> {
    #[inline]
    pub(super) fn new(text: &'t mut Text<'o>, place: Place, column: u16, levels: u8) -> Self {
        Self { start: text.out.len(), text, place, column, levels }
    }

    /// The place behind the key of a map that has no other.
    pub(super) fn single(mut self, key: &str) -> Result<Node<'t, 'o>, Error> {
        self.begin();
        self.key(key)?;
        let Self { text, column, levels, .. } = self;
        Ok(Node { text, place: Place::Key, column, levels })
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.text.out.len() == self.start
    }

    /// Goes to where the next entry begins: an item's first one follows its dash.
    #[inline]
    fn begin(&mut self) {
        let lead = match self.place {
            Place::Document if self.is_empty() => "",
            Place::Dash if self.is_empty() => " ",
            _ => line(self.column),
        };
        self.text.out.push_str(lead);
    }

    /// Writes the key with its `:`.
    #[inline]
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let out = &mut *self.text.out;
        let start = out.len();
        key.serialize(MapKey { out })?;
        if out.len() - start > LONGEST_SIMPLE_KEY {
            out.insert_str(start, "? ");
            out.push_str(line(self.column));
        }
        out.push(':');
        Ok(())
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, place: Place, value: &T) -> Result<(), Error> {
        value.serialize(Node { text: self.text, place, column: self.column, levels: self.levels })
    }

    #[inline]
    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.begin();
        self.text.out.push('-');
        self.value(Place::Dash, item)
    }

    #[allow(clippy::unnecessary_wraps, reason = "the answer of a serializer's methods")]
    #[inline]
    fn finish(self, if_empty: &str) -> Result<(), Error> {
        if self.is_empty() {
            self.text.out.push_str(if self.place == Place::Document { "" } else { " " });
            self.text.out.push_str(if_empty);
        }
        Ok(())
    }
}

/// All that serde tells apart and YAML calls a sequence.
macro_rules! lists {
    ($($compound:ident::$method:ident),* $(,)?) => {$(
        impl $compound for Entries<'_, '_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.finish("[]")
            }
        }
    )*};
}

lists! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.begin();
        self.key(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(Place::Key, value)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.finish("{}")
    }
}

impl SerializeStructVariant for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.begin();
        self.key(name)?;
        self.value(Place::Key, value)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.finish("{}")
    }
}

/// A struct that is being written: a map whose entries are put in order when it closes.
pub(super) struct Fields<'t, 'o> {
    entries: Entries<'t, 'o>,
    order: &'static FieldOrder,
    /// How many fields of other structs were open before.
    others: usize,
}

impl<'t, 'o> Fields<'t, 'o> {
    #[inline]
    pub(super) fn new(entries: Entries<'t, 'o>, order: &'static FieldOrder) -> Self {
        Self { others: entries.text.fields.count(), entries, order }
    }

    #[inline]
    fn begin(&mut self, name: &str) -> Result<(), Error> {
        self.entries.begin();
        let rank = self.order.rank(name);
        let Text { out, fields } = &mut *self.entries.text;
        fields.push(rank.unwrap_or(FieldOrder::UNNAMED), out.len());
        if rank.is_none() {
            return self.entries.key(name);
        }
        // what the table names can stand plain: its tests hold that
        out.push_str(name);
        out.push(':');
        Ok(())
    }
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.begin(name)?;
        self.entries.value(Place::Key, value)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        let Text { out, fields } = &mut *self.entries.text;
        fields.close(self.others, line(self.entries.column), out);
        self.entries.finish("{}")
    }
}
