//! Who may do what: what roles and bindings mean together, trap by trap, and what the flagship's may.

#[path = "support/manifests.rs"]
mod manifests;

use std::collections::BTreeSet;

use manifests::{documents, golden};
use platformgen::rights::folded::folded;
use platformgen::rights::rights;

fn found(text: &str) -> BTreeSet<String> {
    rights(&documents(text)).iter().map(ToString::to_string).collect()
}

/// The flagship's rights, by hand.
#[test]
fn the_flagship_may_do_what_it_needs_and_nothing_else() {
    let rights = rights(&golden());
    let found: BTreeSet<String> = rights.iter().map(ToString::to_string).collect();
    for right in [
        "monitoring/prometheus may list pods in production",
        "monitoring/prometheus may get nodes/metrics everywhere",
        "default/registry-gc may patch deployments.apps[registry] in default",
        "cert-manager/cert-manager-webhook may create secrets in cert-manager",
        "monitoring/prometheus-adapter may use the cluster's role system:auth-delegator everywhere",
    ] {
        assert!(found.contains(right), "{right}");
    }
    for start in
        ["production/", "default/registry may", "monitoring/grafana", "monitoring/prometheus may list secrets", "user"]
    {
        assert!(!found.iter().any(|right| right.starts_with(start)), "{start}");
    }
    // who is on call looks, at production alone
    for right in found.iter().filter(|right| right.starts_with("group")) {
        let is_look =
            ["get", "list", "watch"].iter().any(|verb| right.starts_with(&format!("group on-call may {verb} ")));
        assert!(is_look && right.ends_with(" in production"), "{right}");
    }
    assert!(!found.iter().any(|right| right.contains(" *")), "no wildcard");
    let lines = folded(&rights);
    let line =
        "monitoring/prometheus  get, list, watch pods  in cert-manager, default, ingress-nginx, monitoring, production";
    assert!(lines.iter().any(|known| known == line), "{lines:#?}");
    assert!(lines.len() < 40, "few lines: {}", lines.len());
}

const GROUP: &str = "apiVersion: rbac.authorization.k8s.io/v1";

fn role(name: &str, rest: &str) -> String {
    format!("---\n{{kind: Role, {GROUP}, metadata: {{name: {name}, namespace: shop}}, {rest}}}\n")
}

fn cluster_role(name: &str, labels: &str, rest: &str) -> String {
    format!("---\n{{kind: ClusterRole, {GROUP}, metadata: {{name: {name}, labels: {{{labels}}}}}, {rest}}}\n")
}

const ACCOUNT: &str = "{kind: ServiceAccount, name: a, namespace: home}";

fn binding(kind: &str, role: &str, subject: &str) -> String {
    let (kind_of_role, name) = role.split_once('/').expect("a kind and a name");
    let namespace = if kind == "RoleBinding" { ", namespace: shop" } else { "" };
    format!(
        "---\n{{kind: {kind}, {GROUP}, metadata: {{name: x{namespace}}}, subjects: [{subject}], \
         roleRef: {{kind: {kind_of_role}, name: '{name}'}}}}\n"
    )
}

const READ: &str = "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]";

#[test]
fn a_binding_limits_a_role_to_its_namespace() {
    let roles = role("r", READ) + &cluster_role("c", "", READ);
    let bound = |kind: &str, role: &str| found(&(roles.clone() + &binding(kind, role, ACCOUNT)));
    let here = BTreeSet::from(["home/a may get pods in shop".to_owned()]);
    assert_eq!(bound("RoleBinding", "Role/r"), here);
    assert_eq!(bound("RoleBinding", "ClusterRole/c"), here);
    assert_eq!(bound("ClusterRoleBinding", "ClusterRole/c"), ["home/a may get pods everywhere".to_owned()].into());
    for (kind, role) in [("ClusterRoleBinding", "Role/r"), ("RoleBinding", "Role/c"), ("RoleBinding", "ClusterRole/r")]
    {
        assert_eq!(bound(kind, role), BTreeSet::new(), "{kind} to {role}");
    }
}

#[test]
fn a_role_of_another_namespace_grants_nothing() {
    let elsewhere = role("r", READ).replace("namespace: shop", "namespace: else");
    assert_eq!(found(&(elsewhere + &binding("RoleBinding", "Role/r", ACCOUNT))), BTreeSet::new());
}

