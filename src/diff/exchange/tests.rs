use super::*;
use crate::diagnostics::report::Report;
use crate::diff::compare;
use crate::diff::pair::pair;
use crate::diff::path::Step;
use crate::diff::side::Side;
use crate::manifest::read::{Dialect, read};
use crate::model::tree::{Tree, TreeFile};

fn exchanged(
    of: fn(&[Placed<'_>], &[Placed<'_>], &[Pair<'_>]) -> Exchange,
    old: &str,
    new: &str,
) -> (Vec<String>, Vec<String>) {
    let [old, new] = [old, new].map(|text| read(text, Dialect::Any, &mut Report::default()));
    let placed = |document| Placed { file: "", text: "", document };
    let old: Vec<Placed<'_>> = old.iter().map(placed).collect();
    let new: Vec<Placed<'_>> = new.iter().map(placed).collect();
    let Exchange { gained, lost, .. } = of(&old, &new, &pair(&old, &new).pairs);
    (gained, lost)
}

/// `dns` answers `web` and whatever bears the labels of `a`.
const NAMED: &str = "---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: dns, namespace: p}, spec: {template: {metadata: {labels: {app: dns}}, spec: {containers: [{name: a, ports: [{name: dns, containerPort: 53}]}]}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: dns, namespace: p}, spec: {podSelector: {matchLabels: {app: dns}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 53}]}]}}
";
const CALLER: &str = "---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: caller, namespace: p}, spec: {template: {metadata: {labels: {app: a, version: b}}, spec: {containers: [{name: a}]}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: caller, namespace: p}, spec: {podSelector: {matchLabels: {app: a}}, policyTypes: [Ingress, Egress], egress: [{to: [{podSelector: {matchLabels: {app: dns}}}], ports: [{port: 53}]}]}}
";

#[test]
fn who_is_gone_is_called_as_before() {
    let none: (Vec<String>, Vec<String>) = Default::default();
    let with = format!("{NAMED}{CALLER}");
    assert_eq!(exchanged(connections, &with, NAMED), none, "`dns` would still answer it");
    assert_eq!(exchanged(connections, NAMED, &with), none);
    let closed = NAMED
        .replace("from: [{podSelector: {matchLabels: {app: a}}}]", "from: [{podSelector: {matchLabels: {app: b}}}]");
    let (gained, lost) = exchanged(connections, &with, &closed);
    assert_eq!(lost, ["p/caller → p/dns:53"]);
    assert_eq!(gained, ["p/app=b → p/dns:53"], "whom nobody knows is called by its labels");
}

#[test]
fn a_workload_or_a_namespace_that_others_already_name() {
    let pod = |name: &str, place: &str, labels: &str| {
        format!(
            "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: {place}}}, spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a}}]}}}}}}}}\n"
        )
    };
    let home = |labels: &str| {
        format!("---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: q, labels: {{{labels}}}}}}}\n")
    };
    let policy = |from: &str| {
        format!(
            "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: d, namespace: p}}, spec: {{podSelector: {{matchLabels: {{app: d}}}}, policyTypes: [Ingress], ingress: [{{from: [{from}], ports: [{{port: 80}}]}}]}}}}\n"
        )
    };
    let world = |own: &str, labels: &str, from: &str| {
        [pod("d", "p", "app: d"), pod("f", "p", own), pod("e", "q", "app: e"), home(labels), policy(from)].concat()
    };
    let none: (Vec<String>, Vec<String>) = Default::default();
    let by_pod = "podSelector: {matchLabels: {role: client}}";
    let by_home = "namespaceSelector: {matchLabels: {team: x}}";
    let by_both = format!("{by_home}, podSelector: {{matchLabels: {{app: e}}}}");
    for (old, new, from, told) in [
        (("app: f", "a: b"), ("app: f, role: client", "a: b"), by_pod, Some("p/f → p/d:80")),
        (("app: f", "a: b"), ("app: f, role: server", "a: b"), by_pod, None),
        (("app: f", "a: b"), ("app: f", "a: b, team: x"), by_home, Some("q/* → p/d:80")),
        (("app: f", "a: b"), ("app: f", "a: b, team: y"), by_home, None),
        (("app: f", "a: b"), ("app: f", "a: b, team: x"), &by_both, Some("q/e → p/d:80")),
        (("app: f", "a: b"), ("app: f", "a: c"), &by_both, None),
    ] {
        let from = format!("{{{from}}}");
        let (old, new) = (world(old.0, old.1, &from), world(new.0, new.1, &from));
        let wanted: Vec<String> = told.into_iter().map(str::to_owned).collect();
        assert_eq!(exchanged(connections, &old, &new), (wanted.clone(), vec![]), "{new}");
        assert_eq!(exchanged(connections, &new, &old), (vec![], wanted), "{new}");
    }
    let wide = format!("{{{by_home}}}, {{namespaceSelector: {{}}}}");
    let (old, new) = (world("app: f", "a: b", &wide), world("app: f", "a: b, team: x", &wide));
    assert_eq!(exchanged(connections, &old, &new), none, "everybody could call it");
}

#[test]
fn who_holds_a_role_elsewhere_gains_what_it_gains() {
    let role = |labels: &str, verbs: &str| {
        format!(
            "---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: a, labels: {{{labels}}}}}, rules: [{{apiGroups: [\"\"], resources: [pods], verbs: [{verbs}]}}]}}\n"
        )
    };
    let grows = "rbac.authorization.k8s.io/aggregate-to-edit: 'true'";
    let gained = |old: &str, new: &str| exchanged(rights, old, new).0;
    assert_eq!(gained("", &role(grows, "get")), ["whoever holds edit  get pods  everywhere"]);
    assert_eq!(gained(&role(grows, "get"), &role(grows, "get, list")), ["whoever holds edit  list pods  everywhere"]);
    assert_eq!(gained(&role("", "get"), &role("", "get, list")), ["whoever holds a  list pods  everywhere"]);
    assert!(gained("", &role("", "get")).is_empty(), "nobody holds a new one");
    let whole = "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: whole}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}}\n";
    let part = |verbs: &str| role("a: b", verbs) + whole;
    assert_eq!(gained(&part("get"), &part("get, list")), ["whoever holds whole  list pods  everywhere"]);
    assert!(gained(&role("", "get, list"), &role("", "get")).is_empty());
}

#[test]
fn a_part_of_a_right_is_not_gained() {
    let bound = |verbs: &str| {
        format!(
            "---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: a}}, rules: [{{apiGroups: [\"\"], resources: [pods], verbs: [{verbs}]}}]}}\n---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: a}}, roleRef: {{kind: ClusterRole, name: a}}, subjects: [{{kind: ServiceAccount, name: a, namespace: p}}]}}\n"
        )
    };
    let (every, one) = (bound("'*'"), bound("get"));
    let all = || vec!["p/a  * pods  everywhere".to_owned()];
    assert_eq!(exchanged(rights, &every, &one), (vec![], all()));
    assert_eq!(exchanged(rights, &one, &every), (all(), vec![]));
}

/// `api` and its caller `web`, and a policy for `api` that lets these rules in.
fn api_that_lets(labels: &str, rules: &str) -> String {
    let pod = |name: &str, labels: &str| {
        format!(
            "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: p}}, spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a}}]}}}}}}}}\n"
        )
    };
    let policy = format!(
        "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: api, namespace: p}}, spec: {{podSelector: {{matchLabels: {{app: api}}}}, policyTypes: [Ingress], ingress: [{rules}]}}}}\n"
    );
    let policy = if rules.is_empty() { String::new() } else { policy };
    [pod("api", "app: api"), pod("web", labels), policy].concat()
}

fn opened(old: &str, new: &str) -> Vec<String> {
    let [old, new] = [old, new].map(|text| read(text, Dialect::Any, &mut Report::default()));
    let placed = |document| Placed { file: "", text: "", document };
    let [old, new] = [&old, &new].map(|all| all.iter().map(placed).collect::<Vec<_>>());
    connections(&old, &new, &pair(&old, &new).pairs).news
}

#[test]
fn what_only_covers_less_opens_nothing() {
    let web = "from: [{podSelector: {matchLabels: {app: web}}}]";
    for (wide, narrow) in [
        (String::new(), format!("{{{web}, ports: [{{port: 80}}]}}")),
        ("{from: [{podSelector: {}}]}".to_owned(), format!("{{{web}}}")),
        (format!("{{{web}, ports: [{{port: 80, endPort: 90}}]}}"), format!("{{{web}, ports: [{{port: 80}}]}}")),
        (format!("{{{web}}}"), format!("{{{web}, ports: [{{port: 80}}]}}")),
        (
            "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.2.0.0/16]}}]}".to_owned(),
            "{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}".to_owned(),
        ),
        ("{from: [{namespaceSelector: {}}]}".to_owned(), "{from: [{podSelector: {}}]}".to_owned()),
    ] {
        let (wide, narrow) = (api_that_lets("app: web", &wide), api_that_lets("app: web", &narrow));
        assert!(!exchanged(connections, &wide, &narrow).1.is_empty(), "{narrow}");
        assert_eq!(opened(&wide, &narrow), Vec::<String>::new(), "{narrow}");
        assert!(!opened(&narrow, &wide).is_empty(), "{wide}");
    }
}

#[test]
fn who_comes_to_be_of_a_group_that_says_whom_it_does_not_mean() {
    let rule = |needs: &str| format!("{{from: [{{podSelector: {{matchExpressions: [{needs}]}}}}]}}");
    for (needs, out, inside) in [
        ("{key: client, operator: Exists}", "app: web", "app: web, client: c"),
        ("{key: env, operator: NotIn, values: [dev]}", "app: web, env: dev", "app: web, env: prod"),
        ("{key: quarantine, operator: DoesNotExist}", "app: web, quarantine: q", "app: web"),
    ] {
        let [out, inside] = [out, inside].map(|labels| api_that_lets(labels, &rule(needs)));
        let told = vec!["p/web → p/api".to_owned()];
        assert_eq!(exchanged(connections, &out, &inside), (told.clone(), vec![]), "{needs}");
        assert_eq!(opened(&out, &inside), told, "{needs}");
        assert_eq!(exchanged(connections, &inside, &out), (vec![], told), "{needs}");
        let other = inside.replace("app: web", "app: web, other: o");
        assert_eq!(exchanged(connections, &inside, &other), Default::default(), "{needs}");
    }
}

#[test]
fn a_port_that_a_group_is_called_on_by_its_name_is_another_number() {
    let caller = "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web, namespace: p}, spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: http}]}]}}\n";
    let api = |port: &str| {
        let port = format!("{{name: a, ports: [{port}]}}");
        api_that_lets("app: web", "").replacen("{name: a}", &port, 1) + caller
    };
    let (old, moved) = (api("{name: http, containerPort: 80}"), api("{name: http, containerPort: 81}"));
    let told = |port: u16| vec![format!("p/web → p/api:{port}")];
    assert_eq!(exchanged(connections, &old, &moved), (told(81), told(80)));
    assert_eq!(opened(&old, &moved), told(81));
    assert_eq!(exchanged(connections, &old, &api("{name: grpc, containerPort: 80}")), (vec![], told(80)));
    assert_eq!(
        exchanged(connections, &old, &api("{name: http, containerPort: 80}, {containerPort: 9}")),
        Default::default()
    );
}

#[test]
fn a_namesake_of_another_kind_keeps_its_name() {
    let namesake = "---\n{apiVersion: batch/v1, kind: CronJob, metadata: {name: web, namespace: p}, spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: job}}, spec: {containers: [{name: a}]}}}}}}\n";
    let old = api_that_lets("app: web", "") + namesake;
    let new = old.replacen("name: web,", "name: web2,", 1);
    let (gained, lost) = exchanged(connections, &old, &new);
    assert_eq!(lost, Vec::<String>::new());
    assert!(gained.iter().all(|line| line.contains("p/web2")), "{gained:?}");
}

#[test]
fn whatever_matters_is_looked_at() {
    let home =
        "---\n{apiVersion: v1, kind: Namespace, metadata: {name: p, labels: {team: x}, annotations: {note: x}}}\n";
    let by_home = "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: all, namespace: p, labels: {own: x}}, spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}}]}]}}\n";
    let other = "---\n{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: other, namespace: p}, spec: {endpointSelector: {matchLabels: {app: dns}}, ingress: [{fromEndpoints: [{matchLabels: {'k8s:version': b, 'k8s:io.cilium.k8s.namespace.labels.team': x}}]}]}}\n";
    let text = format!("{NAMED}{CALLER}{home}{by_home}{other}");
    let side = |text: &str| {
        let files = vec![TreeFile { path: "a.yaml".to_owned(), text: text.to_owned() }];
        Side::read(Tree { files }, Dialect::Any)
    };
    let old = side(&text).expect("it is YAML");
    let (mut matter, mut rest) = (0, 0);
    let is_letter = |letter: char| letter.is_ascii_alphanumeric();
    let starts = text.match_indices(is_letter).map(|(at, _)| at).filter(|at| !text[..*at].ends_with(is_letter));
    for at in starts {
        let (before, after) = text.split_at(at);
        let new = format!("{before}other{}", after.trim_start_matches(is_letter));
        let Ok(new) = side(&new) else { continue };
        let (before, after) = (old.objects(), new.objects());
        let exchange = connections(&before, &after, &pair(&before, &after).pairs);
        if may_connect(&compare::objects(&old, &new), &before, &after) {
            matter += 1;
        } else {
            rest += 1;
            assert!(exchange.is_empty(), "{exchange:?} by {}", &text[at..]);
        }
    }
    assert!(matter > 50 && rest > 5, "{matter} and {rest}");
}

#[test]
fn what_decides_about_connections_is_told_from_the_rest() {
    let id = |kind: &str, group: &str| Id {
        kind: kind.into(),
        group: group.into(),
        namespace: Default::default(),
        name: "a".into(),
    };
    let (pod, deployment, home) = (id("Pod", ""), id("Deployment", "apps"), id("Namespace", ""));
    let policy = id("NetworkPolicy", "networking.k8s.io");
    let own = Path::of(&["metadata", "labels", "app"]);
    let template = Path::of(&["spec", "template", "metadata", "labels", "app"]);
    let container = Path::of(&["spec", "template", "spec", "initContainers"]).and(Step::Item("api".into()));
    for (id, path, touched) in [
        (&pod, &own, Touched::Label("app")),
        (&home, &own, Touched::Label("app")),
        (&deployment, &template, Touched::Label("app")),
        (&deployment, &own, Touched::Nothing),
        (&policy, &own, Touched::Nothing),
        (&policy, &Path::of(&["spec", "podSelector"]), Touched::More),
        (&pod, &Path::of(&["metadata", "labels"]), Touched::More),
        (&pod, &Path::of(&["metadata", "labels", HIDDEN]), Touched::More),
        (&deployment, &Path::of(&["spec", "template", "metadata"]), Touched::More),
        (&deployment, &Path::of(&["spec", "template", "metadata", "annotations", "a"]), Touched::Nothing),
        (&deployment, &Path::of(&["spec"]), Touched::More),
        (&deployment, &Path::of(&["spec", "replicas"]), Touched::Nothing),
        (&deployment, &Path::of(&["spec", "template", "spec"]), Touched::More),
        (&deployment, &Path::of(&["spec", "template", "spec", "hostNetwork"]), Touched::More),
        (&deployment, &Path::of(&["spec", "template", "spec", "priorityClassName"]), Touched::Nothing),
        (&deployment, &container, Touched::More),
        (&deployment, &container.key("image"), Touched::Nothing),
        (&deployment, &container.key("env").and(Step::Index(1)), Touched::Nothing),
        (&deployment, &container.key("ports").and(Step::Index(0)), Touched::More),
        (&deployment, &container.key("restartPolicy"), Touched::More),
    ] {
        assert_eq!(Touched::by(id, path), touched, "{} {path}", id.kind);
    }
}
