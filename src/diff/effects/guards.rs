//! What keeps callers away: tables of fields and annotations.

use std::net::IpAddr;

use crate::manifest::node::Node;
use crate::manifest::read;

/// A kind, an annotation, the value with which it keeps callers away (`None`: any), and what is told without it.
type Guard = (&'static str, &'static str, Option<&'static str>, &'static str);

const INTERNAL: &str = "its load balancer is no longer an internal one";
const AUTH: &str = "it asks nobody who they are any more";

/// Sources: the documentation of the controllers that the annotations are named after.
const GUARDS: &[Guard] = &[
    ("Service", "service.beta.kubernetes.io/aws-load-balancer-internal", Some("true"), INTERNAL),
    ("Service", "service.beta.kubernetes.io/aws-load-balancer-scheme", Some("internal"), INTERNAL),
    ("Service", "networking.gke.io/load-balancer-type", Some("Internal"), INTERNAL),
    ("Service", "cloud.google.com/load-balancer-type", Some("Internal"), INTERNAL),
    ("Service", "service.beta.kubernetes.io/azure-load-balancer-internal", Some("true"), INTERNAL),
    ("Service", "service.beta.kubernetes.io/oci-load-balancer-internal", Some("true"), INTERNAL),
    ("Service", "service.beta.kubernetes.io/openstack-internal-load-balancer", Some("true"), INTERNAL),
    ("Service", "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", Some("private"), INTERNAL),
    ("Service", "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", Some("intranet"), INTERNAL),
    ("Service", "load-balancer.hetzner.cloud/disable-public-network", Some("true"), INTERNAL),
    ("Ingress", "alb.ingress.kubernetes.io/scheme", Some("internal"), INTERNAL),
    ("Ingress", "alb.ingress.kubernetes.io/auth-type", None, AUTH),
    ("Ingress", "nginx.ingress.kubernetes.io/auth-type", None, AUTH),
    ("Ingress", "nginx.ingress.kubernetes.io/auth-url", None, AUTH),
    ("Ingress", "nginx.ingress.kubernetes.io/auth-tls-secret", None, AUTH),
    ("Ingress", "nginx.ingress.kubernetes.io/denylist-source-range", None, "it turns nobody away any more"),
    ("Ingress", "haproxy.org/auth-type", None, AUTH),
    ("Ingress", "haproxy-ingress.github.io/auth-url", None, AUTH),
    ("Ingress", "traefik.ingress.kubernetes.io/router.middlewares", None, "nothing stands between it and its callers"),
];

/// Ranges of callers: a kind, and the way to them; an annotation holds them with commas.
const RANGES: &[(&str, &[&str])] = &[
    ("Service", &["spec", "loadBalancerSourceRanges"]),
    ("Service", &["metadata", "annotations", "service.beta.kubernetes.io/load-balancer-source-ranges"]),
    ("Ingress", &["metadata", "annotations", "nginx.ingress.kubernetes.io/whitelist-source-range"]),
    ("Ingress", &["metadata", "annotations", "nginx.ingress.kubernetes.io/allowlist-source-range"]),
    ("Ingress", &["metadata", "annotations", "alb.ingress.kubernetes.io/inbound-cidrs"]),
    ("Ingress", &["metadata", "annotations", "haproxy.org/allow-list"]),
    ("Ingress", &["metadata", "annotations", "haproxy.org/whitelist"]),
];

