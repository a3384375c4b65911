//! All environments of a description at once: a tree for each, beside each other.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::commands::input::{self, Input};
use crate::commands::output::{self, listing, survey};
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::emit;
use crate::model::tree::{Tree, TreeFile};
use crate::ordered::Ordered;
use crate::pipeline::{self, Turns};
use crate::spec::overlay::BASE;

/// The base and every environment, in alphabetical order; `None` stands for the base.
pub fn names(input: &Input) -> impl Iterator<Item = Option<String>> {
    iter::once(None).chain(pipeline::environments(&input.text).into_iter().map(Some))
}

/// What an environment is called as a directory.
pub fn directory(environment: Option<&str>) -> &str {
    environment.unwrap_or(BASE)
}

/// Where the tree of the description is kept, unless somebody says otherwise.
const GOLDEN: &str = "golden";
/// Below which those of its environments are, each called as its table is: `[environments.staging]`.
const ENVIRONMENTS: &str = "environments";

/// Where the tree of an environment is kept, unless somebody says otherwise.
pub fn kept(environment: Option<&str>) -> PathBuf {
    environment.map_or(PathBuf::from(GOLDEN), |name| Path::new(ENVIRONMENTS).join(name))
}

/// Everything that is kept, of environments that are no longer declared as well. `read` says what a directory holds; it is
/// told how to fill one that is not there and should be.
pub fn kept_trees(trees: &[(Option<String>, Tree)], read: fn(&Path, &str) -> Result<Tree>) -> Result<Tree> {
    let mut files = Vec::new();
    let is_kept = |place: &str| place == GOLDEN || trees.len() > 1 || Path::new(place).exists();
    let kept = [(GOLDEN, ""), (ENVIRONMENTS, " --environment NAME")].into_iter().filter(|(place, _)| is_kept(place));
    for (place, how) in kept {
        files.extend(within(place, read(Path::new(place), how)?));
    }
    Ok(Tree { files })
}

/// The tree of each environment, with its name; what is wrong or doubtful in several is said once. `None` means that
/// something is wrong.
pub fn trees(input: &Input) -> Option<Vec<(Option<String>, Tree)>> {
    let (mut remarks, mut turns) = (Remarks::default(), Turns::of(input.described()));
    let rendered: Vec<Option<(Option<String>, Tree)>> = names(input)
        .map(|name| {
            let mut own = Report::default();
            let rendered = turns.render_as(name.as_deref(), &mut own, emit::writer);
            remarks.add(own, rendered.is_some());
            rendered.map(|(_, bundle)| (name, emit::tree(&bundle)))
        })
        .collect();
    input::tell(input, &remarks.all());
    rendered.into_iter().collect()
}

/// What is said of a description in several environments: what holds in more than one is said once, and what one of them
/// needs is not for nothing.
#[derive(Default)]
pub struct Remarks {
    report: Report,
    /// The file beside it, or the empty name for the description itself; the code, the place and what is said.
    told: BTreeSet<(String, &'static str, usize, String)>,
    /// Where entries stand that have accepted nothing in any of them so far.
    unused: Option<BTreeSet<Span>>,
}

impl Remarks {
    /// Adds what is said of one. Where it could not be judged to the end, nothing is known to be for nothing.
    pub fn add(&mut self, mut own: Report, is_judged: bool) {
        let unused = own.sorted().into_iter().filter(|found| is_judged && found.code == codes::UNUSED_ACCEPT);
        let unused: BTreeSet<Span> = unused.map(|found| found.span).ordered();
        self.unused = Some(match self.unused.take() {
            Some(known) => &known & &unused,
            None => unused,
        });
        own.retain_everywhere(|file, found| {
            // what a patch changes is not the same everywhere, and that it does is
            let said = if found.code == codes::PATCHED { "" } else { found.bare_message() };
            self.told.insert((file.to_owned(), found.code, found.span.start(), said.to_owned()))
        });
        self.report.take(own);
    }