/// The rules of a cluster's role, and what they grant everywhere.
const RULES: &[(&str, &str, &[&str])] = &[
    ("groups", "{apiGroups: [apps, ''], resources: [x], verbs: [get]}", &["get x", "get x.apps"]),
    ("parts", "{apiGroups: [apps], resources: [deployments/scale], verbs: [patch]}", &["patch deployments.apps/scale"]),
    ("wildcards", "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}", &["* *.*"]),
    ("names", "{apiGroups: [''], resources: [x], resourceNames: [a, b], verbs: [get]}", &["get x[a]", "get x[b]"]),
    ("what is created has no name yet", "{apiGroups: [''], resources: [x], resourceNames: [a], verbs: [create]}", &[]),
    (
        "but its part has",
        "{apiGroups: [''], resources: [pods/exec], resourceNames: [a], verbs: [create]}",
        &["create pods/exec[a]"],
    ),
    ("paths", "{nonResourceURLs: [/metrics, '*'], verbs: [get]}", &["get /*", "get /metrics"]),
    ("no verb", "{apiGroups: [''], resources: [x]}", &[]),
];

#[test]
fn rules_grant_what_they_say() {
    for (what, rule, expected) in RULES {
        let text = cluster_role("c", "", &format!("rules: [{rule}]"))
            + &binding("ClusterRoleBinding", "ClusterRole/c", ACCOUNT);
        let expected = expected.iter().map(|right| format!("home/a may {right} everywhere"));
        assert_eq!(found(&text), expected.collect(), "{what}");
    }
}

#[test]
fn paths_are_in_no_namespace() {
    let text = cluster_role("c", "", "rules: [{nonResourceURLs: [/metrics], verbs: [get]}]");
    assert_eq!(found(&(text + &binding("RoleBinding", "ClusterRole/c", ACCOUNT))), BTreeSet::new());
}

#[test]
fn roles_are_made_of_others_by_their_labels() {
    let sum = "aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: sum}}]}, rules: [{nonResourceURLs: [/old], verbs: [get]}]";
    let text = cluster_role("sum", "to: sum", sum)
        + &cluster_role("part", "to: sum", READ)
        + &cluster_role("other", "to: other", "rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]")
        + &binding("ClusterRoleBinding", "ClusterRole/sum", ACCOUNT);
    assert_eq!(found(&text), ["home/a may get pods everywhere".to_owned()].into(), "also of itself, without end");
}

#[test]
fn roles_that_every_cluster_has_are_not_nothing() {
    let bound = |name: &str, more: &str| {
        found(&(more.to_owned() + &binding("ClusterRoleBinding", &format!("ClusterRole/{name}"), ACCOUNT)))
    };
    let all = ["home/a may * *.* everywhere", "home/a may * /* everywhere"].map(str::to_owned);
    assert_eq!(bound("cluster-admin", ""), all.into());
    let grows = cluster_role("more", "rbac.authorization.k8s.io/aggregate-to-view: 'true'", READ);
    let grown =
        ["home/a may get pods everywhere", "home/a may use the cluster's role edit everywhere"].map(str::to_owned);
    assert_eq!(bound("edit", &grows), grown.into(), "what may be viewed may be viewed by editors");
    assert_eq!(bound("unknown", ""), BTreeSet::new(), "nobody has made it");
}

#[test]
fn subjects_are_called_by_one_name() {
    let named = |subject: &str| found(&(role("r", READ) + &binding("RoleBinding", "Role/r", subject)));
    let of = |name: &str| BTreeSet::from([format!("{name} may get pods in shop")]);
    assert_eq!(named("{kind: User, name: 'system:serviceaccount:home:a'}"), of("home/a"));
    assert_eq!(named("{kind: User, name: jane}"), of("user jane"));
    assert_eq!(named("{kind: Group, name: 'system:authenticated'}"), of("group system:authenticated"));
    assert_eq!(named(""), BTreeSet::new());
}

#[test]
fn rights_fold_where_they_are_alike() {
    let rules = "rules: [{apiGroups: [''], resources: [services, pods], verbs: [watch, get, list]}, {apiGroups: [''], resources: [secrets], verbs: [approve, get]}]";
    let text = role("r", rules) + &binding("RoleBinding", "Role/r", ACCOUNT);
    let lines = ["home/a  get, list, watch pods, services  in shop", "home/a  get, approve secrets  in shop"];
    assert_eq!(folded(&rights(&documents(&text))), lines);
}
