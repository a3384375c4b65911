//! A component type of somebody's own: what `templates/TYPE/` says. Its objects are what its templates give; everything else
//! follows from its ports as it does for built-in types.

pub mod check;
pub mod keys;
pub mod pods;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Value as Json, json};

use crate::components::entry::Declaration;
use crate::components::references;
use crate::components::templated::keys::{RoutedSpec, Value};
use crate::derive::priorities;
use crate::derive::promql::unreached;
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::manifest::marks;
use crate::manifest::read::{self, Dialect};
use crate::model::component::Component;
use crate::model::endpoint::{Audience, Endpoint, Metrics};
use crate::model::given::Given;
use crate::model::identity::{Identity, Own, SCRAPE_LABEL};
use crate::model::monitoring::{Alert, Urgency};
use crate::model::object::Object;
use crate::model::platform::Declared;
use crate::model::rendered::{Rendered, Written};
use crate::model::site::{Peer, Site};
use crate::model::workload::{Priority, Workload};
use crate::parts::template;
use crate::spec::read::{At, Fields, Key, Shape};
use crate::spec::shapes::{ComponentSpec, RouteSpec};
use crate::spec::types::{PortSpec, Purpose, TypeSpec};
use crate::values::image::Image;
use crate::values::interned::interned;

/// A type as its files say it.
#[derive(Debug)]
pub struct Type {
    /// What `type` calls it.
    pub name: &'static str,
    /// What `type.toml` says.
    pub spec: TypeSpec,
    /// Its keys, as the description is read by.
    pub keys: Vec<Key>,
    /// Everything beside `type.toml`.
    pub files: Vec<File>,
}

/// A file of a type.
#[derive(Debug)]
pub struct File {
    /// Its path in the directory of the type.
    pub path: String,
    /// How its user finds it.
    pub shown: String,
    /// What is in it.
    pub text: Arc<str>,
}

impl Type {
    fn serves(&self, purpose: Purpose) -> bool {
        self.spec.ports.0.iter().any(|(_, port)| port.serves.contains(&purpose))
    }
}

/// A checked component of such a type.
#[derive(Debug)]
pub struct Templated {
    type_: Arc<Type>,
    values: BTreeMap<&'static str, Value>,
    route: Option<RouteSpec>,
    /// What its templates give, once the platform around it is known.
    written: OnceLock<Vec<Written>>,
}

/// Reads and checks a component of type `type_`.
pub fn resolve(declaration: Declaration<'_, '_>, type_: &Arc<Type>, report: &mut Report) -> Option<Declared> {
    let routed = if type_.serves(Purpose::Callers) { RoutedSpec::KEYS } else { &[] };
    let known = [ComponentSpec::KEYS, routed, &type_.keys];
    let mut fields = Fields::of(declaration.table, declaration.span, &known, report);
    let common = ComponentSpec::read_fields(&mut fields);
    let route = if routed.is_empty() { None } else { RoutedSpec::read_fields(&mut fields).and_then(|spec| spec.route) };
    let values = keys::values(type_, &mut fields);
    fields.finish();
    let common = common?;
    references::references(declaration.name, &common, declaration.names, report);
    let own = Own { namespace: common.namespace.value.clone(), name: declaration.name.clone() };
    let component = Templated { type_: Arc::clone(type_), values: values?, route, written: OnceLock::new() };
    let endpoints = component.endpoints(&own);
    Some(Declared {
        own,
        type_name: type_.name,
        common,
        component: Box::new(component),
        endpoints,
        links: Vec::new(),
        span: declaration.span,
    })
}

