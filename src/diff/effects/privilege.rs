//! What a pod may do to its node, and what a namespace lets pods do.

use std::collections::BTreeSet;

use crate::diff::effects::around::Around;
use crate::diff::effects::weaknesses::{node_paths, weaknesses};
use crate::diff::effects::{Effect, EffectKind, accounts, containers, effect, pod_spec, template};
use crate::diff::pair::Pair;
use crate::manifest::node::Node;

/// Pod Security levels, the weakest first. Source: `k8s.io/pod-security-admission/api`.
const LEVELS: &[&str] = &["privileged", "baseline", "restricted"];
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

const ENFORCE_VERSION: &str = "pod-security.kubernetes.io/enforce-version";

/// New rights. What somebody gains in the API is told elsewhere: it follows from several objects.
pub fn effects(pair: &Pair<'_>, around: &Around<'_>) -> Vec<Effect> {
    let (old, new) = (pair.before().map(|old| &old.document.root), pair.after().map(|new| &new.document.root));
    let (before, after) = (old.and_then(pod_spec), new.and_then(pod_spec));
    let heir = before.zip(after).and_then(|(before, after)| renamed(before, after));
    let had = old.and_then(template).map(|pod| weaknesses(pod, heir)).unwrap_or_default();
    let has = new.and_then(template).map(|pod| weaknesses(pod, None)).unwrap_or_default();
    let mut found: Vec<String> = has.difference(&had).cloned().collect();
    found.extend(node_paths(before, after));
    found.extend(accounts::gained(pair, around));
    if let (Some(old), Some(new)) = (old, new) {
        found.extend(lowered(old, new));
        found.extend(opened(old, new));
    }
    found.into_iter().map(|why| effect(EffectKind::Privilege, why)).collect()
}

/// The old and the new name of the one container that has got another.
fn renamed<'a>(old: &'a Node, new: &'a Node) -> Option<(&'a str, &'a str)> {
    let names =
        |pod: &'a Node| -> BTreeSet<&'a str> { containers(pod).filter_map(|one| one.text_at(&["name"])).collect() };
    let (before, after) = (names(old), names(new));
    let only = |some: &BTreeSet<&'a str>, others: &BTreeSet<&'a str>| {
        let mut left = some.difference(others).copied();
        left.next().filter(|_| left.next().is_none())
    };
    only(&before, &after).zip(only(&after, &before))
}

/// What a namespace admits that it did not.
fn lowered(old: &Node, new: &Node) -> Option<String> {
    if new.text_at(&["kind"]) != Some("Namespace") {
        return None;
    }
    let label = |root: &'_ Node, key: &str| root.text_at(&["metadata", "labels", key]).unwrap_or_default().to_owned();
    let level = |root: &Node| LEVELS.iter().position(|level| *level == label(root, ENFORCE)).unwrap_or(0);
    // `v1.30`; the latest if nothing else is said
    let minor = |root: &Node| label(root, ENFORCE_VERSION).strip_prefix("v1.").map_or(Ok(u32::MAX), str::parse);
    let (was, is) = (level(old), level(new));
    if is < was {
        return Some(format!("Pod Security goes from {} to {}", LEVELS[was], LEVELS[is]));
    }
    let is_older = is > 0 && matches!((minor(old), minor(new)), (Ok(was), Ok(is)) if is < was);
    (is == was && is_older).then(|| format!("Pod Security is that of Kubernetes {}", label(new, ENFORCE_VERSION)))
}

