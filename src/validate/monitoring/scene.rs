//! Everything about monitoring that stands among the objects: files, who reads them, and what follows from both.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::MONITORING_CONFIG;
use crate::manifest::node::Node;
use crate::manifest::read;
use crate::ordered::Ordered;
use crate::shares;
use crate::tables::{HashMap, HashSet};
use crate::validate::findings::Findings;
use crate::validate::makers::{self, Makers};
use crate::validate::monitoring::durations;
use crate::validate::monitoring::payloads::{self, Payload, Use};
use crate::validate::monitoring::sight::{Seen, Sight};
use crate::validate::world::{Pod, Thing, World};

/// All of it.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The files.
    pub payloads: Vec<Payload<'a>>,
    /// Who reads a configuration.
    readers: Vec<Software<'a>>,
}

/// A container that runs Prometheus or Alertmanager.
#[derive(Debug)]
pub struct Software<'a> {
    /// What it is.
    pub usage: Use,
    /// Its pod.
    pub pod: Pod<'a>,
    /// The container.
    pub container: &'a Node,
    /// Where it looks for its configuration.
    path: String,
    /// Which files it finds.
    sight: Sight<'a>,
}

/// A Prometheus, by its configuration.
#[derive(Debug)]
pub struct Server<'s, 'a> {
    /// Its configuration.
    pub payload: &'s Payload<'a>,
    /// Its jobs.
    pub jobs: Vec<Job<'s>>,
    /// How often it evaluates rules, in milliseconds.
    pub evaluation: u64,
    /// The numbers of its files of rules among the payloads.
    pub rules: Vec<usize>,
}

/// A scrape job.
#[derive(Debug)]
pub struct Job<'s> {
    /// Its name.
    pub name: &'s str,
    /// How it is described.
    pub node: &'s Node,
    /// How often it collects, in milliseconds.
    pub interval: u64,
}

/// What Prometheus does where nothing is said, in milliseconds.
pub const INTERVAL: u64 = 60_000;

/// What may be a file of the software.
enum Candidate<'a> {
    /// It is known what this one is for.
    Meant(Use, &'a Node),
    /// A text and its name.
    Text(&'a str, &'a Node),
    /// The rules of an operator.
    Operated,
}

/// Files that are worth a thread.
const FEW: usize = 2;

