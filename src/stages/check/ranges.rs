//! Ranges of addresses that cannot be right beside one another: what is outside the cluster is not inside it, and a
//! Service has an address that nothing else has.

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::model::platform::Platform;
use crate::spec::cluster::{ClusterSpec, Cni};
use crate::spec::external::{ExternalSpec, RangeSpec};
use crate::spec::non_empty::NonEmpty;
use crate::spec::read::At;
use crate::values::cidr::{self, Cidr};
use crate::values::name::Name;
use crate::values::parse::Parse;

/// Ranges in which nothing outside the cluster can be, or should be reached.
/// Sources: RFC 6890; the manuals of the clouds about the metadata service of their machines.
const RESERVED: &[(&str, &str)] = &[
    ("0.0.0.0/8", "names no place"),
    ("100.100.100.200/32", "hands the credentials of a node to whoever asks"),
    ("127.0.0.0/8", "is the pod itself"),
    ("169.254.0.0/16", "is link-local: the metadata service there hands the credentials of a node to whoever asks"),
    ("169.254.169.254/32", "hands the credentials of a node to whoever asks"),
    ("224.0.0.0/4", "is for multicast"),
    ("240.0.0.0/4", "belongs to nobody"),
    ("::/127", "is the pod itself"),
    ("fd00:ec2::254/128", "hands the credentials of a node to whoever asks"),
    ("fd20:ce::254/128", "hands the credentials of a node to whoever asks"),
    ("fe80::/10", "is link-local"),
    ("ff00::/8", "is for multicast"),
];

/// Checks the ranges of the cluster and of what is outside.
pub fn check(platform: &Platform, report: &mut Report) {
    let cluster = &platform.facts.cluster;
    for list in [&cluster.pod_cidrs, &cluster.service_cidrs, &cluster.node_cidrs] {
        distinct(list.as_ref().map_or(&[], |list| list), "range", report);
    }
    distinct(&cluster.api_server.cidrs, "range", report);
    distinct(&cluster.api_server.ports, "port", report);
    services_are_apart(cluster, report);
    caches_are_addresses(cluster, report);
    for (name, external) in &platform.externals {
        distinct(&external.cidrs, "range", report);
        is_outside(name, external, cluster, report);
    }
}

fn distinct<T: PartialEq>(list: &[At<T>], noun: &str, report: &mut Report) {
    for (at, item) in list.iter().enumerate() {
        if list[..at].iter().any(|earlier| earlier.value == item.value && !earlier.is_stand_in()) {
            report
                .error(codes::DUPLICATE, item.span, format!("this {noun} is named twice"))
                .help("keep one of the two");
        }
    }
}

fn written(list: Option<&NonEmpty<Vec<At<Cidr>>>>) -> impl Iterator<Item = &At<Cidr>> {
    list.into_iter().flat_map(|list| list.iter()).filter(|range| range.is_written())
}

/// Pods and nodes may have addresses of one network, as in most clouds; Services have addresses that are nowhere.
fn services_are_apart(cluster: &ClusterSpec, report: &mut Report) {
    for (others, noun) in [(&cluster.pod_cidrs, "pods"), (&cluster.node_cidrs, "nodes")] {
        for service in written(cluster.service_cidrs.as_ref()) {
            if let Some(other) = written(others.as_ref()).find(|other| other.value.overlaps(&service.value)) {
                let message = format!("{} is for Services, and {} for {noun}", service.value, other.value);
                report.error(codes::CONFLICT, service.span, message).help(
                    "no address is in both: the cluster's administrator, or its API server's arguments, know them",
                );
            }
        }
    }
}

/// NodeLocal DNSCache has an address on every node, which is not the one of the metadata service; under Cilium it is pods.
fn caches_are_addresses(cluster: &ClusterSpec, report: &mut Report) {
    let caches = cluster.node_local_dns.as_ref().map_or(&[][..], |list| list);
    distinct(caches, "address", report);
    if let (Cni::Cilium, Some(cache)) = (cluster.cni, caches.first()) {
        let message = "to Cilium, the cache of a node has no address: a redirect policy leads to its pods";
        report.error(codes::CONFLICT, cache.span, message).help(
            "take `node-local-dns` away, and name the labels of those pods in `dns`: `k8s-app = \"node-local-dns\"`",
        );
        return;
    }
    for cache in caches.iter().filter(|cache| cache.is_written()) {
        let is_many = (!cache.value.is_one_address()).then_some("is more than one address");
        // on the link to itself is where a node has it
        let why = is_many.or_else(|| reasons(cache.value).find(|why| !why.starts_with("is link-local")));
        if let Some(why) = why {
            report
                .error(codes::INVALID_VALUE, cache.span, format!("{} {why}", cache.value))
                .help("NodeLocal DNSCache answers at `169.254.20.10/32` if nobody said otherwise");
        }
    }
}

