//! A pod has a token exactly if its account may do something.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::validate::findings::Findings;
use crate::validate::rights::Binding;
use crate::validate::world::{Pod, World};

/// Judges every token.
pub fn judge(world: &World<'_>, bindings: &[Binding<'_>], findings: &mut Findings) {
    of_pods(world, bindings, findings);
    for secret in world.of_kind("Secret") {
        findings.ask();
        let kind = secret.root().get("type");
        if let Some(node) = kind.filter(|kind| kind.text() == Some("kubernetes.io/service-account-token")) {
            findings
                .warning(codes::LASTING_TOKEN, secret, node, "is a token that never ends, whoever has a copy of it")
                .help("ask for one when it is needed: `kubectl create token`, or a projected volume");
        }
    }
}

fn of_pods(world: &World<'_>, bindings: &[Binding<'_>], findings: &mut Findings) {
    let named = bindings.iter().flat_map(|binding| &binding.subjects);
    let bound: BTreeSet<&str> = named.map(|(_, subject)| &**subject).ordered();
    // whether one of the pods with this account has a token
    let mut used: BTreeMap<String, bool> = BTreeMap::new();
    for pod in &world.pods {
        findings.ask();
        let (account, token) = (account(pod), token(world, pod));
        let subject = format!("{}/{account}", pod.namespace());
        let of_all = || format!("group system:serviceaccounts:{}", pod.namespace());
        let has_rights = bound.contains(subject.as_str())
            || bound.contains("group system:serviceaccounts")
            || bound.contains("group system:authenticated")
            || bound.contains(of_all().as_str());
        // elsewhere, bindings may be in the cluster already
        if let Some(node) = token.filter(|_| !has_rights && world.is_closed()) {
            let message = format!("has a token of the account `{account}`, which may do nothing");
            findings
                .warning(codes::UNUSED_TOKEN, pod.owner, node, &message)
                .help("write `automountServiceAccountToken: false`");
        }
        *used.entry(subject).or_default() |= token.is_some();
    }
    for binding in bindings {
        for (node, subject) in &binding.subjects {
            findings.ask();
            if used.get(&**subject) == Some(&false) {
                let message = format!("gives {subject} rights that it cannot use: none of its pods has a token");
                findings
                    .warning(codes::UNUSABLE_RIGHT, binding.thing, node, &message)
                    .help("write `automountServiceAccountToken: true` in its pods, or take the binding away");
            }
        }
    }
}

/// The account that a pod runs as.
pub fn account<'a>(pod: &Pod<'a>) -> &'a str {
    let named = ["serviceAccountName", "serviceAccount"].into_iter().filter_map(|key| pod.spec().text_at(&[key]));
    named.into_iter().find(|name| !name.is_empty()).unwrap_or("default")
}

/// Where it is said that a pod has a token for the API server; `None` if it has none.
pub fn token<'a>(world: &World<'a>, pod: &Pod<'a>) -> Option<&'a Node> {
    const MOUNT: &str = "automountServiceAccountToken";
    let of_account = || world.find("ServiceAccount", pod.namespace(), account(pod))?.root().get(MOUNT)?.bool();
    let own = pod.spec().get(MOUNT).filter(|node| node.bool().is_some());
    let is_mounted = own.map_or_else(|| of_account().unwrap_or(true), |node| node.bool() == Some(true));
    let volumes = pod.spec().items_at(&["volumes"]).iter();
    let sources = volumes.flat_map(|volume| volume.items_at(&["projected", "sources"]));
    // a token for somebody else is none for the API server
    let projected = sources.filter_map(|source| source.get("serviceAccountToken"));
    let mut for_server = projected.filter(|token| token.get("audience").is_none());
    if is_mounted { Some(own.unwrap_or(pod.spec())) } else { for_server.next() }
}
