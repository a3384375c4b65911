//! Directories of a service: where they may stand, how large they may be, and the volumes that they become.

use sha2::{Digest, Sha256};

use crate::components::web_service::{Runtime, WebServiceSpec};
use crate::derive::config::short_hex;
use crate::diagnostics::codes;
use crate::diagnostics::source::Span;
use crate::model::component::Desk;
use crate::model::workload::{SecretContent, SecretFiles, Size, Source, Volume};
use crate::values::amount::Bytes;
use crate::values::path::MountPath;

/// Reports directories that cannot stand beside each other, and scratch space that the disk limit does not hold.
pub fn check(spec: &WebServiceSpec, size: &Size, desk: &mut Desk<'_>) {
    let mounts = spec.mounts.0.iter().map(|(path, _)| (&path.value, path.span));
    let scratch = spec.scratch.0.iter().map(|(path, _)| (&path.value, path.span));
    let mut placed: Vec<(&MountPath, Span)> = mounts.chain(scratch).collect();
    placed.sort_by_key(|(_, span)| *span);
    for (at, (path, span)) in placed.iter().enumerate() {
        if let Some((other, _)) = placed[..at].iter().find(|(other, _)| other.meets(path)) {
            let message = format!("`{}` meets `{}`: one would hide the other", path.as_str(), other.as_str());
            desk.report.error(codes::CONFLICT, *span, message).help("give each a directory outside of the other");
        }
    }
    let tmp = MountPath::tmp();
    let chosen = has_tmp(spec);
    for (path, span) in placed.iter().filter(|(path, _)| !chosen && path.meets(&tmp)) {
        let message = format!("`{}` meets the writable `/tmp` that every service has", path.as_str());
        desk.report
            .error(codes::CONFLICT, *span, message)
            .help("mount secrets elsewhere; `scratch = { \"/tmp\" = … }` says how large `/tmp` is");
    }
    let limit = size.limits.ephemeral_storage;
    let mut used: Option<Bytes> = None;
    for (path, amount) in &spec.scratch.0 {
        let sum = used.map_or(*amount, |used| used.plus(*amount));
        if sum > limit {
            let message = format!("scratch space of {sum} does not fit into the disk limit of {limit}");
            desk.report.error(codes::CONFLICT, path.span, message).help(
                "the kubelet evicts a pod that is over its limit: raise `ephemeral-storage` in `size`, or ask for less",
            );
        }
        used = Some(sum);
    }
}

/// The volumes of a service. There is always a writable `/tmp`: the image is read-only, and most programs sooner or
/// later write a temporary file.
pub fn volumes(spec: &WebServiceSpec) -> Vec<Volume> {
    // One secret in two directories is one volume, as both have its name.
    let secrets = spec.mounts.0.iter().map(|(path, source)| Volume {
        name: format!("secret-{}", source.0),
        path: path.value.as_str().to_owned(),
        source: Source::Secret(SecretFiles { name: source.0.clone(), content: SecretContent::Whole }),
    });
    let chosen = spec.scratch.0.iter().map(|(path, size)| scratch(path.value.as_str(), *size));
    let mebibytes = if spec.runtime == Some(Runtime::Go) { 16 } else { 64 };
    let tmp = (!has_tmp(spec)).then(|| scratch(MountPath::tmp().as_str(), Bytes::mebibytes(mebibytes)));
    secrets.chain(chosen).chain(tmp).collect()
}

fn has_tmp(spec: &WebServiceSpec) -> bool {
    spec.scratch.0.iter().any(|(path, _)| path.value == MountPath::tmp())
}

/// Named after its path where that makes a volume name, else after a hash of it.
fn scratch(path: &str, size: Bytes) -> Volume {
    let word = path.trim_start_matches('/');
    let is_plain = word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let word = if is_plain { word.to_owned() } else { short_hex(&Sha256::digest(path)) };
    Volume { name: format!("scratch-{word}"), path: path.to_owned(), source: Source::Scratch(size) }
}
