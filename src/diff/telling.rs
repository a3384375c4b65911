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
const WORDS: &[&str] = &["pass", "pwd", "pw", "jwt", "psk", "authorization", "rootpass", "userpwd", "dbpass", "dbpwd"];

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
    let is_variable = || VARIABLES.iter().any(|ending| name.ends_with(ending));
    let tells = is_key_file(name) || has_part(name) || words(name).any(is_word) || is_variable();
    tells && !HARMLESS.contains(&name)
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
    let name = last(name);
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
    name.rsplit('/').next().unwrap_or(name)
}

fn has_part(name: &str) -> bool {
    let mut room = [0; LONGEST];
    if name.is_ascii() && name.len() <= LONGEST {
        let mut length = 0;
        for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
            room[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        has_plain_part(&room[..length])
    } else {
        has_plain_part(plain(name).collect::<String>().as_bytes())
    }
}

/// Longer names take memory.
const LONGEST: usize = 64;

fn has_plain_part(name: &[u8]) -> bool {
    let begins = |rest: &[u8], part: &str| rest.get(1) == part.as_bytes().get(1) && rest.starts_with(part.as_bytes());
    name.iter().enumerate().any(|(at, initial)| parts(*initial).iter().any(|part| begins(&name[at..], part)))
}

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
