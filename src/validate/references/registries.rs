//! The configuration of an image registry, held against the container that reads it: where it listens, where it keeps what
//! it is given, and whether it asks for the passwords that are mounted for it. No object says any of that.

use crate::diagnostics::codes::REGISTRY_CONFIG;
use crate::manifest::node::Node;
use crate::manifest::read;
use crate::validate::findings::Findings;
use crate::validate::makers::{self, Makers};
use crate::validate::monitoring::payloads::{self, Payload, Use};
use crate::validate::monitoring::sight::{Seen, Sight};
use crate::validate::world::{Pod, Thing, World};

/// Where the image looks, unless its command says. Source: the entry points of distribution 3 and 2.
const USUAL: &[&str] = &["/etc/distribution/config.yml", "/etc/docker/registry/config.yml"];

/// Holds every registry to its configuration.
pub fn fit<'a>(world: &World<'a>, findings: &mut Findings) {
    let mut known: Option<Makers<'a>> = None;
    for pod in &world.pods {
        // what runs before it collects garbage, and serves nobody
        let servers = pod.containers().filter(|(list, container)| *list == "containers" && is_registry(container));
        for (_, container) in servers {
            let makers = known.get_or_insert_with(|| makers::made(world));
            let sight = Sight::of(world, makers, pod, container);
            let words = ["command", "args"].into_iter().flat_map(|list| container.items_at(&[list]));
            let named =
                words.filter_map(Node::text).find(|word| [".yml", ".yaml"].iter().any(|end| word.ends_with(end)));
            let paths = named.as_ref().map_or(USUAL, std::slice::from_ref);
            let Some(node) = paths.iter().find_map(|path| sight.text(path)) else { continue };
            let holds = |thing: &Thing<'_>| payloads::files(*thing).any(|(_, own)| std::ptr::eq(own, node));
            let Some(thing) = world.objects.iter().copied().find(holds) else { continue };
            let Some(root) = read::payload(node.text().unwrap_or_default()) else { continue };
            let payload = Payload::of(world, thing, node, Use::Registry, root);
            Registry { payload: &payload, pod, container, sight: &sight }.judge(findings);
        }
    }
}

fn is_registry(container: &Node) -> bool {
    let image = container.text_at(&["image"]).unwrap_or_default();
    let name = image.split('@').next().and_then(|image| image.rsplit('/').next()).unwrap_or_default();
    ["registry", "distribution"].contains(&name.split(':').next().unwrap_or_default())
}

/// A registry that reads a configuration.
struct Registry<'r, 'a> {
    payload: &'r Payload<'a>,
    pod: &'r Pod<'a>,
    container: &'a Node,
    sight: &'r Sight<'a>,
}

impl Registry<'_, '_> {
    fn judge(&self, findings: &mut Findings) {
        // variables take the place of what the file says. Source: `configuration/parser.go`
        let says = |start: &str| {
            let names = self.container.items_at(&["env"]).iter().filter_map(|item| item.text_at(&["name"]));
            names.into_iter().any(|name| name.starts_with(start))
        };
        if !says("REGISTRY_AUTH") {
            self.asks(findings);
        }
        if !says("REGISTRY_HTTP_ADDR") && !says("REGISTRY_HTTP_DEBUG") {
            self.listens(findings);
        }
        if !says("REGISTRY_STORAGE") {
            self.keeps(findings);
        }
    }

    /// Passwords that are mounted are asked for.
    fn asks(&self, findings: &mut Findings) {
        findings.ask();
        let root = &self.payload.root;
        if let Some((at, path)) = root.at(&["auth", "htpasswd", "path"]).and_then(|at| Some((at, at.text()?))) {
            if matches!(self.sight.has(path), Seen::NotInVolume | Seen::NoVolume) {
                let message = format!("no file is mounted at `{path}`");
                self.tell(findings, at, &message, "nobody can log in");
            }
            return;
        }
        let is_asked = root.get("auth").is_some_and(|auth| auth.entries().iter().any(|entry| entry.key != "silly"));
        if is_asked {
            return;
        }
        let text = self.payload.node.text().unwrap_or_default();
        let volumes = self.pod.spec().items_at(&["volumes"]);
        let is_secret = |name: &str| {
            volumes.iter().any(|volume| volume.text_at(&["name"]) == Some(name) && volume.get("secret").is_some())
        };
        let mounts = self.container.items_at(&["volumeMounts"]).iter();
        let mut paths = mounts.filter(|mount| mount.text_at(&["name"]).is_some_and(is_secret));
        let unused = paths.find_map(|mount| mount.text_at(&["mountPath"]).filter(|path| !text.contains(path)));
        if let Some(path) = unused {
            let message = format!("the registry asks nobody for a password, and `{path}` is mounted for nothing");
            let help = "whoever reaches it may take and replace every image: say `auth.htpasswd.path`";
            self.tell(findings, root.get("auth").unwrap_or(root), &message, help);
        }
    }

    /// It listens where the container offers something.
    fn listens(&self, findings: &mut Findings) {
        let root = &self.payload.root;
        let listeners = [root.at(&["http", "addr"]), root.at(&["http", "debug", "addr"])];
        let listeners: Vec<&Node> = listeners.into_iter().flatten().collect();
        let port = |node: &&Node| node.text()?.rsplit_once(':')?.1.parse::<i128>().ok();
        let Some(taken) = listeners.iter().map(port).collect::<Option<Vec<i128>>>() else { return };
        for offer in self.container.items_at(&["ports"]) {
            findings.ask();
            let Some(number) = offer.get("containerPort").and_then(Node::integer) else { continue };
            if !taken.contains(&number) {
                let message = format!("nothing listens at port {number}, which the container offers");
                let first = listeners.first().copied().or(root.get("http")).unwrap_or(root);
                let help = format!("say `:{number}` as `http.addr` or `http.debug.addr`");
                self.tell(findings, first, &message, &help);
            }
        }
    }

    /// What it is given outlives its pod.
    fn keeps(&self, findings: &mut Findings) {
        findings.ask();
        let Some(at) = self.payload.root.at(&["storage", "filesystem", "rootdirectory"]) else { return };
        let path = at.text().unwrap_or_default();
        if matches!(self.sight.has(path), Seen::NotInVolume | Seen::NoVolume) {
            let message = format!("images are kept in `{path}`, where no volume is mounted");
            self.tell(findings, at, &message, "they are lost with the pod, or cannot be written at all");
        }
    }

    fn tell(&self, findings: &mut Findings, at: &Node, message: &str, help: &str) {
        self.payload.error(findings, REGISTRY_CONFIG, at, message).help(help);
    }
}
