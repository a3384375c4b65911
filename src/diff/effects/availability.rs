//! Whether pods are replaced, and whether anybody answers meanwhile.

use crate::diff::change::Change;
use crate::diff::effects::around::Around;
use crate::diff::effects::forgiven::Edit;
use crate::diff::effects::{
    Effect, EffectKind, containers, effect, exposure, gateways, keeps_pods, pod_spec, rolls, serving, unsaid, ways,
};
use crate::diff::pair::Pair;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;

/// What callers ask for, apart from pods: kind and group.
const SERVICES: &[(&str, &str)] = &[("Service", ""), ("Service", "serving.knative.dev")];

/// Ways in that are gone.
pub fn of_ways(pair: &Pair<'_>, around: &Around<'_>) -> impl Iterator<Item = Effect> {
    let routes = exposure::gone_routes(pair, around).into_iter().chain(exposure::dead_routes(pair, around));
    let listeners = gateways::closed(pair).into_iter().map(|listener| format!("listener {listener} is gone"));
    let ways = routes.chain(listeners).chain(ways::closed(pair));
    ways.map(|why| effect(EffectKind::Downtime, why))
}

/// Restarts and downtime of what answers.
pub fn effects(pair: &Pair<'_>, changes: &[Change], around: &Around<'_>, is_recreated: bool) -> Vec<Effect> {
    let id = pair.id();
    let is_answering = keeps_pods(id) || SERVICES.contains(&(&id.kind, &id.group));
    let unserved = serving::lost(pair, changes, around).into_iter();
    let mut found: Vec<Effect> = unserved.map(|why| effect(EffectKind::Downtime, why)).collect();
    let Pair::Kept(old, new) = pair else {
        let is_gone = matches!(pair, Pair::Removed(_)) && is_answering;
        found.extend(is_gone.then(|| effect(EffectKind::Downtime, "it is gone")));
        return found;
    };
    let (old, new) = (old.document, new.document);
    if is_recreated && is_answering {
        found.push(effect(EffectKind::Downtime, "it is away until it has been made anew"));
        return found;
    }
    if replicas(&new.root) == Some(0) && replicas(&old.root) != Some(0) {
        found.push(effect(EffectKind::Downtime, "no replica is left"));
    }
    let is_told = |change: &&Change| {
        is_run(id, change) && !unsaid::is_unsaid(&id.kind, &Edit { old: &old.root, new: &new.root, change })
    };
    let template: Vec<&Change> = changes.iter().filter(is_told).collect();
    // what runs says more than what it is called
    let first = template.iter().find(|change| change.path.last_key() == "image").or(template.first());
    if let Some(first) = first.filter(|_| is_rolled_out(new, around) && replicas(&old.root) != Some(0)) {
        let more = if template.len() > 1 { format!(" and {} more", template.len() - 1) } else { String::new() };
        let place = first.path.to_string();
        let field = place.rsplit_once(".spec.").map_or(place.as_str(), |(_, field)| field);
        found.push(effect(EffectKind::Restart, format!("`{field}`{more}")));
        let gap = gap(&id.kind, &new.root, around.after.scales().fixed(new));
        found.extend(gap.map(|why| effect(EffectKind::Downtime, why)));
    }
    found
}

/// Whether a change is one of what runs: of a pod that nobody makes, its images are all that can change.
fn is_run(id: &Id, change: &Change) -> bool {
    if is_pod(id) { change.path.last_key() == "image" } else { change.path.begins(&["spec", "template"]) }
}

fn is_pod(id: &Id) -> bool {
    id.kind == "Pod" && id.group.is_empty()
}

/// Whether containers are started anew by themselves when what runs changes.
fn is_rolled_out(document: &Document, around: &Around<'_>) -> bool {
    let root = &document.root;
    let is_paused = root.at(&["spec", "paused"]).and_then(Node::bool) == Some(true);
    let is_manual = root.text_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete");
    let held = root.at(&["spec", "updateStrategy", "rollingUpdate", "partition"]).and_then(Node::integer).unwrap_or(0);
    let (_, most) = around.after.scales().range(document);
    is_pod(&document.id) || rolls(&document.id) && !is_paused && !is_manual && held < most
}

