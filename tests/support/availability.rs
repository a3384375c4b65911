//! Health, budgets and the end of a pod.

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, items, text};
use crate::support::selectors::matches;

/// How many pods a workload has: at least, and at most. One when nothing is said.
pub fn replicas(world: &World, workload: &Object) -> (i64, i64) {
    if let Some(scaler) = world.autoscaler(workload) {
        let count = |key: &str| scaler.at(&format!("/spec/{key}")).as_i64();
        (count("minReplicas").unwrap_or(1), count("maxReplicas").unwrap_or(1))
    } else {
        let count = workload.at("/spec/replicas").as_i64().unwrap_or(1);
        (count, count)
    }
}

/// Containers that have no way to say that they must be restarted: component type and container.
/// cert-manager's injector serves no health, and its one port opens only once the definitions are there.
const NO_LIVENESS: &[(&str, &str)] = &[("cert-manager", "cainjector")];

/// Containers that run until told otherwise say how they are; containers that end do not.
pub fn probes(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        for container in pods.containers() {
            let lasting = !container.init && !pods.is_job();
            for probe in ["livenessProbe", "readinessProbe"] {
                let asked = container.value[probe].is_object();
                let field = format!("{} {probe}", container.name);
                let mute = (world.type_of(pods.owner.component()), container.name);
                let lasting = lasting && !(probe == "livenessProbe" && NO_LIVENESS.contains(&mute));
                faults.unless(asked == lasting, pods.owner, &field, if asked { "never asked" } else { "is missing" });
                let handlers = ["httpGet", "tcpSocket", "exec", "grpc"];
                let one = handlers.iter().filter(|handler| !container.value[probe][**handler].is_null()).count() == 1;
                faults.unless(one || !asked, pods.owner, &field, "has not one handler");
            }
            let live = &container.value["livenessProbe"];
            let succeeds = live["successThreshold"].as_i64().unwrap_or(1) == 1;
            faults.unless(succeeds, pods.owner, container.name, "liveness succeeds once or never");
        }
    }
}

/// A budget for every workload that keeps two pods or more, none for one that keeps fewer, and none that forbids a
/// drain for ever.
pub fn budgets(world: &World, faults: &mut Faults) {
    for pods in world.pods().filter(|pods| !pods.is_job()) {
        let min = replicas(world, pods.owner).0;
        let budgets: Vec<&Object> = world
            .of_kind("PodDisruptionBudget")
            .filter(|budget| {
                budget.namespace == pods.owner.namespace && matches(budget.at("/spec/selector"), pods.labels())
            })
            .collect();
        let wanted = usize::from(min >= 2);
        let message = format!("{} budgets for at least {min} pods", budgets.len());
        faults.unless(budgets.len() == wanted, pods.owner, "PodDisruptionBudget", message);
        for budget in budgets {
            let (most, least) = (budget.at("/spec/maxUnavailable"), budget.at("/spec/minAvailable"));
            let drains = least.is_null() && most.as_i64() >= Some(1);
            faults.unless(drains, budget, "/spec", "does not let a node drain");
            let broken = budget.at("/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
            faults.unless(broken, budget, "/spec/unhealthyPodEvictionPolicy", "broken pods keep a node from draining");
        }
    }
}

/// What runs before the end ends before the kill.
pub fn graceful_ends(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        let grace = pods.spec()["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
        for container in pods.containers() {
            let sleep = container.value["lifecycle"]["preStop"]["sleep"]["seconds"].as_i64().unwrap_or(0);
            let message = format!("sleeps {sleep} s of {grace} s");
            faults.unless(sleep < grace, pods.owner, container.name, message);
        }
    }
}

/// Updates never go below what there was, except where one volume allows no second pod; nothing waits for ever.
pub fn updates(world: &World, faults: &mut Faults) {
    for deployment in world.of_kind("Deployment") {
        let strategy = deployment.at("/spec/strategy");
        let claims = items(deployment.at("/spec/template/spec/volumes"))
            .any(|volume| volume["persistentVolumeClaim"].is_object());
        let wanted = if claims { "Recreate" } else { "RollingUpdate" };
        let found = text(&strategy["type"]);
        faults.unless(found == wanted, deployment, "/spec/strategy", format!("{found}, not {wanted}"));
        if wanted == "RollingUpdate" {
            let rolling = &strategy["rollingUpdate"];
            let whole = rolling["maxUnavailable"] == 0 && rolling["maxSurge"].as_i64() >= Some(1);
            faults.unless(whole, deployment, "/spec/strategy", format!("{rolling} goes below the number of pods"));
        } else {
            faults.unless(strategy["rollingUpdate"].is_null(), deployment, "/spec/strategy", "recreates and rolls");
            let alone = replicas(world, deployment) == (1, 1);
            faults.unless(alone, deployment, "/spec/replicas", "several pods share a volume that one can hold");
        }
        let seconds = |key: &str| deployment.at(&format!("/spec/{key}")).as_i64();
        let ordered = seconds("minReadySeconds").unwrap_or(0) < seconds("progressDeadlineSeconds").unwrap_or(600);
        faults.unless(ordered, deployment, "/spec/progressDeadlineSeconds", "is over before a pod counts as ready");
    }
    for job in world.of_kind("CronJob") {
        let spec = &job.value["spec"];
        let fields = text(&spec["schedule"]).split_whitespace().count();
        faults.unless(fields == 5, job, "/spec/schedule", "has not five fields");
        faults.unless(spec["concurrencyPolicy"] == "Forbid", job, "/spec/concurrencyPolicy", "runs beside itself");
        let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
        let ends = ["OnFailure", "Never"].contains(&text(&pod["restartPolicy"]));
        faults.unless(ends, job, "restartPolicy", format!("{}", pod["restartPolicy"]));
        let bounded = |key: &str| spec["jobTemplate"]["spec"][key].is_number();
        for key in ["backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"] {
            faults.unless(bounded(key), job, key, "is not set");
        }
        faults.unless(job.name.len() <= 52, job, "/metadata/name", "is too long for the jobs' names");
    }
}

/// Replicas spread over nodes where the description asks for it, and never at the price of not running.
pub fn spread(world: &World, faults: &mut Faults) {
    for pods in world.pods().filter(|pods| !pods.is_job()) {
        let component = &world.description["components"][pods.owner.component()];
        let wanted = if component["spread"].is_null() { world.says("/defaults/spread") } else { &component["spread"] };
        let wanted = if replicas(world, pods.owner).0 >= 2 { items(wanted).len() } else { 0 };
        let found: Vec<&Value> = items(&pods.spec()["topologySpreadConstraints"]).collect();
        let message = format!("{} constraints, not {wanted}", found.len());
        faults.unless(found.len() == wanted, pods.owner, "topologySpreadConstraints", message);
        for constraint in found {
            let soft = constraint["whenUnsatisfiable"] == "ScheduleAnyway";
            faults.unless(soft, pods.owner, "topologySpreadConstraints", "deadlocks where domains are few");
            let own = matches(&constraint["labelSelector"], pods.labels());
            faults.unless(own, pods.owner, "topologySpreadConstraints", "does not count its own pods");
            // Only pods of a Deployment have the label; a StatefulSet's have another.
            let hash = items(&constraint["matchLabelKeys"]).any(|key| key == "pod-template-hash");
            let right = hash == (pods.owner.kind == "Deployment");
            faults.unless(right, pods.owner, "topologySpreadConstraints", "matchLabelKeys is not for this kind");
        }
    }
}
