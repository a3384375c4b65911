//! Quotas hold everything at its largest: autoscalers at their maximum, every rollout with what it adds, every ACME
//! challenge with its pod.

use std::collections::BTreeMap;

use crate::diagnostics::codes;
use crate::diff::quantities::amount;
use crate::manifest::node::Node;
use crate::validate::arithmetic::asks::{Amounts, Defaults, Side};
use crate::validate::arithmetic::scale::Scale;
use crate::validate::findings::Findings;
use crate::validate::world::{Pod, Thing, World};
use crate::values::parse::Parse;
use crate::values::quantity::Quantity;

/// What one name takes of a quota.
type Shares<'a> = BTreeMap<&'a str, Vec<(String, Quantity)>>;

/// Judges every quota that holds for all pods of its namespace.
pub fn hold(world: &World<'_>, scales: &[Option<Scale>], findings: &mut Findings) {
    for quota in world.of_kind("ResourceQuota") {
        let spec = quota.root().get("spec");
        let is_for_some = spec.is_some_and(|spec| spec.get("scopes").or(spec.get("scopeSelector")).is_some());
        let hard = quota.root().at(&["spec", "hard"]).map(Node::entries).unwrap_or_default();
        if is_for_some || hard.is_empty() {
            continue;
        }
        let shares = shares(world, scales, quota.place());
        for entry in hard {
            let Some(held) = amount(&entry.node) else { continue };
            findings.ask();
            let own = shares.get(plain(&entry.key)).map(Vec::as_slice).unwrap_or_default();
            let needed = own.iter().fold(Quantity::whole(0), |sum, (_, amount)| sum.plus(*amount));
            if needed > held {
                let message = format!("`{}` holds {held}, and what is here needs {needed} at its largest", entry.key);
                findings.error(codes::QUOTA_EXCEEDED, quota, &entry.node, &message).help(largest(own));
            }
        }
        let resources: Vec<&str> = hard.iter().map(|entry| plain(&entry.key)).collect();
        everybody_says(world, quota, &resources, findings);
    }
}

/// The name of a resource that has several.
fn plain(name: &str) -> &str {
    const SAME: &[(&str, &str)] = &[
        ("cpu", "requests.cpu"),
        ("memory", "requests.memory"),
        ("ephemeral-storage", "requests.ephemeral-storage"),
        ("count/pods", "pods"),
        ("count/services", "services"),
        ("count/secrets", "secrets"),
        ("count/configmaps", "configmaps"),
        ("count/persistentvolumeclaims", "persistentvolumeclaims"),
    ];
    SAME.iter().find(|(other, _)| *other == name).map_or(name, |(_, name)| name)
}

/// What is asked of the quotas of a namespace, by resource.
fn shares<'a>(world: &World<'a>, scales: &[Option<Scale>], namespace: &str) -> Shares<'a> {
    let defaults = Defaults::of(world, namespace);
    let mut shares = Shares::new();
    let mut add = |resource: &'a str, name: &str, amount: Quantity| {
        shares.entry(resource).or_default().push((name.to_owned(), amount));
    };
    for (pod, scale) in world.pods.iter().zip(scales).filter(|(pod, _)| pod.namespace() == namespace) {
        let Some(scale) = scale else { continue };
        let (name, count) = (&pod.owner.document.id.name, scale.most.saturating_add(scale.surge));
        add("pods", name, Quantity::whole(count));
        for (side, known) in [(Side::Requests, REQUESTS), (Side::Limits, LIMITS)] {
            let asked: Amounts<'_> = defaults.pod(pod.spec(), side);
            for (resource, key) in known {
                if let Some(amount) = asked.get(resource) {
                    add(key, name, amount.times(count));
                }
            }
        }
        for claim in pod.owner.root().items_at(&["spec", "volumeClaimTemplates"]) {
            add("persistentvolumeclaims", name, Quantity::whole(scale.most));
            add("requests.storage", name, storage(claim).times(scale.most));
        }
    }
    for thing in world.objects.iter().filter(|thing| thing.place() == namespace) {
        let (name, one) = (&thing.document.id.name, Quantity::whole(1));
        match thing.document.id.kind.as_str() {
            "PersistentVolumeClaim" => {
                add("persistentvolumeclaims", name, one);
                add("requests.storage", name, storage(thing.root()));
            }
            "ConfigMap" => add("configmaps", name, one),
            "Secret" => add("secrets", name, one),
            "Service" => {
                add("services", name, one);
                let ports = i128::try_from(thing.root().items_at(&["spec", "ports"]).len()).unwrap_or_default();
                let is_balanced = thing.root().text_at(&["spec", "type"]) == Some("LoadBalancer");
                let no_ports = thing.root().at(&["spec", "allocateLoadBalancerNodePorts"]).and_then(Node::bool);
                if is_balanced {
                    add("services.loadbalancers", name, one);
                }
                let has_ports = is_balanced && no_ports != Some(false);
                if has_ports || thing.root().text_at(&["spec", "type"]) == Some("NodePort") {
                    add("services.nodeports", name, Quantity::whole(ports));
                }
            }
            _ => {}
        }
    }
    let challenges = challenges(world, namespace);
    if challenges > 0 {
        for (resource, each) in SOLVER {
            if let Ok(each) = Quantity::parse(each) {
                add(resource, "the answer to ACME challenges", each.times(challenges));
            }
        }
    }
    shares
}

