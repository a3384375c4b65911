//! The collected diagnostics of one run: nothing returns early, everything is sorted by place at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostics::codes;
use crate::diagnostics::source::{Source, Span};

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is rendered.
    Error,
    /// Rendered, but somebody should decide.
    Warning,
    /// Worth knowing.
    Note,
}

/// One mistake or doubt, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, from [`codes`](crate::diagnostics::codes).
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The fact and then the expectation: lower case, no full stop.
    pub message: String,
    /// Where it is.
    pub span: Span,
    /// What stands under the caret.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// The path in the description, such as `components.api`, by which `[[accept]]` names it.
    pub object: Option<String>,
    /// The line of the description that it comes from, where it is about something else.
    pub origin: Option<String>,
    /// Whether what stands at its place may be a secret, so that nobody shows the line.
    pub is_secret: bool,
    /// How much of the message says in which environment alone it holds, in bytes.
    prefix: usize,
}

impl Diagnostic {
    /// Says what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// The message without the environment in which alone it holds, as far as its teller knows.
    pub fn bare_message(&self) -> &str {
        &self.message[self.prefix..]
    }

    /// Says that it holds in this environment, and not in the base.
    fn holds_in(&mut self, environment: &str) {
        let prefix = format!("in environment `{environment}`, ");
        self.prefix += prefix.len();
        self.message.insert_str(0, &prefix);
    }

    /// Says what stands under the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Suggests `word` when there is one.
    pub fn did_you_mean(&mut self, word: Option<&str>) -> &mut Self {
        if let Some(word) = word {
            self.help = Some(format!("did you mean `{word}`?"));
        }
        self
    }
}

/// Of more than this with one code and severity in one text, only the number is told: nobody reads on, and a text of nothing
/// but mistakes has millions.
pub const MOST: usize = 1000;

/// All diagnostics of one run about one text, and about the files beside it.
#[derive(Debug, Default)]
pub struct Report {
    found: Vec<Diagnostic>,
    /// How many of each sort stand in `found`, and what is said of those that do not.
    sorts: BTreeMap<(&'static str, Severity), Sort>,
    /// What has been left out last; whoever reported it may add to it.
    spare: Option<Diagnostic>,
    guesses: Vec<Span>,
    misses_text: bool,
    is_about_secrets: bool,
    beside: BTreeMap<String, Beside>,
}

/// How many there are of one code and severity.
#[derive(Debug, Default)]
struct Sort {
    kept: usize,
    left: usize,
    /// Tells how many have been left out, at the place of the first.
    rest: Option<Diagnostic>,
}

impl Sort {
    fn leave_out(&mut self, count: usize, first: &Diagnostic) {
        self.left += count;
        let rest = self.rest.get_or_insert_with(|| Diagnostic { label: None, help: None, prefix: 0, ..first.clone() });
        rest.message = format!("{} more of `{}` are not shown, of which this is the first", self.left, rest.code);
    }
}

/// What has been found in a file that the text names.
#[derive(Debug)]
pub struct Beside {
    /// The whole file.
    pub text: Arc<str>,
    /// What is wrong in it.
    pub report: Report,
}

impl Report {
    /// Adds an error and hands it back for a label or help.
    pub fn error(&mut self, code: &'static str, span: impl Into<Span>, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, code, span.into(), message.into())
    }

    /// Adds a warning about the object at `path`.
    pub fn warning(
        &mut self,
        code: &'static str,
        span: impl Into<Span>,
        path: String,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let diagnostic = self.add(Severity::Warning, code, span.into(), message.into());
        diagnostic.object = Some(path);
        diagnostic
    }

    /// Says what to do about what was reported last.
    pub fn last_help(&mut self, help: &str) {
        if let Some(last) = self.spare.as_mut().or(self.found.last_mut()) {
            last.help(help);
        }
    }

    /// Adds a diagnostic of this severity.
    pub fn add(&mut self, severity: Severity, code: &'static str, span: Span, message: String) -> &mut Diagnostic {
        self.push(Diagnostic {
            code,
            severity,
            message,
            span,
            label: None,
            help: None,
            object: None,
            origin: None,
            is_secret: false,
            prefix: 0,
        })
    }

    /// Whether further errors with this code are counted only, so that nobody reads what could be said of them.
    pub fn is_full(&self, code: &'static str) -> bool {
        self.sorts.get(&(code, Severity::Error)).is_some_and(|sort| sort.kept >= MOST)
    }

    fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        let sort = self.sorts.entry((diagnostic.code, diagnostic.severity)).or_default();
        if sort.kept == MOST {
            sort.leave_out(1, &diagnostic);
            return self.spare.insert(diagnostic);
        }
        sort.kept += 1;
        self.spare = None;
        self.found.push(diagnostic);
        self.found.last_mut().expect("a diagnostic was just pushed")
    }

