//! Patches: changes to objects that no key of the description covers. Each changes something, changes nothing that others
//! rely on, and leaves an object that a server takes.

use std::collections::BTreeSet;

use crate::diagnostics::codes;
use crate::diagnostics::report::{Report, Severity};
use crate::diagnostics::source::{Source, Span};
use crate::diagnostics::suggest;
use crate::diff::change::{Change, What};
use crate::diff::structure::differences;
use crate::emit::Document as _;
use crate::hatches::derived::{self, Subject};
use crate::hatches::work::{self, Work};
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::manifest::patch;
use crate::manifest::read::{self, Dialect};
use crate::model::bundle::Patched;
use crate::model::given::Given;
use crate::model::object::{Object, ObjectId};
use crate::model::platform::Platform;
use crate::schema::Schema;
use crate::spec::hatches::{OperationSpec, PatchSpec, TargetSpec};
use crate::spec::shapes::{AcceptSpec, Minor};
use crate::tables::{HashMap, HashSet};
use crate::validate::decode;
use crate::validate::policy::literals;
use crate::validate::sops;
use crate::validate::written;

/// All patches, and what they have changed so far.
#[derive(Debug)]
pub struct Patches<'p> {
    platform: &'p Platform,
    /// The description.
    text: &'p str,
    all: Vec<Patch<'p>>,
    /// By kind and name; those that name no object have the empty name.
    aimed: HashMap<(&'p str, &'p str), Vec<usize>>,
    /// The names of all components.
    components: HashSet<&'p str>,
    minor: Minor,
}

#[derive(Debug)]
struct Patch<'p> {
    spec: &'p PatchSpec,
    /// Where it is told of.
    span: Span,
    work: Work<'p>,
    matched: bool,
    is_wrong: bool,
    changed: Vec<ObjectId>,
    paths: BTreeSet<String>,
}

/// What an object is held against once it has been patched.
struct Rules<'r> {
    schema: &'r Schema,
    minor: Minor,
    accepted: &'r [AcceptSpec],
}

impl<'p> Patches<'p> {
    /// The patches of a platform, whose description has this text.
    pub fn of(platform: &'p Platform, text: &'p str, report: &mut Report) -> Self {
        let mut all = Vec::new();
        let mut aimed: HashMap<(&str, &str), Vec<usize>> = HashMap::default();
        for (number, spec) in platform.hatches.patches.iter().enumerate() {
            let (work, is_wrong) = work::read(spec, text, report);
            let target = &spec.target.value;
            let name = target.name.as_ref().map_or("", |name| name.value.as_str());
            aimed.entry((&target.kind.value, name)).or_default().push(number);
            let span = spec.target.span;
            let (changed, paths) = (Vec::new(), BTreeSet::new());
            all.push(Patch { spec, span, work, matched: false, is_wrong, changed, paths });
        }
        let components = platform.components.iter().map(|declared| declared.own.name.as_str()).collect();
        Self { platform, text, all, aimed, components, minor: platform.facts.platform.kubernetes }
    }

    /// Whether a patch is meant for the object.
    pub fn concern(&self, object: &Object) -> bool {
        !self.meant(object).is_empty()
    }