impl<'a> Scene<'a> {
    /// What is there. What cannot be read is told.
    pub fn of(world: &World<'a>, findings: &mut Findings) -> Self {
        let readers = readers(world);
        let meant = meant(&readers);
        let other = of_others(world);
        let files = |thing: Thing<'a>| {
            let of = |(name, node): (&'a str, &'a Node)| match meant.get(&std::ptr::from_ref(node)) {
                Some(usage) => Candidate::Meant(*usage, node),
                None => Candidate::Text(name, node),
            };
            let own = payloads::files(thing).filter(|(_, node)| !other.contains(&std::ptr::from_ref(*node)));
            let own: Vec<_> = own.map(|file| (thing, of(file))).collect();
            own.into_iter().chain(Payload::of_operator(thing).map(|_| (thing, Candidate::Operated)))
        };
        let read = |(thing, file): (Thing<'a>, Candidate<'a>)| {
            let mut own = Findings::of(&findings.wanted);
            let found = match file {
                Candidate::Meant(usage, node) => meant_as(usage, world, thing, node, &mut own),
                Candidate::Text(name, node) => Payload::of_shape(world, thing, node)
                    .or_else(|| meant_as(payloads::broken(name, node)?, world, thing, node, &mut own)),
                Candidate::Operated => Payload::of_operator(thing),
            };
            (found, own)
        };
        let read = shares::each(world.objects.iter().copied().flat_map(files), FEW, read);
        let mut payloads = Vec::new();
        for (found, own) in read {
            payloads.extend(found);
            findings.take(own);
        }
        Self { payloads, readers }
    }

    /// The files for a use.
    pub fn all(&self, usage: Use) -> impl Iterator<Item = &Payload<'a>> {
        self.payloads.iter().filter(move |payload| payload.usage == usage)
    }

    /// Every Prometheus.
    pub fn servers(&self) -> Vec<Server<'_, 'a>> {
        self.all(Use::Prometheus).map(|payload| self.server(payload)).collect()
    }

    fn server<'s>(&'s self, payload: &'s Payload<'a>) -> Server<'s, 'a> {
        let root = &payload.root;
        let duration = |node: &Node, keys: &[&str]| node.text_at(keys).and_then(durations::parse);
        let usual = duration(root, &["global", "scrape_interval"]).unwrap_or(INTERVAL);
        let jobs = root.items_at(&["scrape_configs"]).iter().filter_map(|node| {
            let interval = duration(node, &["scrape_interval"]).unwrap_or(usual);
            Some(Job { name: node.text_at(&["job_name"])?, node, interval })
        });
        let patterns = root.items_at(&["rule_files"]).iter().filter_map(Node::text);
        let texts: HashSet<*const Node> = self
            .readers_of(payload)
            .flat_map(|reader| patterns.clone().flat_map(|pattern| reader.matching(pattern).0))
            .map(std::ptr::from_ref)
            .collect();
        let is_read = |(_, rules): &(usize, &Payload<'a>)| {
            rules.usage == Use::Rules && texts.contains(&std::ptr::from_ref(rules.node))
        };
        Server {
            payload,
            jobs: jobs.collect(),
            evaluation: duration(root, &["global", "evaluation_interval"]).unwrap_or(INTERVAL),
            rules: self.payloads.iter().enumerate().filter(is_read).map(|(at, _)| at).collect(),
        }
    }

    /// Who reads a configuration.
    pub fn readers_of<'s>(&'s self, payload: &Payload<'a>) -> impl Iterator<Item = &'s Software<'a>> {
        let node = std::ptr::from_ref(payload.node);
        self.readers.iter().filter(move |reader| reader.config().is_some_and(|config| std::ptr::eq(config, node)))
    }

    /// Whether those who read a configuration find a file at a path that it names.
    pub fn sees(&self, payload: &Payload<'a>, path: &str) -> Seen {
        let seen = self.readers_of(payload).map(|reader| reader.sight.has(&reader.absolute(path)));
        seen.max_by_key(|seen| matches!(seen, Seen::NotInVolume | Seen::NoVolume)).unwrap_or(Seen::Unknown)
    }
}

/// Every container that runs software of which we know the configuration.
pub fn readers<'a>(world: &World<'a>) -> Vec<Software<'a>> {
    let makers = makers::made(world);
    world.pods.iter().flat_map(|pod| software(world, &makers, pod)).collect()
}

impl<'a> Software<'a> {
    /// Its configuration.
    pub fn config(&self) -> Option<&'a Node> {
        self.sight.text(&self.path)
    }

    /// What a flag on its command line says.
    pub fn flag(&self, name: &str) -> Option<&'a str> {
        flag(self.container, name)
    }

    /// Whether its command line may turn something on, in whatever words.
    pub fn may_turn_on(&self, feature: &str) -> bool {
        words(self.container).any(|word| word.contains(feature) || word.contains("$(") || word.starts_with('@'))
    }

    /// A path as it is meant beside its configuration.
    fn absolute(&self, path: &str) -> String {
        let directory = self.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") }
    }

    /// The texts that a pattern matches, and whether it matches any file.
    pub fn matching(&self, pattern: &str) -> (Vec<&'a Node>, Seen) {
        self.sight.matching(&self.absolute(pattern))
    }
}

