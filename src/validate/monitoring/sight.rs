//! Which files a container finds, as far as its volumes tell.

use std::collections::BTreeMap;

use crate::manifest::node::Node;
use crate::validate::makers::Makers;
use crate::validate::world::{Pod, World};

/// The files of a container.
#[derive(Clone, Debug, Default)]
pub struct Sight<'a> {
    /// Files by their paths; with the text where a ConfigMap or a Secret that stands here has it.
    files: BTreeMap<String, Option<&'a Node>>,
    /// Directories whose content nobody knows.
    opaque: Vec<String>,
    /// Directories of which all files are known.
    known: Vec<String>,
    /// Whether something may put files into it that its pod does not tell of.
    is_injected: bool,
}

/// Whether a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is.
    Yes,
    /// A volume stands there and does not have it.
    NotInVolume,
    /// No volume stands there.
    NoVolume,
    /// Nobody can tell.
    Unknown,
}

/// What images bring along.
const OF_IMAGES: &[&str] = &["/etc/ssl/", "/etc/pki/", "/usr/"];
/// Where a pod finds its own token, the authority of the cluster and its namespace.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

impl<'a> Sight<'a> {
    /// What `container` of `pod` finds.
    pub fn of(world: &World<'a>, makers: &Makers<'a>, pod: &Pod<'a>, container: &'a Node) -> Self {
        let annotations = pod.template.at(&["metadata", "annotations"]).map_or(&[][..], Node::entries);
        let is_injected = annotations.iter().any(|entry| entry.key.contains("inject"));
        let mut sight = Self { is_injected, ..Self::default() };
        sight.account(world, pod);
        for mount in container.items_at(&["volumeMounts"]) {
            let Some(path) = mount.text_at(&["mountPath"]) else { continue };
            let name = mount.text_at(&["name"]);
            let volume = pod.spec().items_at(&["volumes"]).iter().find(|volume| volume.text_at(&["name"]) == name);
            let files = volume.and_then(|volume| content(world, makers, pod.namespace(), volume));
            sight.mount(path.trim_end_matches('/'), mount, files);
        }
        sight
    }

    fn account(&mut self, world: &World<'a>, pod: &Pod<'a>) {
        let spec = pod.spec();
        let name = spec.text_at(&["serviceAccountName"]).unwrap_or("default");
        let account = world.find("ServiceAccount", pod.namespace(), name);
        let of_account = account.and_then(|thing| thing.root().get("automountServiceAccountToken"));
        let is_mounted = spec.get("automountServiceAccountToken").or(of_account).and_then(Node::bool) != Some(false);
        if is_mounted {
            self.files.extend(["token", "ca.crt", "namespace"].map(|name| (format!("{ACCOUNT}/{name}"), None)));
            self.known.push(ACCOUNT.to_owned());
        }
    }

    fn mount(&mut self, path: &str, mount: &Node, files: Option<Files<'a>>) {
        let part = mount.text_at(&["subPath"]);
        let is_told = mount.get("subPathExpr").is_none();
        match (files.filter(|_| is_told), part) {
            (None, _) => self.opaque.push(path.to_owned()),
            (Some(files), Some(part)) => {
                let found = files.into_iter().find(|(name, _)| name == part);
                self.files.extend(found.map(|(_, node)| (path.to_owned(), node)));
                self.known.push(path.to_owned());
            }
            (Some(files), None) => {
                self.files.extend(files.into_iter().map(|(name, node)| (format!("{path}/{name}"), node)));
                self.known.push(path.to_owned());
            }
        }
    }

