//! Addresses of Services as pods of their cluster may write them: `http://auth`, `auth:8080`, `auth.shop:8080`. Anything may
//! look so; what is meant is what is called like a Service and stands where a host does.

use crate::manifest::node::Node;
use crate::validate::references::addresses::Address;
use crate::validate::references::selectors;
use crate::validate::world::{Pod, Thing, World};

/// Schemes with a host behind them, whatever its port. Behind others, as of images, may stand a version.
const OF_HOSTS: &[&str] = &["grpc", "grpcs", "http", "https", "ws", "wss"];

/// What ends the host and the port of a URL.
const ENDS: &str = "/?#\\\"'`<>|,;)]}";
/// What may stand before a host without a scheme.
const BEGINS: &str = "=,([{<|;@\"'`";

/// A name where hosts stand, its port, and whether only a host can stand there.
type Named<'t> = (&'t str, Option<u16>, bool);

/// The addresses in a text that a pod is told.
pub fn addresses<'a>(world: &World<'a>, pod: &Pod<'a>, text: &'a str) -> Vec<Address<'a>> {
    if !asks_the_cluster(pod) {
        return Vec::new();
    }
    let named = text.match_indices(':').filter_map(|(at, _)| of_url(text, at).or_else(|| of_host(text, at)));
    named.filter_map(|named| address(world, pod, named)).collect()
}

/// Whether names without a dot are looked for in the cluster.
fn asks_the_cluster(pod: &Pod<'_>) -> bool {
    let is_on_node = pod.spec().get("hostNetwork").and_then(Node::bool) == Some(true);
    match pod.spec().text_at(&["dnsPolicy"]).unwrap_or("ClusterFirst") {
        "ClusterFirstWithHostNet" => true,
        "ClusterFirst" => !is_on_node,
        _ => false,
    }
}

/// The host behind a scheme that ends at `at`.
fn of_url(text: &str, at: usize) -> Option<Named<'_>> {
    let rest = text[at..].strip_prefix("://")?;
    let end = rest.find(|letter: char| letter.is_whitespace() || ENDS.contains(letter)).unwrap_or(rest.len());
    // who logs in stands before the host
    let host = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, port.parse().ok()));
    let begin = text[..at].rfind(|letter: char| !letter.is_ascii_alphanumeric()).map_or(0, |found| found + 1);
    name.bytes().all(is_of_name).then_some((name, port, OF_HOSTS.contains(&text.get(begin..at)?)))
}

/// The host before a port that begins behind `at`.
fn of_host(text: &str, at: usize) -> Option<Named<'_>> {
    let rest = &text[at + 1..];
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let port: u16 = rest[..end].parse().ok()?;
    let is_longer = rest[end..].starts_with(|letter: char| letter.is_alphanumeric() || "._-:".contains(letter));
    let begin = at - text.as_bytes()[..at].iter().rev().take_while(|byte| is_of_name(**byte)).count();
    let before = text[..begin].chars().next_back();
    let begins = before.is_none_or(|letter| letter.is_whitespace() || BEGINS.contains(letter));
    (begins && !is_longer).then_some((&text[begin..at], Some(port), false))
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)
}

/// What a name leads to: a Service of the pod's own namespace or, behind a dot, of another one.
fn address<'a>(world: &World<'a>, pod: &Pod<'a>, (written, port, is_host): Named<'a>) -> Option<Address<'a>> {
    let (name, namespace) = written.split_once('.').unwrap_or((written, pod.namespace()));
    let service = world.find("Service", namespace, name)?;
    let has = |port: u16| {
        let ports = service.root().items_at(&["spec", "ports"]);
        ports.iter().any(|own| own.get("port").and_then(Node::integer) == Some(port.into()))
    };
    let is_meant = is_host || port.is_none_or(has);
    let is_address = is_meant && !is_own(pod, service) && !is_aliased(pod, written);
    is_address.then_some(Address { service: name, namespace, port, written, is_plain: false })
}

/// Whether a pod is one of those behind a Service: by such an address it may say what others are to call it.
fn is_own(pod: &Pod<'_>, service: Thing<'_>) -> bool {
    let selector = selectors::of_service(service);
    pod.namespace() == service.place() && selector.is_some_and(|selector| selector.matches(&pod.labels))
}

/// Whether the pod itself says what a name means.
fn is_aliased(pod: &Pod<'_>, name: &str) -> bool {
    let aliases = pod.spec().items_at(&["hostAliases"]).iter();
    aliases.flat_map(|alias| alias.items_at(&["hostnames"])).any(|own| own.text() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<Named<'_>> {
        text.match_indices(':').filter_map(|(at, _)| of_url(text, at).or_else(|| of_host(text, at))).collect()
    }

    #[test]
    fn hosts_stand_behind_schemes_and_before_ports() {
        for (text, wanted) in [
            ("http://auth", ("auth", None, true)),
            ("http://auth:8080/login?to=x", ("auth", Some(8080), true)),
            ("postgres://me:word@db/shop", ("db", None, false)),
            ("jdbc:postgresql://db.shop:5432/x", ("db.shop", Some(5432), false)),
            ("me:word@tcp(db:3306)/x", ("db", Some(3306), false)),
            ("--to=auth:8080", ("auth", Some(8080), false)),
            ("http://auth:${PORT}/", ("auth", None, true)),
        ] {
            assert!(named(text).contains(&wanted), "{text}: {:?}", named(text));
        }
    }

    #[test]
    fn what_is_cut_off_is_no_host() {
        for text in [
            "http://$HOST:80",
            "http://auth$REST:80",
            "registry.example.com/auth:80",
            "auth:80a",
            "AUTH:80",
            "a_auth:80",
        ] {
            assert!(named(text).iter().all(|(name, ..)| *name != "auth"), "{text}: {:?}", named(text));
        }
    }
}