    /// All of it.
    pub fn all(mut self) -> Report {
        let unused = self.unused.unwrap_or_default();
        self.report.retain(|found| found.code != codes::UNUSED_ACCEPT || unused.contains(&found.span));
        self.report
    }
}

/// The directory of an environment below `place`, or where it is kept.
fn place_of(place: Option<&Path>, environment: Option<&str>) -> PathBuf {
    place.map_or_else(|| kept(environment), |place| place.join(directory(environment)))
}

/// All of them as one tree: what is below `place`, or what is kept.
pub fn together(place: Option<&Path>, trees: Vec<(Option<String>, Tree)>) -> Tree {
    let below = place.map(|_| Path::new(""));
    let files = trees.into_iter().flat_map(|(name, tree)| {
        let place = place_of(below, name.as_deref());
        within(&place.to_string_lossy(), tree).collect::<Vec<_>>()
    });
    Tree { files: files.collect() }
}

fn within(place: &str, tree: Tree) -> impl Iterator<Item = TreeFile> {
    tree.files.into_iter().map(move |file| TreeFile { path: format!("{place}/{}", file.path), text: file.text })
}

/// Writes each into its directory below `place`, or where it is kept, after all of them may be written; and takes away what an
/// earlier run wrote for an environment that is no longer declared.
pub fn write(place: Option<&Path>, trees: &[(Option<String>, Tree)], is_forced: bool) -> Result<()> {
    for (name, tree) in trees {
        may_replace(&place_of(place, name.as_deref()), tree, is_forced)?;
    }
    let left = left(place.unwrap_or(Path::new(ENVIRONMENTS)), trees)?;
    for directory in &left {
        input::may_write(directory, is_forced)?;
        survey::survey(directory, &Tree::default())?;
    }
    for (name, tree) in trees {
        let directory = place_of(place, name.as_deref());
        let written = output::write_directory(&directory, tree)?;
        output::complain(&format!("{}: {written}\n", directory.display()));
    }
    for directory in &left {
        let written = output::remove_directory(directory)?;
        output::complain(&format!("{}, of an environment that is not declared: {written}\n", directory.display()));
    }
    Ok(())
}

/// Whether a tree may take the place of what a directory holds: nothing, or what an earlier run wrote of the same environment
/// of the same platform, and that not in a build.
pub fn may_replace(directory: &Path, tree: &Tree, is_forced: bool) -> Result<()> {
    if is_forced || input::is_new(directory) {
        return Ok(());
    }
    input::may_write(directory, false)?;
    let old = |name: &str| fs::read_to_string(directory.join(name)).ok();
    let new = |name: &str| tree.files.iter().find(|file| file.path == name).map(|file| file.text.clone());
    // what nobody here has written is refused where it is replaced
    let Some(list) = old(listing::FILE).filter(|list| list.starts_with(listing::MARKER)) else { return Ok(()) };
    let of = |list: &str| match emit::environment_of(list) {
        Some(name) => format!("the environment `{name}`"),
        None => "the base".to_owned(),
    };
    let (holds, wanted) = (of(&list), of(&new(listing::FILE).unwrap_or_default()));
    ensure!(holds == wanted, "`{}` holds the tree of {holds}, and this is {wanted}; {FORCE}", directory.display());
    let platforms = [old(emit::CLUSTER), new(emit::CLUSTER)].map(|text| text.and_then(|text| emit::platform_of(&text)));
    if let [Some(holds), Some(wanted)] = platforms {
        let place = directory.display();
        ensure!(holds == wanted, "`{place}` holds the tree of the platform `{holds}`, and this is `{wanted}`; {FORCE}");
    }
    Ok(())
}

const FORCE: &str = "`--force` writes it all the same";

/// The directories below `place` with the tree of an environment that is none of these. A tree says which one it is of, so
/// that nothing else is taken for one.
fn left(place: &Path, trees: &[(Option<String>, Tree)]) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(place) {
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot list the directory `{}`", place.display()))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list the directory `{}`", place.display()))?;
        let name = entry.file_name();
        let is_declared = trees.iter().any(|(own, _)| name == directory(own.as_deref()));
        if is_declared || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let list = fs::read_to_string(entry.path().join(listing::FILE)).unwrap_or_default();
        if emit::environment_of(&list).is_some_and(|own| name == own) {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}
