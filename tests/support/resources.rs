//! What containers ask for and may use, and that their disks fit into it.

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{items, text};
use crate::support::quantity::{amount, shown};

const RESOURCES: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// Every container, those that run first included, says what it needs and what it may use at most.
pub fn are_bounded(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        for container in pods.containers() {
            for resource in RESOURCES {
                let side = |side: &str| amount(&container.value["resources"][side][*resource]);
                let field = format!("{} {resource}", container.name);
                match (side("requests"), side("limits")) {
                    (Some(request), Some(limit)) => {
                        faults.unless(request > 0, pods.owner, &field, "requests nothing");
                        let fits = request <= limit;
                        let (request, limit) = (shown(request), shown(limit));
                        faults.unless(fits, pods.owner, &field, format!("requests {request}, more than {limit}"));
                    }
                    (request, limit) => {
                        faults.add(pods.owner, &field, format!("request {request:?}, limit {limit:?}"));
                    }
                }
            }
        }
    }
}

/// Scratch directories have a size, and all of a pod's together fit into what it may use of a node's disk: the node
/// evicts a pod that uses more.
pub fn scratch_fits(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        let scratch: Vec<&Value> =
            items(&pods.spec()["volumes"]).filter(|volume| !volume["emptyDir"].is_null()).collect();
        for volume in &scratch {
            let size = amount(&volume["emptyDir"]["sizeLimit"]);
            faults.unless(size > Some(0), pods.owner, text(&volume["name"]), "has no size");
        }
        // What lives in memory counts as memory.
        let on_disk = scratch.iter().filter(|volume| volume["emptyDir"]["medium"] != "Memory");
        let sum: i128 = on_disk.filter_map(|volume| amount(&volume["emptyDir"]["sizeLimit"])).sum();
        let disk = |init| {
            let containers = pods.containers().into_iter().filter(move |container| container.init == init);
            containers.filter_map(|container| amount(&container.value["resources"]["limits"]["ephemeral-storage"]))
        };
        let limit = disk(false).sum::<i128>().max(disk(true).max().unwrap_or(0));
        let message = format!("scratch of {}, but a limit of {}", shown(sum), shown(limit));
        faults.unless(sum <= limit, pods.owner, "ephemeral-storage", message);
    }
}
