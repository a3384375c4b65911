//! Lists, maps and structs of the YAML writer: their layout entry by entry. Must never know what an entry means.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use crate::emit::error::Error;
use crate::emit::field_order::FieldOrder;
use crate::emit::map_key::MapKey;
use crate::emit::scalar;
use crate::emit::yaml::{Field, LONGEST_SIMPLE_KEY, Node, Place, Text};

/// A list or map that is being written, entry by entry.
pub(super) struct Entries<'t, 'o> {
    pub(super) text: &'t mut Text<'o>,
    pub(super) place: Place,
    /// Where its keys or dashes stand.
    pub(super) column: usize,
    pub(super) levels: usize,
    pub(super) is_empty: bool,
    /// What to write if nothing comes.
    pub(super) empty: &'static str,
}

impl Entries<'_, '_> {
    /// Goes to where the next entry begins: the first one of an item stands right behind the dash.
    fn begin(&mut self) {
        let is_first = std::mem::replace(&mut self.is_empty, false);
        match self.place {
            Place::Document if is_first => {}
            Place::Dash if is_first => self.text.out.push(' '),
            Place::Key if is_first => {
                self.text.out.push('\n');
                scalar::push_indent(self.column, self.text.out);
            }
            _ => scalar::push_indent(self.column, self.text.out),
        }
    }

    /// Writes the key with its `:` and tells where it begins.
    pub(super) fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<usize, Error> {
        self.begin();
        let start = self.text.out.len();
        key.serialize(MapKey { out: self.text.out })?;
        if self.text.out.len() - start > LONGEST_SIMPLE_KEY {
            self.text.out.insert_str(start, "? ");
            self.text.out.push('\n');
            scalar::push_indent(self.column, self.text.out);
        }
        self.text.out.push(':');
        Ok(start)
    }

    fn value<T: Serialize + ?Sized>(&mut self, place: Place, value: &T) -> Result<(), Error> {
        value.serialize(Node { text: self.text, place, column: self.column, levels: self.levels })
    }

    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.begin();
        self.text.out.push('-');
        self.value(Place::Dash, item)
    }

    fn finish(self) {
        if self.is_empty {
            self.text.out.push_str(self.empty);
        }
    }
}

impl SerializeSeq for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeTuple for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeTupleStruct for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeTupleVariant for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key(key)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(Place::Key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeStructVariant for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.key(name)?;
        self.value(Place::Key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

/// A struct that is being written: a map whose entries are put in order when it closes.
pub(super) struct Fields<'t, 'o> {
    pub(super) entries: Entries<'t, 'o>,
    pub(super) order: &'static FieldOrder,
    /// Where its own fields begin in `Text::fields`.
    pub(super) first: usize,
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        let start = self.entries.key(name)?;
        self.entries.value(Place::Key, value)?;
        let text = &mut *self.entries.text;
        text.fields.push(Field { rank: self.order.rank(name), start, end: text.out.len() });
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.entries.text.arrange(self.first, self.entries.column);
        self.entries.finish();
        Ok(())
    }
}
