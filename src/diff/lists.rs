//! How the items of two lists belong together: one table.
//!
//! The keys are those that the API itself declares for server-side apply (`x-kubernetes-list-map-keys` in the OpenAPI
//! document of Kubernetes 1.37; `patchMergeKey` where a list is merged by one key only). A list without a row is atomic
//! to the API.

use crate::diff::path::Path;
use crate::manifest::node::{Node, Value};

/// How the items of a list belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// By the values of these keys. `ordered`: their order means something.
    Keys {
        /// The keys.
        keys: &'static [&'static str],
        /// Whether the order decides what happens.
        ordered: bool,
    },
    /// An item is the same wherever it stands.
    Set,
    /// By their order.
    Sequence,
}

struct Row {
    /// The key that holds the map that holds the list; empty for any, `^` for the root of the object.
    within: &'static str,
    list: &'static str,
    pairing: Pairing,
}

const fn keyed(within: &'static str, list: &'static str, keys: &'static [&'static str]) -> Row {
    Row { within, list, pairing: Pairing::Keys { keys, ordered: false } }
}

const fn in_order(within: &'static str, list: &'static str, keys: &'static [&'static str]) -> Row {
    Row { within, list, pairing: Pairing::Keys { keys, ordered: true } }
}

const fn set(within: &'static str, list: &'static str) -> Row {
    Row { within, list, pairing: Pairing::Set }
}

/// The first row that fits decides.
const ROWS: &[Row] = &[
    // They run one after the other.
    in_order("spec", "initContainers", &["name"]),
    keyed("spec", "containers", &["name"]),
    keyed("spec", "ephemeralContainers", &["name"]),
    keyed("containers", "ports", &["containerPort", "protocol"]),
    keyed("initContainers", "ports", &["containerPort", "protocol"]),
    keyed("spec", "ports", &["port", "protocol"]),
    // `$(NAME)` refers to what stands before it.
    in_order("", "env", &["name"]),
    keyed("", "volumeMounts", &["mountPath"]),
    keyed("", "volumeDevices", &["devicePath"]),
    keyed("", "resizePolicy", &["resourceName"]),
    keyed("resources", "claims", &["name"]),
    keyed("spec", "volumes", &["name"]),
    keyed("", "imagePullSecrets", &["name"]),
    keyed("spec", "hostAliases", &["ip"]),
    keyed("spec", "schedulingGates", &["name"]),
    keyed("spec", "resourceClaims", &["name"]),
    keyed("", "topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    keyed("", "ownerReferences", &["uid"]),
    keyed("", "conditions", &["type"]),
    keyed("", "matchConditions", &["name"]),
    keyed("", "webhooks", &["name"]),
    keyed("", "secrets", &["name"]),
    keyed("", "volumeClaimTemplates", &["metadata"]),
    keyed("", "x-kubernetes-validations", &["rule"]),
    set("metadata", "finalizers"),
    // Atomic to the API, but no order of theirs means anything: these are unions.
    set("spec", "ingress"),
    set("spec", "egress"),
    set("spec", "policyTypes"),
    set("ingress", "from"),
    set("ingress", "ports"),
    set("egress", "to"),
    set("egress", "ports"),
    set("ipBlock", "except"),
    set("spec", "tolerations"),
    set("spec", "loadBalancerSourceRanges"),
    set("spec", "externalIPs"),
    set("spec", "hostnames"),
    set("spec", "parentRefs"),
    keyed("spec", "listeners", &["name"]),
    set("spec", "tls"),
    set("tls", "hosts"),
    set("", "matchExpressions"),
    set("matchExpressions", "values"),
    set("matchFields", "values"),
    set("", "nodeSelectorTerms"),
    set("podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
    set("podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
    set("", "preferredDuringSchedulingIgnoredDuringExecution"),
    keyed("securityContext", "sysctls", &["name"]),
    set("securityContext", "supplementalGroups"),
    // The rules of a role; those of an Ingress are tried in order.
    set("^", "rules"),
    set("webhooks", "rules"),
    set("", "verbs"),
    set("", "apiGroups"),
    set("", "resources"),
    set("", "resourceNames"),
    set("", "nonResourceURLs"),
    set("", "accessModes"),
    set("", "dnsNames"),
    set("", "subjects"),
    set("capabilities", "add"),
    set("capabilities", "drop"),
];

/// What payloads such as `prometheus.yml` name their items by, the most telling first.
const NAMES: &[&str] = &["name", "job_name", "alert", "record", "uid", "id"];

/// How the items of the lists at `path` belong together.
pub fn pairing(path: &Path, old: &[Node], new: &[Node]) -> Pairing {
    let mut keys = path.keys().rev();
    let (list, within) = (keys.next().unwrap_or_default(), keys.next().unwrap_or("^"));
    let row = ROWS.iter().find(|row| row.list == list && (row.within.is_empty() || row.within == within));
    let declared = match row {
        Some(row) => row.pairing,
        None => named(old, new),
    };
    match declared {
        Pairing::Keys { keys, .. } if !(are_unique(keys, old) && are_unique(keys, new)) => Pairing::Sequence,
        other => other,
    }
}

/// A list whose items all have a name of their own is paired by it, in its order.
fn named(old: &[Node], new: &[Node]) -> Pairing {
    NAMES
        .iter()
        .map(std::slice::from_ref)
        .find(|keys| are_unique(keys, old) && are_unique(keys, new))
        .map_or(Pairing::Sequence, |keys| Pairing::Keys { keys, ordered: true })
}

fn are_unique(keys: &[&str], items: &[Node]) -> bool {
    let mut names: Vec<Option<String>> = items.iter().map(|item| name(keys, item)).collect();
    names.sort_unstable();
    names.iter().all(Option::is_some) && names.windows(2).all(|pair| pair[0] != pair[1])
}

/// What an item is called: the values of its keys, `8080/TCP` for a port; `None` if it lacks the first of them.
pub fn name(keys: &[&str], item: &Node) -> Option<String> {
    let mut name = scalar(item.get(keys.first()?)?)?;
    for key in &keys[1..] {
        if let Some(more) = item.get(key).and_then(scalar) {
            name.push('/');
            name.push_str(&more);
        }
    }
    Some(name)
}

fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        // a claim template is called what its metadata calls it
        Value::Map(_) => node.text_at(&["name"]).map(str::to_owned),
        _ => None,
    }
}
