//! What a secret looks like: by the name that a value has, and by itself.

use crate::diff::hiding::{HIDDEN, holds_credentials, line_hidden};
use crate::diff::telling::{is_place, is_telling};

/// Letters of the shortest key or token of a known form: names, of which a description is full, are mostly shorter.
const SHORTEST: usize = 20;

/// Whether a text is a secret, whatever it is called.
pub fn is_secret(text: &str) -> bool {
    holds_password(text) || (text.len() >= SHORTEST && holds_key(text))
}

/// Whether a line of a configuration gives a secret a value, by the name that it has there: `a: b`, `a=b`, `{"a": "b"}`.
pub fn sets_secret(line: &str) -> bool {
    let line = line.trim();
    if COMMENTS.iter().any(|mark| line.starts_with(mark)) {
        return false;
    }
    line.trim_start_matches("- ").trim_start_matches("export ").split(['{', '}', ',']).any(|part| {
        let Some((name, value)) = part.split_once([':', '=']) else { return false };
        let (name, value) = (name.trim().trim_matches(['"', '\'']), value.trim());
        let plain = value.trim_matches(['"', '\'']);
        // what refers to something, begins a structure or is a sentence is no value
        let is_value = !plain.starts_with(['$', '<', '|', '>', '&', '*', '[', '(', '~', '/'])
            && (plain.len() < value.len() || !plain.contains(char::is_whitespace));
        is_plain(name) && is_value && is_literal(name, plain)
    })
}

/// How lines begin that set nothing.
const COMMENTS: &[&str] = &["#", "//", ";", "<#", "{{/*"];

/// Whether a value is a secret, by its name or by itself.
pub fn is_literal(name: &str, value: &str) -> bool {
    holds_password(value)
        || holds_key(value)
        || (is_telling(name) && !is_harmless(name, value))
        || is_login(value)
        || sets_within(value)
}

/// `Bearer x`, as a client sends it: a word that comparisons hide what follows, and one more that no person would write.
fn is_login(value: &str) -> bool {
    let Some((scheme, token)) = value.split_once(' ') else { return false };
    let is_made_up = token.len() >= SHORTEST_LOGIN
        && !token.contains(char::is_whitespace)
        && token.bytes().any(|byte| byte.is_ascii_digit());
    is_made_up && line_hidden(value) == format!("{scheme} {HIDDEN}")
}

/// Letters of the shortest token that anybody sends.
const SHORTEST_LOGIN: usize = 8;

/// `Server=db;Password=x;` and `jdbc:postgresql://db/x?user=a&password=x`: one of several settings is a secret.
fn sets_within(value: &str) -> bool {
    value.contains('=')
        && value.split(['?', '&', ';', ' ']).any(|part| {
            let Some((name, value)) = part.split_once('=') else { return false };
            is_plain(name) && is_telling(name) && !is_harmless(name, value) && !is_filled_in(value)
        })
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Which words of a command line are secrets by what they are given to, with that: `--token=x`, `--token x`, and lines for a
/// shell in which that stands, or `TOKEN=x`.
pub fn secret_arguments<'w>(words: &[Option<&'w str>]) -> Vec<(usize, &'w str)> {
    let lines = words.iter().enumerate().filter_map(|(at, word)| Some((at, secret_in_line((*word)?)?)));
    let mut found = secret_options(words);
    let lines: Vec<(usize, &str)> = lines.filter(|(at, _)| !found.iter().any(|(known, _)| known == at)).collect();
    found.extend(lines);
    found
}

