//! Changes to ids, labels, selectors, rights and order.

use serde_json::json;

use crate::support::mutations::{Mutation, breaks, double, drop, first, last, object, push, remove, set};

const API: &str = "Deployment production/api";
const POLICY: &str = "NetworkPolicy production/api";
const NAME: &str = "app.kubernetes.io/name";

pub(super) const MUTATIONS: &[Mutation] = &[
    breaks("ids_are_unique", "a Service twice", |w| double(w, "Service production/api", "api")),
    breaks("ids_are_unique", "no name", |w| remove(w, "Service production/api", "/metadata", "name")),
    breaks("objects_name_their_namespace", "none", |w| {
        remove(w, "Service production/api", "/metadata", "namespace");
    }),
    breaks("objects_name_their_namespace", "at a cluster-scoped object", |w| {
        set(w, "PriorityClass acme-app", "/metadata/namespace", json!("production"));
    }),
    breaks("objects_name_their_namespace", "an undeclared one", |w| {
        set(w, "Service production/api", "/metadata/namespace", json!("elsewhere"));
    }),
    breaks("objects_name_their_namespace", "an unknown kind", |w| set(w, API, "/kind", json!("ReplicaSet"))),
    breaks("nothing_is_empty", "status", |w| set(w, API, "/status", json!({ "replicas": 1 }))),
    breaks("nothing_is_empty", "null", |w| set(w, API, "/metadata/creationTimestamp", json!(null))),
    breaks("nothing_is_empty", "an empty map", |w| set(w, API, "/spec/template/spec/affinity", json!({}))),
    breaks("nothing_is_empty", "an empty list", |w| set(w, API, "/spec/template/spec/tolerations", json!([]))),
    breaks("nothing_is_empty", "an empty string", |w| set(w, API, "/spec/template/spec/schedulerName", json!(""))),
    breaks("nothing_is_empty", "an empty selector of another policy", |w| {
        set(w, POLICY, "/spec/podSelector", json!({}));
    }),
    breaks("ports_name_their_protocol", "a container", |w| {
        remove(w, API, "/spec/template/spec/containers/0/ports/0", "protocol");
    }),
    breaks("ports_name_their_protocol", "a Service", |w| {
        remove(w, "Service production/api", "/spec/ports/0", "protocol");
    }),
    breaks("ports_name_their_protocol", "a policy", |w| remove(w, POLICY, "/spec/egress/0/ports/0", "protocol")),
    breaks("objects_are_labelled", "no label", |w| {
        remove(w, "Role default/registry-gc", "/metadata/labels", "app.kubernetes.io/instance");
    }),
    breaks("objects_are_labelled", "another platform", |w| {
        set(w, API, "/spec/template/metadata/labels/app.kubernetes.io~1part-of", json!("other"));
    }),
    breaks("objects_are_labelled", "no label value", |w| {
        set(w, API, "/metadata/labels/app.kubernetes.io~1version", json!("1.0+build"));
    }),
    breaks("objects_are_labelled", "no version", |w| {
        remove(w, API, "/spec/template/metadata/labels", "app.kubernetes.io/version");
    }),
    breaks("objects_are_labelled", "no such component", |w| {
        set(w, API, "/metadata/labels/app.kubernetes.io~1name", json!("nobody"));
    }),
    breaks("namespaces_enforce_pod_security", "a weaker level", |w| {
        set(w, "Namespace production", "/metadata/labels/pod-security.kubernetes.io~1enforce", json!("baseline"));
    }),
    breaks("namespaces_enforce_pod_security", "another version", |w| {
        set(w, "Namespace production", "/metadata/labels/pod-security.kubernetes.io~1warn-version", json!("latest"));
    }),
    breaks("namespaces_enforce_pod_security", "no Namespace", |w| drop(w, "Namespace production")),
    breaks("selectors_say_only_what_never_changes", "a version", |w| {
        set(w, API, "/spec/selector/matchLabels/app.kubernetes.io~1version", json!("1.4.2"));
    }),
    breaks("selectors_say_only_what_never_changes", "an expression", |w| {
        set(w, POLICY, "/spec/podSelector/matchExpressions", json!([{ "key": NAME, "operator": "Exists" }]));
    }),
    breaks("selectors_say_only_what_never_changes", "everything", |w| set(w, POLICY, "/spec/podSelector", json!({}))),
    breaks("selectors_find_pods", "a Service of nobody", |w| {
        set(w, "Service production/api", "/spec/selector/app.kubernetes.io~1name", json!("nobody"));
    }),
    breaks("selectors_find_pods", "another workload's pods", |w| {
        let other = object(w, "Deployment production/auth").value["spec"]["selector"].clone();
        set(w, API, "/spec/selector", other);
    }),
    breaks("selectors_find_pods", "a peer that is nobody", |w| {
        let peer = "/spec/ingress/0/from/0/podSelector/matchLabels/app.kubernetes.io~1instance";
        set(w, "NetworkPolicy production/auth", peer, json!("nobody"));
    }),
    breaks("selectors_find_pods", "a peer in another namespace", |w| {
        let peer = "/spec/ingress/0/from/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.name";
        set(w, "NetworkPolicy production/auth", peer, json!("default"));
    }),
    breaks("selectors_find_pods", "a budget of nobody", |w| {
        let budget = "PodDisruptionBudget production/api";
        set(w, budget, "/spec/selector/matchLabels/app.kubernetes.io~1name", json!("nobody"));
    }),
    breaks("selectors_find_pods", "a spread of nobody", |w| {
        let spread =
            "/spec/template/spec/topologySpreadConstraints/0/labelSelector/matchLabels/app.kubernetes.io~1name";
        set(w, API, spread, json!("nobody"));
    }),
    breaks("policies_tell_namespaces_by_name", "another label", |w| {
        let selector = "/spec/ingress/0/from/0/namespaceSelector/matchLabels";
        set(w, "NetworkPolicy production/auth", selector, json!({ "team": "shop" }));
    }),
    breaks("policies_tell_namespaces_by_name", "every namespace", |w| {
        set(w, "NetworkPolicy production/auth", "/spec/ingress/0/from/0/namespaceSelector", json!({}));
    }),
    breaks("rules_are_exact", "every verb", |w| set(w, "Role default/registry-gc", "/rules/0/verbs", json!(["*"]))),
    breaks("rules_are_exact", "every resource", |w| {
        set(w, "Role default/registry-gc", "/rules/0/resources", json!(["*"]));
    }),
    breaks("rules_are_exact", "every group", |w| {
        set(w, "Role default/registry-gc", "/rules/0/apiGroups", json!(["*"]));
    }),
    breaks("rules_are_exact", "escalation", |w| {
        push(w, "ClusterRole acme-prometheus", "/rules/0/verbs", json!("bind"));
    }),
    breaks("rules_are_exact", "exec", |w| {
        push(w, "ClusterRole acme-prometheus", "/rules/0/resources", json!("pods/exec"));
    }),
    breaks("rules_are_exact", "proxy", |w| {
        push(w, "ClusterRole acme-prometheus", "/rules/0/resources", json!("nodes/proxy"));
    }),
    breaks("rules_are_exact", "Secrets of every namespace", |w| {
        let rule = json!({ "apiGroups": [""], "resources": ["secrets"], "verbs": ["list"] });
        push(w, "ClusterRole acme-prometheus", "/rules", rule);
    }),
    breaks("rules_are_exact", "Secrets of the namespace", |w| {
        let rule = json!({ "apiGroups": [""], "resources": ["secrets"], "verbs": ["list"] });
        push(w, "Role monitoring/prometheus", "/rules", rule);
    }),
    breaks("rules_are_exact", "a name for what is not there yet", |w| {
        let rule = json!({ "apiGroups": [""], "resources": ["events"], "resourceNames": ["x"], "verbs": ["create"] });
        push(w, "Role monitoring/prometheus", "/rules", rule);
    }),
    breaks("bindings_are_narrow", "everything", |w| {
        set(w, "ClusterRoleBinding acme-prometheus", "/roleRef/name", json!("cluster-admin"));
    }),
    breaks("bindings_are_narrow", "everybody", |w| {
        let group = json!({ "kind": "Group", "name": "system:authenticated" });
        push(w, "ClusterRoleBinding acme-prometheus", "/subjects", group);
    }),
    breaks("bindings_are_narrow", "the default account", |w| {
        set(w, "ClusterRoleBinding acme-prometheus", "/subjects/0/name", json!("default"));
    }),
    breaks("bindings_are_narrow", "another component's account", |w| {
        set(w, "ClusterRoleBinding acme-prometheus", "/subjects/0/name", json!("grafana"));
    }),
    breaks("tokens_are_for_rights", "a token for nothing", |w| {
        set(w, API, "/spec/template/spec/automountServiceAccountToken", json!(true));
    }),
    breaks("tokens_are_for_rights", "rights without a token", |w| {
        let pod = "StatefulSet monitoring/prometheus";
        set(w, pod, "/spec/template/spec/automountServiceAccountToken", json!(false));
    }),
    breaks("tokens_are_for_rights", "left to the account", |w| {
        remove(w, API, "/spec/template/spec", "automountServiceAccountToken");
    }),
    breaks("tokens_are_for_rights", "an account that hands out", |w| {
        remove(w, "ServiceAccount production/api", "", "automountServiceAccountToken");
    }),
    breaks("tokens_are_for_rights", "a shared account", |w| {
        set(w, API, "/spec/template/spec/serviceAccountName", json!("auth"));
    }),
    breaks("nothing_secret_is_written", "a Secret", |w| {
        set(w, "ConfigMap monitoring/prometheus-rules", "/kind", json!("Secret"));
    }),
    breaks("nothing_secret_is_written", "a variable", |w| {
        push(w, API, "/spec/template/spec/containers/0/env", json!({ "name": "DB_PASSWORD", "value": "hunter2" }));
    }),
    breaks("nothing_secret_is_written", "an argument", |w| {
        push(w, API, "/spec/template/spec/containers/0/args", json!("--auth-token=hunter2"));
    }),
    breaks("nothing_secret_is_written", "a setting", |w| {
        set(w, "ConfigMap monitoring/prometheus-config", "/data/more.yml", json!("a:\n- password: hunter2\n"));
    }),
    breaks("names_come_first", "a namespace last", |w| last(w, "Namespace production")),
    breaks("names_come_first", "an account last", |w| last(w, "ServiceAccount production/api")),
    breaks("names_come_first", "configuration last", |w| last(w, "ConfigMap monitoring/prometheus-config")),
    breaks("names_come_first", "a claim last", |w| last(w, "PersistentVolumeClaim default/registry")),
    breaks("names_come_first", "a secret last", |w| last(w, "ExternalSecret production/api-database")),
    breaks("names_come_first", "a role last", |w| last(w, "Role default/registry-gc")),
    breaks("names_come_first", "a class last", |w| last(w, "PriorityClass acme-app")),
    breaks("guards_come_first", "a policy last", |w| last(w, POLICY)),
    breaks("guards_come_first", "a quota last", |w| last(w, "ResourceQuota production/production")),
    breaks("guards_come_first", "a webhook first", |w| {
        first(w, "ValidatingWebhookConfiguration acme-ingress-nginx-admission");
    }),
];
