//! The contract of a component type. Adding one is one file that implements this, and its line in the registry.

use std::fmt::Debug;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::model::endpoint::Endpoint;
use crate::model::facts::Facts;
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, RuleGroup};
use crate::model::names::Names;
use crate::model::object::Object;
use crate::model::rendered::Written;
use crate::model::site::{Registry, Site};
use crate::model::workload::Workload;
use crate::spec::read::{At, Shape};
use crate::spec::shapes::{ComponentSpec, RouteSpec};
use crate::values::duration::Duration;
use crate::values::image::Image;
use crate::values::name::Name;

/// What one component answers, once its description is known to be right. Nothing here can fail.
pub trait Component: Debug + Send + Sync {
    /// Which ports it offers, and to whom.
    fn endpoints(&self, own: &Own) -> Vec<Endpoint>;

    /// Which pods it consists of. The first workload is the one that `calls` is about.
    fn workloads(&self, site: &Site<'_>) -> Vec<Workload>;

    /// Objects that no derivation makes.
    fn objects(&self, _site: &Site<'_>) -> Vec<Object> {
        Vec::new()
    }

    /// What it makes of the platform around it, asked once everything else is known to be right; what is wrong with files
    /// that somebody wrote for it ends here.
    fn settle(&self, _site: &Site<'_>, _report: &mut Report) {}

    /// What files of somebody's own have given, with the places that it comes from.
    fn written(&self) -> &[Written] {
        &[]
    }

    /// How the world reaches it. The route leads to its first endpoint for callers.
    fn route(&self) -> Option<&RouteSpec> {
        None
    }

    /// What others can build on once it is there.
    fn provides(&self, _own: &Own, _facts: &Facts) -> Provides {
        Provides::Nothing
    }

    /// What it cannot work without.
    fn requires(&self) -> &'static [Capability] {
        &[]
    }

    /// Component types of which `calls` must name one.
    fn calls_types(&self) -> &'static [&'static str] {
        &[]
    }

    /// The images that the description names for it.
    fn images(&self) -> Vec<&At<Image>> {
        Vec::new()
    }

    /// Images of pods that it starts itself once it runs.
    fn starts(&self) -> Vec<Image> {
        Vec::new()
    }

    /// How many connections each of its pods may hold to which external.
    fn pools(&self) -> Vec<(&Name, u32)> {
        Vec::new()
    }

    /// Whether its autoscaler counts requests.
    fn scales_on_requests(&self) -> bool {
        false
    }

    /// Whether its metrics ask for credentials of their own, so that a route may lead to them.
    fn guards_metrics(&self) -> bool {
        false
    }

    /// Names of the metrics that its endpoints serve: the basis of the proof that no rule or panel asks for a metric
    /// that nobody collects.
    fn metrics(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Scrape jobs of its own that ask no component, each with the names of the metrics that it finds.
    fn jobs(&self) -> &'static [(&'static str, &'static [&'static str])] {
        &[]
    }

    /// Rules about its type; only the first component of a type is asked.
    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        Vec::new()
    }

    /// An alert for when this very component is gone, which no rule about what it exports can see.
    fn absence(&self, _own: &Own) -> Option<Alert> {
        None
    }
}

/// The static side of a component type: its name, its part of the description, and how that is checked.
pub trait ComponentType: Component + Sized + 'static {
    /// The value of `type`.
    const TYPE: &'static str;
    /// What it is, in one sentence.
    const SUMMARY: &'static str;
    /// Its own keys, besides those of every component.
    type Spec: Shape;

    /// Checks what the shape cannot; reports every fault.
    fn resolve(spec: Self::Spec, desk: &mut Desk<'_>) -> Option<Self>;
}

/// What others can build on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provides {
    /// Nothing in particular.
    Nothing,
    /// Routes, for Ingresses of this class.
    Routing {
        /// Name of the `IngressClass`.
        class: &'static str,
    },
    /// Certificates, and a `ClusterIssuer` of public ones.
    Certificates {
        /// Its name.
        issuer: String,
        /// Whether the issuer proves control of hosts by answering challenges from inside the cluster.
        acme: bool,
        /// Whether clients trust what it signs without being told to.
        trusted: bool,
        /// Where the issuer is chosen.
        span: Span,
    },
    /// The metric by which services scale on requests.
    RequestRate,
    /// A registry of our own.
    Registry(Registry),
    /// Scrapes everything.
    Scraping {
        /// How often.
        interval: Duration,
    },
}

/// Something that a component may not be able to work without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Somebody renders certificates.
    Certificates,
    /// Somebody routes.
    Routing,
    /// Somebody serves requests per second to autoscalers.
    RequestRate,
    /// Somebody scrapes.
    Scraping,
}

impl Capability {
    /// What it is, in the middle of a sentence.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Certificates => "certificates",
            Self::Routing => "an ingress controller",
            Self::RequestRate => "requests per second as a metric for autoscalers",
            Self::Scraping => "somebody who collects metrics",
        }
    }

    /// The component type that has it.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Certificates => "cert-manager",
            Self::Routing => "ingress-nginx",
            Self::RequestRate => "prometheus-adapter",
            Self::Scraping => "prometheus",
        }
    }
}

impl Provides {
    /// The capability that this amounts to.
    pub const fn capability(&self) -> Option<Capability> {
        match self {
            Self::Nothing | Self::Registry(_) => None,
            Self::Routing { .. } => Some(Capability::Routing),
            Self::Certificates { .. } => Some(Capability::Certificates),
            Self::RequestRate => Some(Capability::RequestRate),
            Self::Scraping { .. } => Some(Capability::Scraping),
        }
    }
}

/// What a component type has before it while it checks its part of the description.
pub struct Desk<'a> {
    /// Where faults go.
    pub report: &'a mut Report,
    /// What holds for all.
    pub facts: &'a Facts,
    /// The component itself.
    pub own: &'a Own,
    /// What every component has.
    pub common: &'a ComponentSpec,
    /// Every declared name.
    pub names: &'a Names<'a>,
    /// Where the component is declared.
    pub span: Span,
}

impl Desk<'_> {
    /// Reports `name`, used by `key`, unless `calls` names it.
    pub fn must_call(&mut self, name: &At<Name>, key: &str) -> Option<()> {
        if self.names.may_call(self.common, name.value.as_str()) {
            return Some(());
        }
        let callees = self.common.callees().filter(|called| self.names.declares(called));
        let near = suggest::nearest(name.value.as_str(), callees).map(str::to_owned);
        let message = format!("`{key}` uses `{}`, which `calls` does not name", name.value);
        let mistake = self.report.error(codes::UNKNOWN_NAME, name.span, message);
        match near {
            Some(near) => mistake.did_you_mean(Some(&near)),
            None => mistake.help(format!("add `\"{}\"` to `calls`", name.value)),
        };
        None
    }

    /// Warns about this component: `advice` says what would be right, and an `[[accept]]` that this is how it is.
    pub fn doubt(&mut self, code: &'static str, message: impl Into<String>, advice: &str) {
        let path = format!("components.{}", self.own.name);
        let help = format!(
            "{advice}, or accept this with a reason: `[[accept]]` with `code = \"{code}\"` and `object = \"{path}\"`"
        );
        self.report.warning(code, self.span, path, message).help(help);
    }

    /// Reports that this component cannot do without a call to a component of type `type_name`.
    pub fn needs(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.report.error(codes::REQUIRES, self.span, message).help(help);
    }
}
