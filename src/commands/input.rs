//! Reading the description: a file or stdin, whole, as text, and not too large to be one.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

use anyhow::{Context, bail, ensure};

use crate::commands::output;
use crate::commands::shelf::{self, Directory, Revision};
use crate::diagnostics::caret;
use crate::diagnostics::report::{Diagnostic, Report, Severity};
use crate::diagnostics::source::Source;
use crate::diff::secrets::{self, Shown};
use crate::model::bundle::Bundle;
use crate::model::object::Object;
use crate::model::platform::Platform;
use crate::parts::payload;
use crate::pipeline;
use crate::stages::types::TEMPLATES;
use crate::values::shelf::{Described, Shelf};

/// Larger than any description that a person writes; 10,000 services take a tenth of it.
const LARGEST: u64 = 64 << 20;

/// A description as it was read.
#[derive(Clone)]
pub struct Input {
    /// How to name it in messages.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// What lies beside it.
    pub shelf: Rc<dyn Shelf>,
    /// Whether every image must be pinned.
    pub is_locked: bool,
}

impl Input {
    /// The same, where every image must be pinned if `is_locked`.
    #[must_use]
    pub fn locked(self, is_locked: bool) -> Self {
        Self { is_locked, ..self }
    }

    /// The text with what lies beside it.
    pub fn described(&self) -> Described<'_> {
        Described { text: &self.text, shelf: self.shelf.as_ref(), is_locked: self.is_locked, is_alone: false }
    }
}

/// Reads `path`, or stdin for `-`.
pub fn read(path: &Path) -> anyhow::Result<Input> {
    let (name, bytes) = if path == Path::new("-") {
        ("<stdin>".to_owned(), bounded(std::io::stdin().lock()).context("cannot read stdin")?)
    } else {
        let name = path.display().to_string();
        let file =
            File::open(path).with_context(|| format!("cannot open {name}, the description (`-f` names another)"))?;
        let metadata = file.metadata().with_context(|| format!("cannot read {name}"))?;
        if metadata.is_dir() {
            bail!("{name} is a directory; expected a description such as platform.toml");
        }
        let bytes = bounded(file).with_context(|| format!("cannot read {name}"))?;
        (name, bytes)
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input { name, text, shelf: Rc::new(Directory::of(path)), is_locked: false }),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
            let place = Source { name: &name, text: &before }.place(before.len());
            bail!("{name}:{}:{}: this byte is not UTF-8; expected a TOML file in UTF-8", place.line, place.column)
        }
    }
}

fn bounded(reader: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        bail!("it is larger than {} MiB; expected a description", LARGEST >> 20);
    }
    Ok(bytes)
}

/// The description at `place` as it is elsewhere: in the file `other`, or in git at the revision `other`.
pub fn against(other: &str, place: &Path) -> anyhow::Result<Input> {
    if Path::new(other).exists() || place == Path::new("-") {
        return read(Path::new(other));
    }
    // a revision that begins with `-` would be an option to git
    ensure!(!other.starts_with('-'), "`{other}` is neither a file nor a revision");
    let file = place.file_name().unwrap_or_default().to_string_lossy();
    let output = Command::new("git")
        .arg("-C")
        .arg(shelf::directory(place))
        .args(["show", &format!("{other}:./{file}")])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{other}` is no file, and git cannot be asked for it as a revision"))?;
    let why = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{other}` is no file, and git says: {}", why.trim());
    let text = String::from_utf8(output.stdout).with_context(|| format!("{other}:{file} is not UTF-8"))?;
    Ok(Input { name: format!("{other}:{file}"), text, shelf: Rc::new(Revision::of(place, other)), is_locked: false })
}

/// The platform that `input` describes with what `finish` makes of its objects; everything that is wrong or doubtful
/// goes to stderr. `None` means that it is wrong.
pub fn render<T: Send, F: FnMut(Object) -> T>(
    input: &Input,
    environment: Option<&str>,
    finish: impl Fn() -> F + Sync,
) -> Option<(Platform, Bundle<T>)> {
    let mut report = Report::default();
    let rendered = pipeline::render_as(input.described(), environment, &mut report, finish);
    tell(input, &report);
    rendered
}

/// Says on stderr what is wrong or doubtful in a description.
pub fn tell(input: &Input, report: &Report) {
    let found = report.sorted();
    let source = Source { name: &input.name, text: &input.text };
    let mut text = shown(&found, source);
    let mut errors = count(&found);
    for (source, report) in report.files() {
        text += &told(source, report);
        errors += count(&report.sorted());
    }
    if errors > 0 {
        let plural = if errors == 1 { "" } else { "s" };
        text.extend([&input.name, ": ", &errors.to_string(), " error", plural, "; nothing rendered\n"]);
    }
    output::complain(&text);
}

/// What is found in a file beside a description. Of a Secret, no line is shown that may hold a value.
pub fn told(source: Source<'_>, report: &Report) -> String {
    let found = report.sorted();
    if report.is_about_secrets() {
        return caret::text_of(&found, source, is_colored_stderr(), &secrets::shown_of_manifest(source.text));
    }
    shown(&found, source)
}

fn shown(found: &[&Diagnostic], source: Source<'_>) -> String {
    if found.is_empty() {
        return String::new();
    }
    caret::text_of(found, source, is_colored_stderr(), &lines_shown(source))
}

/// Which lines may be shown of a description or of a file beside it.
pub fn lines_shown(source: Source<'_>) -> Shown {
    // what takes the place of a configuration file is no manifest, whatever it is called
    let is_payload = payload::paths().any(|path| source.name.ends_with(&format!("{TEMPLATES}/{path}")));
    secrets::shown(if is_payload { "" } else { source.name }, source.text)
}

fn count(found: &[&Diagnostic]) -> usize {
    found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
}

/// Whether messages to stderr are coloured.
pub fn is_colored_stderr() -> bool {
    std::io::stderr().is_terminal() && !is_no_color()
}

/// Whether the user wants no colours at all (<https://no-color.org>).
pub fn is_no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Refuses to write what a build compares with: a build that makes it itself always passes.
pub fn may_write(place: &Path, is_forced: bool) -> anyhow::Result<()> {
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if is_ci && !is_forced {
        bail!("`CI` is set, where nobody reads what `{}` becomes; `--force` writes it all the same", place.display());
    }
    Ok(())
}

/// Whether what is written there hides no difference: nothing is there, or a directory that holds nothing.
pub fn is_new(place: &Path) -> bool {
    !place.exists() || place.read_dir().is_ok_and(|mut entries| entries.next().is_none())
}