const REQUESTS: &[(&str, &str)] =
    &[("cpu", "requests.cpu"), ("memory", "requests.memory"), ("ephemeral-storage", "requests.ephemeral-storage")];

const LIMITS: &[(&str, &str)] =
    &[("cpu", "limits.cpu"), ("memory", "limits.memory"), ("ephemeral-storage", "limits.ephemeral-storage")];

/// What a pod that answers a challenge takes, with its Service.
/// Source: cert-manager `pkg/controller/context.go`, defaults of `--acme-http01-solver-resource-*`.
const SOLVER: &[(&str, &str)] = &[
    ("limits.cpu", "100m"),
    ("limits.memory", "64Mi"),
    ("pods", "1"),
    ("requests.cpu", "10m"),
    ("requests.memory", "64Mi"),
    ("services", "1"),
];

/// How many names of a namespace an issuer that asks challenges may ask about at once.
fn challenges(world: &World<'_>, namespace: &str) -> i128 {
    let asks = |certificate: &Thing<'_>| {
        let of = |key: &str| certificate.root().text_at(&["spec", "issuerRef", key]);
        let kind = of("kind").unwrap_or("Issuer");
        let place = if kind == "ClusterIssuer" { "" } else { namespace };
        let issuer = of("name").and_then(|name| world.find(kind, place, name));
        let solvers = issuer.map(|issuer| issuer.root().items_at(&["spec", "acme", "solvers"])).unwrap_or_default();
        solvers.iter().any(|solver| solver.get("http01").is_some())
    };
    let here = world.of_kind("Certificate").filter(|certificate| certificate.place() == namespace).filter(asks);
    let names = here.map(|certificate| certificate.root().items_at(&["spec", "dnsNames"]).len()).sum::<usize>();
    i128::try_from(names).unwrap_or_default()
}

fn storage(claim: &Node) -> Quantity {
    claim.at(&["spec", "resources", "requests", "storage"]).and_then(amount).unwrap_or(Quantity::whole(0))
}

/// Those who take the most.
fn largest(shares: &[(String, Quantity)]) -> String {
    const TOLD: usize = 4;
    let mut sorted: Vec<&(String, Quantity)> = shares.iter().collect();
    sorted.sort_unstable_by(|(one, large), (other, small)| small.cmp(large).then(one.cmp(other)));
    let mut told: Vec<String> =
        sorted.iter().take(TOLD).map(|(name, amount)| format!("{name} takes {amount}")).collect();
    told.extend((sorted.len() > TOLD).then(|| format!("and {} others take the rest", sorted.len() - TOLD)));
    told.join(", ")
}

/// Where amounts are held to a quota, a pod that does not say how much it wants is refused.
fn everybody_says(world: &World<'_>, quota: Thing<'_>, resources: &[&str], findings: &mut Findings) {
    let defaults = Defaults::of(world, quota.place());
    for pod in world.pods.iter().filter(|pod| pod.namespace() == quota.place()) {
        let said = |(side, known): (Side, &'static [(&str, &str)])| {
            let meant = known.iter().filter(|(_, key)| resources.contains(key));
            meant.filter(|(resource, _)| !defaults.says(pod.spec(), side, resource)).map(|(_, key)| *key).collect()
        };
        let missing: Vec<Vec<&str>> = [(Side::Requests, REQUESTS), (Side::Limits, LIMITS)].map(said).into();
        findings.ask();
        let missing = missing.concat();
        if !missing.is_empty() {
            let message = format!(
                "its pods do not say their {}, which the quota `{}` asks of every pod",
                missing.join(", "),
                quota.document.id.name
            );
            tell(findings, pod, &message);
        }
    }
}

fn tell(findings: &mut Findings, pod: &Pod<'_>, message: &str) {
    findings
        .error(codes::QUOTA_EXCEEDED, pod.owner, pod.spec(), message)
        .help("say `resources` of every container, or let a LimitRange fill them in");
}
