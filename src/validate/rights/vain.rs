//! Rules that allow nothing, because no request is called what they say. Only what somebody has certainly meant otherwise is
//! told: an API server may serve more than Kubernetes itself.
//!
//! Source: `pkg/apis/rbac/v1/evaluation_helpers.go`, which compares letter by letter, and
//! `apiserver/pkg/endpoints/request/requestinfo.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeMap;

use crate::diagnostics::{codes, suggest};
use crate::manifest::node::Node;
use crate::schema::Schema;
use crate::validate::findings::Findings;
use crate::validate::world::{Thing, World};

/// Verbs of the API, and those that some of its groups have of their own.
pub const VERBS: &[&str] = &[
    "approve",
    "attest",
    "bind",
    "create",
    "delete",
    "deletecollection",
    "escalate",
    "get",
    "impersonate",
    "list",
    "patch",
    "proxy",
    "sign",
    "update",
    "use",
    "watch",
];

/// What there is of objects besides themselves; of nodes, also what kubelets ask about.
const PARTS: &[&str] = &[
    "approval",
    "attach",
    "binding",
    "checkpoint",
    "configz",
    "driver",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "finalize",
    "finalizers",
    "flagz",
    "healthz",
    "log",
    "metrics",
    "pods",
    "portforward",
    "proxy",
    "resize",
    "scale",
    "spec",
    "stats",
    "status",
    "statusz",
    "token",
];

/// A group that no server has any more.
const GONE: &str = "extensions";

/// A request about a namespace is one within it.
const NAMESPACES: &str = "namespaces";

/// Judges every rule.
pub fn judge(world: &World<'_>, findings: &mut Findings) {
    if !findings.wanted.has(codes::UNUSABLE_RIGHT) {
        return;
    }
    let served = Served::of(Schema::of(world.minor));
    for role in world.objects.iter().filter(|thing| ["Role", "ClusterRole"].contains(&&*thing.document.id.kind)) {
        let rules = role.root().items_at(&["rules"]);
        for rule in rules {
            findings.ask();
            for (node, what, help) in served.faults(*role, rule) {
                let message = format!("grants nothing: {what}");
                findings.warning(codes::UNUSABLE_RIGHT, *role, node, &message).help(help);
            }
            if let Some(node) = nameless(rule, rules) {
                findings
                    .warning(codes::UNUSABLE_RIGHT, *role, node, "lets nobody create: a new object has no name yet")
                    .help("let `create` stand in a rule of its own, without `resourceNames`");
            }
        }
    }
}

/// What is wrong with a rule: where, what, and what to do about it.
type Fault<'a> = (&'a Node, String, String);

/// A resource that a server has.
struct Resource {
    name: String,
    kind: &'static str,
    is_namespaced: bool,
}

