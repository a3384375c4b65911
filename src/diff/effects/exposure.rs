//! What can be reached from outside that could not.

use std::collections::BTreeSet;

use crate::diff::effects::around::{Around, Network, World};
use crate::diff::effects::routes::{self, Route, host_has};
use crate::diff::effects::{Effect, EffectKind, effect, gateways, guards, ways};
use crate::diff::pair::{Pair, Placed};
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::reach;
use crate::reach::pods::namespace;
use crate::reach::policy::{self, Policy};

/// New ways in.
pub fn effects(pair: &Pair<'_>, around: &Around<'_>) -> Vec<Effect> {
    let (old, new) = (pair.before().map(|old| &old.document.root), pair.after().map(|new| &new.document.root));
    let mut found: Vec<String> = ways::opened(pair, around).into_iter().collect();
    found.extend(new_routes(pair, around));
    if let (Some(old), Some(new)) = (old, new) {
        found.extend(guards::lifted(&pair.id().kind, old, new));
        found.extend(bare_hosts(old, new, pair.after(), around));
    }
    found.extend(unguarded(pair, around));
    found.extend(gateways::opened(pair));
    found.into_iter().map(|why| effect(EffectKind::Exposure, why)).collect()
}

/// Routes that nothing led to before, or not so.
fn new_routes(pair: &Pair<'_>, around: &Around<'_>) -> BTreeSet<String> {
    let routes = of(pair.after(), &around.after);
    let own = of(pair.before(), &around.before);
    let own: Vec<&Route> = own.iter().collect();
    let reason = |route: &Route| {
        let why = routes::opened(route, &own, around)?;
        let all: Vec<&Route> = around.before.routes_near(&route.host).collect();
        // another object may have led there
        let elsewhere = routes::opened(route, &all, around)?;
        Some(if own.is_empty() { elsewhere } else { why })
    };
    routes.iter().filter_map(reason).collect()
}

/// Routes that nothing leads to any more.
pub fn gone_routes(pair: &Pair<'_>, around: &Around<'_>) -> BTreeSet<String> {
    let left = of(pair.after(), &around.after);
    let is_left = |route: &Route| {
        left.iter().any(|other| other.takes(route))
            || around.after.routes_near(&route.host).any(|other| other.takes(route))
    };
    let gone = of(pair.before(), &around.before).into_iter().filter(|route| !is_left(route));
    let is_narrower = |route: &Route| left.iter().any(|other| other.is_about(route));
    let why = |route: Route| {
        let why = if is_narrower(&route) { "takes less than before" } else { "is gone" };
        format!("route {route} {why}")
    };
    gone.map(why).collect()
}

/// Routes that lead to nobody any more.
pub fn dead_routes(pair: &Pair<'_>, around: &Around<'_>) -> Vec<String> {
    let old = of(pair.before(), &around.before);
    let old: Vec<&Route> = old.iter().collect();
    of(pair.after(), &around.after).iter().flat_map(|route| routes::dead_ends(route, &old)).collect()
}

fn of(placed: Option<Placed<'_>>, world: &World<'_>) -> Vec<Route> {
    placed.map(|placed| routes::of(placed.document, world)).unwrap_or_default()
}

/// Hosts that an Ingress leads somewhere in the clear, and did not.
fn bare_hosts(old: &Node, new: &Node, placed: Option<Placed<'_>>, around: &Around<'_>) -> BTreeSet<String> {
    let hosts = |root: &Node| -> Vec<String> {
        let named = |tls: &Node| -> Vec<String> {
            let hosts: Vec<String> =
                tls.items_at(&["hosts"]).iter().filter_map(Node::text).map(str::to_owned).collect();
            if hosts.is_empty() { vec!["*".to_owned()] } else { hosts }
        };
        let is_ingress = root.text_at(&["kind"]) == Some("Ingress");
        root.items_at(&["spec", "tls"]).iter().filter(|_| is_ingress).flat_map(named).collect()
    };
    let before = hosts(old);
    let after = hosts(new);
    let has = |hosts: &[String], host: &str| hosts.iter().any(|own| host_has(own, host));
    let routes = of(placed, &around.after);
    let bare = routes.iter().map(|route| route.host.as_str()).filter(|host| has(&before, host) && !has(&after, host));
    bare.map(|host| format!("host {host} without TLS")).collect()
}

/// Pods whose callers nobody judges any more, because a policy is gone or holds for fewer.
fn unguarded(pair: &Pair<'_>, around: &Around<'_>) -> Vec<String> {
    let Some(old) = pair.before().map(|old| old.document) else { return Vec::new() };
    if !old.id.kind.ends_with("NetworkPolicy") {
        return Vec::new();
    }
    let policies = policy::read(old);
    if policies.is_empty() && reach::concerns(&old.id) {
        return Vec::new();
    }
    let lone = || "its pods may lose their isolation".to_owned();
    let is_gone = matches!(pair, Pair::Removed(_));
    if policies.is_empty() {
        // who it holds for is not understood
        let is_everywhere = old.id.namespace.is_empty() && !HOMELY.contains(&old.id.kind.as_str());
        let is_left = if is_everywhere {
            !around.after.network().pods.all.is_empty()
        } else {
            around.after.has_namespace(namespace(old))
        };
        let said = |root: &Node| ["spec", "specs"].map(|key| root.get(key).cloned());
        let is_other = pair.after().is_some_and(|new| said(&new.document.root) != said(&old.root));
        let why = if is_gone {
            Some(lone())
        } else {
            is_other.then(|| "its pods may be open to more than before".to_owned())
        };
        return why.filter(|_| is_left).into_iter().collect();
    }
    policies.iter().flat_map(|policy| left_open(policy, old, is_gone, around)).collect()
}