    /// The numbers of the patches that are meant for the object, in the order in which the description has them.
    fn meant(&self, object: &Object) -> Vec<usize> {
        if self.all.is_empty() {
            return Vec::new();
        }
        let kind = object.kind();
        let names = [object.metadata().name.as_deref().unwrap_or_default(), ""];
        let aimed = names.iter().filter_map(|name| self.aimed.get(&(&*kind, *name))).flatten();
        let is_meant = |number: &usize| is_meant(&self.all[*number].spec.target.value, object);
        let mut numbers: Vec<usize> = aimed.copied().filter(is_meant).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The object with every patch that is meant for it.
    pub fn apply(&mut self, object: Object, report: &mut Report) -> Object {
        let numbers = self.meant(&object);
        if numbers.is_empty() {
            return object;
        }
        let (id, is_brought) = (object.id(), matches!(object, Object::Given(_)));
        let component = object.metadata().labels.as_ref().and_then(|labels| labels.get("app.kubernetes.io/name"));
        let component =
            component.filter(|name| self.components.contains(name.as_str())).cloned().unwrap_or_else(|| "…".to_owned());
        let mut node = tree(object);
        let schema = Schema::of(self.minor);
        let mut earlier: Vec<(Span, Change)> = Vec::new();
        for number in numbers {
            let patch = &mut self.all[number];
            patch.matched = true;
            let mut after = node.clone();
            if patch.is_wrong || !patch.work(&mut after, report) {
                continue;
            }
            let changes = differences(&node, &after);
            if changes.is_empty() {
                continue;
            }
            let namespace = if id.kind == "Namespace" { &id.name } else { &id.namespace };
            let subject = Subject { kind: &id.kind, is_brought, component: &component, namespace };
            patch.note(&id, &changes);
            let undone = earlier
                .iter()
                .find_map(|(span, done)| Some((*span, changes.iter().find(|change| undoes(change, done))?)));
            if let Some((other, change)) = undone {
                patch.is_wrong = true;
                let message =
                    format!("an earlier patch has changed `{}` of {id}, and this one undoes that", change.path);
                // the key is the other one's, and the value is its own
                let own = match &change.what {
                    What::Changed(_, new) if new.span != Span::default() => new.span,
                    _ => patch.work_span(),
                };
                report.error(codes::CONFLICT, own.start()..own.end().min(own.start() + LONGEST), message).help(
                    format!("the other one is that of line {}: say it in one of the two", line(self.text, other)),
                );
                continue;
            }
            let rules = Rules { schema, minor: self.minor, accepted: &self.platform.accepted };
            if patch.judge(subject, &changes, &after, &rules, report) {
                let span = patch.span;
                earlier.extend(changes.into_iter().map(|change| (span, change)));
                node = after;
            }
        }
        let id = Id::of(&node);
        Given::of(Document { span: Span::default(), id, root: node }).into()
    }

    /// What has been changed and why; patches that change nothing go to the report. `ids` are all objects, but for those of
    /// kinds that are `doubtful`: some of which are wrong by themselves.
    pub fn finish(self, ids: &[&ObjectId], doubtful: &BTreeSet<String>, report: &mut Report) -> Vec<Patched> {
        let mut done = Vec::new();
        for (number, patch) in self.all.into_iter().enumerate() {
            let target = &patch.spec.target.value;
            if !patch.changed.is_empty() {
                let reason = patch.spec.reason.value.trim().to_owned();
                let paths = patch.paths.into_iter().collect();
                done.push(Patched { number, span: patch.span, objects: patch.changed, paths, reason });
            } else if patch.is_wrong
                || goes_with_removed(target, self.platform)
                || (!patch.matched && doubtful.contains(&target.kind.value))
            {
                // told already, or not asked for here
            } else if patch.matched {
                let message = "this patch changes nothing: all that it says is so already";
                report.error(codes::NO_EFFECT, patch.work_span(), message).help("remove it");
            } else {
                unmet(target, patch.span, ids, report);
            }
        }
        done
    }
}

/// The line of the description, from one.
fn line(text: &str, span: Span) -> usize {
    Source { name: "", text }.place(span.start()).line
}

impl Patch<'_> {
    /// Does its work; whether it could.
    fn work(&mut self, node: &mut Node, report: &mut Report) -> bool {
        match &self.work {
            Work::Merge(change) => patch::merge(node, change),
            Work::Nothing => return false,
            Work::Operations(steps) => {
                for step in steps {
                    if let Err(why) = patch::operate(node, step.operation()) {
                        let OperationSpec { path, .. } = &step.spec.value;
                        report.error(codes::PATCH_FAILS, path.span, format!("`{}`: {why}", path.value));
                        self.is_wrong = true;
                        return false;
                    }
                }
            }
        }
        true
    }

    fn note(&mut self, id: &ObjectId, changes: &[Change]) {
        self.changed.push(id.clone());
        self.paths.extend(changes.iter().map(|change| change.path.to_string()));
    }

    /// Whether what has become of an object may be; what may not be is told once a patch.
    fn judge(
        &mut self,
        subject: Subject<'_>,
        changes: &[Change],
        after: &Node,
        rules: &Rules<'_>,
        report: &mut Report,
    ) -> bool {
        if let Some((path, instead)) = derived::fault(subject, changes) {
            self.is_wrong = true;
            let message = format!("`{path}` of a {} is not a patch's to change", subject.kind);
            report.error(codes::DERIVED_FIELD, self.place(after, &path.to_string()), message).help(instead);
            return false;
        }
        let mut aside = Report::default();
        let document = Document { span: Span::default(), id: Id::of(after), root: after.clone() };
        if sops::is_encrypted(after) || !literals::is_told_of_values(&document, &mut aside) {
            decode::decode(&document, rules.schema, rules.minor, &mut aside);
            literals::in_object(&document, rules.accepted, &mut aside);
            written::noted(&document, &mut aside);
        }
        for found in aside.sorted().into_iter().filter(|found| found.severity == Severity::Error) {
            let was_there = found.span.start() < 2;
            // whoever brought a secret has been told of it
            if was_there && found.code == codes::LITERAL_SECRET {
                continue;
            }
            self.is_wrong = true;
            // what stands nowhere has been there before, and goes with what the patch did to it
            let span = if was_there { self.work_span() } else { found.span };
            let told = report.error(found.code, span, found.message.clone());
            told.help.clone_from(&found.help);
        }
        !self.is_wrong
    }

