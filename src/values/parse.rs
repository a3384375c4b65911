//! How a value is made from the text that a user wrote: the one way into every checked type of the model.

/// A value with a written form.
pub trait Parse: Sized {
    /// What is expected, as the end of a sentence: "a quantity such as `250m` or `1Gi`".
    const EXPECTED: &'static str;

    /// The value, or what is wrong with the text, as the middle of a sentence.
    fn parse(text: &str) -> Result<Self, String>;

    /// Whether `text`, which is no such value, may be a secret that somebody wrote in its place: then nobody repeats it.
    /// Nothing but an image has an `@` in it, before which somebody may have written who logs in.
    fn may_be_secret(text: &str) -> bool {
        text.contains('@')
    }
}

impl Parse for String {
    const EXPECTED: &'static str = "a string";

    fn parse(text: &str) -> Result<Self, String> {
        if text.contains('\0') { Err("holds a NUL character".to_owned()) } else { Ok(text.to_owned()) }
    }
}