/// What is given a secret in a line for a shell. What a shell or a program fills in is none.
fn secret_in_line(line: &str) -> Option<&str> {
    if !line.contains(char::is_whitespace) {
        return None;
    }
    let is_filled_in = |word: &str| is_filled_in(word.split_once('=').map_or(word, |(_, value)| value));
    let words = line.split(|letter: char| letter.is_whitespace() || ";&|".contains(letter));
    let words: Vec<Option<&str>> =
        words.map(|word| word.trim_matches(QUOTES)).map(|word| (!is_filled_in(word)).then_some(word)).collect();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_variable = |name: &str| !name.is_empty() && name.bytes().all(is_letter);
    let given = words.iter().flatten().find_map(|word| {
        let (name, value) = word.split_once('=')?;
        (is_variable(name) && is_literal(name, value.trim_matches(QUOTES))).then_some(name)
    });
    given.or_else(|| secret_options(&words).first().map(|(_, option)| *option))
}

/// Whether somebody else puts a value there.
fn is_filled_in(value: &str) -> bool {
    value.trim_start_matches(QUOTES).starts_with(['$', '`', '{', '%', '<'])
}

const QUOTES: [char; 2] = ['"', '\''];

fn secret_options<'w>(words: &[Option<&'w str>]) -> Vec<(usize, &'w str)> {
    let options = words.iter().enumerate().filter_map(|(at, word)| Some((at, (*word)?))).filter(|(_, word)| {
        // two dashes alone end the options
        word.starts_with('-') && *word != "--"
    });
    let secret = |(at, word): (usize, &'w str)| {
        if let Some((option, value)) = word.split_once('=') {
            return is_literal(option.trim_start_matches('-'), value).then_some((at, option));
        }
        let (name, value) = (word.trim_start_matches('-'), (*words.get(at + 1)?)?);
        (!value.starts_with('-') && is_telling(name) && !is_harmless(name, value)).then_some((at + 1, word))
    };
    options.filter_map(secret).collect()
}

pub fn holds_key(text: &str) -> bool {
    holds_credentials(text)
}

/// Endings of names that say something about a secret.
const ABOUT: &[&str] = &[
    "algorithm",
    "alg",
    "audience",
    "enabled",
    "endpoint",
    "expiration",
    "expiry",
    "expires",
    "header",
    "host",
    "id",
    "interval",
    "issuer",
    "length",
    "lifetime",
    "method",
    "mode",
    "port",
    "prefix",
    "provider",
    "rotation",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "version",
];

/// Endings of names of what keeps, makes or finds secrets. Their values are names, addresses and paths.
const KEEPERS: &[&str] = &[
    "arn", "backend", "cache", "driver", "encoder", "encoding", "engine", "format", "hasher", "manager", "path",
    "names", "paths", "plugin", "region", "scope", "scopes", "size", "source", "storage", "store", "strategy",
    "template",
];

/// Names that end like that and are secrets all the same: whoever knows such an address may use it.
const ADDRESSES: &[&str] = &["webhook", "connection", "slack"];

/// A place, a switch, a number, a reference, or something about a secret.
fn is_harmless(name: &str, value: &str) -> bool {
    let plain = name.to_lowercase();
    let (before, last) = plain.rsplit_once(['_', '-', '.']).unwrap_or(("", &plain));
    let is_about = ABOUT.contains(&last) && !ADDRESSES.iter().any(|word| plain.contains(word));
    let is_keeper = KEEPERS.contains(&last) && !value.split(|letter: char| !letter.is_alphanumeric()).any(is_made_up);
    let is_object = last == "secret" && HELD.iter().any(|word| before.ends_with(word)) && is_name_of_words(value);
    let is_word = ["", "true", "false", "yes", "no", "none", "null"].contains(&value.to_lowercase().as_str());
    let refers = ["$(", "${", "{{", "<", "/", "file:"].iter().any(|start| value.starts_with(start));
    is_about || is_keeper || is_object || is_word || refers || is_place(name, value) || value.parse::<f64>().is_ok()
}

/// Endings of names before `_SECRET` that say what the Secret holds which is named there.
const HELD: &[&str] = &["password", "passwords", "passwd", "credential", "credentials"];

/// `db-credentials`: at least two words in lower case, as people name objects and no program makes passwords.
fn is_name_of_words(value: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    value.contains('-') && value.split('-').all(is_word)
}