/// Why no pod answers between the old one and the new one, where there are so many `pods`.
fn gap(kind: &str, root: &Node, pods: Option<i128>) -> Option<&'static str> {
    let rolling = |key: &str| root.at(&["spec", "strategy", "rollingUpdate", key]);
    let is_alone = pods == Some(1);
    match kind {
        "Pod" => Some("its containers stop before the new ones start"),
        "Deployment" | "DeploymentConfig" if root.text_at(&["spec", "strategy", "type"]) == Some("Recreate") => {
            Some("the old pod stops before the new one starts (strategy `Recreate`)")
        }
        "Deployment" if is_alone && rolling("maxSurge").is_some_and(is_none) => {
            Some("its one pod stops before the new one starts (no surge)")
        }
        "Deployment" if rolling("maxUnavailable").is_some_and(|most| takes_all(most, pods)) => {
            Some("all of its pods may stop before new ones answer (`maxUnavailable`)")
        }
        "StatefulSet" if is_alone => Some("its one pod stops before the new one starts"),
        "DaemonSet" => {
            let surge = root.at(&["spec", "updateStrategy", "rollingUpdate", "maxSurge"]);
            let holds_ports = pod_spec(root).is_some_and(|pod| {
                pod.get("hostNetwork").and_then(Node::bool) == Some(true)
                    || containers(pod)
                        .flat_map(|container| container.items_at(&["ports"]))
                        .any(|port| port.get("hostPort").is_some())
            });
            (holds_ports || surge.is_none_or(is_none)).then_some("on one node after the other")
        }
        _ => None,
    }
}

/// Whether so many of `pods` are all of them; a share is rounded down.
fn takes_all(most: &Node, pods: Option<i128>) -> bool {
    match most.text() {
        Some(share) => share == "100%",
        None => most.integer().zip(pods).is_some_and(|(most, pods)| most >= pods),
    }
}

/// `0` or `0%`.
fn is_none(node: &Node) -> bool {
    node.integer() == Some(0) || node.text() == Some("0%")
}