    /// Takes over what another report has found, as far as it is of interest.
    fn append(&mut self, other: Vec<Diagnostic>, sorts: BTreeMap<(&'static str, Severity), Sort>) {
        for diagnostic in other {
            self.push(diagnostic);
        }
        for (sort, Sort { left, rest, .. }) in sorts {
            if let Some(first) = rest {
                self.sorts.entry(sort).or_default().leave_out(left, &first);
            }
        }
    }

    /// Drops what `keep` says no to. If that is all that is known of a sort, the rest of it goes as well.
    fn filter(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(keep);
        self.sorts.values_mut().for_each(|sort| sort.kept = 0);
        for Diagnostic { code, severity, .. } in &self.found {
            self.sorts.entry((code, *severity)).or_default().kept += 1;
        }
        self.sorts.retain(|_, sort| sort.kept > 0);
    }

    /// The report about a file beside the text, by the name that the user knows it by.
    pub fn beside(&mut self, name: String, text: &Arc<str>) -> &mut Self {
        let file = || Beside { text: Arc::clone(text), report: Self::default() };
        &mut self.beside.entry(name).or_insert_with(file).report
    }

    /// The files beside the text about which there is a report, in order of their names.
    pub fn files(&self) -> impl Iterator<Item = (Source<'_>, &Self)> {
        self.beside.iter().map(|(name, file)| (Source { name, text: &file.text }, &file.report))
    }

    /// Says that the text is a Secret's: its lines may hold values, though they should be encrypted.
    pub fn conceal_values(&mut self) {
        self.is_about_secrets = true;
    }

    /// Whether the lines of the text may hold values of Secrets.
    pub fn is_about_secrets(&self) -> bool {
        self.is_about_secrets
    }

    /// Takes those files out, with their names.
    pub fn take_files(&mut self) -> BTreeMap<String, Beside> {
        std::mem::take(&mut self.beside)
    }

    /// Takes over everything from another report.
    pub fn take(&mut self, other: Self) {
        self.append(other.found, other.sorts);
        self.guesses.extend(other.guesses);
        self.misses_text |= other.misses_text;
        self.is_about_secrets |= other.is_about_secrets;
        for (name, file) in other.beside {
            self.beside(name, &file.text).take(file.report);
        }
    }

    /// Drops what `keep` says no to; in files beside the text, nothing.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.filter(keep);
    }

    /// The same in files beside the text as well, each by its name; the text itself has the empty one.
    pub fn retain_everywhere(&mut self, mut keep: impl FnMut(&str, &Diagnostic) -> bool) {
        self.filter(|found| keep("", found));
        for (name, file) in &mut self.beside {
            file.report.filter(|found| keep(name, found));
        }
    }

    /// Drops what is said with the code `after` at a place where something has been said with the code `first`.
    pub fn once(&mut self, first: &str, after: &str) {
        let told: BTreeSet<Span> =
            self.found.iter().filter(|found| found.code == first).map(|found| found.span).collect();
        if !told.is_empty() {
            self.filter(|found| found.code != after || !told.contains(&found.span));
        }
    }

    /// Takes over the errors of another report that are of interest; all of those in files beside the text are.
    pub fn adopt(&mut self, mut other: Self, mut wanted: impl FnMut(&Diagnostic) -> bool) {
        other.filter(|diagnostic| diagnostic.severity == Severity::Error && wanted(diagnostic));
        self.append(other.found, other.sorts);
        self.is_about_secrets |= other.is_about_secrets;
        for (name, file) in other.beside {
            self.beside(name, &file.text).take(file.report.errors());
        }
    }

    /// The errors alone, of every text.
    fn errors(mut self) -> Self {
        self.filter(|diagnostic| diagnostic.severity == Severity::Error);
        let files = self.beside.into_iter();
        self.beside = files.map(|(name, file)| (name, Beside { report: file.report.errors(), ..file })).collect();
        self
    }

    /// Takes over what holds in an environment only, and says so.
    pub fn adopt_in(&mut self, other: Self, environment: &str) {
        for mut found in other.found {
            if !self.found.iter().any(|known| (known.code, known.span) == (found.code, found.span)) {
                found.holds_in(environment);
                self.push(found);
            }
        }
        for (name, file) in other.beside {
            self.beside(name, &file.text).adopt_in(file.report, environment);
        }
    }

    /// Takes over everything, and says of the errors in the text that are `lone` that they hold in an environment only.
    pub fn take_in(&mut self, mut other: Self, environment: &str, lone: impl Fn(&Diagnostic) -> bool) {
        let errors = other.found.iter_mut().filter(|found| found.severity == Severity::Error);
        errors.filter(|found| lone(found)).for_each(|found| found.holds_in(environment));
        self.take(other);
    }

