//! What the API server puts where nothing is said: to say it, or to say it no longer, changes nothing.
//! Source: `pkg/apis/*/v1/defaults.go` in `k8s.io/kubernetes`.

use crate::diff::change::What;
use crate::diff::effects::forgiven::{Edit, Keys};
use crate::diff::effects::{containers, template, template_path};
use crate::manifest::node::Value;

/// A kind, the way to a value, and the value.
const DEFAULTS: &[(&str, Keys, &str)] = &[
    ("Secret", &["type"], "Opaque"),
    ("StatefulSet", &["spec", "podManagementPolicy"], "OrderedReady"),
    ("StatefulSet", &["spec", "serviceName"], ""),
    // the conversion of a claim template drops what it is
    ("StatefulSet", &["spec", "volumeClaimTemplates", "apiVersion"], "v1"),
    ("StatefulSet", &["spec", "volumeClaimTemplates", "kind"], "PersistentVolumeClaim"),
    ("StatefulSet", &["spec", "volumeClaimTemplates", "spec", "volumeMode"], "Filesystem"),
    ("Job", &["spec", "completionMode"], "NonIndexed"),
    ("PersistentVolumeClaim", &["spec", "volumeMode"], "Filesystem"),
    ("PersistentVolume", &["spec", "volumeMode"], "Filesystem"),
    ("StorageClass", &["reclaimPolicy"], "Delete"),
    ("StorageClass", &["volumeBindingMode"], "Immediate"),
    ("PriorityClass", &["preemptionPolicy"], "PreemptLowerPriority"),
    ("RoleBinding", &["roleRef", "apiGroup"], "rbac.authorization.k8s.io"),
    ("ClusterRoleBinding", &["roleRef", "apiGroup"], "rbac.authorization.k8s.io"),
];

/// The same in the spec of a pod, whoever makes it; `*` is a list of containers, or one of their probes.
const OF_PODS: &[(Keys, &str)] = &[
    (&["restartPolicy"], "Always"),
    (&["dnsPolicy"], "ClusterFirst"),
    (&["terminationGracePeriodSeconds"], "30"),
    (&["schedulerName"], "default-scheduler"),
    (&["enableServiceLinks"], "true"),
    (&["hostNetwork"], "false"),
    (&["hostPID"], "false"),
    (&["hostIPC"], "false"),
    (&["*", "terminationMessagePath"], "/dev/termination-log"),
    (&["*", "terminationMessagePolicy"], "File"),
    (&["*", "ports", "protocol"], "TCP"),
    (&["*", "env", "valueFrom", "fieldRef", "apiVersion"], "v1"),
    (&["*", "*", "timeoutSeconds"], "1"),
    (&["*", "*", "periodSeconds"], "10"),
    (&["*", "*", "successThreshold"], "1"),
    (&["*", "*", "failureThreshold"], "3"),
    (&["*", "*", "httpGet", "scheme"], "HTTP"),
    (&["*", "*", "httpGet", "path"], "/"),
    (&["volumes", "configMap", "defaultMode"], "420"),
    (&["volumes", "secret", "defaultMode"], "420"),
    (&["volumes", "projected", "defaultMode"], "420"),
    (&["volumes", "downwardAPI", "defaultMode"], "420"),
    (&["volumes", "hostPath", "type"], ""),
];

/// Whether something is said now, or no longer, that holds when nothing is said.
pub fn is_unsaid(kind: &str, edit: &Edit<'_>) -> bool {
    let (What::Added(node) | What::Removed(node)) = &edit.change.what else { return false };
    let keys: Vec<&str> = edit.change.path.keys().collect();
    let is_value = |value: &str| node.spelled().as_deref() == Some(value);
    let is_own = DEFAULTS.iter().any(|(of, path, value)| *of == kind && *path == keys && is_value(value));
    matches!(node.value, Value::Null)
        || is_own
        || in_pod(edit, &keys).is_some_and(|keys| is_of_pod(edit, keys, is_value))
}