/// The resources of each group of Kubernetes' own.
struct Served(BTreeMap<&'static str, Vec<Resource>>);

impl Served {
    fn of(schema: &'static Schema) -> Self {
        let mut all: BTreeMap<&str, Vec<Resource>> = BTreeMap::from([(GONE, Vec::new())]);
        for version in schema.group_versions() {
            let group = version.split_once('/').map_or("", |(group, _)| group);
            let known = all.entry(group).or_default();
            for kind in schema.kinds(version) {
                let Some(found) = schema.kind(version, kind).filter(|kind| kind.is_made) else { continue };
                known.push(Resource { name: plural(kind), kind, is_namespaced: found.is_namespaced });
            }
        }
        Self(all)
    }

    /// The resources of the groups that a rule names; `None` if nobody knows them all.
    fn named<'s>(&'s self, groups: &[&str]) -> Option<Vec<&'s Resource>> {
        // a version behind a group has been told
        let plain = groups.iter().map(|group| group.split_once('/').map_or(*group, |(group, _)| group));
        let known = plain.map(|group| self.0.get(group));
        Some(known.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn faults<'a>(&self, role: Thing<'a>, rule: &'a Node) -> Vec<Fault<'a>> {
        let mut found = Vec::new();
        for (node, group) in texts(rule, "apiGroups").filter(|(_, group)| group.contains('/')) {
            let plain = group.split('/').next().unwrap_or_default();
            let help = format!("write `{plain}`: rules know no versions");
            found.push((node, format!("no group is called `{group}`"), help));
        }
        let groups: Vec<&str> = texts(rule, "apiGroups").map(|(_, group)| group).collect();
        let Some(named) = self.named(&groups) else { return found };
        // beside what is there, what others ship often names what is not
        let is_here = |(_, resource): (&Node, &str)| named.iter().any(|own| own.is_namespaced && own.name == resource);
        let is_elsewhere = role.document.id.kind == "Role" && !texts(rule, "resources").any(is_here);
        for (node, resource) in texts(rule, "resources") {
            found.extend(self.unserved(resource, &named, is_elsewhere).map(|(what, help)| (node, what, help)));
        }
        let is_word = |verb: &str| verb.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_near = |verb: &str| suggest::nearest(verb, VERBS.iter().copied()).is_some();
        for (node, verb) in texts(rule, "verbs").filter(|(_, verb)| is_word(verb) && !is_near(verb)) {
            if texts(rule, "resources").next().is_some() {
                let help = format!("the verbs are {}", suggest::list(VERBS.iter().copied()));
                found.push((node, format!("nothing asks for the verb `{verb}`"), help));
            }
        }
        found
    }

    /// Why a rule allows nothing about one of its resources, and what to write. `is_elsewhere` if it holds in a namespace, and
    /// nothing that it names lives in one.
    fn unserved(&self, resource: &str, named: &[&Resource], is_elsewhere: bool) -> Option<(String, String)> {
        let (name, part) = resource.split_once('/').map_or((resource, None), |(name, part)| (name, Some(part)));
        if name.contains('*') {
            return None;
        }
        if let Some(own) = named.iter().find(|own| own.name == name) {
            if is_elsewhere && !own.is_namespaced && name != NAMESPACES {
                let what = format!("`{name}` live in no namespace, and a Role holds in one");
                return Some((what, "write a ClusterRole, and bind it with a ClusterRoleBinding".to_owned()));
            }
            let near = part.filter(|part| !PARTS.contains(part) && *part != "*");
            let near = near.and_then(|part| suggest::nearest(part, PARTS.iter().copied()))?;
            return Some((format!("no resource is called `{resource}`"), format!("did you mean `{name}/{near}`?")));
        }
        let has = |(_, resources): &(&&str, &Vec<Resource>)| resources.iter().any(|own| own.name == name);
        if let Some((group, _)) = self.0.iter().find(has) {
            let help = format!("write `apiGroups: [\"{group}\"]` in a rule of its own");
            return Some((format!("none of its groups has `{name}`"), help));
        }
        let is_meant =
            |own: &&&Resource| own.kind.eq_ignore_ascii_case(name) || suggest::is_slip(name, own.name.as_str());
        let own = named.iter().find(is_meant)?;
        let rest = part.map(|part| format!("/{part}")).unwrap_or_default();
        Some((format!("no resource is called `{resource}`"), format!("did you mean `{}{rest}`?", own.name)))
    }
}

/// A `create` that is limited to names, unless another rule of the role allows it without.
fn nameless<'a>(rule: &'a Node, rules: &[Node]) -> Option<&'a Node> {
    let creates = |rule: &'_ Node| texts(rule, "verbs").any(|(_, verb)| ["create", "*"].contains(&verb));
    let (node, _) = texts(rule, "verbs").find(|(_, verb)| *verb == "create")?;
    // part of an object is asked of one that is there
    let is_whole = |(_, resource): (&Node, &str)| !resource.contains('/');
    let is_limited = !rule.items_at(&["resourceNames"]).is_empty() && texts(rule, "resources").all(is_whole);
    let shares = |other: &Node, key: &str| {
        texts(other, key).any(|(_, theirs)| theirs == "*" || texts(rule, key).any(|(_, own)| own == theirs))
    };
    let is_wider = |other: &Node| {
        other.items_at(&["resourceNames"]).is_empty()
            && creates(other)
            && shares(other, "apiGroups")
            && shares(other, "resources")
    };
    (is_limited && !rules.iter().any(is_wider)).then_some(node)
}

fn texts<'a>(rule: &'a Node, key: &str) -> impl Iterator<Item = (&'a Node, &'a str)> + use<'a> {
    rule.items_at(&[key]).iter().filter_map(|node| Some((node, node.text()?)))
}

/// What a kind is called in paths. Source: `UnsafeGuessKindToResource` in `apimachinery/pkg/api/meta/restmapper.go`.
fn plural(kind: &str) -> String {
    let single = kind.to_ascii_lowercase();
    match single.as_str() {
        "endpoints" => single,
        _ if single.ends_with('s') => single + "es",
        _ => single.strip_suffix('y').map_or_else(|| format!("{single}s"), |start| format!("{start}ies")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_those_of_the_api() {
        for (kind, wanted) in [
            ("Pod", "pods"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Endpoints", "endpoints"),
            ("PriorityClass", "priorityclasses"),
            ("ServiceCIDR", "servicecidrs"),
        ] {
            assert_eq!(plural(kind), wanted);
        }
    }
}
