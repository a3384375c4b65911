//! What a component sees of the world: itself, its peers, and the platform's facts. Never the other components.

use crate::model::facts::Facts;
use crate::model::identity::Own;
use crate::model::monitoring::Monitoring;
use crate::model::payload::Payload;
use crate::spec::shapes::Domain;
use crate::spec::size::ExactSize;
use crate::values::host::Host;
use crate::values::image::Image;
use crate::values::name::Name;

/// The view of one component.
#[derive(Debug)]
pub struct Site<'a> {
    /// Its own name and namespace.
    pub own: &'a Own,
    /// Where its route leads from, if it has one: the full host.
    pub host: Option<Host>,
    /// What holds for all.
    pub facts: &'a Facts,
    /// Requests of its main container, if the description names them.
    pub size: Option<ExactSize>,
    /// Failure domains over which its replicas spread.
    pub spread: Vec<Domain>,
    /// Whom it calls, in the order of `calls`.
    pub peers: Vec<Peer>,
    /// What the others together amount to.
    pub around: &'a Surroundings,
    /// Whether only the size of its workloads is asked for, and what is wrong with templates of a user's own.
    pub is_outline: bool,
}

/// Something that the component calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name in the description.
    pub name: Name,
    /// Its component type; `None` for an external.
    pub type_name: Option<&'static str>,
    /// Where it listens.
    pub address: Address,
    /// Where each replica listens, if replicas have names of their own.
    pub replicas: Vec<Address>,
    /// The host by which the world reaches it, if it has a route.
    pub public: Option<Host>,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What the components of a platform together amount to.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Every declared namespace, in alphabetical order.
    pub namespaces: Vec<Name>,
    /// What Prometheus is told.
    pub monitoring: Monitoring,
    /// Class of the ingress controller.
    pub ingress_class: Option<String>,
    /// `ClusterIssuer` of public certificates.
    pub issuer: Option<String>,
    /// Whether that issuer proves control of hosts by answering challenges from inside the cluster.
    pub acme: bool,
    /// Namespaces with services that scale on requests per second.
    pub request_rate_namespaces: Vec<Name>,
    /// The platform's own registry.
    pub registry: Option<Registry>,
}

/// The platform's own registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Host in image references.
    pub host: Host,
    /// Entry of the store with the user name and password.
    pub users: Name,
}

impl Site<'_> {
    /// Configuration files that the templates at `paths` give. Where only sizes are asked for they are not written, being
    /// most of the work, unless a user's own template gives one, which may fail.
    pub fn files(&self, paths: &[&str], write: impl FnOnce() -> Vec<(String, Payload)>) -> Vec<(String, Payload)> {
        let is_built_in = || paths.iter().all(|path| !self.facts.overrides.contains_key(path));
        if self.is_outline && is_built_in() { Vec::new() } else { write() }
    }

    /// The peer of that name.
    pub fn peer(&self, name: &Name) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == *name)
    }

    /// The first peer of that component type.
    pub fn peer_of_type(&self, type_name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.type_name == Some(type_name))
    }

    /// The name by which every pod finds the Service `service` of this component's namespace.
    pub fn service_host(&self, service: &Name) -> String {
        service_host(service, &self.own.namespace, &self.facts.cluster.domain)
    }

    /// The Secret with the credential for `image`'s registry in this component's namespace, if it needs one.
    pub fn pull_secret(&self, image: &Image) -> Option<PullSecret> {
        if !image.is_private() {
            return None;
        }
        let host = image.host().to_owned();
        match &self.around.registry {
            Some(registry) if registry.host.as_str() == host => {
                Some(PullSecret { name: Name::fixed("registry-pull"), host, from: Some(registry.users.clone()) })
            }
            _ => Some(PullSecret { name: Name::fixed("image-pull"), host, from: None }),
        }
    }
}

/// A credential for pulling images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullSecret {
    /// The Secret.
    pub name: Name,
    /// The registry.
    pub host: String,
    /// The entry with user name and password; `None` when the store holds a whole docker configuration.
    pub from: Option<Name>,
}

/// The full name of a Service: complete, so that no resolver has to guess.
pub fn service_host(service: &Name, namespace: &Name, domain: &Host) -> String {
    format!("{service}.{namespace}.svc.{domain}")
}
