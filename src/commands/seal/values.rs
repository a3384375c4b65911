//! Values of Secrets from whoever knows them: one from stdin, or each from a prompt that shows nothing.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, Result, bail, ensure};
use zeroize::Zeroizing;

use crate::commands::output;
use crate::diagnostics::suggest;
use crate::sealing::cipher::LARGEST;

/// A value, which is overwritten in memory when it is not needed any more.
pub type Value = Zeroizing<Vec<u8>>;

/// A value for each of the keys.
pub fn read(keys: &[String], place: &str) -> Result<Vec<(String, Value)>> {
    if io::stdin().is_terminal() {
        let prompted =
            |key: &String| Ok((key.clone(), Zeroizing::new(prompted(&format!("{place} {key}"))?.as_bytes().to_vec())));
        return keys.iter().map(prompted).collect();
    }
    let [key] = keys else {
        bail!(
            "one value comes from stdin, and {} are asked for: name one of {}",
            keys.len(),
            suggest::list(keys.iter().map(String::as_str))
        );
    };
    let value = piped()?;
    if value.ends_with(b"\n") {
        output::complain(&format!(
            "the value of `{key}` ends with a line break, which is sealed with it; `printf %s` writes none\n"
        ));
    }
    Ok(vec![(key.clone(), value)])
}

/// The user name and password of a credential. As with `docker login`, a password from stdin ends before its line break.
pub fn read_credential(credential: &str, name: Option<&str>) -> Result<(String, Zeroizing<String>)> {
    let is_terminal = io::stdin().is_terminal();
    let name = match name {
        Some(name) => name.to_owned(),
        None if is_terminal => {
            output::complain(&format!("{credential} user name: "));
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).context("cannot read the user name")?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        }
        None => bail!("the password comes from stdin, so the user name must be told: `--username NAME`"),
    };
    if is_terminal {
        return Ok((name, prompted(&format!("{credential} password"))?));
    }
    let value = piped()?;
    let Ok(text) = std::str::from_utf8(&value) else { bail!("the password is not UTF-8") };
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Ok((name, Zeroizing::new(text.to_owned())))
}

/// All of stdin. Room is made at once, since growing would leave copies behind.
fn piped() -> Result<Value> {
    let mut value = Zeroizing::new(vec![0; LARGEST + 1]);
    let mut stdin = io::stdin().lock();
    let mut length = 0;
    while length < value.len() {
        match stdin.read(&mut value[length..]).context("cannot read the value from stdin")? {
            0 => break,
            more => length += more,
        }
    }
    ensure!(length > 0, "the value is empty; it comes from stdin");
    ensure!(length <= LARGEST, "the value is larger than a Secret may be: {LARGEST} bytes");
    value.truncate(length);
    Ok(value)
}

/// Asked twice, since nobody sees what is typed.
fn prompted(what: &str) -> Result<Zeroizing<String>> {
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt).map(Zeroizing::new).context("cannot ask for a value here; give it on stdin")
    };
    let value = ask(format!("{what}: "))?;
    ensure!(!value.is_empty(), "the value is empty");
    ensure!(ask(format!("{what}, once more: "))? == value, "the two are not the same; nothing is sealed");
    let _ = io::stderr().flush();
    Ok(value)
}