    /// Where the patch says what stands at a path; the patch itself if it removes that.
    fn place(&self, after: &Node, path: &str) -> Span {
        let (mut node, mut found) = (after, None);
        let mut rest = path;
        while let Some(entry) = node.entries().iter().find(|entry| {
            [format!(".{}", entry.key), format!("[{}]", entry.key)].iter().any(|key| rest.starts_with(key.as_str()))
        }) {
            rest = &rest[entry.key.len() + if rest.starts_with('[') { 2 } else { 1 }..];
            // what was there keeps its key, and has the value of the patch
            let own = [entry.span, entry.node.span].into_iter().find(|span| *span != Span::default());
            found = own.map(|own| (own.start()..own.end().min(own.start() + LONGEST)).into());
            node = &entry.node;
        }
        found.unwrap_or_else(|| self.work_span())
    }

    fn work_span(&self) -> Span {
        let merge = self.spec.merge.as_ref().map(|merge| merge.span.first());
        merge.or_else(|| self.spec.json6902.first().map(|step| step.value.path.span)).unwrap_or(self.span)
    }
}

/// Whether a change takes back what another has done before it: what is only added was not there.
fn undoes(change: &Change, done: &Change) -> bool {
    let is_added = matches!(change.what, What::Added(_));
    let was_removed = matches!(done.what, What::Removed(_));
    (!is_added || was_removed) && (change.path.holds(&done.path) || done.path.holds(&change.path))
}

/// Carets are no longer than this, which keeps them below one line.
const LONGEST: usize = 40;

/// An object as a tree whose values stand nowhere, in the order in which it is written.
fn tree(object: Object) -> Node {
    let mut root = match object {
        Object::Given(given) => given.root,
        typed => {
            let mut text = String::new();
            typed.append_to(&mut text);
            let written = read::read(&text, Dialect::Own, &mut Report::default()).pop();
            written.expect("what is written can be read").root
        }
    };
    work::each(&mut root, &mut |span| *span = Span::default());
    root
}

fn is_meant(target: &TargetSpec, object: &Object) -> bool {
    let metadata = object.metadata();
    let is = |wanted: Option<&str>, own: Option<&String>| {
        wanted.is_none_or(|wanted| own.map(String::as_str).unwrap_or_default() == wanted)
    };
    let has = |key: &str, value: &str| {
        metadata.labels.as_ref().and_then(|labels| labels.get(key)).is_some_and(|own| own == value)
    };
    is(target.namespace.as_ref().map(|namespace| namespace.value.as_str()), metadata.namespace.as_ref())
        && is(target.name.as_ref().map(|name| name.value.as_str()), metadata.name.as_ref())
        && target.labels.0.iter().all(|(key, value)| has(&key.value, value))
}

/// Whether a patch is about what the environment turns off.
fn goes_with_removed(target: &TargetSpec, platform: &Platform) -> bool {
    if platform.hatches.has_own_patches {
        return false;
    }
    let named = target.name.as_ref().map(|name| name.value.as_str());
    let is_of_component = |key: &str| ["app.kubernetes.io/name", "app.kubernetes.io/instance"].contains(&key);
    let labelled = target.labels.0.iter().filter(|(key, _)| is_of_component(&key.value));
    let mut names = named.into_iter().chain(labelled.map(|(_, value)| value.as_str()));
    names.any(|name| {
        let is_of = |removed: &String| {
            name.strip_prefix(removed.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        platform.hatches.removed.iter().any(is_of)
    })
}

/// No object is what a patch is for.
fn unmet(target: &TargetSpec, span: Span, ids: &[&ObjectId], report: &mut Report) {
    let kind = target.kind.value.as_str();
    let namespace = target.namespace.as_ref().map(|namespace| namespace.value.as_str());
    let name = target.name.as_ref().map(|name| name.value.as_str());
    let alike = || ids.iter().filter(|id| id.kind == kind);
    let within = || alike().filter(|id| namespace.is_none_or(|own| own == id.namespace));
    let there = within().find(|id| name.is_none_or(|own| own == id.name));
    let near = if alike().next().is_none() {
        suggest::nearest(kind, ids.iter().map(|id| &*id.kind))
    } else if within().next().is_none() {
        namespace.and_then(|namespace| suggest::nearest(namespace, alike().map(|id| id.namespace.as_str())))
    } else {
        name.and_then(|name| suggest::nearest(name, within().map(|id| id.name.as_str())))
    };
    let mistake = report.error(codes::NO_EFFECT, span, format!("this patch is for no {kind} that is rendered"));
    match (there, near) {
        (Some(there), _) => mistake.help(format!("{there} is there, without these labels")),
        (None, Some(near)) => mistake.did_you_mean(Some(near)),
        (None, None) => mistake.help("`platformgen render` shows all objects"),
    };
}
