//! Which names say that a value is secret: tables.

/// Parts of names, in lower case and without what joins words, that say that a value is secret; by their first letter, as
/// every word of a text is asked about.
const fn parts(initial: u8) -> &'static [&'static str] {
    match initial {
        b'a' => &["apikey", "accesskey", "accountkey"],
        b'c' => &["credential", "connectionstring"],
        b'd' => &["dockerconfig"],
        b'e' => &["encryptionkey"],
        b'h' => &["htpasswd"],
        b'l' => &["licensekey"],
        b'm' => &["masterkey", "masterauth"],
        b'p' => &["password", "passwd", "passphrase", "passcode", "privatekey"],
        b'r' => &["requirepass"],
        b's' => &["secret", "signingkey", "sharedkey", "sshkey", "slackapiurl"],
        b't' => &["token"],
        b'w' => &["webhookurl"],
        _ => &[],
    }
}

/// Whole words of names that say so.
const WORDS: &[&str] =
    &["pass", "pwd", "pw", "jwt", "psk", "authorization", "rootpass", "userpwd", "dbpass", "dbpwd", "pgpass"];

/// Endings of variables that say so as they are written here: in other words they may mean something else.
const VARIABLES: &[&str] =
    &["APP_KEY", "BASIC_AUTH", "ENC_KEY", "HMAC_KEY", "PRIVKEY", "REDIS_AUTH", "SEED_PHRASE", "UNSEAL_KEY", "WG_KEY"];

/// Endings of the names of files that hold keys.
const KEY_FILES: &[&str] = &[".key", ".p12", ".pfx", ".jks", ".keytab", ".pgpass", ".netrc", "id_rsa", "id_ed25519"];

/// Names that are telling by their words and hold no secret: they say where one is, or that there is one. They are meant
/// to the letter: `secretKeyRef` is a reference, and `SECRET_KEY` is a key.
const HARMLESS: &[&str] = &[
    "secretName",
    "secretKeyRef",
    "secretRef",
    "secretStoreRef",
    "secrets",
    "imagePullSecrets",
    "automountServiceAccountToken",
    "serviceAccountToken",
    "tokenRequests",
    "credentialName",
    "inject-ca-from-secret",
    "injectCaFromSecret",
    "server_tokens",
    "server-tokens",
    "secret-hash",
    "proxy_pass",
    "NGINX_PROXY_PASS_URL",
    "fastcgi_pass",
    "uwsgi_pass",
    "grpc_pass",
    "ssl-passthrough",
    "authorization-always-allow-paths",
];

/// Endings of names that say that the value is where a secret is.
const PLACES: &[&str] = &["file", "path", "dir", "ref", "refs", "name", "namespace", "policy"];

/// Whether the name of a value says that it is secret.
pub fn is_telling(name: &str) -> bool {
    let name = last(name);
    let is_word = |word: &str| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    let is_other =
        || is_key_file(name) || words(name).any(is_word) || VARIABLES.iter().any(|ending| name.ends_with(ending));
    (has_part(name) || has_root(name) && is_other()) && !HARMLESS.contains(&name)
}

/// Whether a name in this text may be telling. Most texts hold nothing that one is made of, and then their names need not be
/// looked at.
pub fn may_tell(text: &str) -> bool {
    has_part(text) || has_root(text)
}

/// Whether a text holds the first letters of one of the other names, in any case.
fn has_root(text: &str) -> bool {
    let bytes = text.as_bytes();
    let goes_on =
        |at: usize, rest: &[u8]| bytes.get(at..at + rest.len()).is_some_and(|own| own.eq_ignore_ascii_case(rest));
    let is_root = |(at, initial): (usize, &u8)| roots(*initial).iter().any(|rest| goes_on(at + 1, rest));
    bytes.iter().enumerate().any(is_root)
}

/// What is enough of each of the other names to tell most words from them, behind its first letter.
const fn roots(initial: u8) -> &'static [&'static [u8]] {
    match initial {
        b'a' | b'A' => &[b"ut"],
        b'i' | b'I' => &[b"d_"],
        b'j' | b'J' => &[b"wt"],
        b'k' | b'K' => &[b"ey"],
        b'p' | b'P' => &[b"as", b"hr", b"sk", b"w"],
        b'.' => &[b"jk", b"ne", b"p1", b"pf", b"pg"],
        _ => &[],
    }
}

/// Whether the name says that all that it holds is secret.
pub fn is_telling_of_all(name: &str) -> bool {
    let name = last(name);
    has_part(name) && !HARMLESS.contains(&name) && !ends_in_place(name)
}

/// Endings of names of maps whose keys are the secrets: `tokens` says whose each of them is.
const KEYED: &[&str] = &["tokens", "passwords", "passwds", "passphrases", "passcodes", "keys"];

