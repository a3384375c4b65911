//! The macros that turn a documented struct or word list into its reader and its page of the manual at once.

/// Declares a table with a closed set of keys: the struct, its [`Shape`](crate::spec::read::Shape) and its
/// [`Read`](crate::spec::read::Read). A field may rename its key with `as "key"` and give a default with `= value`.
macro_rules! shape {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident $(as $key:literal)? : $type:ty $(= $default:expr)? ,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
        }

        impl $crate::spec::read::Shape for $name {
            const DOC: &'static [&'static str] = &[$($doc),*];
            const KEYS: &'static [$crate::spec::read::Key] = &[
                $( $crate::spec::read::Key {
                    name: $crate::spec::shape::key!($field $($key)?),
                    doc: &[$($field_doc),*],
                    type_name: <$type as $crate::spec::read::Read>::type_name,
                    schema: <$type as $crate::spec::read::Read>::schema,
                    optional: <$type as $crate::spec::read::Read>::OPTIONAL || $crate::spec::shape::has_default!($($default)?),
                }, )*
            ];

            #[allow(unused_variables, reason = "a table may have no keys of its own")]
            fn read_fields(fields: &mut $crate::spec::read::Fields<'_, '_>) -> Option<Self> {
                $( let $field = fields.take::<$type>(
                    $crate::spec::shape::key!($field $($key)?),
                    $crate::spec::shape::default_value!($($default)?),
                ); )*
                Some(Self { $($field: $field?),* })
            }
        }

        impl $crate::spec::read::Read for $name {
            fn read(node: &$crate::spec::read::Node<'_>, report: &mut $crate::diagnostics::report::Report) -> Option<Self> {
                let known = [<Self as $crate::spec::read::Shape>::KEYS];
                let mut fields = $crate::spec::read::Fields::open(node, &known, report)?;
                let read = <Self as $crate::spec::read::Shape>::read_fields(&mut fields);
                fields.finish();
                read
            }

            fn stand_in(default: Option<Self>) -> Option<Self> {
                default.or_else(|| {
                    Some(Self { $(
                        $field: <$type as $crate::spec::read::Read>::stand_in(
                            $crate::spec::shape::default_value!($($default)?)
                                .or_else(<$type as $crate::spec::read::Read>::absent),
                        )?,
                    )* })
                })
            }

            fn type_name() -> std::borrow::Cow<'static, str> {
                let keys: Vec<&str> = <Self as $crate::spec::read::Shape>::KEYS.iter().map(|key| key.name).collect();
                format!("a table with {}", keys.join(", ")).into()
            }

            fn how_to_add(key: &str) -> String {
                let keys = <Self as $crate::spec::read::Shape>::KEYS.iter().filter(|key| !key.optional);
                let needed: Vec<String> = keys.map(|key| format!("`{}`", key.name)).collect();
                format!("add the table `{key}` with {} at least", needed.join(" and "))
            }

            fn schema() -> serde_json::Value {
                use $crate::spec::read::Shape;
                $crate::spec::read::table_schema(Self::DOC, Self::KEYS.iter())
            }
        }
    };
}

macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

macro_rules! has_default {
    () => {
        false
    };
    ($default:expr) => {
        true
    };
}

macro_rules! default_value {
    () => {
        None
    };
    ($default:expr) => {
        Some($default)
    };
}

/// Declares a closed list of words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])*
        $name:ident { $( $(#[doc = $word_doc:literal])* $variant:ident = $word:literal, )* }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[doc = $word_doc])* $variant, )*
        }

        impl $crate::spec::read::Read for $name {
            fn read(node: &$crate::spec::read::Node<'_>, report: &mut $crate::diagnostics::report::Report) -> Option<Self> {
                const WORDS: &[(&str, $name)] = &[$(($word, $name::$variant)),*];
                $crate::spec::scalars::word(node, WORDS, report)
            }

            fn stand_in(default: Option<Self>) -> Option<Self> {
                default.or_else(|| [$(Self::$variant),*].first().copied())
            }

            fn type_name() -> std::borrow::Cow<'static, str> {
                $crate::diagnostics::suggest::list([$($word),*]).into()
            }

            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": [$($word),*] })
            }
        }
    };
}

pub(crate) use {default_value, has_default, key, shape, words};
