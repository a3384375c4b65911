//! What a pod may do to its node, and what a namespace lets pods do.

use std::collections::BTreeSet;

use crate::diff::effects::{Effect, EffectKind, containers, effect, pod_spec};
use crate::diff::pair::Pair;
use crate::manifest::node::Node;

/// Pod Security levels, the weakest first. Source: `k8s.io/pod-security-admission/api`.
const LEVELS: &[&str] = &["privileged", "baseline", "restricted"];
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// New rights. Rights in the API are told elsewhere: they follow from several objects.
pub fn effects(pair: &Pair<'_>) -> Vec<Effect> {
    let (old, new) = (pair.before().map(|old| &old.document.root), pair.after().map(|new| &new.document.root));
    let weak = |root: Option<&Node>| root.and_then(pod_spec).map(weaknesses).unwrap_or_default();
    let mut found: Vec<Effect> =
        weak(new).difference(&weak(old)).map(|why| effect(EffectKind::Privilege, why.as_str())).collect();
    if let (Some(old), Some(new)) = (old, new) {
        found.extend(lowered(old, new).map(|why| effect(EffectKind::Privilege, why)));
    }
    found
}

fn lowered(old: &Node, new: &Node) -> Option<String> {
    let is_namespace = new.text_at(&["kind"]) == Some("Namespace");
    let level = |root: &'_ Node| -> usize {
        let label = root.text_at(&["metadata", "labels", ENFORCE]);
        label.and_then(|label| LEVELS.iter().position(|level| *level == label)).unwrap_or(0)
    };
    let (was, is) = (level(old), level(new));
    (is_namespace && is < was).then(|| format!("Pod Security goes from {} to {}", LEVELS[was], LEVELS[is]))
}

/// Everything that Pod Security `restricted` and a read-only root would forbid, in words.
fn weaknesses(pod: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut note = |is_weak: bool, words: &str| {
        if is_weak {
            found.insert(words.to_owned());
        }
    };
    let says = |node: &Node, path: &[&str], wanted: bool| node.at(path).and_then(Node::bool) == Some(wanted);
    note(says(pod, &["hostPID"], true), "sees the processes of the node");
    note(says(pod, &["hostIPC"], true), "shares memory with the node");
    note(says(pod, &["hostNetwork"], true), "uses the node's network");
    note(!says(pod, &["automountServiceAccountToken"], false), "holds a token for the Kubernetes API");
    let volumes = pod.items_at(&["volumes"]);
    note(volumes.iter().any(|volume| volume.get("hostPath").is_some()), "mounts a path of the node");
    for container in containers(pod) {
        let name = container.text_at(&["name"]).unwrap_or_default();
        let own = |key: &str| container.at(&["securityContext", key]);
        let of_pod = |key: &str| pod.at(&["securityContext", key]);
        let either = |key: &str| own(key).or_else(|| of_pod(key));
        let is = |node: Option<&Node>, wanted: bool| node.and_then(Node::bool) == Some(wanted);
        let seccomp = either("seccompProfile").and_then(|profile| profile.text_at(&["type"]));
        let rows = [
            (is(own("privileged"), true), "is privileged"),
            (!is(own("allowPrivilegeEscalation"), false), "may gain privileges"),
            (!is(own("readOnlyRootFilesystem"), true), "may write to its root file system"),
            (!is(either("runAsNonRoot"), true), "may run as root"),
            (either("runAsUser").and_then(Node::integer) == Some(0), "runs as root"),
            (!matches!(seccomp, Some("RuntimeDefault" | "Localhost")), "is not confined by seccomp"),
        ];
        for (is_weak, words) in rows {
            note(is_weak, &format!("`{name}` {words}"));
        }
        let capabilities = |list: &str| {
            let node = container.at(&["securityContext", "capabilities"]);
            node.map(|node| node.items_at(&[list])).unwrap_or_default().iter().filter_map(Node::text)
        };
        note(!capabilities("drop").any(|name| name == "ALL"), &format!("`{name}` keeps the default capabilities"));
        for capability in capabilities("add") {
            note(true, &format!("`{name}` has the capability {capability}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::{edited, told};

    const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {a: b}}, spec: {automountServiceAccountToken: false, securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, image: a, securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}}]}}";

    fn gained(told: &[String]) -> Vec<&str> {
        told.iter().filter_map(|line| line.strip_prefix("privilege+: ")).collect()
    }

    #[test]
    fn every_weakness_is_told_once_it_is_there() {
        for (from, to, why) in [
            ("spec: {auto", "spec: {hostPID: true, auto", "sees the processes of the node"),
            ("automountServiceAccountToken: false, ", "", "holds a token for the Kubernetes API"),
            ("spec: {auto", "spec: {volumes: [{name: a, hostPath: {path: /}}], auto", "mounts a path of the node"),
            ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "`a` may gain privileges"),
            ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "`a` may write to its root file system"),
            ("runAsNonRoot: true", "runAsNonRoot: false", "`a` may run as root"),
            ("runAsNonRoot: true", "runAsNonRoot: true, runAsUser: 0", "`a` runs as root"),
            ("RuntimeDefault", "Unconfined", "`a` is not confined by seccomp"),
            ("drop: [ALL]", "drop: []", "`a` keeps the default capabilities"),
            ("drop: [ALL]", "drop: [ALL], add: [NET_ADMIN]", "`a` has the capability NET_ADMIN"),
        ] {
            let new = POD.replace(from, to);
            assert_eq!(gained(&told(POD, &new)), [why], "{to}");
            assert!(gained(&told(&new, POD)).is_empty(), "less is no gain: {to}");
            assert!(gained(&told("", &new)).contains(&why), "a new pod that has it: {to}");
        }
        assert!(gained(&edited(POD, "image: a", "image: b")).is_empty());
        assert!(gained(&told("", POD)).is_empty());
    }

    #[test]
    fn a_namespace_that_admits_more_is_told() {
        let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {pod-security.kubernetes.io/enforce: restricted}}}";
        assert_eq!(
            gained(&edited(namespace, "restricted", "baseline")),
            ["Pod Security goes from restricted to baseline"]
        );
        assert!(gained(&edited(&namespace.replace("restricted", "baseline"), "baseline", "restricted")).is_empty());
    }
}