/// Whether the keys of a map of this name are secret as well.
pub fn is_telling_of_keys(name: &str) -> bool {
    // most names end otherwise, which is seen without looking for where their last part begins
    let ends = |ending: &&str| {
        let start = name.len().checked_sub(ending.len());
        start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    KEYED.iter().any(ends) && is_telling_of_all(name)
}

/// Whether the value of this telling name is where a secret is, and looks like that.
pub fn is_place(name: &str, value: &str) -> bool {
    let name: String = plain(last(name)).collect();
    let Some(ending) = PLACES.iter().find(|ending| name.ends_with(*ending)) else { return false };
    let is_word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-._/:".contains(letter);
    match *ending {
        "file" | "path" | "dir" => ["/", "./", "../", "~/", "$"].iter().any(|start| value.starts_with(start)),
        _ => value.chars().all(is_word),
    }
}

fn last(name: &str) -> &str {
    // names are short: a search would take longer to begin than to end
    name.bytes().rposition(|byte| byte == b'/').map_or(name, |slash| &name[slash + 1..])
}

fn has_part(name: &str) -> bool {
    if !name.is_ascii() {
        let plain: String = plain(name).collect();
        return plain.bytes().enumerate().any(|(at, initial)| {
            parts(initial).iter().any(|part| plain.as_bytes()[at..].starts_with(part.as_bytes()))
        });
    }
    let bytes = name.as_bytes();
    let begins = |at: usize, part: &str| {
        let mut wanted = part.as_bytes().get(1..).unwrap_or_default();
        for byte in bytes[at + 1..].iter().filter(|byte| byte.is_ascii_alphanumeric()) {
            match wanted {
                [first, rest @ ..] if *first == byte.to_ascii_lowercase() => wanted = rest,
                _ => break,
            }
        }
        wanted.is_empty()
    };
    bytes.iter().enumerate().any(|(at, initial)| {
        let may_begin = SECONDS[usize::from(*initial)] & bit(bytes.get(at + 1).copied().unwrap_or_default()) != 0;
        may_begin && parts(initial.to_ascii_lowercase()).iter().any(|part| begins(at, part))
    })
}

/// By the first letter of parts, in any case, which letters may stand behind it, one bit each: these tell most words from
/// parts.
const SECONDS: [u32; 256] = {
    let (mut seconds, mut initial) = ([0; 256], 0_u8);
    while initial < 128 {
        let (all, mut at) = (parts(initial.to_ascii_lowercase()), 0);
        while at < all.len() {
            seconds[initial as usize] |= bit(all[at].as_bytes()[1]) | JOINT;
            at += 1;
        }
        initial += 1;
    }
    seconds
};

/// The bit of a letter, of none for a digit, and `JOINT` for all else: it may stand before the next letter.
const fn bit(byte: u8) -> u32 {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => 1 << (letter - b'a'),
        b'0'..=b'9' => 0,
        _ => JOINT,
    }
}

const JOINT: u32 = 1 << 31;

fn ends_in_place(name: &str) -> bool {
    let plain: String = plain(name).collect();
    PLACES.iter().any(|ending| plain.ends_with(ending))
}

fn is_key_file(name: &str) -> bool {
    KEY_FILES.iter().any(|ending| name.ends_with(ending)) && !name.starts_with("--")
}

/// The letters of a name without what joins words, in lower case.
fn plain(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// `adminPwd` and `ADMIN_PWD` consist of the same two words.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_alphanumeric()).flat_map(|part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let mut letters = rest.char_indices().zip(rest.chars().skip(1));
            let hump = letters.find(|((_, letter), next)| letter.is_lowercase() && next.is_uppercase());
            let end = hump.map_or(rest.len(), |((at, letter), _)| at + letter.len_utf8());
            let (word, after) = rest.split_at(end);
            rest = after;
            (!word.is_empty()).then_some(word)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_root() {
        for name in [WORDS, VARIABLES, KEY_FILES].concat() {
            assert!(has_root(name) && has_root(&name.to_uppercase()), "{name}");
        }
    }

    #[test]
    fn names_are_told_from_references() {
        for name in [
            "SECRET_KEY",
            "DB_PASS",
            "MYSQL_PWD",
            "JWT",
            "pw",
            "rootPass",
            "adminPwd",
            "x/api-key",
            "tls.key",
            "pgpass",
            "REDIS_AUTH",
            "DATADOG_APP_KEY",
        ] {
            assert!(is_telling(name), "{name}");
        }
        for name in [
            "secretKeyRef",
            "secretName",
            "imagePullSecrets",
            "proxy_pass",
            "bypass",
            "key",
            "compass",
            "REQUIRE_AUTH",
            "ROUTING_KEY",
            "authorization-always-allow-paths",
        ] {
            assert!(!is_telling(name), "{name}");
        }
        for (name, is) in
            [("tokens", true), ("staticApiKeys", true), ("keys", false), ("token", false), ("secrets", false)]
        {
            assert_eq!(is_telling_of_keys(name), is, "{name}");
        }
        assert!(is_place("PASSWORD_FILE", "/run/x") && !is_place("passphraseFile", "hunter2"));
    }
}
