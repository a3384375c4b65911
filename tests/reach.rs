//! Who can reach whom: what policies mean, trap by trap, and what the flagship leaves open.

#[path = "support/manifests.rs"]
mod manifests;

use std::collections::BTreeSet;

use manifests::{documents, golden};
use platformgen::manifest::document::Document;
use platformgen::reach::{connections, unheard};

fn found(text: &str) -> BTreeSet<String> {
    shown(&documents(text))
}

fn shown(documents: &[Document]) -> BTreeSet<String> {
    connections(documents).iter().map(ToString::to_string).collect()
}

/// The flagship's answers, by hand.
#[test]
fn the_flagship_is_open_where_it_should_be_and_nowhere_else() {
    const NGINX: &str = "ingress-nginx/ingress-nginx-controller";
    let found = shown(&golden());
    let open = [
        "production/api → production/auth:8080",
        "production/api → 10.20.4.0/24:5432",
        "production/image → public IPv4:443",
        "production/image → kube-system/k8s-app=kube-dns:53/UDP",
        "default/registry-ui → default/registry:5000",
        "monitoring/prometheus → production/image:5000",
        "monitoring/prometheus → 10.0.0.0/20:10250",
        "anywhere → cert-manager/cert-manager-webhook:10250",
    ];
    for line in open {
        assert!(found.contains(line), "{line}");
    }
    for line in [
        "0.0.0.0/0 → NGINX:443",
        "[::/0] → NGINX:80",
        "NGINX → production/acme.cert-manager.io/http01-solver=true:8089",
    ] {
        let line = line.replace("NGINX", NGINX).replace("[::/0]", "::/0");
        assert!(found.contains(&line), "{line}");
    }
    let closed = [
        "production/image → production/auth",
        "production/auth → production/api",
        "production/api → public",
        "production/api → anywhere",
        "production/api → monitoring/",
        "anywhere → production/",
        "any pod → ",
        "0.0.0.0/0 → production/",
        "monitoring/grafana → production/",
        "default/registry-ui → production/",
    ];
    for start in closed {
        assert!(!found.iter().any(|line| line.starts_with(start)), "{start}");
    }
    let ways_to_auth = found.iter().filter(|line| line.contains("→ production/auth:")).count();
    assert_eq!(ways_to_auth, 3, "the front door, the API and Prometheus");
}

const PODS: &str = "
{kind: Namespace, apiVersion: v1, metadata: {name: shop, labels: {team: shop}}}
---
{kind: Pod, apiVersion: v1, metadata: {name: a, namespace: shop, labels: {app: a, tier: front}}}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: b, namespace: shop}
spec:
  template:
    metadata: {labels: {app: b, tier: back}}
    spec:
      containers:
      - {name: b, ports: [{name: http, containerPort: 8080}, {name: http, protocol: UDP, containerPort: 8081}]}
---
kind: CronJob
apiVersion: batch/v1
metadata: {name: c, namespace: else}
spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: c}}}}}}
";

/// What policies with these specs in namespace `shop` leave open between the three pods above and others.
fn between(policies: &[&str]) -> String {
    let policies: Vec<String> = policies.iter().enumerate().map(|(at, spec)| policy(at, spec)).collect();
    listed(&(PODS.to_owned() + &policies.concat()))
}

fn policy(number: usize, spec: &str) -> String {
    let meta = format!("metadata: {{name: p{number}, namespace: shop}}");
    format!("---\n{{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, {meta}, spec: {spec}}}\n")
}

/// The connections but for those that nobody judges.
fn listed(text: &str) -> String {
    let unjudged =
        |line: &String| line.ends_with("→ anywhere") || line.starts_with("anywhere →") && !line.contains(':');
    found(text).into_iter().filter(|line| !unjudged(line)).collect::<Vec<_>>().join("\n")
}

const DENY: &str = "{podSelector: {}, policyTypes: [Ingress, Egress]}";

#[test]
fn without_policies_everybody_can_go_anywhere_in_few_words() {
    let expected = [
        "anywhere → else/c",
        "anywhere → shop/a",
        "anywhere → shop/b",
        "else/c → anywhere",
        "shop/a → anywhere",
        "shop/b → anywhere",
    ];
    assert_eq!(found(PODS), expected.map(str::to_owned).into());
}

