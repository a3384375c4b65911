//! What a Prometheus keeps fits onto its volume.
//!
//! Source: "Operational aspects" in `docs/storage.md` of Prometheus: what is not yet in blocks does not count as kept, and
//! blocks that are being joined exist twice.

use crate::diagnostics::codes::FULL_VOLUME;
use crate::diff::quantities::amount;
use crate::manifest::node::Node;
use crate::manifest::read;
use crate::validate::findings::Findings;
use crate::validate::monitoring::scene::Software;
use crate::validate::world::{Thing, World};
use crate::values::data_size::DataSize;
use crate::values::parse::Parse;
use crate::values::quantity::Quantity;

/// Percent of a volume that may be kept: what the documentation of Prometheus calls the most.
const MOST: i128 = 85;
/// Where its image keeps everything.
const USUAL: &str = "/prometheus";

/// Judges every Prometheus that keeps so many bytes.
pub fn fit(world: &World<'_>, readers: &[Software<'_>], findings: &mut Findings) {
    for reader in readers {
        let Some(kept) = kept(reader) else { continue };
        let Some((volume, size)) = volume(world, reader) else { continue };
        judge(reader.pod.owner, volume, &kept, size, findings);
    }
    for operated in world.of_kind("Prometheus") {
        let spec = &["spec", "storage", "volumeClaimTemplate", "spec", "resources", "requests", "storage"];
        let size = operated.root().at(spec).and_then(amount);
        let kept = operated.root().at(&["spec", "retentionSize"]);
        if let (Some(size), Some((node, kept))) = (size, kept.and_then(|node| Some((node, node.text()?)))) {
            judge(operated, node, kept, size, findings);
        }
    }
}

fn judge(owner: Thing<'_>, at: &Node, kept: &str, volume: Quantity, findings: &mut Findings) {
    let Ok(size) = DataSize::parse(kept) else { return };
    findings.ask();
    let size = i128::from(size.in_bytes()) * 1000;
    let help = format!("keep at most {MOST} % of the volume: the log and blocks that are being joined need the rest");
    if size > volume.in_millis() {
        let message = format!("Prometheus keeps {kept} on a volume of {volume}");
        findings.error(FULL_VOLUME, owner, at, &message).help(&help);
    } else if size * 100 > volume.in_millis() * MOST {
        let message = format!("Prometheus keeps {kept} on a volume of {volume}, which leaves too little for the rest");
        findings.warning(FULL_VOLUME, owner, at, &message).help(&help);
    }
}

/// How many bytes are kept; the configuration has the last word.
fn kept(reader: &Software<'_>) -> Option<String> {
    let config = reader.config().and_then(|config| read::payload(config.text().unwrap_or_default()));
    let of_config = config.as_ref().and_then(|root| root.text_at(&["storage", "tsdb", "retention", "size"]));
    of_config.or_else(|| reader.flag("storage.tsdb.retention.size")).map(str::to_owned)
}

/// The volume on which everything is kept, as the container mounts it, and its size.
fn volume<'a>(world: &World<'a>, reader: &Software<'a>) -> Option<(&'a Node, Quantity)> {
    let path = reader.flag("storage.tsdb.path").filter(|path| path.starts_with('/')).unwrap_or(USUAL);
    let mounts = reader.container.items_at(&["volumeMounts"]).iter();
    let holds = |mount: &&Node| {
        let own = mount.text_at(&["mountPath"]).unwrap_or_default().trim_end_matches('/');
        path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mount = mounts.filter(holds).max_by_key(|mount| mount.text_at(&["mountPath"]).map(str::len))?;
    Some((mount, size(world, reader, mount.text_at(&["name"])?)?))
}

fn size(world: &World<'_>, reader: &Software<'_>, name: &str) -> Option<Quantity> {
    let asked = |claim: &Node| claim.at(&["spec", "resources", "requests", "storage"]).and_then(amount);
    let templates = reader.pod.owner.root().items_at(&["spec", "volumeClaimTemplates"]);
    if let Some(own) = templates.iter().find(|claim| claim.text_at(&["metadata", "name"]) == Some(name)) {
        return asked(own);
    }
    let volume = reader.pod.spec().items_at(&["volumes"]).iter().find(|own| own.text_at(&["name"]) == Some(name))?;
    if let Some(claim) = volume.text_at(&["persistentVolumeClaim", "claimName"]) {
        return asked(world.find("PersistentVolumeClaim", reader.pod.namespace(), claim)?.root());
    }
    let own = volume.at(&["ephemeral", "volumeClaimTemplate"]).and_then(asked);
    own.or_else(|| volume.at(&["emptyDir", "sizeLimit"]).and_then(amount))
}
