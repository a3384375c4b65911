//! Rules for pods of one operating system: what the other has must not be set.
//!
//! Source: `validateOS`, `validateLinux`, `validateWindows` and `validateWindowsHostProcessPod` in
//! `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use crate::manifest::node::Node;
use crate::validate::api::Judge;
use crate::validate::api::pods::LISTS;
use crate::validate::api::rules::has;

/// What Windows has not: of a pod, of its security context, of a container's.
const POD: &[&str] = &["hostUsers", "shareProcessNamespace"];
const FLAGS: &[&str] = &["hostIPC", "hostPID"];
const POD_CONTEXT: &[&str] = &[
    "appArmorProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "runAsGroup",
    "runAsUser",
    "seLinuxChangePolicy",
    "seLinuxOptions",
    "seccompProfile",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "sysctls",
];
const CONTAINER_CONTEXT: &[&str] = &[
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
];

pub fn of_pod(judge: &mut Judge<'_>, pod: &Node) {
    match pod.text_at(&["os", "name"]) {
        Some("windows") => {
            let is = |key: &&&str| pod.get(key).and_then(Node::bool) == Some(true);
            let found = POD.iter().filter(|key| has(pod, key)).chain(FLAGS.iter().filter(is));
            for key in found {
                judge.refuse(pod, key, "must not be there in a pod for Windows");
            }
            without(judge, pod, POD_CONTEXT, CONTAINER_CONTEXT, "Windows");
        }
        Some("linux") => without(judge, pod, &["windowsOptions"], &["windowsOptions"], "Linux"),
        _ => {}
    }
    host_processes(judge, pod);
}

fn without(judge: &mut Judge<'_>, pod: &Node, of_pod: &[&str], of_containers: &[&str], system: &str) {
    let refuse = |judge: &mut Judge<'_>, context: &Node, keys: &[&str]| {
        for key in keys.iter().filter(|key| has(context, key)) {
            judge.refuse(context, key, &format!("must not be there in a pod for {system}"));
        }
    };
    judge.under(pod, &["securityContext"], |judge, context| refuse(judge, context, of_pod));
    for list in LISTS {
        judge.each(pod, list, |judge, container| {
            judge.under(container, &["securityContext"], |judge, context| refuse(judge, context, of_containers));
        });
    }
}

/// Processes of the node: all containers are such or none, and they use the node's network.
fn host_processes(judge: &mut Judge<'_>, pod: &Node) {
    const PLACE: &[&str] = &["securityContext", "windowsOptions"];
    let own = |node: &Node| node.at(PLACE).and_then(|options| options.get("hostProcess")).and_then(Node::bool);
    let of_pod = own(pod);
    let containers: Vec<&Node> = LISTS.iter().flat_map(|list| pod.items_at(&[list])).collect();
    let count = containers.iter().filter(|container| own(container).or(of_pod) == Some(true)).count();
    for list in LISTS {
        judge.each(pod, list, |judge, container| {
            if of_pod.is_some() && own(container).is_some_and(|own| Some(own) != of_pod) {
                judge.under(container, PLACE, |judge, options| {
                    judge.refuse(options, "hostProcess", "must be the same as in the pod's own `windowsOptions`");
                });
            }
        });
    }
    if count > 0 && count < containers.len() {
        judge.refuse(pod, "containers", "must all be host processes if one of them is");
    }
    if count > 0 && pod.get("hostNetwork").and_then(Node::bool) != Some(true) {
        judge.refuse(pod, "hostNetwork", "must be true where containers are host processes");
    }
}
