//! What filters of the Gateway API put between callers and Services. It must never know what a filter of somebody else
//! does, only that it is there.
//! Source: `HTTPRouteFilter` and `GRPCRouteFilter` in sigs.k8s.io/gateway-api/apis/v1.

use std::collections::BTreeSet;

use crate::manifest::node::Node;
use crate::ordered::Ordered;

/// What stands between the callers of a rule and these Services, in words that follow "no longer". What is said of a
/// Service by itself holds if it is said of all of them.
pub fn guards(rule: &Node, backends: &[&Node]) -> BTreeSet<String> {
    let of = |holder: &Node| -> BTreeSet<String> { holder.items_at(&["filters"]).iter().flat_map(guard).ordered() };
    let every = backends.iter().map(|backend| of(backend)).reduce(|all, own| all.intersection(&own).cloned().collect());
    of(rule).into_iter().chain(every.unwrap_or_default()).collect()
}

/// Services that get a copy of each request.
pub fn mirrors(rule: &Node) -> impl Iterator<Item = &Node> {
    rule.items_at(&["filters"]).iter().filter_map(|filter| filter.at(&["requestMirror", "backendRef"]))
}

/// Whether a rule may answer by itself, without any Service.
pub fn answers(rule: &Node) -> bool {
    let is_answer = |filter: &Node| ["requestRedirect", "extensionRef"].iter().any(|key| filter.get(key).is_some());
    rule.items_at(&["filters"]).iter().any(is_answer)
}

fn guard(filter: &Node) -> Vec<String> {
    if let Some(other) = filter.get("extensionRef") {
        let [kind, name] = ["kind", "name"].map(|key| other.text_at(&[key]).unwrap_or_default());
        return vec![format!("passes {kind} {name}")];
    }
    if filter.get("externalAuth").is_some() {
        return vec!["asks anybody who its callers are".to_owned()];
    }
    // a header that is set or removed says what its callers cannot
    let headers = |list: &str| filter.items_at(&["requestHeaderModifier", list]).iter();
    let set = headers("set").filter_map(|header| header.text_at(&["name"]));
    let names = set.chain(headers("remove").filter_map(Node::text));
    names.map(|name| format!("takes the header {} from its callers", name.to_lowercase())).collect()
}
