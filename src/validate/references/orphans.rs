//! What nothing uses.

use std::collections::BTreeSet;

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::tables::{HashMap, HashSet};
use crate::validate::findings::Findings;
use crate::validate::makers::Makers;
use crate::validate::references::claims;
use crate::validate::references::mentions::Mention;
use crate::validate::world::{Thing, World};

/// Kinds that are there to be used, and by whom.
const USED: &[(&str, &str)] = &[
    ("ClusterIssuer", "no certificate asks it"),
    ("ClusterRole", "no binding names it"),
    ("ConfigMap", "no pod reads it"),
    ("Issuer", "no certificate asks it"),
    ("MutatingAdmissionPolicy", "no binding of a policy names it"),
    ("PersistentVolumeClaim", "no pod mounts it"),
    ("PriorityClass", "no pod has it"),
    ("Role", "no binding names it"),
    ("Secret", "nothing reads it"),
    ("ServiceAccount", "no pod runs as it"),
    ("ValidatingAdmissionPolicy", "no binding of a policy names it"),
];

/// Everything has a user, where all users are here.
pub fn have_users(world: &World<'_>, secrets: &Makers<'_>, mentions: &[Mention<'_>], findings: &mut Findings) {
    if !world.is_closed() {
        return;
    }
    let mentioned = mentions.iter().filter(|mention| is_use(mention)).map(|own| (own.kind, own.place, own.name));
    let used: HashSet<(&str, &str, &str)> = mentioned.chain(with_tokens(world)).collect();
    let (words, granted) = (words(world), granted(world));
    let is_used = |kind: &str, place: &str, name: &str| {
        used.contains(&(kind, place, name) as &(&str, &str, &str))
            || granted.contains(&(kind, name) as &(&str, &str))
            || (kind == "PersistentVolumeClaim" && claims::is_of_set(world, place, name))
            || words.get(place).is_some_and(|words| words.contains(name))
    };
    for thing in world.objects.iter().copied() {
        let Some((kind, nobody)) = USED.iter().find(|(kind, _)| *kind == thing.document.id.kind) else { continue };
        findings.ask();
        if !is_used(kind, thing.place(), &thing.document.id.name) && !is_for_itself(thing) {
            tell(thing, thing.root(), &format!("is there for nothing: {nobody}"), findings);
        }
    }
    let by_others = secrets.iter().filter(|(_, made)| made.by.document.id.kind != "Secret");
    for ((place, name), made) in by_others.filter(|(_, made)| MAKERS.contains(&made.by.document.id.kind.as_str())) {
        findings.ask();
        if !is_used("Secret", place, name) {
            let message = format!("makes the Secret `{name}`, which nothing reads");
            tell(made.by, made.by.root(), &message, findings);
        }
    }
}

/// Kinds that are there to make a Secret.
const MAKERS: &[&str] = &["Certificate", "ExternalSecret", "SealedSecret"];

fn tell(thing: Thing<'_>, node: &Node, message: &str, findings: &mut Findings) {
    findings
        .warning(codes::ORPHAN, thing, node, message)
        .help("take it away, or name it where it was meant to be used");
}

/// Whether somebody who mentions a thing uses it: a binding gives an account rights, which nobody has without a pod.
fn is_use(mention: &Mention<'_>) -> bool {
    mention.kind != "ServiceAccount" || !mention.by.document.id.kind.ends_with("Binding")
}

/// Kinds that a program reads by their names, and what rules call them.
const READ: &[(&str, &str)] = &[("ConfigMap", "configmaps"), ("Secret", "secrets")];

/// What a role lets somebody read by its name, who will do so.
fn granted<'a>(world: &World<'a>) -> HashSet<(&'static str, &'a str)> {
    let roles = world.of_kind("Role").chain(world.of_kind("ClusterRole"));
    let mut found = HashSet::default();
    for rule in roles.flat_map(|role| role.root().items_at(&["rules"])) {
        let is_about = |resource: &str| rule.items_at(&["resources"]).iter().any(|own| own.text() == Some(resource));
        for (kind, _) in READ.iter().filter(|(_, resource)| is_about(resource)) {
            let names = rule.items_at(&["resourceNames"]).iter().filter_map(Node::text);
            found.extend(names.map(|name| (*kind, name)));
        }
    }
    found
}

/// The annotation by which a Secret asks for a token of an account, whoever uses that.
const OF_ACCOUNT: &str = "kubernetes.io/service-account.name";

/// The accounts of which there are such tokens.
fn with_tokens<'a>(world: &World<'a>) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
    let named = |secret: Thing<'a>| secret.root().text_at(&["metadata", "annotations", OF_ACCOUNT]);
    world.of_kind("Secret").filter_map(move |secret| Some(("ServiceAccount", secret.place(), named(secret)?)))
}

/// Annotations that are for whoever looks for them, by kind.
const BY_ANNOTATION: &[(&str, &str)] = &[("Secret", OF_ACCOUNT)];

/// Labels by which a controller finds things.
const BY_LABEL: &[&str] =
    &["bootstrapping", "grafana_", "rbac.authorization.k8s.io/aggregate-to-", "sealedsecrets.bitnami.com/"];

/// Whether a thing is found by what it says of itself: by its labels, or by its annotations.
fn is_for_itself(thing: Thing<'_>) -> bool {
    let of = |key: &str| thing.root().at(&["metadata", key]).map(Node::entries).unwrap_or_default();
    let is_default = thing.root().at(&["globalDefault"]).and_then(Node::bool) == Some(true);
    let kind = thing.document.id.kind.as_str();
    is_default
        || of("labels").iter().any(|label| BY_LABEL.iter().any(|known| label.key.starts_with(known)))
        || of("annotations").iter().any(|own| BY_ANNOTATION.contains(&(kind, own.key.as_str())))
}

/// The words in what the pods of each namespace are told: a program may read a ConfigMap by its name.
fn words<'a>(world: &World<'a>) -> HashMap<&'a str, BTreeSet<&'a str>> {
    let mut words: HashMap<&str, BTreeSet<&str>> = HashMap::default();
    for pod in &world.pods {
        let own = words.entry(pod.namespace()).or_default();
        for (_, container) in pod.containers() {
            let told =
                ["args", "command"].into_iter().flat_map(|key| container.items_at(&[key])).filter_map(Node::text);
            let given = container.items_at(&["env"]).iter().filter_map(|variable| variable.text_at(&["value"]));
            for text in told.chain(given) {
                own.extend(text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter)));
            }
        }
    }
    words
}
