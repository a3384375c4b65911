//! A resolved platform: names exist, ports exist, links resolve, values are well formed. After this nothing can fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::diagnostics::source::Span;
use crate::model::component::Component;
use crate::model::encrypted::Files;
use crate::model::endpoint::{Audience, Endpoint};
use crate::model::facts::Facts;
use crate::model::identity::Own;
use crate::model::site::{Address, Surroundings, service_host};
use crate::model::workload::Workload;
use crate::spec::external::ExternalSpec;
use crate::spec::hatches::{DefinitionsSpec, ManifestsSpec, PatchSpec, RequirementsSpec};
use crate::spec::read::Entries;
use crate::spec::shapes::{AcceptSpec, ComponentSpec, NamespaceSpec};
use crate::values::host::Host;
use crate::values::name::Name;

/// The whole platform, checked.
#[derive(Debug)]
pub struct Platform {
    /// What holds for all.
    pub facts: Facts,
    /// Namespaces, in alphabetical order.
    pub namespaces: BTreeMap<Name, NamespaceSpec>,
    /// Externals, in alphabetical order.
    pub externals: BTreeMap<Name, ExternalSpec>,
    /// Components, in alphabetical order; behind them those that `[cluster]` implies.
    pub components: Vec<Declared>,
    /// What the components together amount to.
    pub around: Surroundings,
    /// What the component types do not cover.
    pub hatches: Hatches,
    /// Accepted findings.
    pub accepted: Vec<AcceptSpec>,
    /// Secrets in files beside the description.
    pub encrypted: Files,
    /// The workloads of each component, once somebody has asked for them (`stages::build::workloads`).
    pub workloads: OnceLock<Vec<Vec<Workload>>>,
}

/// What the component types do not cover, as it is written.
#[derive(Clone, Debug)]
pub struct Hatches {
    /// Manifests of one's own.
    pub manifests: Vec<ManifestsSpec>,
    /// Files of definitions.
    pub crds: Entries<Name, DefinitionsSpec>,
    /// What the cluster has already.
    pub requirements: RequirementsSpec,
    /// Changes to objects.
    pub patches: Vec<PatchSpec>,
    /// Names of components that the environment turns off.
    pub removed: BTreeSet<String>,
    /// Whether the patches are the environment's own, so that none of them is about what it turns off.
    pub has_own_patches: bool,
}

/// A component of the platform.
#[derive(Debug)]
pub struct Declared {
    /// Its name and namespace.
    pub own: Own,
    /// Its component type.
    pub type_name: &'static str,
    /// What every component has.
    pub common: ComponentSpec,
    /// What it is.
    pub component: Box<dyn Component>,
    /// What it offers.
    pub endpoints: Vec<Endpoint>,
    /// Whom it calls, in the order of `calls`.
    pub links: Vec<Link>,
    /// Where it is declared.
    pub span: Span,
}

/// A resolved entry of `calls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Another component.
    Component {
        /// Its index in the platform.
        index: usize,
        /// The index of the endpoint among its endpoints.
        endpoint: usize,
    },
    /// An external.
    External(Name),
}

impl Declared {
    /// The endpoint that routes lead to and that a bare name in `calls` means.
    pub fn front(&self) -> Option<usize> {
        self.endpoints.iter().position(|endpoint| endpoint.is_for(Audience::Callers))
    }

    /// The full host of its route, if it has one.
    pub fn host(&self, facts: &Facts) -> Option<Host> {
        self.component.route().map(|route| route.host.value.below(&facts.platform.domain))
    }

    /// The address of one of its endpoints, by its Service.
    pub fn address(&self, endpoint: usize, facts: &Facts) -> Address {
        let endpoint = &self.endpoints[endpoint];
        Address {
            host: service_host(&endpoint.service_name(), &self.own.namespace, &facts.cluster.domain),
            port: endpoint.service.unwrap_or(endpoint.port),
        }
    }

    /// The address of each replica, where replicas have names.
    pub fn replica_addresses(&self, endpoint: usize, facts: &Facts) -> Vec<Address> {
        let endpoint = &self.endpoints[endpoint];
        let Some(replicas) = endpoint.stable_replicas else { return Vec::new() };
        let service = service_host(&endpoint.workload.with("headless"), &self.own.namespace, &facts.cluster.domain);
        (0..replicas)
            .map(|ordinal| Address { host: format!("{}-{ordinal}.{service}", endpoint.workload), port: endpoint.port })
            .collect()
    }
}