/// The ranges of an external lead to something outside of the cluster, and to little more than that.
fn is_outside(name: &Name, external: &ExternalSpec, cluster: &ClusterSpec, report: &mut Report) {
    let written: Vec<At<Cidr>> = external.cidrs.iter().filter(|range| range.is_written()).filter_map(ranged).collect();
    let Some(first) = written.first() else { return };
    let all: Vec<Cidr> = written.iter().map(|range| range.value).collect();
    if cidr::are_wider_than_any_network(&all) {
        report
            .error(codes::CONFLICT, first.span, format!("the ranges of `{name}` are together wider than any network"))
            .help("name the addresses that it has, or write `public` for everywhere but private ranges");
        return;
    }
    let before = report.count();
    for range in &written {
        if let Some(why) = reasons(range.value).next() {
            report
                .error(codes::INVALID_VALUE, range.span, format!("{} {why}", range.value))
                .help(format!("name the addresses that `{name}` has outside of the cluster"));
        } else if let Some(service) =
            self::written(cluster.service_cidrs.as_ref()).find(|service| service.value.overlaps(&range.value))
        {
            report
                .error(codes::CONFLICT, range.span, format!("{} is for Services of the cluster", service.value))
                .help("policies never see the address of a Service; what is inside the cluster is a component");
        }
    }
    let covered = [(&cluster.pod_cidrs, "pods"), (&cluster.node_cidrs, "nodes")].into_iter().find_map(|(own, noun)| {
        Some((self::written(own.as_ref()).find(|own| cidr::cover(&all, own.value))?.value, noun))
    });
    if let Some((own, noun)) = covered.filter(|_| report.count() == before) {
        let at = written.iter().find(|range| range.value.overlaps(&own)).unwrap_or(first);
        report
            .error(codes::CONFLICT, at.span, format!("`{name}` would be all of {own}, which is where the {noun} are"))
            .help("whoever calls it could reach every one of them; name only the addresses of what is outside");
    }
}

fn ranged(range: &At<RangeSpec>) -> Option<At<Cidr>> {
    match range.value {
        RangeSpec::Range(value) => Some(At { value, span: range.span }),
        RangeSpec::Public => None,
    }
}

/// What is wrong with `range` wherever the cluster is.
fn reasons(range: Cidr) -> impl Iterator<Item = &'static str> {
    let touches = move |text: &str| Cidr::parse(text).is_ok_and(|reserved| reserved.overlaps(&range));
    RESERVED.iter().filter(move |(text, _)| touches(text)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline;

    #[test]
    fn every_reserved_range_is_one() {
        for (text, _) in RESERVED {
            assert!(Cidr::parse(text).is_ok(), "{text}");
        }
    }

    /// The messages about a cluster with one external of these ranges.
    fn faults(ranges: &str) -> Vec<String> {
        let text = format!(
            r#"
            version = 1
            platform = {{ name = "acme", domain = "example.com" }}
            secrets = {{ backend = "existing" }}
            [cluster]
            pod-cidrs = ["10.244.0.0/16"]
            service-cidrs = ["10.96.0.0/12"]
            node-cidrs = ["10.0.0.0/20"]
            api-server = {{ cidrs = ["10.0.0.10/32"], ports = [443] }}
            [externals.db]
            host = "db.example.com"
            port = 5432
            cidrs = [{ranges}]
            "#
        );
        let mut report = Report::default();
        let _ = pipeline::platform(&text, None, &mut report);
        report.sorted().into_iter().map(|found| found.message.clone()).collect()
    }

    #[test]
    fn an_external_is_outside() {
        for inside in [
            r#""127.0.0.0/8""#,
            r#""169.254.169.254/32""#,
            r#""fe80::/64""#,
            r#""fd00:ec2::/32""#,
            r#""10.96.7.0/24""#,
            r#""10.244.0.0/16""#,
            r#""10.244.0.0/17", "10.244.128.0/17""#,
            r#""10.0.0.0/16""#,
        ] {
            assert_eq!(faults(inside).len(), 1, "{inside}: {:?}", faults(inside));
        }
        // One network of a cloud may hold nodes, pods and databases.
        for outside in [r#""10.20.4.0/24""#, r#""10.244.7.9/32""#, r#""10.0.0.99/32", "public""#, r#""2001:db8::/32""#]
        {
            assert_eq!(faults(outside), Vec::<String>::new(), "{outside}");
        }
    }

    #[test]
    fn many_networks_are_no_network() {
        let all: Vec<String> = (1..14).map(|part| format!("\"{}.0.0.0/4\"", part * 16)).collect();
        assert_eq!(faults(&all.join(", ")).len(), 1, "one cause, one error");
        assert_eq!(faults(r#""16.0.0.0/4""#), Vec::<String>::new());
    }
}
