//! Quotas hold every workload at its largest, in the middle of an update.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::availability::replicas;
use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, Pods, entries, items, text};
use crate::support::quantity::{amount, shown};

const UNIT: i128 = 1_000_000_000;

/// What a pod that answers ACME challenges asks for: CPU and memory request, memory limit.
/// Source: cert-manager's defaults for `--acme-http01-solver-resource-*`.
const SOLVER: &[(&str, i128)] =
    &[("requests.cpu", UNIT / 100), ("requests.memory", (64 << 20) * UNIT), ("limits.memory", (64 << 20) * UNIT)];

type Sum = BTreeMap<String, i128>;

/// Every quota holds the sum of what its namespace can ask for.
pub fn hold(world: &World, faults: &mut Faults) {
    for quota in world.of_kind("ResourceQuota") {
        let asked = asked(world, quota.place());
        for (resource, hard) in entries(quota.at("/spec/hard")) {
            let Some(hard) = amount(hard) else {
                faults.add(quota, resource, "is no quantity");
                continue;
            };
            let sum = asked.get(resource).copied().unwrap_or(0);
            let message = format!("{} are needed, {} are allowed", shown(sum), shown(hard));
            faults.unless(sum <= hard, quota, resource, message);
        }
        for needed in ["requests.cpu", "requests.memory", "limits.memory", "pods"] {
            faults.unless(quota.at("/spec/hard").get(needed).is_some(), quota, needed, "is not limited");
        }
        let said = world.says(&format!("/namespaces/{}/quota", quota.place()));
        for (key, resource) in [("cpu", "requests.cpu"), ("memory", "requests.memory"), ("pods", "pods")] {
            let same = amount(&said[key]) == amount(&quota.at("/spec/hard")[resource]);
            faults.unless(same, quota, resource, format!("the description says {}", said[key]));
        }
    }
    for (namespace, spec) in entries(world.says("/namespaces")) {
        let rendered = world.of_kind("ResourceQuota").filter(|quota| quota.place() == namespace).count();
        if rendered != usize::from(spec["quota"].is_object()) {
            faults.general(format!("{rendered} quotas in {namespace}"));
        }
    }
}

/// Limits of a namespace admit every container and claim in it, and give every pod the requests that a quota wants.
pub fn limits_admit(world: &World, faults: &mut Faults) {
    for limits in world.of_kind("LimitRange") {
        let of = |kind: &str| items(limits.at("/spec/limits")).find(|item| item["type"] == kind);
        let max = |kind: &str, resource: &str| of(kind).and_then(|item| amount(&item["max"][resource]));
        for pods in world.pods().filter(|pods| pods.owner.namespace == limits.namespace) {
            for container in pods.containers() {
                for resource in ["cpu", "memory", "ephemeral-storage"] {
                    let own = amount(&container.value["resources"]["limits"][resource]);
                    let fits = max("Container", resource).is_none_or(|max| own.is_some_and(|own| own <= max));
                    faults.unless(fits, pods.owner, container.name, format!("{resource} is more than {limits} admits"));
                }
            }
        }
        for (claim, count, size) in claims(world, limits.place()) {
            let fits = max("PersistentVolumeClaim", "storage").is_none_or(|max| size <= max);
            faults.unless(fits, claim, "storage", format!("{count} x {} is more than {limits} admits", shown(size)));
        }
        let Some(container) = of("Container") else {
            faults.add(limits, "/spec/limits", "says nothing of containers");
            continue;
        };
        for resource in ["cpu", "memory"] {
            let side = |side: &str| amount(&container[side][resource]);
            let ordered = side("defaultRequest") <= side("default") && side("default") <= side("max");
            faults.unless(ordered && side("defaultRequest").is_some(), limits, resource, "defaults are out of order");
        }
    }
}

