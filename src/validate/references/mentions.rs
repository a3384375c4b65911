//! Every name by which an object means another: where it stands, and what it means.

use crate::manifest::node::Node;
use crate::validate::world::{self, Thing, World};

/// A name that an object mentions.
#[derive(Clone, Copy, Debug)]
pub struct Mention<'a> {
    /// Who mentions it.
    pub by: Thing<'a>,
    /// The map that holds the name.
    pub node: &'a Node,
    /// The name as it stands there.
    pub named: &'a Node,
    /// The kind that is meant.
    pub kind: &'a str,
    /// The namespace that is meant; empty for objects of the cluster.
    pub place: &'a str,
    /// The name.
    pub name: &'a str,
    /// Keys that whoever follows it will look for, besides those that stand beside the name.
    pub keys: &'static [&'static str],
    /// Whether it may be missing.
    pub is_optional: bool,
}

/// How it is known which kind is meant.
enum Kind {
    /// It is always this one.
    Is(&'static str),
    /// `kind` stands beside the name; without it, this one is meant.
    Told(&'static str),
    /// It is a Secret with a certificate.
    Certified,
}

use Kind::{Certified, Is, Told};

/// The keys of a Secret with a certificate.
const CERTIFICATE: &[&str] = &["tls.crt", "tls.key"];

/// The maps that hold a name, the key of the name, and the kind that it means. In a path, `[]` is each item of a list.
type Row = (&'static [&'static str], &'static str, Kind);

/// Stands for each item of a list.
const EACH: &str = "[]";

/// Names in objects, by kind.
const IN_OBJECTS: &[(&str, &[Row])] = &[
    ("APIService", &[(&["spec", "service"], "name", Is("Service"))]),
    ("Certificate", &[(&["spec", "issuerRef"], "name", Told("Issuer"))]),
    ("ClusterIssuer", ISSUER),
    ("ClusterRoleBinding", BINDING),
    (
        "CustomResourceDefinition",
        &[(&["spec", "conversion", "webhook", "clientConfig", "service"], "name", Is("Service"))],
    ),
    ("ExternalSecret", &[(&["spec", "secretStoreRef"], "name", Told("SecretStore"))]),
    (
        "Gateway",
        &[
            (&["spec"], "gatewayClassName", Is("GatewayClass")),
            (&["spec", "listeners", EACH, "tls", "certificateRefs", EACH], "name", Certified),
        ],
    ),
    ("GRPCRoute", ROUTE),
    ("HTTPRoute", ROUTE),
    ("TCPRoute", ROUTE),
    ("TLSRoute", ROUTE),
    ("HorizontalPodAutoscaler", &[(&["spec", "scaleTargetRef"], "name", Told("Deployment"))]),
    (
        "Ingress",
        &[
            (&["spec"], "ingressClassName", Is("IngressClass")),
            (&["spec", "defaultBackend", "service"], "name", Is("Service")),
            (&["spec", "rules", EACH, "http", "paths", EACH, "backend", "service"], "name", Is("Service")),
            (&["spec", "tls", EACH], "secretName", Certified),
            (&["metadata", "annotations"], "cert-manager.io/cluster-issuer", Is("ClusterIssuer")),
            (&["metadata", "annotations"], "cert-manager.io/issuer", Is("Issuer")),
        ],
    ),
    ("Issuer", ISSUER),
    ("MutatingAdmissionPolicyBinding", &[(&["spec"], "policyName", Is("MutatingAdmissionPolicy"))]),
    ("MutatingWebhookConfiguration", WEBHOOKS),
    ("PersistentVolumeClaim", CLAIM),
    ("RoleBinding", BINDING),
    ("ScaledObject", &[(&["spec", "scaleTargetRef"], "name", Told("Deployment"))]),
    (
        "ServiceAccount",
        &[(&["imagePullSecrets", EACH], "name", Is("Secret")), (&["secrets", EACH], "name", Is("Secret"))],
    ),
    (
        "StatefulSet",
        &[
            (&["spec"], "serviceName", Is("Service")),
            (&["spec", "volumeClaimTemplates", EACH, "spec"], "storageClassName", Is("StorageClass")),
        ],
    ),
    ("ValidatingAdmissionPolicyBinding", &[(&["spec"], "policyName", Is("ValidatingAdmissionPolicy"))]),
    ("ValidatingWebhookConfiguration", WEBHOOKS),
];

const BINDING: &[Row] = &[(&["roleRef"], "name", Told("ClusterRole")), (&["subjects", EACH], "name", Told("User"))];
const CLAIM: &[Row] =
    &[(&["spec"], "storageClassName", Is("StorageClass")), (&["spec"], "volumeName", Is("PersistentVolume"))];
const ISSUER: &[Row] = &[
    (&["spec", "ca"], "secretName", Certified),
    (&["spec", "acme", "solvers", EACH, "http01", "ingress"], "ingressClassName", Is("IngressClass")),
];
const ROUTE: &[Row] = &[
    (&["spec", "parentRefs", EACH], "name", Told("Gateway")),
    (&["spec", "rules", EACH, "backendRefs", EACH], "name", Told("Service")),
    (&["spec", "rules", EACH, "filters", EACH, "requestMirror", "backendRef"], "name", Told("Service")),
];
const WEBHOOKS: &[Row] = &[(&["webhooks", EACH, "clientConfig", "service"], "name", Is("Service"))];

/// Names in what pods are.
const IN_PODS: &[Row] = &[
    (&[], "priorityClassName", Is("PriorityClass")),
    (&[], "runtimeClassName", Is("RuntimeClass")),
    (&[], "serviceAccountName", Is("ServiceAccount")),
    (&["imagePullSecrets", EACH], "name", Is("Secret")),
    (&["resourceClaims", EACH], "resourceClaimName", Is("ResourceClaim")),
    (&["resourceClaims", EACH], "resourceClaimTemplateName", Is("ResourceClaimTemplate")),
    (&["volumes", EACH, "configMap"], "name", Is("ConfigMap")),
    (&["volumes", EACH, "persistentVolumeClaim"], "claimName", Is("PersistentVolumeClaim")),
    (&["volumes", EACH, "secret"], "secretName", Is("Secret")),
    (&["volumes", EACH, "csi", "nodePublishSecretRef"], "name", Is("Secret")),
    (&["volumes", EACH, "ephemeral", "volumeClaimTemplate", "spec"], "storageClassName", Is("StorageClass")),
    (&["volumes", EACH, "projected", "sources", EACH, "configMap"], "name", Is("ConfigMap")),
    (&["volumes", EACH, "projected", "sources", EACH, "secret"], "name", Is("Secret")),
];

/// Names in containers.
const IN_CONTAINERS: &[Row] = &[
    (&["env", EACH, "valueFrom", "configMapKeyRef"], "name", Is("ConfigMap")),
    (&["env", EACH, "valueFrom", "secretKeyRef"], "name", Is("Secret")),
    (&["envFrom", EACH, "configMapRef"], "name", Is("ConfigMap")),
    (&["envFrom", EACH, "secretRef"], "name", Is("Secret")),
];

/// Kinds of subjects that are no objects.
const NO_OBJECTS: &[&str] = &["User", "Group"];

/// Everything that is mentioned, in the order of who mentions it.
pub fn mentions<'a>(world: &World<'a>) -> Vec<Mention<'a>> {
    let mut found = Vec::new();
    for thing in world.objects.iter().copied() {
        let rows = IN_OBJECTS.iter().filter(|(kind, _)| *kind == thing.document.id.kind);
        for row in rows.flat_map(|(_, rows)| *rows) {
            read(thing, thing.root(), row, &mut found);
        }
    }
    for pod in &world.pods {
        for row in IN_PODS {
            read(pod.owner, pod.spec(), row, &mut found);
        }
        for (_, container) in pod.containers() {
            for row in IN_CONTAINERS {
                read(pod.owner, container, row, &mut found);
            }
        }
    }
    found
}