/// Texts of which it is known what they are for: configurations, and the rules that they name.
fn meant(readers: &[Software<'_>]) -> HashMap<*const Node, Use> {
    let mut meant = HashMap::default();
    for reader in readers {
        let Some(config) = reader.config() else { continue };
        if meant.insert(std::ptr::from_ref(config), reader.usage).is_some() || reader.usage != Use::Prometheus {
            continue;
        }
        let root = read::payload(config.text().unwrap_or_default());
        let patterns = root.iter().flat_map(|root| root.items_at(&["rule_files"])).filter_map(Node::text);
        let rules = patterns.flat_map(|pattern| reader.matching(pattern).0);
        rules.for_each(|node| {
            meant.entry(std::ptr::from_ref(node)).or_insert(Use::Rules);
        });
    }
    meant
}

/// A file of which it is known what it is for; that it cannot be read is told.
fn meant_as<'a>(
    usage: Use,
    world: &World<'a>,
    thing: Thing<'a>,
    node: &'a Node,
    findings: &mut Findings,
) -> Option<Payload<'a>> {
    match read::payload_or_fault(node.text().unwrap_or_default()) {
        Ok(root) => Some(Payload::of(world, thing, node, usage, root)),
        Err((span, fault)) => {
            // what is missing is missed after the last letter
            let end = node.text().map_or(0, |text| text.trim_end().len().saturating_sub(1));
            let start = span.start().min(end);
            let broken = Node { span: (start..start + 1).into(), ..Node::of_text("") };
            Payload::of(world, thing, node, usage, Node::of_text("")).error(
                findings,
                MONITORING_CONFIG,
                &broken,
                &format!("it cannot be read: {fault}"),
            );
            None
        }
    }
}

/// The containers of a pod that run software of which we know the configuration.
fn software<'a>(world: &World<'a>, makers: &Makers<'a>, pod: &Pod<'a>) -> Vec<Software<'a>> {
    let containers = pod.containers().filter(|(list, _)| *list == "containers");
    let of_container = |(_, container): (_, &'a Node)| {
        let image = container.text_at(&["image"])?;
        let image = image.split('@').next()?.rsplit('/').next()?;
        let (usage, usual) = match image.split(':').next()? {
            "prometheus" => (Use::Prometheus, "/etc/prometheus/prometheus.yml"),
            "alertmanager" => (Use::Alertmanager, "/etc/alertmanager/alertmanager.yml"),
            _ => return None,
        };
        let path = flag(container, "config.file").unwrap_or(usual).to_owned();
        Some(Software { usage, pod: pod.clone(), container, path, sight: Sight::of(world, makers, pod, container) })
    };
    containers.filter_map(of_container).collect()
}

/// What a flag on the command line of a container says, joined with `=` or as the next word.
fn flag<'a>(container: &'a Node, name: &str) -> Option<&'a str> {
    let joined = words(container).find_map(|word| word.trim_start_matches('-').strip_prefix(name)?.strip_prefix('='));
    joined.or_else(|| words(container).skip_while(|word| word.trim_start_matches('-') != name).nth(1))
}

/// The command line of a container.
fn words(container: &Node) -> impl Iterator<Item = &str> {
    ["command", "args"].into_iter().flat_map(|list| container.items_at(&[list])).filter_map(Node::text)
}

/// Texts of software that has files of the same shape and asks in another language.
fn of_others(world: &World<'_>) -> HashSet<*const Node> {
    let is_other = |container: &Node| container.text_at(&["image"]).is_some_and(|image| image.contains("loki"));
    let mut found = HashSet::default();
    for pod in world.pods.iter().filter(|pod| pod.containers().any(|(_, container)| is_other(container))) {
        for volume in pod.spec().items_at(&["volumes"]) {
            let name = volume.text_at(&["configMap", "name"]);
            let thing = name.and_then(|name| world.find("ConfigMap", pod.namespace(), name));
            found.extend(thing.into_iter().flat_map(payloads::files).map(|(_, node)| std::ptr::from_ref(node)));
        }
    }
    found
}

/// Labels that a map says without templates.
pub fn plain_labels(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map_or(&[][..], Node::entries).iter();
    let plain = entries.filter_map(|entry| Some((entry.key.to_string(), entry.node.spelled()?)));
    plain.filter(|(_, value)| !value.contains("{{")).collect()
}

/// The names of all labels that a map says.
pub fn label_names(node: Option<&Node>) -> BTreeSet<String> {
    node.map_or(&[][..], Node::entries).iter().map(|entry| entry.key.to_string()).ordered()
}