#[test]
fn a_policy_without_rules_closes_and_without_types_only_the_way_in() {
    assert_eq!(between(&[DENY]), "");
    let open = found(&(PODS.to_owned() + &policy(0, "{podSelector: {matchLabels: {app: b}}}")));
    assert!(open.contains("shop/b → anywhere") && !open.contains("anywhere → shop/b"), "{open:?}");
    let out = "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}";
    assert_eq!(between(&[out]), "shop/a → 10.0.0.0/8\nshop/b → 10.0.0.0/8", "a rule for the way out closes the others");
}

#[test]
fn both_ends_must_allow_it() {
    let into = "{podSelector: {matchLabels: {app: b}}, ingress: [{from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 8080}]}]}";
    let out = "{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: 8080}, {port: 9090}]}]}";
    assert_eq!(between(&[into]), "shop/a → shop/b:8080");
    assert_eq!(between(&[into, out]), "shop/a → shop/b:8080");
    assert_eq!(between(&[into, DENY]), "", "the caller is closed");
    assert_eq!(between(&[out, DENY]), "", "the called is closed");
    assert_eq!(between(&[out, into, DENY]), "shop/a → shop/b:8080");
}

/// One rule for the way into `b`, and what it lets in.
const PEERS: &[(&str, &str, &str)] = &[
    ("no list is everybody", "{ports: [{port: 80}]}", "anywhere → shop/b:80"),
    ("an empty list is everybody", "{from: [], ports: [{port: 80}]}", "anywhere → shop/b:80"),
    ("no list of ports is every port", "{from: [{podSelector: {matchLabels: {app: a}}}]}", "shop/a → shop/b"),
    (
        "an empty list of ports as well",
        "{from: [{podSelector: {matchLabels: {app: a}}}], ports: []}",
        "shop/a → shop/b",
    ),
    ("a selector of nothing is the own namespace", "{from: [{podSelector: {}}]}", "shop/* → shop/b"),
    (
        "pods alone are those of the own namespace",
        "{from: [{podSelector: {matchLabels: {app: c}}}]}",
        "shop/app=c → shop/b",
    ),
    ("every namespace", "{from: [{namespaceSelector: {}}]}", "any pod → shop/b"),
    (
        "both in one are both",
        "{from: [{namespaceSelector: {matchLabels: {team: shop}}, podSelector: {matchExpressions: [{key: app, operator: In, values: [a, c]}]}}]}",
        "shop/a → shop/b",
    ),
    (
        "two are either",
        "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: else}}}, {podSelector: {matchLabels: {app: a}}}]}",
        "else/* → shop/b\nshop/a → shop/b",
    ),
    (
        "a namespace has its name as a label",
        "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: else}}, podSelector: {matchLabels: {app: c}}}]}",
        "else/c → shop/b",
    ),
    (
        "not in",
        "{from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [b]}]}}]}",
        "shop/app!=b → shop/b",
    ),
    (
        "narrowed by not in, exists and does not exist",
        "{from: [{namespaceSelector: {}, podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b, c]}, {key: tier, operator: NotIn, values: [back]}, {key: app, operator: Exists}, {key: x, operator: DoesNotExist}]}}]}",
        "else/c → shop/b\nshop/a → shop/b",
    ),
    (
        "a range",
        "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.2.0.0/16, 10.1.0.0/16]}}]}",
        "10.0.0.0/8 (except 10.1.0.0/16, 10.2.0.0/16) → shop/b",
    ),
    ("a name is a port of the called pod", "{ports: [{port: http}]}", "anywhere → shop/b:8080"),
    ("of that protocol", "{ports: [{port: http, protocol: UDP}]}", "anywhere → shop/b:8081/UDP"),
    ("a name that the pod does not know is nothing", "{ports: [{port: https}]}", ""),
    ("a range of ports", "{ports: [{port: 8000, endPort: 8999, protocol: SCTP}]}", "anywhere → shop/b:8000-8999/SCTP"),
    ("a protocol without a port is all its ports", "{ports: [{protocol: UDP}]}", "anywhere → shop/b:*/UDP"),
    ("a peer that says nothing is nobody", "{from: [{}]}", ""),
];

#[test]
fn a_rule_lets_in_whom_it_names() {
    for (what, rule, expected) in PEERS {
        assert_eq!(
            between(&[&format!("{{podSelector: {{matchLabels: {{app: b}}}}, ingress: [{rule}]}}")]),
            *expected,
            "{what}"
        );
    }
}