fn read<'a>(by: Thing<'a>, from: &'a Node, (path, key, kind): &Row, found: &mut Vec<Mention<'a>>) {
    each(from, path, &mut |node| {
        let Some(named) = node.get(key) else { return };
        let Some(name) = named.text().filter(|name| !name.is_empty()) else { return };
        let keys = if matches!(kind, Certified) { CERTIFICATE } else { &[] };
        let kind = match kind {
            Is(kind) => kind,
            Told(default) => node.text_at(&["kind"]).unwrap_or(default),
            Certified => "Secret",
        };
        if NO_OBJECTS.contains(&kind) {
            return;
        }
        let own = || node.text_at(&["namespace"]).unwrap_or_else(|| by.place());
        let place = if world::is_of_cluster(kind) { "" } else { own() };
        let is_optional = node.get("optional").and_then(Node::bool) == Some(true);
        found.push(Mention { by, node, named, kind, place, name, keys, is_optional });
    });
}

/// Does something to every node at the end of a path.
fn each<'a>(node: &'a Node, path: &[&str], does: &mut impl FnMut(&'a Node)) {
    match path {
        [] => does(node),
        [EACH, rest @ ..] => node.items().iter().for_each(|item| each(item, rest, does)),
        [key, rest @ ..] => {
            if let Some(inner) = node.get(key) {
                each(inner, rest, does);
            }
        }
    }
}

/// `Secret production/api`, or `ClusterRole api`.
impl std::fmt::Display for Mention<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, place, name, .. } = self;
        if place.is_empty() { write!(f, "{kind} `{name}`") } else { write!(f, "{kind} `{place}/{name}`") }
    }
}
