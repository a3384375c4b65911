//! What is named, is there, and cannot do what it is named for.

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::validate::findings::Findings;
use crate::validate::makers::{DOCKER_CONFIG, DOCKER_CONFIG_TYPE, Makers};
use crate::validate::references::mentions::Mention;
use crate::validate::world::{Pod, World};
use crate::values::base64;

/// Everything that is named can serve.
pub fn serve(world: &World<'_>, secrets: &Makers<'_>, mentions: &[Mention<'_>], findings: &mut Findings) {
    for mention in mentions {
        match (mention.by.document.id.kind.as_str(), mention.kind) {
            ("StatefulSet", "Service") => headless(world, mention, findings),
            ("HorizontalPodAutoscaler", kind) => scalable(kind, mention, findings),
            _ => {}
        }
    }
    for pod in &world.pods {
        for pull in pod.spec().items_at(&["imagePullSecrets"]) {
            credential(pod, pull, secrets, findings);
        }
    }
}

/// The Service that gives the pods of a StatefulSet their names has no address of its own.
fn headless(world: &World<'_>, mention: &Mention<'_>, findings: &mut Findings) {
    let Some(service) = world.find(mention.kind, mention.place, mention.name) else { return };
    findings.ask();
    if service.root().text_at(&["spec", "clusterIP"]) != Some("None") {
        findings
            .error(codes::UNFIT_TARGET, mention.by, mention.named, &format!("the {mention} has an address of its own"))
            .help("pods get names from a Service with `clusterIP: None`");
    }
}

/// Kinds whose number of pods nobody can set. Source: the API's paths, of which these kinds have no `/scale`.
const UNSCALABLE: &[&str] = &["CronJob", "DaemonSet", "Job", "Pod"];

fn scalable(kind: &str, mention: &Mention<'_>, findings: &mut Findings) {
    findings.ask();
    if UNSCALABLE.contains(&kind) {
        findings
            .error(codes::UNFIT_TARGET, mention.by, mention.named, &format!("a {kind} cannot be scaled"))
            .help("an autoscaler needs a Deployment, a StatefulSet or something else with a number of replicas");
    }
}

/// The old form of a credential for registries.
const OLD_TYPE: &str = "kubernetes.io/dockercfg";

/// A pull secret is one, and is for a registry from which the pod pulls.
fn credential(pod: &Pod<'_>, pull: &Node, secrets: &Makers<'_>, findings: &mut Findings) {
    let Some(node) = pull.get("name") else { return };
    let Some((name, made)) = node.text().and_then(|name| Some((name, secrets.get(&(pod.namespace(), name))?))) else {
        return;
    };
    findings.ask();
    if ![DOCKER_CONFIG_TYPE, OLD_TYPE].contains(&made.kind.as_str()) {
        let message = format!("the Secret `{name}` is of the type `{}`: nodes do not pull with it", made.kind);
        findings
            .error(codes::UNFIT_TARGET, pod.owner, node, &message)
            .help(format!("pull secrets are of the type `{DOCKER_CONFIG_TYPE}`"));
        return;
    }
    let Some(hosts) = hosts(made.by.root()) else { return };
    let images: Vec<&str> = pod.containers().filter_map(|(_, container)| container.text_at(&["image"])).collect();
    let is_served = |image: &&str| hosts.iter().any(|host| is_at(image, host));
    if !images.is_empty() && !images.iter().any(is_served) {
        let message = format!("the Secret `{name}` is for {}, and no image comes from there", hosts.join(", "));
        findings
            .error(codes::UNFIT_TARGET, pod.owner, node, &message)
            .help("name the secret of the registry that the images come from, or none");
    }
}

/// Whether a node would pull an image with a credential for `host`. Source: `pkg/credentialprovider/keyring.go`; a `*`
/// stands for one part of a name.
fn is_at(image: &str, host: &str) -> bool {
    let host = host.trim_start_matches("https://").trim_start_matches("http://");
    let (host, path) = host.split_once('/').unwrap_or((host, ""));
    let own = match image.split_once('/') {
        Some((own, _)) if own.contains(['.', ':']) || own == "localhost" => own,
        _ => "docker.io",
    };
    let host = if ["index.docker.io", "registry-1.docker.io"].contains(&host) { "docker.io" } else { host };
    let is_version = ["", "v1/", "v2/", "v1", "v2"].contains(&path);
    let rest = image.strip_prefix(own).unwrap_or(image).trim_start_matches('/');
    let mut parts = own.split('.').zip(host.split('.'));
    let is_host =
        own.split('.').count() == host.split('.').count() && parts.all(|(own, wanted)| wanted == "*" || own == wanted);
    is_host && (is_version || rest.starts_with(path))
}

/// The registries that a credential is for; `None` if that cannot be read. Names of hosts are no secrets.
fn hosts(root: &Node) -> Option<Vec<String>> {
    let plain = root.text_at(&["stringData", DOCKER_CONFIG]).map(str::to_owned);
    let decoded = || root.text_at(&["data", DOCKER_CONFIG]).and_then(base64::text);
    let template = || root.text_at(&["spec", "target", "template", "data", DOCKER_CONFIG]).map(str::to_owned);
    let text = plain.or_else(decoded).or_else(template)?;
    let found = if let Ok(config) = serde_json::from_str::<serde_json::Value>(&text) {
        config.get("auths")?.as_object()?.keys().cloned().collect()
    } else {
        // a template is no JSON, but where it names one host it does so in plain sight
        let (_, rest) = text.split_once("\"auths\"")?;
        vec![rest.trim_start_matches([':', ' ', '{']).strip_prefix('"')?.split_once('"')?.0.to_owned()]
    };
    let is_plain = |hosts: &Vec<String>| !hosts.is_empty() && hosts.iter().all(|host| !host.contains('{'));
    Some(found).filter(is_plain)
}