/// Connections that all replicas of all components may hold to an external, at their largest, are no more than it takes.
pub fn pools_fit(world: &World, faults: &mut Faults) {
    for (external, said) in entries(world.says("/externals")) {
        let Some(most) = said["max-connections"].as_i64() else { continue };
        let held = |pods: Pods<'_>| {
            let own = &world.description["components"][pods.owner.component()]["pools"][external];
            own.as_i64().unwrap_or(0) * largest(world, &pods)
        };
        let sum: i64 = world.pods().map(held).sum();
        if sum > most {
            faults.general(format!("{sum} connections to {external}, which takes {most}"));
        }
    }
}

fn asked(world: &World, namespace: &str) -> Sum {
    let mut sum = Sum::new();
    let mut add = |resource: &str, amount: i128| *sum.entry(resource.to_owned()).or_default() += amount;
    for pods in world.pods().filter(|pods| pods.owner.place() == namespace) {
        let count = i128::from(largest(world, &pods));
        add("pods", count * UNIT);
        for side in ["requests", "limits"] {
            for resource in ["cpu", "memory", "ephemeral-storage"] {
                add(&format!("{side}.{resource}"), count * of_pod(&pods, side, resource));
            }
        }
    }
    let solvers = world.of_kind("Certificate").filter(|_| world.solver_namespaces().contains(&namespace));
    for _ in solvers.filter(|certificate| certificate.place() == namespace) {
        add("pods", UNIT);
        for (resource, amount) in SOLVER {
            add(resource, *amount);
        }
    }
    for (_, count, size) in claims(world, namespace) {
        add("persistentvolumeclaims", count * UNIT);
        add("requests.storage", count * size);
    }
    for service in world.of_kind("Service").filter(|service| service.place() == namespace) {
        let ports = i128::try_from(items(service.at("/spec/ports")).len()).unwrap_or(i128::MAX);
        match text(service.at("/spec/type")) {
            "LoadBalancer" => {
                add("services.loadbalancers", UNIT);
                if service.at("/spec/allocateLoadBalancerNodePorts") != false {
                    add("services.nodeports", ports * UNIT);
                }
            }
            "NodePort" => add("services.nodeports", ports * UNIT),
            _ => {}
        }
    }
    sum
}

/// The most pods that a workload can have at once.
fn largest(world: &World, pods: &Pods<'_>) -> i64 {
    if pods.is_job() {
        return 1;
    }
    let max = replicas(world, pods.owner).1;
    let rolling = pods.owner.at("/spec/strategy/rollingUpdate/maxSurge");
    let surge = match rolling {
        Value::String(percent) => {
            let percent: i64 = percent.trim_end_matches('%').parse().expect("a percentage");
            (max * percent + 99) / 100
        }
        number => number.as_i64().unwrap_or(0),
    };
    max + surge
}

/// What a pod counts for: the sum of its containers, or the largest of those that run first.
fn of_pod(pods: &Pods<'_>, side: &str, resource: &str) -> i128 {
    let containers = pods.containers();
    let of = |init: bool| {
        let some = containers.iter().filter(move |container| container.init == init);
        some.filter_map(|container| amount(&container.value["resources"][side][resource]))
    };
    of(false).sum::<i128>().max(of(true).max().unwrap_or(0))
}

/// Claims of a namespace: who has them, how many, and the size of each.
fn claims<'w>(world: &'w World, namespace: &str) -> Vec<(&'w Object, i128, i128)> {
    let size = |spec: &Value| amount(&spec["resources"]["requests"]["storage"]).unwrap_or(0);
    let mut found = Vec::new();
    for object in world.objects.iter().filter(|object| object.place() == namespace) {
        if object.kind == "PersistentVolumeClaim" {
            found.push((object, 1, size(object.at("/spec"))));
        }
        for template in items(object.at("/spec/volumeClaimTemplates")) {
            found.push((object, i128::from(replicas(world, object).1), size(&template["spec"])));
        }
    }
    found
}
