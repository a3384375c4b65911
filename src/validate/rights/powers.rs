//! Rules by which somebody becomes somebody else, and wildcards, which nobody can foresee.

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity;
use crate::manifest::node::Node;
use crate::rights::roles::GROWS;
use crate::validate::findings::Findings;
use crate::validate::rights::holders::{Held, Holders, key};
use crate::validate::world::{Thing, World};

/// Some rights that together are a power over others.
struct Power {
    code: &'static str,
    /// How bad it is for the whole cluster.
    everywhere: Severity,
    /// How bad it is in a namespace; `None` if it means nothing there.
    within: Option<Severity>,
    /// The rights, any of which is enough: groups, resources, verbs.
    rights: &'static [(&'static str, &'static [&'static str], &'static [&'static str])],
    /// What can be done with it.
    harm: &'static str,
}

/// Every power. Without names of objects, that is: whoever may bind one certain role has been told which.
const POWERS: &[Power] = &[
    Power {
        code: codes::ADMISSION_RIGHT,
        everywhere: Severity::Warning,
        within: None,
        rights: &[(
            "admissionregistration.k8s.io",
            &[
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
                "mutatingwebhookconfigurations",
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
                "validatingwebhookconfigurations",
            ],
            CHANGING,
        )],
        harm: "whoever judges objects sees every Secret that is written, and lets through what they like",
    },
    Power {
        code: codes::ESCALATING_RIGHT,
        everywhere: Severity::Error,
        within: Some(Severity::Warning),
        rights: &[
            ("rbac.authorization.k8s.io", &["clusterroles", "roles"], &["bind", "escalate"]),
            ("", &["groups", "serviceaccounts", "users"], &["impersonate"]),
            ("", &["serviceaccounts/token"], &["create"]),
            ("certificates.k8s.io", &["certificatesigningrequests/approval"], &["patch", "update"]),
        ],
        harm: "whoever has it can have the rights of others, and so all that there are",
    },
    Power {
        code: codes::EXEC_RIGHT,
        everywhere: Severity::Error,
        within: Some(Severity::Warning),
        rights: &[
            ("", &["pods/attach", "pods/exec", "pods/portforward"], &["create"]),
            ("", &["pods/ephemeralcontainers"], &["patch", "update"]),
        ],
        harm: "whoever is in a pod has its secrets, its token and its connections",
    },
    Power {
        code: codes::NODE_PROXY_RIGHT,
        everywhere: Severity::Error,
        within: None,
        rights: &[("", &["nodes/proxy"], &["create", "delete", "get", "patch", "update"])],
        harm: "kubelets run commands in every pod for it, and no audit log shows them",
    },
    Power {
        code: codes::SECRET_RIGHT,
        everywhere: Severity::Warning,
        within: Some(Severity::Note),
        rights: &[("", &["secrets"], &["get", "list", "watch"])],
        harm: "every password is among them",
    },
    Power {
        code: codes::WORKLOAD_RIGHT,
        everywhere: Severity::Warning,
        within: Some(Severity::Note),
        rights: &[
            ("", &["pods", "replicationcontrollers"], MAKING),
            ("apps", &["daemonsets", "deployments", "replicasets", "statefulsets"], MAKING),
            ("batch", &["cronjobs", "jobs"], MAKING),
        ],
        harm: "a pod has the rights of any account and the Secrets of its namespace",
    },
];

const MAKING: &[&str] = &["create", "patch", "update"];
const CHANGING: &[&str] = &["create", "delete", "patch", "update"];

/// Judges the rules of every role that somebody holds, or may hold.
pub fn judge(world: &World<'_>, held: &Held<'_>, findings: &mut Findings) {
    let roles = world.objects.iter().filter(|thing| ["Role", "ClusterRole"].contains(&&*thing.document.id.kind));
    for role in roles.copied() {
        let Some(whose) = Whose::of(role, held.get(&key(role.document)), world) else { continue };
        for rule in role.root().items_at(&["rules"]) {
            // what is limited to some objects has been thought about
            if !rule.items_at(&["resourceNames"]).is_empty() {
                continue;
            }
            wildcards(role, rule, &whose, findings);
            for power in POWERS.iter().filter(|power| findings.wanted.has(power.code)).collect::<Vec<_>>() {
                findings.ask();
                let severity = if whose.is_everywhere { Some(power.everywhere) } else { power.within };
                let (Some(severity), Some((verbs, resources))) = (severity, has(rule, power)) else { continue };
                let message = format!("{} may {verbs} {resources} {}: {}", whose.who, whose.places, power.harm);
                findings.add(severity, power.code, role, rule, &message).help(
                    "name the objects in `resourceNames`, bind the role in the namespaces that need it, or do without",
                );
            }
        }
    }
}

