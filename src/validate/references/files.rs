//! Files of volumes that are mounted one by one.
//!
//! Source: `pkg/kubelet/kubelet_pods.go` and `pkg/volume/util/subpath` of Kubernetes, which make a directory of what is not
//! there.

use crate::diagnostics::{codes, suggest};
use crate::validate::findings::Findings;
use crate::validate::makers::Makers;
use crate::validate::references::keys;
use crate::validate::world::{Pod, World};

/// Volumes that are made of keys: the field, the key of the name, and the kind.
const MADE_OF_KEYS: &[(&str, &str, &str)] = &[("configMap", "name", "ConfigMap"), ("secret", "secretName", "Secret")];

/// Every file that is mounted by itself is one that its volume has.
pub fn are_there(world: &World<'_>, secrets: &Makers<'_>, findings: &mut Findings) {
    for pod in &world.pods {
        let mounts = pod.containers().flat_map(|(_, container)| container.items_at(&["volumeMounts"]));
        for mount in mounts {
            let (Some(node), Some(volume)) = (mount.get("subPath"), mount.text_at(&["name"])) else { continue };
            let Some(path) = node.text().map(plain).filter(|path| !path.is_empty()) else { continue };
            let Some((whose, files)) = files(world, secrets, pod, volume) else { continue };
            findings.ask();
            let below = format!("{path}/");
            if !files.iter().any(|file| *file == path || file.starts_with(&below)) {
                let message = format!("the {whose} has no file `{path}`: a directory is mounted in its place");
                findings
                    .error(codes::DANGLING_KEY, pod.owner, node, &message)
                    .help(format!("its files are {}", suggest::joined(files.iter().copied(), "and")))
                    .did_you_mean(suggest::nearest(path, files.iter().copied()));
            }
        }
    }
}

fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_end_matches('/')
}

/// Of what a volume is made, and the paths of its files; `None` if nobody knows them all.
fn files<'a>(
    world: &World<'a>,
    secrets: &'a Makers<'a>,
    pod: &Pod<'a>,
    volume: &str,
) -> Option<(String, Vec<&'a str>)> {
    let mut volumes = pod.spec().items_at(&["volumes"]).iter();
    let volume = volumes.find(|own| own.text_at(&["name"]) == Some(volume))?;
    let (source, name, kind) =
        MADE_OF_KEYS.iter().find_map(|(field, name, kind)| Some((volume.get(field)?, name, kind)))?;
    let name = source.text_at(&[*name])?;
    let keys = keys(world, secrets, (*kind, pod.namespace(), name))?;
    let items = source.items_at(&["items"]);
    let files = match items {
        [] => keys,
        items => items.iter().filter_map(|item| item.text_at(&["path"])).map(plain).collect(),
    };
    Some((format!("{kind} `{}/{name}`", pod.namespace()), files))
}