    /// The errors in the text that are told and `wanted`, once more.
    #[must_use]
    pub fn picked(&self, wanted: impl Fn(&Diagnostic) -> bool) -> Self {
        let is_meant = |found: &&Diagnostic| found.severity == Severity::Error && wanted(found);
        let mut picked = Self::default();
        picked.append(self.sorted().into_iter().filter(is_meant).cloned().collect(), BTreeMap::new());
        picked
    }

    /// Where errors begin, in order.
    pub fn error_places(&self) -> Vec<usize> {
        let errors = self.found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let mut places: Vec<usize> = errors.map(|diagnostic| diagnostic.span.start()).collect();
        places.sort_unstable();
        places
    }

    /// How much has been found so far.
    pub fn count(&self) -> usize {
        self.found.len() + self.sorts.values().map(|sort| sort.left).sum::<usize>()
    }

    /// How much of a severity there is, also of what is not shown.
    pub fn count_of(&self, severity: Severity) -> usize {
        let shown = self.sorted().into_iter().filter(|found| found.severity == severity).count();
        let rests = self.sorts.iter().filter(|((_, of), sort)| *of == severity && sort.left > 0);
        shown + rests.map(|(_, sort)| sort.left - 1).sum::<usize>()
    }

    /// Whether nothing at all has been found, in files beside the text neither.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.beside.values().all(|file| file.report.is_empty())
    }

    /// Whether anything forbids rendering.
    pub fn has_errors(&self) -> bool {
        let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        self.found.iter().any(is_error) || self.beside.values().any(|file| file.report.has_errors())
    }

    /// Says that the text in `span` could not be understood: what is said about it is a guess.
    pub fn distrust(&mut self, span: impl Into<Span>) {
        self.guesses.push(span.into());
    }

    /// Says that text could not be understood as far as to know what it is about: whatever is called absent may stand
    /// there.
    pub fn miss_text(&mut self) {
        self.misses_text = true;
    }

    /// Everything found, in order of place; two at one place stand in order of code, the same twice stands once.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let guesses = merged(&self.guesses);
        let is_told = |diagnostic: &&Diagnostic| !self.is_guess(diagnostic, &guesses);
        let all = self.found.iter().chain(self.sorts.values().filter_map(|sort| sort.rest.as_ref()));
        let mut sorted: Vec<&Diagnostic> = all.filter(is_told).collect();
        sorted.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        sorted.dedup();
        sorted
    }

    /// Whether a diagnostic is about what stands in for a faulty value, or would not be there without a syntax error:
    /// the fault itself has been reported.
    fn is_guess(&self, diagnostic: &Diagnostic, guesses: &[Span]) -> bool {
        let Diagnostic { code, span, .. } = diagnostic;
        let doubtful = || {
            let next = guesses.partition_point(|guess| guess.start() <= span.start());
            let within = next.checked_sub(1).is_some_and(|at| span.start() <= guesses[at].end());
            within || self.misses_text && (*span == Span::default() || codes::ABSENCE.contains(code))
        };
        *span == Span::STAND_IN || (*code != codes::SYNTAX && !guesses.is_empty() && doubtful())
    }

    /// Drops the warnings for which `keep` says no.
    pub fn retain_warnings(&mut self, mut keep: impl FnMut(&Diagnostic) -> bool) {
        self.filter(|diagnostic| diagnostic.severity == Severity::Error || keep(diagnostic));
    }
}

/// The same text in as few spans as hold it, in order: a file of nothing but mistakes has very many.
fn merged(spans: &[Span]) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<Span> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.start() <= last.end() => *last = (last.start()..last.end().max(span.end())).into(),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_the_number_is_told() {
        let mut report = Report::default();
        for at in 0..MOST + 5 {
            report.error(codes::MANIFEST, at..at + 1, format!("mistake {at}")).help("mend it");
            report.add(Severity::Note, codes::ORPHAN, (at..at + 1).into(), format!("note {at}"));
        }
        report.add(Severity::Warning, codes::MANIFEST, (0..1).into(), "a doubt".to_owned());
        let mut all = Report::default();
        all.take(report);
        let told = all.sorted();
        assert_eq!(told.len(), 2 * (MOST + 1) + 1);
        assert_eq!(told.last().map(|last| (last.span.start(), last.code)), Some((MOST, codes::ORPHAN)));
        assert_eq!(told[told.len() - 2].message, "5 more of `manifest` are not shown, of which this is the first");
        assert_eq!((all.count_of(Severity::Error), all.count_of(Severity::Warning)), (MOST + 5, 1));

        all.retain(|found| found.code == codes::MANIFEST);
        assert_eq!(all.sorted().len(), MOST + 2, "what is not asked for is not counted either");
        assert_eq!(all.count_of(Severity::Note), 0);
    }
}