/// How many pods the object itself asks for.
fn replicas(root: &Node) -> Option<i128> {
    root.at(&["spec", "replicas"]).and_then(Node::integer)
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::{edited, told, told_of_all};

    const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {a: b}}, spec: {replicas: 1, strategy: {type: RollingUpdate}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a:1}]}}}}";

    fn has(told: &[String], kind: &str) -> bool {
        told.iter().any(|line| line.starts_with(&format!("{kind}: ")))
    }

    #[test]
    fn another_template_restarts_and_another_label_of_the_workload_does_not() {
        let image = edited(DEPLOYMENT, "a:1", "a:2");
        assert_eq!(image, ["restart: `containers[a].image`"], "a rolling update leaves no gap");
        assert!(told(DEPLOYMENT, &DEPLOYMENT.replacen("labels: {a: b}", "labels: {a: c}", 1)).is_empty());
        assert!(edited(DEPLOYMENT, "replicas: 1", "replicas: 3").is_empty());
        let job = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {restartPolicy: Never}}}}}}";
        assert!(edited(job, "Never", "OnFailure").is_empty(), "the next run is another one");
    }

    #[test]
    fn a_restart_without_overlap_is_downtime() {
        for alone in [
            DEPLOYMENT.replace("RollingUpdate", "Recreate"),
            DEPLOYMENT.replace("{type: RollingUpdate}", "{rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}"),
            DEPLOYMENT.replace("{type: RollingUpdate}", "{rollingUpdate: {maxUnavailable: 1}}"),
            DEPLOYMENT.replace("Deployment", "StatefulSet"),
            DEPLOYMENT.replace("Deployment", "DaemonSet"),
        ] {
            assert!(has(&edited(&alone, "a:1", "a:2"), "downtime"), "{alone}");
            assert!(!has(&edited(&alone, "name: a, labels: {a: b}", "name: a, labels: {a: c}"), "downtime"), "{alone}");
        }
        let pair = DEPLOYMENT.replace("Deployment", "StatefulSet").replace("replicas: 1", "replicas: 2");
        assert!(!has(&edited(&pair, "a:1", "a:2"), "downtime"));
    }

    #[test]
    fn where_nothing_is_said_it_is_one_pod_unless_an_autoscaler_says_otherwise() {
        let set = DEPLOYMENT.replace("Deployment", "StatefulSet");
        let strict = DEPLOYMENT.replace("{type: RollingUpdate}", "{rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}");
        for object in [set, strict] {
            let unsaid = object.replace("replicas: 1, ", "");
            assert!(has(&edited(&unsaid, "a:1", "a:2"), "downtime"), "{unsaid}");
            let kind = if object.contains("StatefulSet") { "StatefulSet" } else { "Deployment" };
            let scaler = format!(
                "\n---\n{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: a}}, spec: {{minReplicas: 2, maxReplicas: 3, scaleTargetRef: {{kind: {kind}, name: a}}}}}}"
            );
            let told = told_of_all(&(unsaid.clone() + &scaler), &(unsaid.replace("a:1", "a:2") + &scaler));
            assert!(told.iter().any(|line| line.contains(": restart: ")), "{told:?}");
            assert!(!told.iter().any(|line| line.contains(": downtime: ")), "{told:?}");
        }
    }

    #[test]
    fn a_partition_holds_pods_back_and_a_pod_of_nobody_starts_its_containers_anew() {
        let held = DEPLOYMENT
            .replace("Deployment", "StatefulSet")
            .replace("replicas: 1", "replicas: 3, updateStrategy: {rollingUpdate: {partition: 3}}");
        assert!(edited(&held, "a:1", "a:2").is_empty());
        assert!(has(&edited(&held.replace("partition: 3", "partition: 2"), "a:1", "a:2"), "restart"));
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {automountServiceAccountToken: false, activeDeadlineSeconds: 5, containers: [{name: a, image: a:1}]}}";
        assert!(edited(pod, "a:1", "a:2").contains(&"restart: `containers[a].image`".to_owned()));
        assert!(edited(pod, "Seconds: 5", "Seconds: 4").is_empty());
    }

    #[test]
    fn as_many_pods_as_may_be_missing() {
        for (most, pods, is_told) in
            [("1", 1, true), ("1", 2, false), ("2", 2, true), ("100%", 3, true), ("50%", 1, false)]
        {
            let strategy = format!("{{rollingUpdate: {{maxUnavailable: {most}}}}}");
            let deployment = DEPLOYMENT
                .replace("{type: RollingUpdate}", &strategy)
                .replace("replicas: 1", &format!("replicas: {pods}"));
            assert_eq!(has(&edited(&deployment, "a:1", "a:2"), "downtime"), is_told, "{most} of {pods}");
        }
    }

    #[test]
    fn pods_that_somebody_has_to_stop_run_on() {
        let paused = DEPLOYMENT.replace("replicas: 1", "paused: true, replicas: 1");
        assert!(edited(&paused, "a:1", "a:2").is_empty());
        let manual = DEPLOYMENT
            .replace("Deployment", "DaemonSet")
            .replace("strategy: {type: RollingUpdate}", "updateStrategy: {type: OnDelete}");
        assert!(edited(&manual, "a:1", "a:2").is_empty());
        assert!(has(&edited(&manual.replace("OnDelete", "RollingUpdate"), "a:1", "a:2"), "restart"));
    }

    #[test]
    fn kinds_of_other_groups_are_told_if_they_are_known() {
        for (kind, version, is_known) in [
            ("Rollout", "argoproj.io/v1alpha1", true),
            ("CloneSet", "apps.kruise.io/v1alpha1", true),
            ("DeploymentConfig", "apps.openshift.io/v1", true),
            ("Deployment", "example.com/v1", false),
            ("Rollout", "example.com/v1", false),
        ] {
            let object = DEPLOYMENT.replace("kind: Deployment", &format!("kind: {kind}")).replace("apps/v1", version);
            assert_eq!(has(&edited(&object, "a:1", "a:2"), "restart"), is_known, "{kind} {version}");
            assert_eq!(has(&told(&object, ""), "downtime"), is_known, "{kind} {version}");
        }
        let service = |version: &str| format!("{{apiVersion: {version}, kind: Service, metadata: {{name: a}}}}");
        assert!(has(&told(&service("serving.knative.dev/v1"), ""), "downtime"));
        assert!(!has(&told(&service("example.com/v1"), ""), "downtime"));
    }

    #[test]
    fn what_is_gone_answers_nobody() {
        assert!(has(&told(DEPLOYMENT, ""), "downtime"));
        assert!(has(&edited(DEPLOYMENT, "replicas: 1", "replicas: 0"), "downtime"));
        assert!(has(&edited(DEPLOYMENT, "name: a, labels", "name: b, labels"), "downtime"), "made anew");
        assert!(!has(&told("{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}", ""), "downtime"));
        let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{host: a.test, http: {paths: [{path: /a}, {path: /b}]}}]}}";
        assert_eq!(edited(ingress, "{path: /a}, ", ""), ["downtime: route a.test/a is gone"]);
        assert!(edited(ingress, "{path: /a}, {path: /b}", "{path: /b}, {path: /a}").is_empty());
        let route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [a.test, b.test]}}";
        assert_eq!(edited(route, "[a.test, b.test]", "[a.test]"), ["downtime: route b.test/ is gone"]);
        assert_eq!(told(route, ""), ["downtime: route a.test/ is gone", "downtime: route b.test/ is gone"]);
    }
}
