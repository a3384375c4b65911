//! Pod Security admission: every pod of a workload is admitted under the labels of its own namespace, as the version that
//! they name has it.
//!
//! Source: `k8s.io/pod-security-admission`, `policy` and `api`, of Kubernetes 1.35 to 1.37.

pub mod checks;
mod containers;

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity;
use crate::manifest::node::Node;
use crate::manifest::selector::{self, Labels};
use crate::tables::HashSet;
use crate::validate::findings::Findings;
use crate::validate::pod_security::checks::CHECKS;
use crate::validate::world::{Pod, Thing, World};

/// How much a namespace forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Privileged,
    /// What is known to break out.
    Baseline,
    /// What is not hardened.
    Restricted,
}

const LEVELS: &[(&str, Level)] =
    &[("privileged", Level::Privileged), ("baseline", Level::Baseline), ("restricted", Level::Restricted)];

/// Something that a check does not allow: where, and what.
pub type Violation<'a> = (&'a Node, String);

/// One check in one version: what it is called, its level, the minor from which it holds, the checks that it takes the
/// place of, and what it does not allow.
pub type Check = (&'static str, Level, u32, &'static [&'static str], for<'a> fn(&Pod<'a>) -> Vec<Violation<'a>>);

/// The label of each mode, what a namespace does with it, and how much that matters.
const MODES: &[(&str, &str, Severity)] = &[
    ("pod-security.kubernetes.io/enforce", "enforces", Severity::Error),
    ("pod-security.kubernetes.io/warn", "warns by", Severity::Warning),
    ("pod-security.kubernetes.io/audit", "audits by", Severity::Note),
];

/// Judges the labels of every namespace, and its pods by them.
pub fn admit(world: &World<'_>, findings: &mut Findings) {
    for namespace in world.of_kind("Namespace") {
        let labels = selector::labels(namespace.root().at(&["metadata", "labels"]));
        labels_are_valid(namespace, &labels, findings);
        let mut modes: Vec<Mode> = Vec::new();
        for (mode, does, severity) in MODES {
            let Some(level) = labels.get(mode).and_then(|level| level_of(level)) else { continue };
            let minor = labels.get(format!("{mode}-version").as_str()).and_then(|text| minor_of(text));
            let minor = minor.unwrap_or(LATEST).min(world.minor.number());
            if !modes.iter().any(|known| known.level >= level && known.minor == minor) {
                modes.push(Mode { level, minor, does, severity: *severity });
            }
        }
        for (_, pod) in world.pods_in(&namespace.document.id.name) {
            // what is refused need not be warned of as well
            let mut told = HashSet::default();
            for mode in &modes {
                judge(pod, mode, &mut told, findings);
            }
        }
    }
}

/// What a namespace does with pods that a level of a version does not allow.
struct Mode {
    level: Level,
    minor: u32,
    does: &'static str,
    severity: Severity,
}

/// The newest version, whichever that is.
const LATEST: u32 = u32::MAX;

fn level_of(text: &str) -> Option<Level> {
    LEVELS.iter().find(|(name, _)| *name == text).map(|(_, level)| *level)
}

/// `v1.36`, or `latest`.
fn minor_of(text: &str) -> Option<u32> {
    if text == "latest" {
        return Some(LATEST);
    }
    let digits = text.strip_prefix("v1.")?;
    let is_plain = digits == "0" || !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_plain && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A namespace with a wrong label is refused when it is made.
fn labels_are_valid(namespace: Thing<'_>, labels: &Labels<'_>, findings: &mut Findings) {
    for (key, value) in labels {
        let Some(mode) = MODES.iter().map(|(mode, ..)| *mode).find(|mode| key.starts_with(mode)) else { continue };
        let (is_valid, expected) = match &key[mode.len()..] {
            "" => (level_of(value).is_some(), "`privileged`, `baseline` or `restricted`"),
            "-version" => (minor_of(value).is_some(), "`latest` or a version such as `v1.36`"),
            _ => continue,
        };
        findings.ask();
        if !is_valid {
            let node = namespace.root().at(&["metadata", "labels", key]).unwrap_or(namespace.root());
            let message = format!("the label `{key}` is `{value}`; expected {expected}");
            findings.error(codes::POD_SECURITY, namespace, node, &message);
        }
    }
}

/// The checks of a level in a version: of each the newest one, without those that another takes the place of.
fn checks(level: Level, minor: u32) -> Vec<&'static Check> {
    let holds = |(_, own, from, ..): &&Check| *own <= level && *from <= minor;
    let newest: Vec<&Check> = CHECKS
        .iter()
        .filter(holds)
        .filter(|(id, _, from, ..)| {
            !CHECKS.iter().filter(holds).any(|(other, _, later, ..)| other == id && later > from)
        })
        .collect();
    let replaced: Vec<&str> = newest.iter().flat_map(|(_, _, _, replaced, _)| replaced.iter().copied()).collect();
    newest.into_iter().filter(|(id, ..)| !replaced.contains(id)).collect()
}

/// Where a check has not allowed something, and which check that was.
type Told = HashSet<(usize, &'static str)>;

fn judge(pod: &Pod<'_>, mode: &Mode, told: &mut Told, findings: &mut Findings) {
    let Mode { level, minor, does, severity } = *mode;
    let name = LEVELS.iter().find(|(_, known)| *known == level).map_or("", |(name, _)| name);
    for (id, _, _, replaced, violations) in checks(level, minor) {
        findings.ask();
        let found = violations(pod);
        for (node, what) in &found {
            let at = node.span.start();
            if !told.contains(&(at, *id)) && !replaced.iter().any(|id| told.contains(&(at, *id))) {
                let message =
                    format!("{what}; its namespace {does} `{name}` of v1.{minor}, which does not allow that ({id})");
                findings.add(severity, codes::POD_SECURITY, pod.owner, node, &message);
            }
        }
        told.extend(found.iter().map(|(node, _)| (node.span.start(), *id)));
    }
}

/// What the level `restricted` of a minor does not allow, whatever the namespace of the pod says.
pub fn unrestricted<'a>(pod: &Pod<'a>, minor: u32) -> Vec<Violation<'a>> {
    let judged = checks(Level::Restricted, minor).into_iter().flat_map(|(id, .., violations)| {
        violations(pod).into_iter().map(move |(node, what)| (node, format!("{what} ({id})")))
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_server_reads_them() {
        assert_eq!(minor_of("v1.36"), Some(36));
        assert_eq!(minor_of("latest"), Some(LATEST));
        for text in ["1.36", "v1.036", "v2.1", "v1.", "v1.3x", ""] {
            assert_eq!(minor_of(text), None, "{text}");
        }
    }

    #[test]
    fn each_version_has_its_checks() {
        let ids = |level, minor| checks(level, minor).iter().map(|(id, ..)| *id).collect::<Vec<_>>();
        assert!(ids(Level::Privileged, 36).is_empty());
        assert!(!ids(Level::Baseline, 33).contains(&"hostProbesAndHostLifecycle"));
        assert!(ids(Level::Baseline, 34).contains(&"hostProbesAndHostLifecycle"));
        let newest = ids(Level::Restricted, 37);
        for replaced in ["capabilities_baseline", "hostPathVolumes", "seccompProfile_baseline", "procMount"] {
            assert!(!newest.contains(&replaced), "{replaced}");
        }
        assert_eq!(newest.len(), 15);
        assert!(ids(Level::Restricted, 18).contains(&"seccompProfile_baseline"));
        assert!(!ids(Level::Restricted, 22).contains(&"runAsUser"));
    }
}
