//! Bindings that give everything, or to everybody.

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity;
use crate::rights::roles::ADMINISTRATOR;
use crate::validate::findings::Findings;
use crate::validate::rights::Binding;

/// Subjects that are many, by what they are called or, with a star at the end, begin with.
const BROAD: &[(&str, Severity, &str)] = &[
    ("group system:authenticated", Severity::Error, "everybody with an account, and every pod with a token"),
    ("group system:masters", Severity::Error, "a group that no rule can limit and no binding take rights from"),
    ("group system:serviceaccounts", Severity::Error, "every pod of the cluster that has a token"),
    ("group system:serviceaccounts:*", Severity::Warning, "every pod of a namespace that has a token"),
    ("group system:unauthenticated", Severity::Error, "whoever reaches the API server"),
    ("user system:anonymous", Severity::Error, "whoever reaches the API server"),
];

/// Roles that every cluster gives to such subjects by itself.
const FOR_EVERYBODY: &[&str] =
    &["system:basic-user", "system:discovery", "system:public-info-viewer", "system:service-account-issuer-discovery"];

/// Roles that every cluster has and that are too much: how bad in the whole cluster, how bad in a namespace, and why.
const GREAT: &[(&str, Severity, Option<Severity>, &str)] = &[
    (ADMINISTRATOR, Severity::Error, Some(Severity::Warning), "may do everything"),
    ("admin", Severity::Warning, None, "may read every Secret and change every workload"),
    ("edit", Severity::Warning, None, "may read every Secret and change every workload"),
];

/// Judges every binding.
pub fn judge(bindings: &[Binding<'_>], findings: &mut Findings) {
    for binding in bindings {
        great(binding, findings);
        for (node, subject) in &binding.subjects {
            findings.ask();
            let Some((severity, who)) = broad(subject).filter(|_| !FOR_EVERYBODY.contains(&binding.role)) else {
                continue;
            };
            let message = format!("gives `{}` to `{subject}`: {who}", binding.role);
            findings
                .add(severity, codes::BROAD_SUBJECT, binding.thing, node, &message)
                .help("name the one account that needs it");
        }
    }
}

fn broad(subject: &str) -> Option<(Severity, &'static str)> {
    let is_meant = |name: &str| match name.strip_suffix('*') {
        Some(start) => subject.starts_with(start),
        None => subject == name,
    };
    let is_default = subject.ends_with("/default") && !subject.contains(' ');
    let every = || (Severity::Warning, "every pod of its namespace that names no account");
    let known = BROAD.iter().find(|(name, ..)| is_meant(name)).map(|(_, severity, who)| (*severity, *who));
    known.or_else(|| is_default.then(every))
}

fn great(binding: &Binding<'_>, findings: &mut Findings) {
    findings.ask();
    let Some((name, everywhere, within, what)) =
        GREAT.iter().find(|(name, ..)| *name == binding.role && binding.kind == "ClusterRole")
    else {
        return;
    };
    let severity = if binding.place.is_none() { Some(*everywhere) } else { *within };
    let (Some(severity), Some((_, first))) = (severity, binding.subjects.first()) else { return };
    let others = if binding.subjects.len() > 1 { " and others" } else { "" };
    let place = binding.place.map_or_else(|| "everywhere".to_owned(), |place| format!("in {place}"));
    let message = format!("{first}{others} {what} {place}: the role `{name}`");
    let node = binding.thing.root().get("roleRef").unwrap_or(binding.thing.root());
    findings
        .add(severity, codes::ADMIN_BINDING, binding.thing, node, &message)
        .help("write a role of what is needed, and bind it where it is needed");
}