    /// Whether there is a file at a path.
    pub fn has(&self, path: &str) -> Seen {
        let holds = |directory: &String| {
            path == directory || path.strip_prefix(directory.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let nearest = |all: &[String]| all.iter().filter(|directory| holds(directory)).map(String::len).max();
        if self.files.contains_key(path) {
            return Seen::Yes;
        }
        match (nearest(&self.known), nearest(&self.opaque)) {
            (None, None) if self.is_injected || OF_IMAGES.iter().any(|own| path.starts_with(own)) => Seen::Unknown,
            (None, None) => Seen::NoVolume,
            (known, opaque) if opaque > known => Seen::Unknown,
            _ => Seen::NotInVolume,
        }
    }

    /// The text at a path.
    pub fn text(&self, path: &str) -> Option<&'a Node> {
        self.files.get(path).copied().flatten()
    }

    /// The texts that a pattern matches, and whether those are all files that it does.
    pub fn matching(&self, pattern: &str) -> (Vec<&'a Node>, Seen) {
        let (directory, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        if directory.contains(['*', '?', '[']) {
            return (Vec::new(), Seen::Unknown);
        }
        let start = format!("{directory}/");
        let within = self.files.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
        let mut found = Vec::new();
        let (mut is_any, mut is_hidden) = (false, false);
        for (path, text) in within.filter(|(path, _)| matches(name.as_bytes(), &path.as_bytes()[start.len()..])) {
            is_any |= !path.is_empty();
            is_hidden |= text.is_none();
            found.extend(*text);
        }
        let seen = if is_hidden {
            Seen::Unknown
        } else if is_any {
            Seen::Yes
        } else {
            self.has(&format!("{start}*"))
        };
        (found, seen)
    }
}

/// Files by their names.
type Files<'a> = Vec<(String, Option<&'a Node>)>;

/// The files of a volume; `None` if nobody knows them.
fn content<'a>(world: &World<'a>, makers: &Makers<'a>, place: &'a str, volume: &'a Node) -> Option<Files<'a>> {
    if let Some(map) = volume.get("configMap") {
        return of_map(world, place, map, "name");
    }
    if let Some(secret) = volume.get("secret") {
        return of_secret(world, makers, place, secret, "secretName");
    }
    let sources = volume.at(&["projected", "sources"])?.items();
    let of_source = |source: &'a Node| {
        if let Some(map) = source.get("configMap") {
            return of_map(world, place, map, "name");
        }
        if let Some(secret) = source.get("secret") {
            return of_secret(world, makers, place, secret, "name");
        }
        let path = source.text_at(&["serviceAccountToken", "path"])?;
        Some(vec![(path.to_owned(), None)])
    };
    sources.iter().map(of_source).collect::<Option<Vec<Files<'a>>>>().map(|files| files.into_iter().flatten().collect())
}

fn of_map<'a>(world: &World<'a>, place: &str, map: &'a Node, key: &str) -> Option<Files<'a>> {
    let root = world.find("ConfigMap", place, map.text_at(&[key])?)?.root();
    let entries = ["data", "binaryData"].iter().filter_map(|field| root.get(field)).flat_map(Node::entries);
    Some(chosen(map, entries.map(|entry| (entry.key.as_str(), Some(&entry.node))).collect()))
}

fn of_secret<'a>(
    world: &World<'a>,
    makers: &Makers<'a>,
    place: &'a str,
    secret: &'a Node,
    key: &str,
) -> Option<Files<'a>> {
    let name = secret.text_at(&[key])?;
    let keys: Vec<&str> = makers.get(&(place, name))?.listed()?.collect();
    let root = world.find("Secret", place, name).map(|thing| thing.root());
    let text = |key: &str| root?.at(&["stringData", key]);
    let files: Vec<(String, Option<&'a Node>)> = chosen(secret, keys.iter().map(|key| (*key, text(key))).collect());
    Some(files)
}

/// The keys that a volume takes, at the paths that it gives them.
fn chosen<'a>(volume: &Node, all: Vec<(&str, Option<&'a Node>)>) -> Files<'a> {
    let Some(items) = volume.get("items") else {
        return all.into_iter().map(|(key, node)| (key.to_owned(), node)).collect();
    };
    let of_item = |item: &Node| {
        let key = item.text_at(&["key"])?;
        let (_, node) = all.iter().find(|(own, _)| *own == key)?;
        Some((item.text_at(&["path"])?.to_owned(), *node))
    };
    items.items().iter().filter_map(of_item).collect()
}

/// Whether a name is what a pattern of a shell says, as far as stars and question marks go.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == name[seen] => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((from, taken)) => {
                    star = Some((from, taken + 1));
                    (at, seen) = (from + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, is_match) in [
            ("*.yml", "rules.yml", true),
            ("*.yml", "rules.yaml", false),
            ("a?c*", "abcd", true),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), is_match, "{pattern} {name}");
        }
    }
}
