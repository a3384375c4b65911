//! Writes any serializable value as one YAML document, straight from serde to text.
//!
//! Lives here: the layout. Two blanks a level, lists on the column of their key, fields in the order people write them,
//! no tree of values in between. It must never know what the values are: how a scalar is spelled is `scalar`'s business,
//! which field comes first is `field_order`'s, and which document follows which is the caller's.

mod entries;
mod line;
mod open_fields;

use serde::Serialize;
use serde::ser::Serializer;

use crate::emit::error::Error;
use crate::emit::field_order::FieldOrder;
use crate::emit::scalar;
use crate::emit::yaml::entries::{Entries, Fields};
use crate::emit::yaml::line::{DEEPEST, STEP, line};
use crate::emit::yaml::open_fields::OpenFields;

/// Appends one document, without the `---` line, ending in a line break.
///
/// On an error `out` is as it was before.
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut String) -> Result<(), Error> {
    Writer::default().write(value, out)
}

/// Writes one document after the other. What it needs for that it keeps: to get and give back a kilobyte takes an
/// allocator as long as an eighth of an object.
#[derive(Default)]
pub struct Writer {
    fields: OpenFields,
}

impl Writer {
    /// Appends one document, like [`write`].
    pub fn write<T: Serialize + ?Sized>(&mut self, value: &T, out: &mut String) -> Result<(), Error> {
        let start = out.len();
        self.fields.clear();
        let mut text = Text { out, fields: &mut self.fields };
        let document = Node { text: &mut text, place: Place::Document, column: 0, levels: DEEPEST };
        let written = value.serialize(document);
        match written {
            Ok(()) => out.push('\n'),
            Err(_) => out.truncate(start),
        }
        written
    }
}

/// The document so far, and what closing a struct needs.
struct Text<'o> {
    out: &'o mut String,
    fields: &'o mut OpenFields,
}

/// What a value follows, which decides how it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing: it is the document.
    Document,
    /// `key:`
    Key,
    /// `-`
    Dash,
}

/// The place for one value.
struct Node<'t, 'o> {
    text: &'t mut Text<'o>,
    place: Place,
    /// Where the key or dash before it stands.
    column: u16,
    /// How many levels may still follow.
    levels: u8,
}

impl<'t, 'o> Node<'t, 'o> {
    #[allow(clippy::unnecessary_wraps, reason = "the answer of a serializer's methods")]
    #[inline]
    fn scalar(self, push: impl FnOnce(&mut String)) -> Result<(), Error> {
        if self.place != Place::Document {
            self.text.out.push(' ');
        }
        push(self.text.out);
        Ok(())
    }

    #[inline]
    fn word(self, word: &str) -> Result<(), Error> {
        self.scalar(|out| out.push_str(word))
    }

    /// The same place, one level further from the document.
    #[inline]
    fn deeper(self) -> Result<Self, Error> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels, ..self }),
            None => Err(Error::too_deep()),
        }
    }

    /// A list stands on the column of its key, but further in than the dash of a list that holds it.
    #[inline]
    fn list(self) -> Result<Entries<'t, 'o>, Error> {
        let step = if self.place == Place::Dash { STEP } else { 0 };
        self.entries(step)
    }

    #[inline]
    fn map(self) -> Result<Entries<'t, 'o>, Error> {
        let step = if self.place == Place::Document { 0 } else { STEP };
        self.entries(step)
    }

    #[inline]
    fn entries(self, step: u16) -> Result<Entries<'t, 'o>, Error> {
        let Self { text, place, column, levels } = self.deeper()?;
        Ok(Entries::new(text, place, column + step, levels))
    }

    /// The place behind `variant:`, of a map that holds nothing else.
    fn variant(self, variant: &str) -> Result<Self, Error> {
        self.map()?.single(variant)
    }
}

/// Hands the narrow integers to the wide ones.
macro_rules! widened {
    ($($method:ident($type:ty) -> $wide:ident),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), Error> {
            self.$wide(value.into())
        }
    )*};
}

impl<'t, 'o> Serializer for Node<'t, 'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Entries<'t, 'o>;
    type SerializeTuple = Entries<'t, 'o>;
    type SerializeTupleStruct = Entries<'t, 'o>;
    type SerializeTupleVariant = Entries<'t, 'o>;
    type SerializeMap = Entries<'t, 'o>;
    type SerializeStruct = Fields<'t, 'o>;
    type SerializeStructVariant = Entries<'t, 'o>;

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.word(if value { "true" } else { "false" })
    }

    widened! {
        serialize_i8(i8) -> serialize_i64, serialize_i16(i16) -> serialize_i64, serialize_i32(i32) -> serialize_i64,
        serialize_u8(u8) -> serialize_u64, serialize_u16(u16) -> serialize_u64, serialize_u32(u32) -> serialize_u64,
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.scalar(|out| scalar::push_integer(value < 0, value.unsigned_abs(), out))
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.scalar(|out| scalar::push_integer(false, value, out))
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.scalar(|out| scalar::push_float(value.into(), &format!("{value:?}"), out))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.scalar(|out| scalar::push_float(value, &format!("{value:?}"), out))
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        match self.place {
            // how far in the lines of a literal block stand that nothing holds, readers do not agree on
            Place::Document => self.scalar(|out| scalar::push_line(text, out)),
            Place::Key | Place::Dash => {
                let line = line(self.column + STEP);
                self.scalar(|out| scalar::push_text(text, line, out))
            }
        }
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<(), Error> {
        Err(Error::bytes())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.word("null")
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self.deeper()?)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.word("null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.word("null")
    }

    #[inline]
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self.deeper()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self.variant(variant)?)
    }

    #[inline]
    fn serialize_seq(self, _len: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        self.list()
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple, Error> {
        self.list()
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self::SerializeTupleStruct, Error> {
        self.list()
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        self.variant(variant)?.list()
    }

    #[inline]
    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.map()
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Self::SerializeStruct, Error> {
        Ok(Fields::new(self.map()?, FieldOrder::of(name)))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        self.variant(variant)?.map()
    }
}
