//! The pods that a template of somebody's own makes, as far as others ask about them.

use crate::manifest::node::Node;
use crate::model::rendered::Written;
use crate::model::site::Site;
use crate::model::workload::{Controller, Env, Main, Priority, Probes, Size, User, Workload};
use crate::spec::size::ExactSize;
use crate::values::amount::{Bytes, Cpu};
use crate::values::image::Image;
use crate::values::parse::Parse;
use crate::values::secret_ref::SecretRef;

/// The template of the pods that an object makes, or a pod itself.
pub fn template(root: &Node) -> Option<&Node> {
    if root.text_at(&["kind"]) == Some("Pod") {
        return Some(root);
    }
    let found = root.at(&["spec", "template"]).or_else(|| root.at(&["spec", "jobTemplate", "spec", "template"]))?;
    found.at(&["spec", "containers"]).map(|_| found)
}

/// The workload that has them, with the secrets that its description names.
pub fn workload<'v>(
    site: &Site<'_>,
    role: &'static str,
    image: &Image,
    secrets: impl Iterator<Item = (&'static str, &'v SecretRef)>,
    written: &[Written],
) -> Option<Workload> {
    let documents = written.iter().flat_map(|written| &written.documents);
    let (root, pods) = documents.map(|document| &document.root).find_map(|root| Some((root, template(root)?)))?;
    Some(Workload {
        name: site.own.name.clone(),
        role,
        controller: controller(root),
        priority: Priority::App,
        // what its pods are is written in the template
        user: User { uid: 0, gid: 0, fs_group: None },
        api_token: false,
        main: Main {
            name: site.own.name.clone(),
            image: image.clone(),
            command: Vec::new(),
            args: Vec::new(),
            env: secrets.map(|(name, secret)| Env::secret(name, secret.clone())).collect(),
            probes: Probes::default(),
            size: size(pods),
            lifecycle: None,
            exceptions: Default::default(),
        },
        init: Vec::new(),
        volumes: Vec::new(),
        grace: 0,
        spread: Vec::new(),
        reaches: Vec::new(),
        grants: Vec::new(),
    })
}

fn controller(root: &Node) -> Controller {
    let replicas = root.at(&["spec", "replicas"]).and_then(Node::integer).and_then(|count| i32::try_from(count).ok());
    let replicas = replicas.unwrap_or(1);
    let (fewest, surge) = match root.text_at(&["kind"]) {
        Some("Deployment") => (replicas, 1),
        Some("Job" | "CronJob") => (0, 1),
        _ => (replicas, 0),
    };
    Controller::Given { fewest, most: fewest + surge }
}

/// What its containers ask for together.
fn size(pods: &Node) -> Size {
    let sum = |of: &str| {
        let containers = pods.items_at(&["spec", "containers"]);
        let amount = |key: &str| {
            containers
                .iter()
                .filter_map(move |container| container.at(&["resources", of, key])?.spelled())
                .collect::<Vec<_>>()
        };
        let cpu = amount("cpu").iter().filter_map(|text| Cpu::parse(text).ok()).map(Cpu::in_millis).sum();
        let bytes = |key: &str| {
            let all: i128 = amount(key).iter().filter_map(|text| Bytes::parse(text).ok()).map(Bytes::in_bytes).sum();
            Bytes::mebibytes(all.div_euclid(1 << 20) + i128::from(all % (1 << 20) != 0))
        };
        ExactSize { cpu: Cpu::millis(cpu), memory: bytes("memory"), ephemeral_storage: bytes("ephemeral-storage") }
    };
    Size { requests: sum("requests"), limits: sum("limits") }
}
