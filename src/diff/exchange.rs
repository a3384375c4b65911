//! What a platform as a whole gains and loses: connections and rights, each of which follows from several objects. A
//! workload that has got another name keeps what it had.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::compare::{Fate, ObjectChange};
use crate::diff::pair::{Pair, Placed};
use crate::diff::path::Path;
use crate::manifest::document::Document;
use crate::ordered::Ordered;
use crate::reach::party::Party;
use crate::reach::pods::namespace;
use crate::reach::{self, Connection};
use crate::rights::{self, Right, folded, holders, roles, wider};

/// Statements that are new, and statements that no longer hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What is new.
    pub gained: Vec<String>,
    /// What no longer holds.
    pub lost: Vec<String>,
}

impl Exchange {
    /// Whether nothing has changed hands.
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty()
    }
}

/// Whether a change of this object may open or close a connection.
pub fn may_connect(object: &ObjectChange) -> bool {
    says_something_else(object)
        && reach::concerns(&object.id)
        && (object.fate != Fate::Changed || !object.changes.iter().all(|change| is_inside_container(&change.path)))
}

/// Whether a change of this object may give or take a right.
pub fn may_entitle(object: &ObjectChange) -> bool {
    says_something_else(object) && (object.id.group == roles::GROUP || object.id.kind == "ServiceAccount")
}

fn says_something_else(object: &ObjectChange) -> bool {
    !matches!(object.fate, Fate::Moved | Fate::Reformatted)
}

/// Whether only what runs in a container is different, and not where it listens.
fn is_inside_container(path: &Path) -> bool {
    let mut keys = path.keys().skip_while(|key| !["containers", "initContainers"].contains(key)).skip(1);
    keys.next().is_some_and(|key| key != "ports")
}

/// New names by old ones, both as `namespace/name`.
type Names = BTreeMap<String, String>;

/// The new names of objects of these kinds.
fn renamed(pairs: &[Pair<'_>], kinds: &[&str]) -> Names {
    let names = pairs.iter().filter(|pair| pair.is_renamed() && kinds.contains(&pair.id().kind.as_str()));
    // who names no namespace lands in `default`, and that is what ends of connections and subjects are called
    let place = |placed: Placed<'_>| format!("{}/{}", namespace(placed.document), placed.document.id.name);
    names.filter_map(|pair| Some((place(pair.before()?), place(pair.after()?)))).collect()
}

fn documents<'a>(placed: &[Placed<'a>]) -> impl Iterator<Item = &'a Document> {
    placed.iter().map(|placed| placed.document)
}

/// Who can reach whom now and could not before, and the other way round.
pub fn connections(old: &[Placed<'_>], new: &[Placed<'_>], pairs: &[Pair<'_>]) -> Exchange {
    let names = renamed(pairs, &["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"]);
    let heir = |party: &Party| if names.is_empty() { None } else { names.get(&party.to_string()) };
    let party = |party: &Party| match heir(party).and_then(|name| name.split_once('/')) {
        Some((namespace, name)) => Party::Workload { namespace: namespace.into(), name: name.into() },
        None => party.clone(),
    };
    let [before, after] = reach::apart(documents(old), documents(new), party);
    let renamed =
        |connection: Connection| Connection { from: party(&connection.from), to: party(&connection.to), ..connection };
    let before: BTreeSet<Connection> = before.into_iter().map(renamed).ordered();
    let told = |some: &BTreeSet<Connection>, others: &BTreeSet<Connection>| -> Vec<String> {
        some.difference(others).map(ToString::to_string).collect()
    };
    Exchange { gained: told(&after, &before), lost: told(&before, &after) }
}

/// Who may do what now and could not before, and the other way round.
pub fn rights(old: &[Placed<'_>], new: &[Placed<'_>], pairs: &[Pair<'_>]) -> Exchange {
    let names = renamed(pairs, &["ServiceAccount"]);
    let (old, new): (Vec<_>, Vec<_>) = (documents(old).collect(), documents(new).collect());
    // who holds a role that nobody here is bound to gains what it gains; a new one is held by nobody
    let held: BTreeSet<&str> = holders::unbound(&old).intersection(&holders::unbound(&new)).copied().ordered();
    let of = |side: &[&Document]| {
        let mut found = rights::rights(side.iter().copied());
        found.extend(holders::rights(side, &held));
        found
    };
    let before: BTreeSet<Right> = of(&old)
        .into_iter()
        .map(|right| match names.get(&*right.subject) {
            Some(name) => Right { subject: name.as_str().into(), ..right },
            None => right,
        })
        .ordered();
    let after = of(&new);
    let told = |some: &BTreeSet<Right>, others: &BTreeSet<Right>| folded::folded(&wider::beyond(some, others));
    Exchange { gained: told(&after, &before), lost: told(&before, &after) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::report::Report;
    use crate::diff::pair::pair;
    use crate::diff::path::Step;
    use crate::manifest::read::{Dialect, read};

    fn exchanged(
        of: fn(&[Placed<'_>], &[Placed<'_>], &[Pair<'_>]) -> Exchange,
        old: &str,
        new: &str,
    ) -> (Vec<String>, Vec<String>) {
        let [old, new] = [old, new].map(|text| read(text, Dialect::Any, &mut Report::default()));
        let placed = |document| Placed { file: "", text: "", document };
        let old: Vec<Placed<'_>> = old.iter().map(placed).collect();
        let new: Vec<Placed<'_>> = new.iter().map(placed).collect();
        let Exchange { gained, lost } = of(&old, &new, &pair(&old, &new).pairs);
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
        let closed = NAMED.replace(
            "from: [{podSelector: {matchLabels: {app: a}}}]",
            "from: [{podSelector: {matchLabels: {app: b}}}]",
        );
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
        assert_eq!(
            gained(&role(grows, "get"), &role(grows, "get, list")),
            ["whoever holds edit  list pods  everywhere"]
        );
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

    #[test]
    fn what_runs_in_a_container_connects_nobody_and_where_it_listens_does() {
        let pod = Path::of(&["spec", "template", "spec"]);
        let container = pod.key("containers").and(Step::Item("api".into()));
        assert!(is_inside_container(&container.key("image")));
        assert!(is_inside_container(&pod.key("initContainers").and(Step::Index(0)).key("env").and(Step::Index(1))));
        for path in [
            &container,
            &container.key("ports").and(Step::Index(0)),
            &pod.key("hostNetwork"),
            &Path::of(&["metadata", "labels"]),
        ] {
            assert!(!is_inside_container(path), "{path}");
        }
    }
}
