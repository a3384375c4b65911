//! Who can talk to whom: policies are simulated for every pair of pods and for every address worth asking about, and
//! compared with what was drawn by hand for the flagship and with what each description says.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use serde_json::json;
use support::examples::{World, flagship, worlds};
use support::faults::Faults;
use support::mutations;
use support::network::addresses::Range;
use support::network::edges::{Edge, between_pods, inwards, outwards, places};
use support::network::{Network, Place, Pod, Port, checks, edges};

const NGINX: &str = "ingress-nginx/ingress-nginx-controller";
const NAMESPACES: &[&str] = &["cert-manager", "default", "ingress-nginx", "monitoring", "production"];

/// The flagship's connections between pods, by hand: from, to, TCP ports of the pod that is called.
const PODS: &[(&str, &str, &[u16])] = &[
    // routes
    (NGINX, "production/api", &[3000]),
    (NGINX, "production/auth", &[8080]),
    (NGINX, "production/image", &[5000]),
    (NGINX, "monitoring/grafana", &[3000]),
    (NGINX, "default/registry", &[5000]),
    (NGINX, "default/registry-ui", &[8080]),
    // the matrix: the API asks the auth service whether a token is good
    ("production/api", "production/auth", &[8080]),
    // challenges, in the namespaces of routes
    (NGINX, "production/solver", &[8089]),
    (NGINX, "monitoring/solver", &[8089]),
    (NGINX, "default/solver", &[8089]),
    // the self-check, where the address of the load balancer is short-circuited
    ("cert-manager/cert-manager", NGINX, &[80, 443]),
    // scrapes, and alerts on the port of the same number
    ("monitoring/prometheus", "production/api", &[3000]),
    ("monitoring/prometheus", "production/auth", &[8080]),
    ("monitoring/prometheus", "production/image", &[5000]),
    ("monitoring/prometheus", "monitoring/alertmanager", &[9093]),
    ("monitoring/prometheus", "monitoring/grafana", &[3000]),
    ("monitoring/prometheus", "monitoring/kube-state-metrics", &[8080, 8081]),
    ("monitoring/prometheus", "monitoring/kube-state-metrics-cluster", &[8080, 8081]),
    ("monitoring/prometheus", "monitoring/prometheus-adapter", &[6443]),
    ("monitoring/prometheus", NGINX, &[10_254]),
    ("monitoring/prometheus", "cert-manager/cert-manager", &[9402]),
    ("monitoring/prometheus", "cert-manager/cert-manager-cainjector", &[9402]),
    ("monitoring/prometheus", "cert-manager/cert-manager-webhook", &[9402]),
    ("monitoring/prometheus", "default/registry", &[5001]),
    // questions to Prometheus
    ("monitoring/grafana", "monitoring/prometheus", &[9090]),
    ("monitoring/prometheus-adapter", "monitoring/prometheus", &[9090]),
    // the web page over the registry
    ("default/registry-ui", "default/registry", &[5000]),
];

/// Ports of the flagship that anybody may call, by hand. The last three are for the API server, which cannot be told
/// from others; they speak TLS to whoever trusts their own authority.
const ANYBODY: &[(&str, &[u16])] = &[
    (NGINX, &[80, 443, 8443]),
    ("cert-manager/cert-manager-webhook", &[10_250]),
    ("monitoring/prometheus-adapter", &[6443]),
];

const API: &str = "10.0.0.10/32";
const PUBLIC: &str = "public";

/// The flagship's connections to the outside, by hand: from, range, TCP ports.
const OUTSIDE: &[(&str, &str, &[u16])] = &[
    // the matrix
    ("production/api", "10.20.4.0/24", &[5432]),
    ("production/auth", "10.20.4.0/24", &[5432]),
    ("production/image", "10.20.4.0/24", &[5432]),
    ("production/image", PUBLIC, &[443]),
    // the authority, and the self-check
    ("cert-manager/cert-manager", PUBLIC, &[80, 443]),
    // notifications
    ("monitoring/alertmanager", "203.0.113.25/32", &[587]),
    ("monitoring/alertmanager", PUBLIC, &[443]),
    // the API server
    ("cert-manager/cert-manager", API, &[443, 6443]),
    ("cert-manager/cert-manager-cainjector", API, &[443, 6443]),
    ("cert-manager/cert-manager-webhook", API, &[443, 6443]),
    (NGINX, API, &[443, 6443]),
    ("monitoring/prometheus", API, &[443, 6443]),
    ("monitoring/kube-state-metrics", API, &[443, 6443]),
    ("monitoring/kube-state-metrics-cluster", API, &[443, 6443]),
    ("monitoring/prometheus-adapter", API, &[443, 6443]),
    ("default/registry-gc", API, &[443, 6443]),
    // the kubelets
    ("monitoring/prometheus", "10.0.0.0/20", &[10_250]),
];