#[test]
fn names_of_ports_on_the_way_out_are_those_of_the_called_pod() {
    let out = |peer: &str| {
        format!(
            "{{podSelector: {{matchLabels: {{app: a}}}}, policyTypes: [Egress], egress: [{{to: [{peer}], ports: [{{port: http}}]}}]}}"
        )
    };
    assert_eq!(between(&[&out("{podSelector: {matchLabels: {app: b}}}")]), "shop/a → shop/b:8080");
    assert_eq!(between(&[&out("{podSelector: {matchLabels: {app: unknown}}}")]), "shop/a → shop/app=unknown:http");
}

#[test]
fn a_crowd_and_a_name_meet() {
    let out =
        "{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{ports: [{port: 1, endPort: 100}]}]}";
    let into = "{podSelector: {matchLabels: {app: b}}, ingress: [{from: [{podSelector: {matchLabels: {tier: front}}}], ports: [{port: 80, endPort: 200}]}]}";
    assert_eq!(between(&[out, into]), "shop/a → anywhere:1-100\nshop/a → shop/b:80-100");
}

#[test]
fn pods_in_the_network_of_their_node_are_beyond_policies() {
    let on_node = "{kind: Pod, apiVersion: v1, metadata: {name: n, namespace: shop, labels: {app: n}}, spec: {hostNetwork: true}}";
    assert!(!found(&format!("{PODS}---\n{on_node}")).iter().any(|line| line.contains("shop/n")));
}

#[test]
fn a_port_of_an_init_container_is_there_while_that_stays() {
    let pods = |restarts: &str| {
        let container = format!("{{name: i, {restarts}ports: [{{name: side, containerPort: 9100}}]}}");
        let pod = "{kind: Pod, apiVersion: v1, metadata: {name: d, namespace: shop, labels: {app: d}}, spec: {initContainers: [CONTAINER]}}";
        let policies =
            [policy(0, DENY), policy(1, "{podSelector: {matchLabels: {app: d}}, ingress: [{ports: [{port: side}]}]}")];
        listed(&format!("{PODS}---\n{}\n{}", pod.replace("CONTAINER", &container), policies.concat()))
    };
    assert_eq!(pods("restartPolicy: Always, "), "anywhere → shop/d:9100");
    assert_eq!(pods(""), "");
}

#[test]
fn policies_of_cilium_are_understood_as_far_as_they_go() {
    let policy = "
kind: CiliumNetworkPolicy
apiVersion: cilium.io/v2
metadata: {name: a, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: a}}
  egress:
  - {toEntities: [kube-apiserver], toPorts: [{ports: [{port: '6443', protocol: TCP}]}]}
  - {toFQDNs: [{matchName: api.example.com}], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}
  - {toCIDR: [10.20.0.0/24]}
  - {toServices: [{k8sService: {serviceName: x}}]}
  - toEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': kube-system, 'k8s:k8s-app': kube-dns}}]
    toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]
";
    let expected = "shop/a → 10.20.0.0/24
shop/a → api.example.com:443
shop/a → cilium toServices
shop/a → kube-apiserver:6443
shop/a → kube-system/k8s-app=kube-dns:53
shop/a → kube-system/k8s-app=kube-dns:53/SCTP
shop/a → kube-system/k8s-app=kube-dns:53/UDP";
    let found = found(&format!("{PODS}---{policy}"));
    assert_eq!(
        found.iter().filter(|line| line.starts_with("shop/a →")).cloned().collect::<Vec<_>>().join("\n"),
        expected
    );
}

#[test]
fn an_ipv6_range_keeps_its_colons_apart_from_the_port() {
    let out = "{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: '2001:db8::/32'}}], ports: [{port: 443}]}]}";
    assert_eq!(between(&[out]), "shop/a → [2001:db8::/32]:443");
}

#[test]
fn policies_of_others_are_said_to_be_unheard() {
    let other = "{kind: GlobalNetworkPolicy, apiVersion: projectcalico.org/v3, metadata: {name: g}}";
    let mut documents = documents(other);
    documents.extend(golden());
    assert_eq!(
        unheard(&documents).map(|document| document.id.to_string()).collect::<Vec<_>>(),
        ["GlobalNetworkPolicy g"]
    );
}