/// What was ruled out in so many words and no longer is, where saying nothing is no weakness by itself.
fn opened(old: &Node, new: &Node) -> Option<String> {
    let is_off =
        |node: Option<&Node>, key: &str| node.and_then(|node| node.get(key)).and_then(Node::bool) == Some(false);
    let rows = [
        (pod_spec(old), pod_spec(new), "hostUsers", "shares its user ids with the node"),
        (Some(old), Some(new), "automountServiceAccountToken", "its pods get a token for the Kubernetes API"),
    ];
    let found = rows.into_iter().find(|(old, new, key, _)| new.is_some() && is_off(*old, key) && !is_off(*new, key));
    found.map(|(.., why)| why.to_owned())
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
            ("spec: {auto", "spec: {hostIPC: true, auto", "shares memory with the node"),
            ("{allowPriv", "{privileged: true, allowPriv", "`a` is privileged"),
            ("{allowPriv", "{procMount: Unmasked, allowPriv", "`a` sees all of `/proc`"),
            (
                "seccompProfile",
                "appArmorProfile: {type: Unconfined}, seccompProfile",
                "`a` is not confined by AppArmor",
            ),
            (
                "metadata: {name: a, ",
                "metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}, name: a, ",
                "`a` is not confined by AppArmor",
            ),
            ("seccompProfile", "seLinuxOptions: {type: spc_t}, seccompProfile", "`a` runs as the SELinux type spc_t"),
            ("{allowPriv", "{seLinuxOptions: {user: root}, allowPriv", "`a` chooses its SELinux user"),
            ("{allowPriv", "{windowsOptions: {hostProcess: true}, allowPriv", "`a` runs as a process of the node"),
            ("{allowPriv", "{runAsGroup: 0, allowPriv", "`a` is in the group root"),
            ("seccompProfile", "supplementalGroups: [0], seccompProfile", "is in the group root"),
            ("seccompProfile", "fsGroup: 0, seccompProfile", "is in the group root"),
            (
                "seccompProfile",
                "sysctls: [{name: kernel.msgmax, value: '1'}], seccompProfile",
                "sets the kernel parameter kernel.msgmax",
            ),
            ("spec: {auto", "spec: {shareProcessNamespace: true, auto", "its containers see each other's processes"),
            (
                "spec: {auto",
                "spec: {volumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: a}}]}}], auto",
                "holds a token for the Kubernetes API",
            ),
            (
                "spec: {auto",
                "spec: {volumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: a, audience: vault}}]}}], auto",
                "holds a token for vault",
            ),
            ("spec: {auto", "spec: {volumes: [{name: a, hostPath: {path: /}}], auto", "mounts / of the node"),
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
    fn what_pod_security_lets_everybody_do_is_no_weakness() {
        for (from, to) in [
            ("seccompProfile", "seLinuxOptions: {type: container_t, level: s0}, seccompProfile"),
            ("seccompProfile", "sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}], seccompProfile"),
            ("seccompProfile", "supplementalGroups: [1000], fsGroup: 1000, runAsGroup: 1000, seccompProfile"),
            ("seccompProfile", "appArmorProfile: {type: RuntimeDefault}, seccompProfile"),
            ("{allowPriv", "{procMount: Default, allowPriv"),
            ("{allowPriv", "{windowsOptions: {hostProcess: false}, allowPriv"),
            ("spec: {auto", "spec: {shareProcessNamespace: false, auto"),
            ("spec: {auto", "spec: {volumes: [{name: a, projected: {sources: [{configMap: {name: a}}]}}], auto"),
        ] {
            assert!(gained(&edited(POD, from, to)).is_empty(), "{to}");
        }
    }

    #[test]
    fn more_of_the_node_is_more_and_less_is_not() {
        let mounting = |path: &str, mount: &str| {
            let volumes = format!("spec: {{volumes: [{{name: v, hostPath: {{path: {path}}}}}], auto");
            let mounts = format!("image: a, volumeMounts: [{{name: v, mountPath: /v{mount}}}]");
            POD.replace("spec: {auto", &volumes).replace("image: a", &mounts)
        };
        let (log, root) = (mounting("/var/log", ""), mounting("/", ""));
        assert_eq!(gained(&told(&log, &root)), ["mounts / of the node"]);
        assert!(gained(&told(&root, &log)).is_empty());
        assert_eq!(gained(&told(&log, &mounting("/var/logs", ""))), ["mounts /var/logs of the node"]);
        let read = mounting("/var/log", ", readOnly: true");
        assert_eq!(gained(&told(&read, &log)), ["may write to /var/log of the node"]);
        assert!(gained(&told(&log, &read)).is_empty());
    }

    #[test]
    fn a_namespace_that_admits_more_is_told() {
        let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {pod-security.kubernetes.io/enforce: restricted}}}";
        assert_eq!(
            gained(&edited(namespace, "restricted", "baseline")),
            ["Pod Security goes from restricted to baseline"]
        );
        assert!(gained(&edited(&namespace.replace("restricted", "baseline"), "baseline", "restricted")).is_empty());
        let pinned = namespace.replace("restricted}", "restricted, pod-security.kubernetes.io/enforce-version: v1.30}");
        let older = "Pod Security is that of Kubernetes v1.30";
        assert_eq!(gained(&told(namespace, &pinned)), [older], "it was the latest");
        assert_eq!(gained(&edited(&pinned.replace("v1.30", "v1.31"), "v1.31", "v1.30")), [older]);
        assert!(gained(&edited(&pinned, "v1.30", "latest")).is_empty());
    }

    #[test]
    fn what_was_ruled_out_and_no_longer_is() {
        let apart = POD.replace("spec: {auto", "spec: {hostUsers: false, auto");
        assert_eq!(gained(&told(&apart, POD)), ["shares its user ids with the node"]);
        assert!(gained(&told(POD, &apart)).is_empty());
        let account =
            "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, automountServiceAccountToken: false}";
        assert_eq!(gained(&edited(account, "false", "true")), ["its pods get a token for the Kubernetes API"]);
        assert!(gained(&told(&account.replace("false", "true"), account)).is_empty());
    }

    #[test]
    fn a_container_with_another_name_gains_nothing() {
        let weak = POD.replace("readOnlyRootFilesystem: true, ", "");
        assert!(gained(&edited(&weak, "[{name: a", "[{name: b")).is_empty());
        let both = weak.replace("containers: [", "containers: [{name: b}, ");
        assert!(!gained(&told(&weak, &both)).is_empty(), "one more is one more");
    }

    #[test]
    fn another_user_than_root_needs_no_further_word() {
        let user = POD.replace("runAsNonRoot: true", "runAsNonRoot: false, runAsUser: 1000");
        assert!(gained(&told(POD, &user)).is_empty());
        assert_eq!(gained(&edited(&user, "1000", "0")), ["`a` runs as root"]);
    }
}