/// Whether no person would call anything like that: letters and digits by turns, or without an end.
fn is_made_up(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    word.len() >= LONGEST_WORD || (is_mixed && word.len() >= SHORTEST_LOGIN)
}

/// Letters of the longest word that anybody writes as a name.
const LONGEST_WORD: usize = 24;

/// `postgres://user:password@host`, and `user:password@tcp(host:3306)`
pub fn holds_password(text: &str) -> bool {
    let in_address = |(at, mark): (usize, &str)| {
        let rest = &text[at + mark.len()..];
        let end = rest.find(|letter: char| letter.is_whitespace() || "/\"'`<>".contains(letter)).unwrap_or(rest.len());
        rest[..end].rsplit_once('@').is_some_and(|(user, _)| is_password_of(user))
    };
    text.contains('@') && (text.match_indices("://").any(in_address) || text.split_whitespace().any(is_source))
}

/// Whether what stands before an `@` has a password in it.
fn is_password_of(user: &str) -> bool {
    let password = user.split_once(':').map_or("", |(_, password)| password);
    !password.is_empty() && !password.starts_with(['$', '{', '*', '%', '<', '['])
}

/// `user:password@tcp(host:3306)`, as libraries of Go name a database: an address in which comparisons hide something.
fn is_source(word: &str) -> bool {
    let Some((user, host)) = word.rsplit_once('@') else { return false };
    let is_host =
        host.split_once('(').is_some_and(|(network, _)| network.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    is_host && is_password_of(user) && line_hidden(word) != word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::payload::TEMPLATES;

    #[test]
    fn a_line_may_set_a_secret() {
        for line in [
            "smtp_auth_password: \"Xk29fjw0fj2l\"",
            "  password: Xk29fjw0fj2l",
            "basic_auth: {username: a, password: Xk29}",
            "{\"password\":\"X1\"}",
            "export AWS_SECRET_ACCESS_KEY=x1y2",
            "- token = \"4f2a\"",
            "client-secret: two",
        ] {
            assert!(sets_secret(line), "{line}");
        }
        for line in [
            "smtp_auth_password_file: /etc/alertmanager/secrets/password",
            "# password: hunter2",
            "password: << values.password >>",
            "password: \"{{ .password }}\"",
            "password: ${PASSWORD}",
            "secretKeyRef: { name: << values.database.name >>, key: << values.database.key >> }",
            "secretName: database",
            "automountServiceAccountToken: false",
            "authorization: {type: Bearer, credentials_file: /var/run/token}",
            "password: has to be changed by hand",
            "sum by (token) (rate(logins_total{code=~\"5..\"}[5m]))",
            "tokens:",
        ] {
            assert!(!sets_secret(line), "{line}");
        }
    }

    /// Whoever takes a built-in file as a beginning is not blamed for it.
    #[test]
    fn no_built_in_file_sets_a_secret() {
        for (path, text) in TEMPLATES {
            let line = text.lines().find(|line| is_secret(line) || sets_secret(line));
            assert!(line.is_none(), "{path}: {line:?}");
        }
    }

    #[test]
    fn an_argument_may_be_a_secret_by_its_option() {
        let found = |words: &[&str]| {
            let words: Vec<Option<&str>> = words.iter().copied().map(Some).collect();
            secret_arguments(&words).into_iter().map(|(at, _)| at).collect::<Vec<_>>()
        };
        assert_eq!(found(&["serve", "--password=hunter2", "--token", "hunter2", "--api-key", "hunter2"]), [1, 3, 5]);
        assert_eq!(found(&["sh", "-c", "PGPASSWORD=hunter2 psql"]), [2]);
        assert_eq!(found(&["migrate && serve --token 'hunter2'", "export API_KEY=\"hunter2\"; serve"]), [0, 1]);
        for words in [
            ["-c", "PGPASSWORD=$PASSWORD psql; PGPASSWORD=\"$(cat /run/x)\" psql --token \"$TOKEN\""],
            ["-c", "PGPASSFILE=/run/pgpass psql --password-file /run/x --token=${TOKEN}"],
            ["-c", "echo the token is not here"],
            ["--password-file", "/run/password"],
            ["--token-ttl", "1h"],
            ["--use-token", "true"],
            ["--token", "--verbose"],
            ["--token", "$(TOKEN)"],
            ["--level", "info"],
            ["token", "create"],
            ["--password", ""],
        ] {
            assert!(found(&words).is_empty(), "{words:?}");
        }
    }

    #[test]
    fn secrets_are_told_from_what_is_about_them() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("DATABASE", "postgres://app:hunter2@db:5432/app"),
            ("ANY", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
            ("GOOGLE", "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"),
            ("MODEL", "sk-ant-api03-abcdefgh"),
            ("SLACK_WEBHOOK_URL", "https://hooks.example.com/T0/B0/x"),
            ("api-key", "4f2a9c"),
            ("DSN", "shop:pass1234@tcp(db:3306)/shop?parseTime=true"),
            ("JDBC", "jdbc:postgresql://db/shop?user=shop&password=kjasdhf78q3"),
            ("ADO", "Server=db;User Id=shop;Password=kjasdhf78q3;"),
            ("LIBPQ", "host=db user=shop password=kjasdhf78q3"),
            ("AUTH", "Bearer abcdef1234567890"),
            ("AUTH", "Basic YWRtaW46aHVudGVyMg=="),
            ("DB_PASSWORD_SECRET", "hunter2hunter2"),
            ("DB_PASSWORD_SECRET", "db-hunter2"),
            ("JWT_SECRET", "my-own-words"),
            ("TOKEN_STORE", "4f2a9c1b8d7e"),
            ("SECRET_PATH", "kjasdhfqwoeiruzxmvnbalskdj"),
            ("ADO", ";Password=Abc12345!;"),
            ("REGISTRY", "npm_abcdefghijklmnopqrstuvwxyz0123456789"),
            ("MAPS", "AIzaB1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"),
        ] {
            assert!(is_literal(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD", "$(PASSWORD)"),
            ("DB_PASSWORD_FILE", "/run/secrets/db"),
            ("TOKEN_URL", "https://login.example.com/token"),
            ("TOKEN_TTL", "1h"),
            ("PASSWORD_MIN_LENGTH", "12"),
            ("DATABASE", "postgres://db:5432/app"),
            ("DATABASE", "postgres://$(USER):$(PASSWORD)@db:5432/app"),
            ("AWS_ACCESS_KEY_ID", "some-name"),
            ("SECRET_NAME", "db"),
            ("LOG_LEVEL", "info"),
            ("DSN", "shop:$(PASSWORD)@tcp(db:3306)/shop"),
            ("DSN", "shop@tcp(db:3306)/shop"),
            ("JDBC", "jdbc:postgresql://db/shop?user=shop&password=${PASSWORD}&sslmode=require"),
            ("ADO", "Server=db;User Id=shop;Password=$(PASSWORD);"),
            ("LOGIN_URL", "https://login.example.com/auth?response_type=token&token_type=jwt"),
            ("OWNER", "team:web@example.com"),
            ("SECRETS_BACKEND", "vault"),
            ("SECRET_STORE", "aws"),
            ("PASSWORD_RESET_TEMPLATE", "reset-mail"),
            ("SECRET_ENGINE", "kv-v2"),
            ("PASSWORD_ENCODER", "bcrypt"),
            ("TOKEN_CACHE", "redis://cache:6379"),
            ("VAULT_SECRET_PATH", "secret/data/app"),
            ("VAULT_SECRETS_PATH", "kv/data/prod"),
            ("AUTH_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
            ("DB_PASSWORD_SECRET", "db-credentials"),
            ("NPM", "npm_config_registry npm_package_dependencies_of_a_very_long_name"),
            ("TITLE", "Basic authentication"),
            ("TITLE", "Bearer tokens and what they are, in 2026"),
        ] {
            assert!(!is_literal(name, value), "{name}={value}");
        }
    }
}