/// The way within the spec of a pod, if it is there.
fn in_pod<'k, 'p>(edit: &Edit<'_>, keys: &'k [&'p str]) -> Option<&'k [&'p str]> {
    keys.strip_prefix(template_path(edit.new)?)?.strip_prefix(&["spec"])
}

fn is_of_pod(edit: &Edit<'_>, keys: &[&str], is_value: impl Fn(&str) -> bool) -> bool {
    let fits =
        |path: Keys| path.len() == keys.len() && path.iter().zip(keys).all(|(own, key)| *own == "*" || own == key);
    let pulls = matches!(keys, [_, "imagePullPolicy"]) && pull_policy(edit).is_some_and(&is_value);
    pulls || OF_PODS.iter().any(|(path, value)| fits(path) && is_value(value))
}

/// When the image of the changed container is pulled, if nothing is said of that.
fn pull_policy(edit: &Edit<'_>) -> Option<&'static str> {
    let name = edit.change.path.items().last()?;
    let pod = template(edit.new)?.get("spec")?;
    let image = containers(pod).find(|one| one.text_at(&["name"]) == Some(name))?.text_at(&["image"])?;
    // the tag stands behind the last slash; one that is pinned is never the latest
    let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map_or("latest", |(_, tag)| tag);
    Some(if tag == "latest" && !image.contains('@') { "Always" } else { "IfNotPresent" })
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::edited;

    const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 2, template: {spec: {containers: [{name: a, image: 'a:1', ports: [{containerPort: 80}], livenessProbe: {tcpSocket: {port: 80}}}], volumes: [{name: v, configMap: {name: c}}]}}}}";

    #[test]
    fn what_holds_anyway_restarts_nothing_and_its_neighbours_do() {
        for (from, to, other) in [
            (
                "spec: {containers",
                "spec: {restartPolicy: Always, containers",
                "spec: {restartPolicy: Never, containers",
            ),
            ("spec: {containers", "spec: {dnsPolicy: ClusterFirst, containers", "spec: {dnsPolicy: None, containers"),
            (
                "spec: {containers",
                "spec: {terminationGracePeriodSeconds: 30, containers",
                "spec: {terminationGracePeriodSeconds: 60, containers",
            ),
            ("image:", "imagePullPolicy: IfNotPresent, image:", "imagePullPolicy: Always, image:"),
            (
                "image:",
                "terminationMessagePath: /dev/termination-log, image:",
                "terminationMessagePath: /tmp/log, image:",
            ),
            ("containerPort: 80", "containerPort: 80, protocol: TCP", "containerPort: 80, protocol: UDP"),
            ("livenessProbe: {", "livenessProbe: {periodSeconds: 10, ", "livenessProbe: {periodSeconds: 20, "),
            ("{name: c}", "{name: c, defaultMode: 420}", "{name: c, defaultMode: 256}"),
        ] {
            assert_eq!(edited(DEPLOYMENT, from, to), [""; 0], "{to}");
            let told = edited(DEPLOYMENT, from, other);
            assert!(told.iter().any(|line| line.starts_with("restart: ")), "{other}: {told:?}");
        }
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {automountServiceAccountToken: false, containers: [{name: a, image: 'a:1'}]}}";
        assert!(edited(pod, "spec: {", "spec: {terminationGracePeriodSeconds: 30, ").is_empty());
        assert!(!edited(pod, "spec: {", "spec: {terminationGracePeriodSeconds: 60, ").is_empty());
    }

    #[test]
    fn the_latest_image_is_always_pulled() {
        for (image, policy, is_default) in [
            ("a:latest", "Always", true),
            ("a", "Always", true),
            ("a:latest", "IfNotPresent", false),
            ("'r.test:5000/a'", "Always", true),
            ("'r.test:5000/a:1'", "IfNotPresent", true),
            ("a@sha256:0", "IfNotPresent", true),
        ] {
            let deployment = DEPLOYMENT.replace("'a:1'", image);
            let told = edited(&deployment, "image:", &format!("imagePullPolicy: {policy}, image:"));
            assert_eq!(told.is_empty(), is_default, "{image} {policy}");
        }
    }
}