impl Component for Templated {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        self.type_.spec.ports.0.iter().map(|(name, port)| self.endpoint(own, name.value.as_str(), port)).collect()
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        let Some(image) = self.images().into_iter().next() else { return Vec::new() };
        let secrets = self.values.iter().filter_map(|(name, value)| value.secret().map(|secret| (*name, secret)));
        pods::workload(site, self.type_.name, &image.value, secrets, self.written()).into_iter().collect()
    }

    fn settle(&self, site: &Site<'_>, report: &mut Report) {
        let context = self.context(site);
        let files: Vec<(&str, &str)> = self.type_.files.iter().map(|file| (file.path.as_str(), &*file.text)).collect();
        let mut written = Vec::new();
        for file in self.type_.files.iter().filter(|file| template::is_rendered(&file.path)) {
            match template::render(&file.path, &files, &context) {
                Ok(rendered) => written.extend(written_in(file, rendered, report)),
                Err(fault) => {
                    let at = self.type_.files.iter().find(|known| known.path == fault.name).unwrap_or(file);
                    let mistake =
                        report.beside(at.shown.clone(), &at.text).error(codes::TEMPLATE, fault.span, fault.message);
                    mistake.help = fault.help;
                }
            }
        }
        let images: Vec<String> =
            self.images().iter().map(|image| site.facts.pins.pinned(&image.value).to_string()).collect();
        check::check(&written, &check::Ask { site, type_: &self.type_, images: &images }, report);
        // what has been settled stays so
        let _ = self.written.set(written);
    }

    fn written(&self) -> &[Written] {
        self.written.get().map(Vec::as_slice).unwrap_or_default()
    }

    fn objects(&self, _site: &Site<'_>) -> Vec<Object> {
        let documents = self.written().iter().flat_map(|written| &written.documents);
        documents.map(|document| Object::from(Given::of(document.clone()))).collect()
    }

    fn route(&self) -> Option<&RouteSpec> {
        self.route.as_ref()
    }

    fn images(&self) -> Vec<&At<Image>> {
        self.values.values().filter_map(Value::image).collect()
    }

    fn metrics(&self) -> Vec<&'static str> {
        self.type_.spec.ports.0.iter().flat_map(|(_, port)| &port.metrics).map(|metric| interned(metric)).collect()
    }

    fn absence(&self, own: &Own) -> Option<Alert> {
        self.type_.serves(Purpose::Scrapers).then(|| Alert {
            name: "ComponentAbsent",
            expr: unreached(own, None),
            hold: "5m",
            urgency: Urgency::Critical,
            summary: "{{ $labels.namespace }}/{{ $labels.service }} has no healthy target",
            description: "Prometheus reaches no pod of this component. Either none runs, or none is ready, or a network policy is in the way.",
        })
    }
}

impl Templated {
    fn endpoint(&self, own: &Own, name: &str, spec: &PortSpec) -> Endpoint {
        let (called, scraped) = (spec.serves.contains(&Purpose::Callers), spec.serves.contains(&Purpose::Scrapers));
        let audience: &'static [Audience] = match (called, scraped) {
            (true, true) => &[Audience::Callers, Audience::Scrapers],
            (true, false) => &[Audience::Callers],
            _ => &[Audience::Scrapers],
        };
        let path = spec.path.as_ref().map_or("/metrics", |path| path.as_str()).to_owned();
        Endpoint {
            service: called.then_some(spec.port.0),
            audience,
            metrics: scraped.then(|| Metrics { path, ..Metrics::of(self.type_.name) }),
            ..Endpoint::tcp(&own.name, interned(name), spec.port.0)
        }
    }

    /// What its templates see: the component itself, whom it calls, and what holds for all.
    fn context(&self, site: &Site<'_>) -> Json {
        let (own, facts, image) = (site.own, site.facts, self.images().first().map(|image| &image.value));
        let version = image.map(Image::tag).unwrap_or_default();
        let pull = image.and_then(|image| site.pull_secret(image));
        let identity =
            Identity { own, instance: &own.name, role: self.type_.name, part_of: &facts.platform.name, version };
        let mut pod_labels = if version.is_empty() { identity.labels() } else { identity.versioned_labels() };
        if self.type_.serves(Purpose::Scrapers) {
            pod_labels.insert(SCRAPE_LABEL.to_owned(), "true".to_owned());
        }
        let ports = self.type_.spec.ports.0.iter().map(|(name, port)| (name.value.to_string(), json!(port.port.0)));
        let peer = |peer: &Peer| {
            let address =
                json!({ "address": peer.address.to_string(), "host": peer.address.host, "port": peer.address.port });
            (peer.name.to_string(), address)
        };
        let values = self.values.iter().map(|(name, value)| ((*name).to_owned(), value.seen(&facts.pins)));
        json!({
            "name": own.name.as_str(),
            "namespace": own.namespace.as_str(),
            "labels": identity.labels(),
            "pod_labels": pod_labels,
            "selector": identity.selector(),
            "priority_class": priorities::class_name(&facts.platform.name, Priority::App),
            "service_account": own.name.as_str(),
            "pull_secrets": pull.iter().map(|secret| json!({ "name": secret.name.as_str() })).collect::<Vec<_>>(),
            "platform": {
                "name": facts.platform.name.as_str(),
                "domain": facts.platform.domain.to_string(),
                "environment": facts.platform.environment.as_str(),
            },
            "host": site.host.as_ref().map(ToString::to_string).unwrap_or_default(),
            "ports": ports.collect::<serde_json::Map<_, _>>(),
            "peers": site.peers.iter().map(peer).collect::<serde_json::Map<_, _>>(),
            "values": values.collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// The objects of a rendered template; what is no object is told at its line.
fn written_in(file: &File, rendered: Rendered, report: &mut Report) -> Option<Written> {
    let mut aside = Report::default();
    let mut documents = read::read(&rendered.text, Dialect::Any, &mut aside);
    for document in &mut documents {
        marks::drop_empty(&mut document.root);
    }
    let written = Written { name: file.shown.clone(), source: Arc::clone(&file.text), rendered, documents };
    let is_broken = aside.has_errors();
    written.tell(&aside, report);
    (!is_broken).then_some(written)
}
