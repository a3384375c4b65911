//! Rules about objects that make no pods.

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity::{Error, Note, Warning};
use crate::manifest::node::Node;
use crate::validate::policy::Asked::{Always, Named};
use crate::validate::policy::{Fault, OfObject, Rule, literals, outdated, unworkable};
use crate::validate::world::{self, Thing};

/// Every rule.
pub const RULES: &[Rule<OfObject>] = &[
    Rule {
        code: codes::DEFAULT_NAMESPACE,
        asked: Named,
        severity: Note,
        test: default_namespace,
        help: "give it a namespace with a name, quotas and policies of its own",
    },
    Rule {
        code: codes::DEPRECATED_FIELD,
        asked: Always,
        severity: Warning,
        test: outdated::in_objects,
        help: "write what took its place, before a server drops it",
    },
    Rule {
        code: codes::EXPOSED_SERVICE,
        asked: Named,
        severity: Note,
        test: exposed_service,
        help: "let the Ingress controller alone face the outside",
    },
    Rule {
        code: codes::EXTERNAL_IP,
        asked: Always,
        severity: Error,
        test: external_ip,
        help: "use a Service of type LoadBalancer",
    },
    Rule {
        code: codes::INGRESS_WITHOUT_TLS,
        asked: Always,
        severity: Warning,
        test: ingress_without_tls,
        help: "list the host in `spec.tls`, with a Secret for its certificate",
    },
    Rule {
        code: codes::LITERAL_SECRET,
        asked: Always,
        severity: Error,
        test: |thing| if is(thing, "ConfigMap") { literals::in_config(thing) } else { Vec::new() },
        help: "keep it in a Secret; change it, since it has been read",
    },
    Rule {
        code: codes::SNIPPET_ANNOTATION,
        asked: Always,
        severity: Error,
        test: snippet_annotation,
        help: "use the annotation for what is meant: whoever may write this one reads every Secret of the controller",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::idle_rules,
        help: "name the direction in `policyTypes`, or take the rules away",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Warning,
        test: unworkable::never,
        help: "write `suspend: true` for a job that somebody starts by hand",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::node_port,
        help: "take one from 30000 to 32767, or none: the server then chooses; a server with another range is a reason to accept this",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::long_set,
        help: "give it a name of at most 52 letters: its own number, and that of its template, come behind it",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Warning,
        test: unworkable::nearly_long_set,
        help: "give it a name of at most 52 letters: its own number, and that of its template, come behind it",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Warning,
        test: unworkable::half_dns,
        help: "allow port 53 by UDP and by TCP",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Warning,
        test: unworkable::pattern,
        help: "write `pathType: ImplementationSpecific`, if the controller reads patterns",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Warning,
        test: unworkable::verb,
        help: "take a verb that the API has",
    },
];

fn is(thing: Thing<'_>, kind: &str) -> bool {
    thing.document.id.kind == kind
}

/// What every cluster has in that namespace by itself.
const ITS_OWN: &[(&str, &str)] =
    &[("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"), ("Service", "kubernetes")];

fn default_namespace(thing: Thing<'_>) -> Vec<Fault<'_>> {
    let id = &thing.document.id;
    let is_own = ITS_OWN.contains(&(id.kind.as_str(), id.name.as_str()));
    // of a kind that is not known it is not known whether it has a namespace
    let is_known = ["apps", "batch", "networking.k8s.io", "policy", "autoscaling", ""].contains(&id.group.as_str());
    let is_there = id.namespace == "default" || (id.namespace.is_empty() && is_known && !is_of_cluster(&id.kind));
    if !is_there || is_own || thing.place() != "default" {
        return Vec::new();
    }
    let node = thing.root().at(&["metadata", "namespace"]).unwrap_or(thing.root());
    vec![(node, "lies in the namespace `default`, with all that nobody has given a place".to_owned())]
}

fn is_of_cluster(kind: &str) -> bool {
    world::is_of_cluster(kind) || ["Node", "List"].contains(&kind)
}

fn exposed_service<'a>(thing: Thing<'a>) -> Vec<Fault<'a>> {
    let kind = thing.root().at(&["spec", "type"]).filter(|_| is(thing, "Service"));
    let open = kind.filter(|kind| kind.text().is_some_and(|kind| ["LoadBalancer", "NodePort"].contains(&kind)));
    let told = |node: &'a Node| (node, format!("faces the outside as a {}", node.text().unwrap_or_default()));
    open.map(told).into_iter().collect()
}

fn external_ip(thing: Thing<'_>) -> Vec<Fault<'_>> {
    let addresses = thing.root().at(&["spec", "externalIPs"]).filter(|_| is(thing, "Service"));
    let set = addresses.filter(|node| !node.items().is_empty());
    set.map(|node| (node, "takes addresses for itself, also those of others (CVE-2020-8554)".to_owned()))
        .into_iter()
        .collect()
}

/// Every host has a certificate. One entry without hosts is for all of them.
fn ingress_without_tls<'a>(thing: Thing<'a>) -> Vec<Fault<'a>> {
    if !is(thing, "Ingress") {
        return Vec::new();
    }
    let entries = thing.root().items_at(&["spec", "tls"]);
    let certified: Vec<&str> =
        entries.iter().flat_map(|entry| entry.items_at(&["hosts"])).filter_map(Node::text).collect();
    if entries.iter().any(|entry| entry.items_at(&["hosts"]).is_empty()) {
        return Vec::new();
    }
    let is_certified = |host: &str| {
        let wide = host.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        certified.contains(&host) || wide.is_some_and(|wide| certified.contains(&wide.as_str()))
    };
    let rules = thing.root().items_at(&["spec", "rules"]);
    let open = rules.iter().filter_map(|rule| match rule.text_at(&["host"]) {
        Some(host) if is_certified(host) => None,
        Some(host) => Some((rule, format!("serves `{host}` without TLS: passwords and sessions go in the clear"))),
        None if certified.is_empty() => Some((rule, "serves every host without TLS".to_owned())),
        None => None,
    });
    let mut found: Vec<Fault<'a>> = open.collect();
    if rules.is_empty() && certified.is_empty() {
        found.push((thing.root().get("spec").unwrap_or(thing.root()), "serves every host without TLS".to_owned()));
    }
    found
}

fn snippet_annotation(thing: Thing<'_>) -> Vec<Fault<'_>> {
    if !is(thing, "Ingress") {
        return Vec::new();
    }
    let annotations = thing.root().at(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
    let snippets = annotations.iter().filter(|entry| entry.key.contains("nginx") && entry.key.ends_with("-snippet"));
    snippets
        .map(|entry| {
            (&entry.node, format!("writes into the controller's configuration: `{}` (CVE-2021-25742)", entry.key))
        })
        .collect()
}