/// What no longer keeps callers away.
pub fn lifted(kind: &str, old: &Node, new: &Node) -> Vec<String> {
    // a Gateway says what its Service is annotated with
    let (of, annotations): (&str, &[&str]) = match kind {
        "Gateway" => ("Service", &["spec", "infrastructure", "annotations"]),
        _ => (kind, &["metadata", "annotations"]),
    };
    let stands = |root: &Node, guard: &Guard| {
        let value = root.at(annotations).and_then(|all| all.text_at(&[guard.1]));
        value.is_some_and(|value| guard.2.is_none_or(|wanted| wanted == value))
    };
    // an older name of the same guard may have made way for a newer one
    let remains = |why: &str| GUARDS.iter().any(|guard| guard.0 == of && guard.3 == why && stands(new, guard));
    let gone = GUARDS.iter().filter(|guard| guard.0 == of && stands(old, guard) && !stands(new, guard));
    let mut found: Vec<String> = gone.filter(|guard| !remains(guard.3)).map(|guard| guard.3.to_owned()).collect();
    let all = |root: &Node| RANGES.iter().filter(|row| row.0 == kind).flat_map(|row| ranges(root, row.1)).collect();
    let (before, after): (Vec<String>, Vec<String>) = (all(old), all(new));
    let is_new = |range: &&String| !before.iter().any(|own| own == *range || range_has(own, range));
    found.extend((kind == "ConfigMap" && asks(old) && !asks(new)).then(|| AUTH.to_owned()));
    if !before.is_empty() && after.is_empty() {
        found.push("callers from everywhere, no longer from some ranges".to_owned());
    } else if !before.is_empty() {
        found.extend(after.iter().filter(is_new).map(|range| format!("callers from {range}")));
    }
    found
}

/// Whether a file of an object is the configuration of an image registry that asks for a password.
fn asks(root: &Node) -> bool {
    let texts = root.get("data").map_or(&[][..], Node::entries).iter().filter_map(|entry| entry.node.text());
    texts.filter(|text| text.contains("auth:") && text.contains("storage:")).any(|text| {
        let auth = read::payload(text).and_then(|file| file.get("auth").map(|auth| auth.entries().to_vec()));
        auth.is_some_and(|auth| auth.iter().any(|entry| entry.key != "silly"))
    })
}

fn ranges(root: &Node, way: &[&str]) -> Vec<String> {
    let listed = root.items_at(way).iter().filter_map(Node::text);
    let written = root.text_at(way).into_iter().flat_map(|text| text.split(','));
    listed.chain(written).map(|range| range.trim().to_owned()).filter(|range| !range.is_empty()).collect()
}

/// Whether all addresses of a range are in another; a bare address is a range of one.
fn range_has(wide: &str, narrow: &str) -> bool {
    let read = |range: &str| -> Option<(u128, u32, bool)> {
        let (address, length) = range.split_once('/').map_or((range, None), |(one, length)| (one, Some(length)));
        let (bits, most) = match address.parse().ok()? {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let length = length.map_or(Some(most), |length| length.parse().ok())?;
        (length <= most).then_some((bits, length, most == 32))
    };
    let Some(((wide, length, is_v4), (narrow, longer, is_other))) = read(wide).zip(read(narrow)) else { return false };
    let differing = (wide ^ narrow).leading_zeros();
    is_v4 == is_other && length <= longer && differing >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_asks_nobody_any_more() {
        let root = |text: &str| read::payload(text).expect("it is YAML");
        let with = root("data: {config.yml: \"storage: {}\\nauth: {htpasswd: {realm: a}}\"}");
        let without = root("data: {config.yml: \"storage: {}\\nhttp: {}\"}");
        let silly = root("data: {config.yml: \"storage: {}\\nauth: {silly: {realm: a}}\"}");
        assert_eq!(lifted("ConfigMap", &with, &without), [AUTH]);
        assert_eq!(lifted("ConfigMap", &with, &silly), [AUTH]);
        assert_eq!(lifted("ConfigMap", &without, &with), [""; 0]);
        assert_eq!(lifted("ConfigMap", &with, &with), [""; 0]);
    }

    #[test]
    fn ranges_within_ranges() {
        for (wide, narrow, is_within) in [
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "11.0.0.0/16", false),
            ("0.0.0.0/0", "10.0.0.0/8", true),
            ("0.0.0.0/0", "::/0", false),
            ("2001:db8::/32", "2001:db8:1::/48", true),
            ("office", "10.0.0.0/8", false),
        ] {
            assert_eq!(range_has(wide, narrow), is_within, "{narrow} in {wide}");
        }
    }
}
