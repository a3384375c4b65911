//! Where in a store the entry of a Secret is.

use crate::values::parse::Parse;

/// A path with places to fill, such as `{platform}/{environment}/{secret}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPath(String);

const SECRET: &str = "{secret}";
const PLACES: &[&str] = &["{platform}", "{environment}", SECRET];

impl EntryPath {
    /// Where entries are when nobody says it.
    pub fn conventional() -> Self {
        Self("{platform}/{environment}/{secret}".to_owned())
    }

    /// The entry of a Secret.
    pub fn of(&self, platform: &str, environment: &str, secret: &str) -> String {
        let filled = PLACES.iter().zip([platform, environment, secret]);
        filled.fold(self.0.clone(), |path, (place, value)| path.replace(place, value))
    }
}

impl Parse for EntryPath {
    const EXPECTED: &'static str = "a path such as `{platform}/{environment}/{secret}`";

    fn parse(text: &str) -> Result<Self, String> {
        let fixed = PLACES.iter().fold(text.to_owned(), |rest, place| rest.replace(place, "x"));
        let is_good = |letter: &char| letter.is_ascii_alphanumeric() || "-._/:".contains(*letter);
        match fixed.chars().find(|letter| !is_good(letter)) {
            Some('{' | '}') => Err(format!("names a place that is none of {}", PLACES.join(", "))),
            Some(odd) => Err(format!("contains `{odd}`")),
            None if !text.contains(SECRET) => Err(format!("is one entry for all Secrets: `{SECRET}` is missing")),
            None => Ok(Self(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled() {
        let path = |text| EntryPath::parse(text).expect("it is a path");
        assert_eq!(EntryPath::conventional().of("acme", "live", "api-database"), "acme/live/api-database");
        assert_eq!(path("/kv:{secret}").of("acme", "live", "api-database"), "/kv:api-database");
        for text in ["", "{secret", "{platform}", "{namespace}/{secret}", "a b/{secret}", "{}{secret}"] {
            assert!(EntryPath::parse(text).is_err(), "{text}");
        }
    }
}