/// Who has the rights of a role, in words.
struct Whose {
    who: String,
    places: String,
    is_everywhere: bool,
}

impl Whose {
    /// `None` if nobody has them, which is known where all bindings are.
    fn of(role: Thing<'_>, holders: Option<&Holders<'_>>, world: &World<'_>) -> Option<Self> {
        if let Some(holders) = holders {
            let places = holders.places();
            return Some(Self { who: holders.to_string(), places, is_everywhere: holders.is_everywhere });
        }
        let labels = role.root().at(&["metadata", "labels"]).map(Node::entries).unwrap_or_default();
        let mut set = labels.iter().filter(|label| label.node.text() == Some("true"));
        let grown = set.find_map(|label| label.key.strip_prefix(GROWS));
        let who = grown.map_or_else(|| "whoever is bound to it".to_owned(), |name| format!("whoever has `{name}`"));
        let is_everywhere = role.document.id.kind == "ClusterRole";
        let places = if is_everywhere { "everywhere".to_owned() } else { format!("in {}", role.place()) };
        // a role that every cluster has is bound in every cluster
        (!world.is_closed() || grown.is_some()).then_some(Self { who, places, is_everywhere })
    }
}

/// Which verbs and resources of a rule are of a power.
fn has(rule: &Node, power: &Power) -> Option<(String, String)> {
    let own = |key: &str| rule.items_at(&[key]).iter().filter_map(Node::text).collect::<Vec<_>>();
    let (groups, resources, verbs) = (own("apiGroups"), own("resources"), own("verbs"));
    let (mut used, mut with) = (Vec::new(), Vec::new());
    for (_, of, by) in power.rights.iter().filter(|(group, ..)| groups.iter().any(|own| [*group, "*"].contains(own))) {
        let is_one = |own: &&str| {
            let part = own.strip_prefix("*/");
            of.contains(own) || part.is_some_and(|part| of.iter().any(|known| known.ends_with(&format!("/{part}"))))
        };
        let resources: Vec<&str> = resources.iter().copied().filter(is_one).collect();
        let verbs: Vec<&str> = verbs.iter().copied().filter(|verb| *verb == "*" || by.contains(verb)).collect();
        if !resources.is_empty() && !verbs.is_empty() {
            with.extend(resources);
            used.extend(verbs.into_iter().filter(|verb| !used.contains(verb)).collect::<Vec<_>>());
        }
    }
    (!used.is_empty()).then(|| (format!("`{}`", used.join(", ")), format!("`{}`", with.join(", "))))
}

/// A star means what is there today and whatever comes tomorrow.
fn wildcards(role: Thing<'_>, rule: &Node, whose: &Whose, findings: &mut Findings) {
    findings.ask();
    let has = |key: &str, star: &str| rule.items_at(&[key]).iter().any(|item| item.text() == Some(star));
    let (verbs, resources) = (has("verbs", "*"), has("resources", "*"));
    let wild: Vec<&str> = [
        (verbs, "every verb"),
        (resources, "every resource"),
        (has("apiGroups", "*"), "every group"),
        (has("nonResourceURLs", "*") || has("nonResourceURLs", "/*"), "every path"),
    ]
    .into_iter()
    .filter_map(|(is_wild, what)| is_wild.then_some(what))
    .collect();
    if wild.is_empty() {
        return;
    }
    // Secrets are among them
    let is_core = resources && (has("apiGroups", "*") || has("apiGroups", ""));
    let severity = if is_core && whose.is_everywhere { Severity::Error } else { Severity::Warning };
    let message = format!("grants {} {} to {}", wild.join(", "), whose.places, whose.who);
    findings
        .add(severity, codes::WILDCARD_RIGHT, role, rule, &message)
        .help("list what is needed: a star also means what the next version brings");
}
