//! Platform to objects. Nothing here can fail: everything that a user can get wrong has ended before.

use std::collections::{BTreeMap, BTreeSet};

use crate::derive::pods::Plan;
use crate::derive::secrets::{Demand, fetched, sealed};
use crate::derive::{
    cilium, config, connections, disruption, edges, namespaces, policies, priorities, rights, routes, secrets,
    services, workloads,
};
use crate::manifest::document::Document;
use crate::model::bundle::{Home, Placed};
use crate::model::edge::Edges;
use crate::model::encrypted::Encrypted;
use crate::model::endpoint::Endpoint;
use crate::model::identity::{Identity, platform_labels};
use crate::model::object::Object;
use crate::model::platform::{Declared, Link, Platform};
use crate::model::site::{Address, Peer, Site};
use crate::model::workload::{Controller, Priority, Replicas, SecretContent, Workload};
use crate::reach::Connection;
use crate::shares;
use crate::spec::secrets::Backend;
use crate::spec::size::SizeSpec;
use crate::values::name::Name;

/// Every object of the platform, with the file that it belongs to; quotas also hold what somebody has `brought` along. What
/// a component is made of goes through what `finish` gives as soon as it is built, so that whoever wants only the text need
/// not hold the objects of the whole platform at once.
pub fn build<T: Send, F: FnMut(Object) -> T>(
    platform: &Platform,
    brought: &[&Document],
    finish: impl Fn() -> F + Sync,
) -> Vec<Placed<T>> {
    let workloads = workloads(platform);
    let edges = edges::edges(platform, workloads);
    let place = |home: Home, objects: Vec<Object>| -> Vec<Placed<T>> {
        let mut finish = finish();
        let place =
            |object: Object| Placed { home: home.clone(), id: object.id(), written: None, object: finish(object) };
        objects.into_iter().map(place).collect()
    };
    let of = |(declared, workloads): &(&Declared, &Vec<Workload>)| {
        let site = site(declared, platform);
        let mut objects = declared.component.objects(&site);
        for workload in *workloads {
            objects.extend(workload_objects(declared, workload, &site, &edges, platform));
        }
        place(Home::Component(declared.own.clone()), objects)
    };

    let mut placed = place(Home::Cluster, cluster(platform, workloads));
    for (name, objects) in namespaces::namespaces(&edges, platform, workloads, brought) {
        placed.extend(place(Home::Namespace(name), objects));
    }
    let components: Vec<_> = platform.components.iter().zip(workloads).collect();
    placed.extend(shares::each(&components, FEWEST, of).into_iter().flatten());
    for demand in secrets(platform) {
        let object = secret_object(&demand, platform);
        placed.extend(place(demand.home, object.into_iter().collect()));
    }
    placed
}

/// Fewer components than this are not worth a thread.
const FEWEST: usize = 4;

/// The workloads of each component, in the platform's order. They are made once.
pub fn workloads(platform: &Platform) -> &[Vec<Workload>] {
    let of = |declared: &Declared| declared.component.workloads(&site(declared, platform));
    platform.workloads.get_or_init(|| shares::each(&platform.components, FEWEST, of))
}

/// The same of a platform that nobody builds, with no configuration files but those that templates of a user's own give:
/// enough to say how large they are, and what is wrong with such a template.
pub fn outlines(platform: &Platform) -> Vec<Vec<Workload>> {
    let of = |declared: &Declared| declared.component.workloads(&Site { is_outline: true, ..site(declared, platform) });
    platform.components.iter().map(of).collect()
}

/// The connections that the platform asks for; `guests` are workloads that somebody wrote, by namespace and name.
pub fn wanted_connections(platform: &Platform, guests: &[(String, String)]) -> BTreeSet<Connection> {
    let workloads = workloads(platform);
    let mut wanted = connections::connections(platform, workloads, &edges::edges(platform, workloads));
    wanted.extend(guests.iter().flat_map(|(namespace, name)| connections::of_guest(platform, namespace, name)));
    wanted
}

/// The Secrets that the platform needs, in order of namespace and name. One belongs to its one user, or to the namespace
/// when several share it.
pub fn secrets(platform: &Platform) -> Vec<Demand> {
    let mut needs: BTreeMap<&Name, secrets::Needs> = BTreeMap::new();
    let mut users: BTreeMap<(&Name, (Name, secrets::Source)), Vec<&Declared>> = BTreeMap::new();
    for (declared, workloads) in platform.components.iter().zip(workloads(platform)) {
        let (namespace, site) = (&declared.own.namespace, site(declared, platform));
        for workload in workloads {
            let pull = site.pull_secret(&workload.main.image);
            for (key, content) in secrets::needs(workload, pull.as_ref()) {
                let known = users.entry((namespace, key.clone())).or_default();
                // Components come one after the other, so a user that is known already came last.
                if known.last().is_none_or(|last| last.own != declared.own) {
                    known.push(declared);
                }
                secrets::add(needs.entry(namespace).or_default(), &key.0, content);
            }
        }
    }
    let all = needs
        .into_iter()
        .flat_map(|(namespace, needs)| needs.into_iter().map(move |(key, content)| (namespace, key, content)));
    let demand = |(namespace, key, content): (&Name, (Name, secrets::Source), SecretContent)| {
        let name = key.0.clone();
        let users = users.get(&(namespace, key)).map(Vec::as_slice).unwrap_or_default();
        let home = match users {
            [only] => Home::Component(only.own.clone()),
            _ => Home::Namespace(namespace.clone()),
        };
        let span = users.first().map(|user| user.span).unwrap_or_default();
        Demand { namespace: namespace.clone(), name, content, home, span }
    };
    all.map(demand).collect()
}

