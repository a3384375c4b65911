//! What pods may do in the Kubernetes API once they run as another service account. What an account gains is told of the
//! platform as a whole.

use std::collections::BTreeSet;

use crate::diff::effects::around::{Around, World};
use crate::diff::effects::pod_spec;
use crate::diff::pair::Pair;
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::reach::pods::namespace;
use crate::rights::{Right, folded, wider};

/// The rights of the account that pods have now, beyond those of the one that they had.
pub fn gained(pair: &Pair<'_>, around: &Around<'_>) -> Option<String> {
    let Pair::Kept(old, new) = pair else { return None };
    let (old, new) = (old.document, new.document);
    let (was, is) = (account(old)?, account(new)?);
    if was == is || !holds_token(new, &around.after) {
        return None;
    }
    let held = if holds_token(old, &around.before) { of(&was, &around.before, &is) } else { BTreeSet::new() };
    // an account that is new, or that has got a right itself, is told of among the rights
    let known = of(&is, &around.before, &is);
    let has: BTreeSet<Right> = of(&is, &around.after, &is).intersection(&known).cloned().ordered();
    let lines = folded::folded(&wider::beyond(&has, &held));
    let first = lines.first()?.strip_prefix(&*is)?.trim_start().replace("  ", " ");
    let more = if lines.len() > 1 { format!(", and {} more", lines.len() - 1) } else { String::new() };
    Some(format!("as {is} it may {first}{more}"))
}

/// Whom the pods run as, as `namespace/name`.
fn account(document: &Document) -> Option<String> {
    let pod = pod_spec(&document.root)?;
    let name = ["serviceAccountName", "serviceAccount"].iter().find_map(|key| pod.text_at(&[key])).unwrap_or("default");
    Some(format!("{}/{name}", namespace(document)))
}

/// Whether the pods are given a token: they say so, or else their account does.
fn holds_token(document: &Document, world: &World<'_>) -> bool {
    let own = |root: &Node| root.get("automountServiceAccountToken").and_then(Node::bool);
    let of_account = || {
        let (place, name) =
            account(document)?.split_once('/').map(|(place, name)| (place.to_owned(), name.to_owned()))?;
        own(&world.find("ServiceAccount", &place, &name)?.root)
    };
    pod_spec(&document.root).and_then(own).or_else(of_account).unwrap_or(true)
}

/// The rights of an account, as those of another.
fn of(account: &str, world: &World<'_>, called: &str) -> BTreeSet<Right> {
    let own = world.rights().iter().filter(|right| &*right.subject == account);
    own.map(|right| Right { subject: called.into(), ..right.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::told_of_all;

    const TREE: &str = "---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {template: {spec: {serviceAccountName: a}}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: b, namespace: shop}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: r}, roleRef: {kind: ClusterRole, name: r}, subjects: [{kind: ServiceAccount, name: b, namespace: shop}]}
";

    fn gained(old: &str, new: &str) -> Vec<String> {
        told_of_all(old, new).into_iter().filter(|line| line.contains(": privilege+: as ")).collect()
    }

    #[test]
    fn a_workload_that_runs_as_somebody_mightier() {
        let switched = TREE.replace("serviceAccountName: a", "serviceAccountName: b");
        let wanted = ["Deployment shop/d: privilege+: as shop/b it may get secrets everywhere"];
        assert_eq!(gained(TREE, &switched), wanted);
        assert!(gained(&switched, TREE).is_empty(), "less is no gain");
        let mute = |tree: &str| {
            tree.replace(
                "name: b, namespace: shop}}",
                "name: b, namespace: shop}, automountServiceAccountToken: false}",
            )
        };
        assert!(gained(&mute(TREE), &mute(&switched)).is_empty(), "it gets no token");
        let twins = TREE.replace("subjects: [", "subjects: [{kind: ServiceAccount, name: a, namespace: shop}, ");
        let switched_twins = twins.replace("serviceAccountName: a", "serviceAccountName: b");
        assert!(gained(&twins, &switched_twins).is_empty(), "both may do the same");
        let bare = TREE.split("---\n{apiVersion: rbac").next().unwrap_or_default();
        assert!(gained(bare, &switched).is_empty(), "what an account gains is told of the account");
    }
}