/// Policies that hold in their namespace only.
const HOMELY: &[&str] = &["NetworkPolicy", "CiliumNetworkPolicy"];

/// One end of connections.
struct End {
    /// What is told of it.
    what: &'static str,
    /// Whether a policy judges it.
    judges: fn(&Policy<'_>) -> bool,
    /// Whether any policy judges it for a pod.
    is_judged: fn((bool, bool)) -> bool,
}

const ENDS: &[End] = &[
    End { what: "callers", judges: |policy| policy.ingress.is_some(), is_judged: |(callers, _)| callers },
    End { what: "calls", judges: |policy| policy.egress.is_some(), is_judged: |(_, calls)| calls },
];

fn left_open(policy: &Policy<'_>, document: &Document, is_gone: bool, around: &Around<'_>) -> Vec<String> {
    let Network { pods, policies, is_judged } = around.after.network();
    let mut found = Vec::new();
    for end in ENDS.iter().filter(|end| (end.judges)(policy)) {
        let what = end.what;
        let chosen = pods.find(&policy.subject);
        let open = chosen.iter().filter(|pod| !(end.is_judged)(is_judged[**pod]));
        found.extend(open.map(|pod| format!("no policy judges the {what} of {}", pods.all[*pod].party)));
        // pods that others make, and that no other policy may hold for
        let is_unknown = chosen.is_empty() && around.before.network().pods.find(&policy.subject).is_empty();
        let judges_all = |other: &Policy<'_>| {
            (end.judges)(other) && other.subject.place == policy.subject.place && other.subject.pods.0.is_empty()
        };
        if is_unknown
            && is_gone
            && what == "callers"
            && around.after.has_namespace(namespace(document))
            && !policies.iter().any(judges_all)
        {
            found.push("its pods may lose their isolation".to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::{edited, told, told_of_all};

    #[test]
    fn new_routes_and_addresses_are_told_and_old_ones_are_not() {
        let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, labels: {a: b}}, spec: {rules: [{host: a.test, http: {paths: [{path: /a}]}}]}}";
        assert_eq!(told("", ingress), ["exposure+: route a.test/a"]);
        assert!(edited(ingress, "path: /a", "path: /b").contains(&"exposure+: route a.test/b".to_owned()));
        assert!(edited(ingress, "{a: b}", "{a: c}").is_empty());
        let service =
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ClusterIP, externalIPs: [192.0.2.1]}}";
        assert_eq!(edited(service, "ClusterIP", "LoadBalancer"), ["exposure+: a Service of type LoadBalancer"]);
        let hidden = edited(&service.replace("ClusterIP", "NodePort"), "NodePort", "ClusterIP");
        assert_eq!(hidden, ["downtime: its port of every node is gone"]);
        assert_eq!(
            edited(service, "192.0.2.1", "192.0.2.2"),
            ["downtime: external address 192.0.2.1 is gone", "exposure+: external address 192.0.2.2"]
        );
    }

    #[test]
    fn routes_of_the_gateway_api() {
        let route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [a.test], rules: [{matches: [{path: {value: /a}}], backendRefs: [{name: a}]}]}}";
        assert_eq!(told("", route), ["exposure+: route a.test/a"]);
        assert_eq!(edited(route, "[a.test]", "[a.test, b.test]"), ["exposure+: route b.test/a"]);
        assert_eq!(edited(route, "{name: a}]", "{name: b}]"), ["exposure+: route a.test/a leads to default/b:"]);
        assert!(told("", &route.replace("hostnames: [a.test], ", "")).contains(&"exposure+: route */a".to_owned()));
    }

    #[test]
    fn ports_of_nodes_and_policies() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, ports: [{containerPort: 80}]}], automountServiceAccountToken: false}}";
        let open = |told: Vec<String>| told.iter().any(|line| line.starts_with("exposure+"));
        assert!(open(edited(pod, "{containerPort: 80}", "{containerPort: 80, hostPort: 80}")));
        assert!(!open(edited(pod, "containerPort: 80", "containerPort: 81")));
        assert!(open(edited(pod, "spec: {", "spec: {hostNetwork: true, ")));
        assert!(!open(edited(pod, "spec: {", "spec: {hostNetwork: false, ")));
        let policy = "{apiVersion: crd.projectcalico.org/v1, kind: NetworkPolicy, metadata: {name: a}}";
        assert!(!open(told(policy, "")), "nothing is left in its namespace");
        assert!(!open(told("", policy)));
    }

    #[test]
    fn policies_that_are_not_understood_may_let_more_through() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {automountServiceAccountToken: false}}\n---\n";
        let opens = |old: &str, new: &str| {
            let told = told_of_all(&format!("{pod}{old}"), &format!("{pod}{new}"));
            told.into_iter().any(|line| line.contains(": exposure+: its pods may "))
        };
        for (version, kind) in [
            ("cilium.io/v2", "CiliumClusterwideNetworkPolicy"),
            ("projectcalico.org/v3", "GlobalNetworkPolicy"),
            ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
        ] {
            let policy = format!(
                "{{apiVersion: {version}, kind: {kind}, metadata: {{name: a, labels: {{a: b}}}}, spec: {{ingress: [{{action: Deny}}]}}}}"
            );
            let alone = |text: &str| told(text, "");
            assert!(opens(&policy, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"), "{kind}");
            assert!(opens(&policy, &policy.replace("Deny", "Allow")), "{kind}");
            assert!(!opens(&policy, &policy.replace("a: b", "a: c")), "{kind}");
            assert!(alone(&policy).is_empty(), "nobody is left whom it could hold for: {kind}");
        }
    }
}