fn cluster(platform: &Platform, workloads: &[Vec<Workload>]) -> Vec<Object> {
    let used: Vec<Priority> = workloads.iter().flatten().map(|workload| workload.priority).collect();
    priorities::classes(&platform.facts.platform.name, &used).into_iter().map(Object::from).collect()
}

/// What a component sees of the platform.
pub fn site<'a>(declared: &'a Declared, platform: &'a Platform) -> Site<'a> {
    let facts = &platform.facts;
    let spread = declared.common.spread.as_ref().unwrap_or(&facts.defaults.spread);
    Site {
        own: &declared.own,
        host: declared.host(facts),
        facts,
        size: declared.common.size.as_ref().map(SizeSpec::exact),
        spread: spread.iter().map(|domain| domain.value).collect(),
        peers: declared.links.iter().filter_map(|link| peer(link, platform)).collect(),
        around: &platform.around,
        is_outline: false,
    }
}

fn peer(link: &Link, platform: &Platform) -> Option<Peer> {
    match link {
        Link::Component { index, endpoint } => {
            let callee = &platform.components[*index];
            Some(Peer {
                name: callee.own.name.clone(),
                type_name: Some(callee.type_name),
                address: callee.address(*endpoint, &platform.facts),
                replicas: callee.replica_addresses(*endpoint, &platform.facts),
                public: callee.host(&platform.facts),
            })
        }
        Link::External(name) => platform.externals.get(name).map(|external| Peer {
            name: name.clone(),
            type_name: None,
            address: Address { host: external.host.to_string(), port: external.port.0 },
            replicas: Vec::new(),
            public: None,
        }),
    }
}

/// Everything that follows from one workload.
fn workload_objects(
    declared: &Declared,
    workload: &Workload,
    site: &Site<'_>,
    edges: &Edges,
    platform: &Platform,
) -> Vec<Object> {
    let identity = || Identity {
        own: &declared.own,
        instance: &workload.name,
        role: workload.role,
        part_of: &platform.facts.platform.name,
        version: workload.main.image.tag(),
    };
    let endpoints: Vec<&Endpoint> =
        declared.endpoints.iter().filter(|endpoint| endpoint.workload == workload.name).collect();
    let routed = declared.front().is_some_and(|front| declared.endpoints[front].workload == workload.name);
    let plan = Plan {
        identity: identity(),
        workload,
        endpoints: endpoints.clone(),
        image: platform.facts.pins.pinned(&workload.main.image),
        pull_secret: site.pull_secret(&workload.main.image),
        encrypted: &platform.encrypted,
    };

    let mut objects = rights::rights(&identity(), workload);
    objects.extend(config::config_maps(&identity(), workload).into_iter().map(Object::from));
    objects.extend(services::services(&identity(), &endpoints).into_iter().map(Object::from));
    objects.extend(workloads::workload(&plan, platform.facts.cluster.storage_class.as_ref()));
    if let Controller::Rolling(Replicas::Scaled(scale)) = &workload.controller {
        objects.push(disruption::autoscaler(&identity(), scale).into());
    }
    objects.extend(disruption::budget(&identity(), workload.controller.min_replicas()).map(Object::from));
    objects.push(policies::workload(declared, &identity(), edges, platform).into());
    objects.extend(cilium::policy(declared, &identity(), edges, platform).map(Object::from));
    if routed {
        objects.extend(routes::ingress(declared, &identity(), platform).map(Object::from));
    }
    objects
}

/// What makes a Secret: `None` if nothing of ours does.
fn secret_object(demand: &Demand, platform: &Platform) -> Option<Object> {
    let labels = platform_labels(&platform.facts.platform.name, "secret");
    let spec = &platform.facts.secrets;
    match spec.backend.value {
        Backend::ExternalSecrets => {
            let store = spec.store.as_ref()?;
            Some(fetched::external_secret(demand, store, &platform.facts, labels).into())
        }
        Backend::Sealed | Backend::Sops => {
            let file = platform.encrypted.get(&(demand.namespace.clone(), demand.name.clone()))?;
            Some(match file {
                Encrypted::Sealed(values) => sealed::sealed_secret(demand, values, &labels).into(),
                Encrypted::Sops(given) => Object::Given(given.clone()),
            })
        }
        Backend::Existing => None,
    }
}
