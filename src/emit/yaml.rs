//! Writes any serializable value as one YAML document, straight from serde to text.
//!
//! Lives here: the layout. Two blanks a level, lists on the column of their key, fields in the order people write them,
//! no tree of values in between. It must never know what the values are: how a scalar is spelled is `scalar`'s business,
//! which field comes first is `field_order`'s, and which document follows which is the caller's.

mod entries;

use serde::Serialize;
use serde::ser::Serializer;

use crate::emit::error::Error;
use crate::emit::field_order::FieldOrder;
use crate::emit::scalar;
use crate::emit::yaml::entries::{Entries, Fields};

/// Appends one document, without the `---` line, ending in a line break.
///
/// On an error `out` is as it was before.
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut String) -> Result<(), Error> {
    let start = out.len();
    let mut text = Text { out, fields: Vec::new(), moved: String::new() };
    let document = Node { text: &mut text, place: Place::Document, column: 0, levels: LEVELS };
    let written = value.serialize(document);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// How many values may hold each other, the wrappers of serde included: far above any Kubernetes schema, and what
/// `serde_json` and its kin read back.
const LEVELS: usize = 128;

/// Columns that a value stands in from what holds it.
const STEP: usize = 2;

/// Readers look for the `:` of a plain or quoted key no further than this many characters
/// (<https://yaml.org/spec/1.2.2/#742-block-mappings>); a longer key is announced by `?`.
const LONGEST_SIMPLE_KEY: usize = 1024;

/// The document so far, and what closing a struct needs.
struct Text<'o> {
    out: &'o mut String,
    /// The fields of all structs that are still open, the innermost last.
    fields: Vec<Field>,
    /// Fields on their way to another place; kept for its memory.
    moved: String,
}

/// A finished field of an open struct: where its text is, from the key to the last line break, and where it belongs.
struct Field {
    rank: usize,
    start: usize,
    end: usize,
}

impl Text<'_> {
    /// Puts the fields from `first` on, which all begin at `column`, in order and forgets them.
    fn arrange(&mut self, first: usize, column: usize) {
        let fields = &mut self.fields[first..];
        if !fields.is_sorted_by_key(|field| field.rank) {
            let origin = fields[0].start;
            self.moved.clear();
            self.moved.push_str(&self.out[origin..]);
            self.out.truncate(origin);
            fields.sort_by_key(|field| field.rank);
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    scalar::push_indent(column, self.out);
                }
                self.out.push_str(&self.moved[field.start - origin..field.end - origin]);
            }
        }
        self.fields.truncate(first);
    }
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
    column: usize,
    /// How many levels may still follow.
    levels: usize,
}

impl<'t, 'o> Node<'t, 'o> {
    fn scalar(self, push: impl FnOnce(&mut String)) {
        if self.place != Place::Document {
            self.text.out.push(' ');
        }
        push(self.text.out);
        self.text.out.push('\n');
    }

    #[allow(clippy::unnecessary_wraps, reason = "the answer of a serializer's methods")]
    fn word(self, word: &str) -> Result<(), Error> {
        self.scalar(|out| out.push_str(word));
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "the answer of a serializer's methods")]
    fn integer(self, is_negative: bool, magnitude: u64) -> Result<(), Error> {
        self.scalar(|out| scalar::push_integer(is_negative, magnitude, out));
        Ok(())
    }

    /// The same place, one level further from the document.
    fn deeper(self) -> Result<Self, Error> {
        let levels = self.levels.checked_sub(1).ok_or(Error::TooDeep)?;
        Ok(Self { levels, ..self })
    }

    fn list(self) -> Result<Entries<'t, 'o>, Error> {
        let step = if self.place == Place::Dash { STEP } else { 0 };
        self.entries(step, " []\n")
    }

    fn map(self) -> Result<Entries<'t, 'o>, Error> {
        let step = if self.place == Place::Document { 0 } else { STEP };
        self.entries(step, " {}\n")
    }

    fn entries(self, step: usize, empty: &'static str) -> Result<Entries<'t, 'o>, Error> {
        let Self { text, place, column, levels } = self.deeper()?;
        let empty = if place == Place::Document { &empty[1..] } else { empty };
        Ok(Entries { text, place, column: column + step, levels, is_empty: true, empty })
    }

    /// The place behind `variant:`, of a map that holds nothing else.
    fn variant(self, variant: &str) -> Result<Self, Error> {
        let mut entries = self.map()?;
        entries.key(variant)?;
        let Entries { text, column, levels, .. } = entries;
        Ok(Self { text, place: Place::Key, column, levels })
    }
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

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.word(if value { "true" } else { "false" })
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.integer(value < 0, value.unsigned_abs())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.integer(false, value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.scalar(|out| scalar::push_float(value.into(), &format!("{value:?}"), out));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.scalar(|out| scalar::push_float(value, &format!("{value:?}"), out));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        match self.place {
            // how far in the lines of a literal block stand that nothing holds, readers do not agree on
            Place::Document => self.scalar(|out| scalar::push_line(text, out)),
            Place::Key | Place::Dash => {
                let column = self.column + STEP;
                self.scalar(|out| scalar::push_text(text, column, out));
            }
        }
        Ok(())
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<(), Error> {
        Err(Error::Bytes)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.word("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self.deeper()?)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.word("null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.word("null")
    }

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

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.map()
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Self::SerializeStruct, Error> {
        let first = self.text.fields.len();
        Ok(Fields { entries: self.map()?, order: FieldOrder::of(name), first })
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