/// What `public` leaves out.
const NOT_PUBLIC: &[&str] =
    &["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];

/// What must never be: from (a prefix), to (a prefix, or a range of addresses).
const NEVER: &[(&str, &str)] = &[
    ("production/image", "production/auth"),
    ("production/image", "production/api"),
    ("production/auth", "production/api"),
    ("production/auth", "production/image"),
    ("production/api", "production/image"),
    ("production/", "monitoring/"),
    ("production/", "default/"),
    ("production/", "cert-manager/"),
    ("production/", "ingress-nginx/"),
    ("monitoring/grafana", "production/"),
    ("monitoring/alertmanager", "production/"),
    ("default/", "production/"),
    ("default/registry-ui", "monitoring/"),
    ("elsewhere/", "production/"),
    ("elsewhere/", "default/"),
    ("kube-system/", "production/"),
    ("production/stranger", "production/"),
    ("", "10.20.5.0/24"),
    ("", "169.254.169.254/32"),
    ("", "169.254.20.10/32"),
    ("production/api", "8.8.8.8/32"),
    ("production/auth", "8.8.8.8/32"),
    ("production/stranger", "8.8.8.8/32"),
    ("production/solver", "8.8.8.8/32"),
    ("default/", "8.8.8.8/32"),
    ("ingress-nginx/", "8.8.8.8/32"),
    ("monitoring/prometheus", "8.8.8.8/32"),
    ("monitoring/grafana", "8.8.8.8/32"),
    ("production/", "10.0.0.0/20"),
    ("default/registry-ui", "10.0.0.0/8"),
];

/// The complete set of connections between pods of the flagship is the table, and nothing else.
#[test]
fn the_flagships_pods_are_connected_as_drawn() {
    none(&difference(&between_pods(&Network::of(flagship())), &drawn(&Network::of(flagship()))));
}

/// The table, spelled out for every pod that there is.
fn drawn(network: &Network<'_>) -> BTreeSet<Edge> {
    let tcp = |ports: &'static [u16]| ports.iter().map(|port| ("TCP", *port));
    let mut edges = BTreeSet::new();
    let mut add = |from: &str, to: &str, port: Port| {
        edges.insert((from.to_owned(), to.to_owned(), port));
    };
    for (from, to, ports) in PODS {
        tcp(ports).for_each(|port| add(from, to, port));
    }
    for pod in &network.pods {
        if NAMESPACES.contains(&pod.namespace.as_str()) {
            add(&pod.name, "kube-system/dns", ("UDP", 53));
            add(&pod.name, "kube-system/dns", ("TCP", 53));
        } else {
            for (to, ports) in ANYBODY {
                tcp(ports).for_each(|port| add(&pod.name, to, port));
            }
        }
    }
    edges
}

fn difference(found: &BTreeSet<Edge>, wanted: &BTreeSet<Edge>) -> Vec<String> {
    let extra = found.difference(wanted).map(|(from, to, port)| format!("open: {from} -> {to} {port:?}"));
    let missing = wanted.difference(found).map(|(from, to, port)| format!("closed: {from} -> {to} {port:?}"));
    extra.chain(missing).collect()
}

/// The flagship reaches the outside as the table says, at every address and port.
#[test]
fn the_flagship_reaches_the_outside_as_drawn() {
    let network = Network::of(flagship());
    let places = places(&network);
    let shown = |pod: &Pod, place: &Place, port: Port| format!("{} -> {} {port:?}", pod.name, place.address());
    let found: BTreeSet<String> =
        outwards(&network, &places).into_iter().map(|(pod, place, port)| shown(pod, place, port)).collect();
    let mut wanted = BTreeSet::new();
    for pod in &network.pods {
        for (_, range, ports) in OUTSIDE.iter().filter(|(from, ..)| *from == pod.name) {
            for place in places.iter().filter(|place| is_in(range, place)) {
                wanted.extend(ports.iter().map(|port| shown(pod, place, ("TCP", *port))));
            }
        }
    }
    assert!(wanted.len() > 100, "many addresses are asked about");
    let extra = found.difference(&wanted).map(|edge| format!("open: {edge}"));
    none(&extra.chain(wanted.difference(&found).map(|edge| format!("closed: {edge}"))).collect::<Vec<_>>());
}

/// The flagship is open to the outside where the table says, from every address.
#[test]
fn the_outside_reaches_the_flagship_as_drawn() {
    let network = Network::of(flagship());
    let places = places(&network);
    let mut wanted = BTreeSet::new();
    for place in &places {
        for (to, ports) in ANYBODY {
            wanted.extend(ports.iter().map(|port| format!("{} -> {to} {:?}", place.address(), ("TCP", *port))));
        }
    }
    let found: BTreeSet<String> = inwards(&network, &places)
        .into_iter()
        .map(|(place, pod, port)| format!("{} -> {} {port:?}", place.address(), pod.name))
        .collect();
    let extra = found.difference(&wanted).map(|edge| format!("open: {edge}"));
    none(&extra.chain(wanted.difference(&found).map(|edge| format!("closed: {edge}"))).collect::<Vec<_>>());
}

/// What must never be, spelled out: it would be noticed even if a table above were wrong.
#[test]
fn the_flagship_keeps_apart_what_must_be_apart() {
    let network = Network::of(flagship());
    let edges = between_pods(&network);
    let places = places(&network);
    let outside = outwards(&network, &places);
    let mut faults = Vec::new();
    for (from, to) in NEVER {
        assert!(network.pods.iter().any(|pod| pod.name.starts_with(from)), "nothing is called {from}");
        if to.contains('.') {
            let range = Range::parse(to);
            assert!(places.iter().any(|place| range.contains(place.address())), "no address in {to} is asked about");
            let open =
                outside.iter().filter(|(pod, place, _)| pod.name.starts_with(from) && range.contains(place.address()));
            faults.extend(open.map(|(pod, place, port)| format!("{} -> {} {port:?}", pod.name, place.address())));
        } else {
            assert!(network.pods.iter().any(|pod| pod.name.starts_with(to)), "nothing is called {to}");
            let open = edges.iter().filter(|(a, b, _)| a.starts_with(from) && b.starts_with(to));
            faults.extend(open.map(|(from, to, port)| format!("{from} -> {to} {port:?}")));
        }
    }
    none(&faults);
}

/// A check of the connections of a platform.
type Check = fn(&Network<'_>, &mut Faults);

macro_rules! promises {
    ($($(#[doc = $doc:literal])+ $name:ident: $check:path;)*) => {
        $($(#[doc = $doc])+ #[test] fn $name() { everywhere($check); })*

        /// Every promise by name.
        const PROMISES: &[(&str, Check)] = &[$((stringify!($name), $check)),*];
    };
}

promises! {
    /// A connection between pods has a reason in the description.
    every_connection_has_a_reason: checks::connections_have_reasons;
    /// A reason in the description is a connection.
    every_reason_is_a_connection: checks::reasons_are_connections;
    /// What one end of a connection allows, the other allows too.
    both_ends_agree: edges::one_sided;
    /// A way to the outside has a reason in the description, and a reason is a way.
    every_way_out_has_a_reason: checks::ways_out_have_reasons;
    /// Only the edge and what the API server asks are open to the outside, and both are.
    every_way_in_has_a_reason: checks::ways_in_have_reasons;
    /// Each entry of `calls`, each route and each public Service leads somewhere.
    everything_declared_is_reached: checks::everything_declared_is_reached;
}

const AUTH: &str = "NetworkPolicy production/auth";
const CALLER: &str = "/spec/ingress/0/from/0";
const OTHERS: &[&str] = &["every_connection_has_a_reason", "both_ends_agree"];
const CLOSED: &[&str] = &["every_reason_is_a_connection", "both_ends_agree"];

/// A change of the flagship's policies: what, which promises notice, how.
type Change = (&'static str, &'static [&'static str], fn(&mut World));

const CHANGES: &[Change] = &[
    (
        "no default",
        &["every_way_in_has_a_reason", "every_way_out_has_a_reason", "every_connection_has_a_reason"],
        |w| {
            mutations::drop(w, "NetworkPolicy production/default-deny-all");
            mutations::drop(w, "NetworkPolicy production/allow-dns");
        },
    ),
    ("no policy", &["every_reason_is_a_connection", "everything_declared_is_reached"], |w| mutations::drop(w, AUTH)),
    ("no names", &["every_reason_is_a_connection"], |w| mutations::drop(w, "NetworkPolicy production/allow-dns")),
    ("every pod of a namespace", &["both_ends_agree"], |w| mutations::remove(w, AUTH, CALLER, "podSelector")),
    ("the own namespace", CLOSED, |w| mutations::remove(w, AUTH, CALLER, "namespaceSelector")),
    ("or instead of and", &["both_ends_agree"], |w| {
        let peer = mutations::object(w, AUTH).at(CALLER).clone();
        mutations::remove(w, AUTH, CALLER, "podSelector");
        mutations::push(w, AUTH, "/spec/ingress/0/from", json!({ "podSelector": peer["podSelector"] }));
    }),
    ("everybody by label", OTHERS, |w| {
        mutations::remove(w, AUTH, CALLER, "podSelector");
        mutations::set(w, AUTH, &format!("{CALLER}/namespaceSelector"), json!({}));
    }),
    ("the same labels anywhere", &["every_connection_has_a_reason"], |w| {
        mutations::set(w, AUTH, &format!("{CALLER}/namespaceSelector"), json!({}));
    }),
    ("every port", &["both_ends_agree"], |w| mutations::remove(w, AUTH, "/spec/ingress/0", "ports")),
    ("a range of ports", &["both_ends_agree"], |w| {
        mutations::set(w, AUTH, "/spec/ingress/0/ports/0/endPort", json!(9000));
    }),
    ("another protocol", CLOSED, |w| mutations::set(w, AUTH, "/spec/ingress/0/ports/0/protocol", json!("UDP"))),
    ("anybody", &["every_connection_has_a_reason", "every_way_in_has_a_reason"], |w| {
        mutations::remove(w, AUTH, "/spec/ingress/0", "from");
    }),
    ("outwards only", &["every_connection_has_a_reason"], |w| {
        mutations::set(w, AUTH, "/spec/policyTypes", json!(["Egress"]));
        mutations::set(w, "NetworkPolicy production/default-deny-all", "/spec/policyTypes", json!(["Egress"]));
    }),
    ("everywhere", &["every_way_out_has_a_reason"], |w| mutations::push(w, AUTH, "/spec/egress", json!({}))),
    ("pods by address", &["every_connection_has_a_reason"], |w| {
        let rule = json!({ "to": [{ "ipBlock": { "cidr": "10.244.0.0/16" } }] });
        mutations::push(w, "NetworkPolicy default/registry-ui", "/spec/egress", rule);
        mutations::push(w, "NetworkPolicy default/registry", "/spec/ingress", json!({}));
    }),
    ("other labels", &["every_reason_is_a_connection", "everything_declared_is_reached"], |w| {
        let label = "/spec/template/metadata/labels/app.kubernetes.io~1instance";
        mutations::set(w, "Deployment default/registry", label, json!("images"));
    }),
    ("an exception less", &["every_way_out_has_a_reason"], |w| {
        mutations::change(w, "NetworkPolicy production/image", "/spec/egress", |rules| {
            let text = rules.to_string().replace("\"169.254.0.0/16\",", "");
            *rules = serde_json::from_str(&text).expect("still rules");
        });
    }),
    ("a closed edge", &["every_way_in_has_a_reason", "everything_declared_is_reached"], |w| {
        mutations::remove(w, "NetworkPolicy ingress-nginx/ingress-nginx-controller", "/spec", "ingress");
    }),
];

/// A simulator that finds nothing proves nothing: each change of a policy is seen, and by whom it should be.
#[test]
fn every_promise_can_be_broken() {
    let mut faults = Vec::new();
    for (what, noticed, change) in CHANGES {
        let mut world = flagship().clone();
        change(&mut world);
        for name in *noticed {
            let (_, check) = PROMISES.iter().find(|(known, _)| known == name).expect("a promise");
            if found(&world, *check).is_subset(&found(flagship(), *check)) {
                faults.push(format!("{name} does not notice: {what}"));
            }
        }
    }
    let all = PROMISES.iter().map(|(name, _)| *name);
    let unbroken = all.filter(|name| !CHANGES.iter().any(|(_, noticed, _)| noticed.contains(name)));
    faults.extend(unbroken.map(|name| format!("nothing breaks {name}")));
    none(&faults);
}

fn is_in(range: &str, place: &Place) -> bool {
    let address = place.address();
    if range == PUBLIC {
        return !NOT_PUBLIC.iter().any(|range| Range::parse(range).contains(address));
    }
    Range::parse(range).contains(address)
}

fn found(world: &World, check: Check) -> BTreeSet<String> {
    let mut faults = Faults::default();
    check(&Network::of(world), &mut faults);
    faults.0
}

fn everywhere(check: Check) {
    assert!(worlds().len() > 4, "the examples render");
    let faults = worlds().iter().flat_map(|world| {
        found(world, check).into_iter().map(|fault| format!("{}: {fault}", world.name)).collect::<Vec<_>>()
    });
    none(&faults.collect::<Vec<_>>());
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
