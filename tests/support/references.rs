//! References from object to object: each one is found, and stands after what it names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, Pods, entries, items, text, texts};

/// One object names another.
pub struct Reference<'w> {
    /// Who names.
    pub from: &'w Object,
    /// Where.
    pub field: String,
    /// Kind of what is named.
    pub kind: &'w str,
    /// Namespace of what is named; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The key in it, if one is named.
    pub key: Option<String>,
}

/// What every cluster has by itself: kind, namespace, name.
const BUILT_IN: &[(&str, &str, &str)] = &[
    ("ClusterRole", "", "system:auth-delegator"),
    ("Role", "kube-system", "extension-apiserver-authentication-reader"),
    ("PriorityClass", "", "system-cluster-critical"),
];

/// Kinds that exist only to be named by something else.
const ONLY_FOR_OTHERS: &[&str] = &[
    "ClusterRole",
    "ConfigMap",
    "ExternalSecret",
    "IngressClass",
    "Issuer",
    "PersistentVolumeClaim",
    "PriorityClass",
    "Role",
    "SealedSecret",
    "Secret",
    "ServiceAccount",
];

/// Every reference in the platform.
pub fn references(world: &World) -> Vec<Reference<'_>> {
    let mut found = Collector { from: None, found: Vec::new() };
    for object in &world.objects {
        found.from = Some(object);
        let own = object.place();
        let spec = &object.value["spec"];
        if let Some(pods) = object.pods() {
            found.pod(&pods);
        }
        if !own.is_empty() && own != "kube-system" {
            found.put("/metadata/namespace", "Namespace", "", own, None);
        }
        match object.kind.as_str() {
            "RoleBinding" | "ClusterRoleBinding" => found.binding(object),
            "HorizontalPodAutoscaler" => {
                let target = &spec["scaleTargetRef"];
                found.put("/spec/scaleTargetRef", text(&target["kind"]), own, text(&target["name"]), None);
            }
            "Ingress" => found.ingress(spec, own),
            "StatefulSet" => found.put("/spec/serviceName", "Service", own, text(&spec["serviceName"]), None),
            "Certificate" => {
                let issuer = &spec["issuerRef"];
                let kind = issuer["kind"].as_str().unwrap_or("Issuer");
                let namespace = if kind == "ClusterIssuer" { "" } else { own };
                found.put("/spec/issuerRef", kind, namespace, text(&issuer["name"]), None);
            }
            "Issuer" | "ClusterIssuer" => {
                let authority = text(&spec["ca"]["secretName"]);
                found.some("/spec/ca/secretName", "Secret", own, authority);
                for solver in items(&spec["acme"]["solvers"]) {
                    let class = text(&solver["http01"]["ingress"]["ingressClassName"]);
                    found.some("/spec/acme/solvers", "IngressClass", "", class);
                }
            }
            "APIService" => found.service("/spec/service", &spec["service"]),
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
                for webhook in items(object.at("/webhooks")) {
                    found.service("/webhooks/clientConfig", &webhook["clientConfig"]["service"]);
                }
            }
            _ => {}
        }
        if let Some((namespace, name)) =
            text(&object.value["metadata"]["annotations"]["cert-manager.io/inject-ca-from"]).split_once('/')
        {
            found.put("/metadata/annotations", "Certificate", namespace, name, None);
        }
    }
    found.found
}

struct Collector<'w> {
    from: Option<&'w Object>,
    found: Vec<Reference<'w>>,
}

impl<'w> Collector<'w> {
    fn put(&mut self, field: &str, kind: &'w str, namespace: &str, name: &str, key: Option<&str>) {
        let Some(from) = self.from else { return };
        let (field, key) = (field.to_owned(), key.map(str::to_owned));
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        self.found.push(Reference { from, field, kind, namespace, name, key });
    }

    fn some(&mut self, field: &str, kind: &'w str, namespace: &str, name: &str) {
        if !name.is_empty() {
            self.put(field, kind, namespace, name, None);
        }
    }

    fn service(&mut self, field: &str, service: &Value) {
        if service.is_object() {
            self.put(field, "Service", text(&service["namespace"]), text(&service["name"]), None);
        }
    }

    fn binding(&mut self, object: &'w Object) {
        let role = object.at("/roleRef");
        let namespace = if role["kind"] == "Role" { object.place() } else { "" };
        self.put("/roleRef", text(&role["kind"]), namespace, text(&role["name"]), None);
        for subject in items(object.at("/subjects")).filter(|subject| subject["kind"] == "ServiceAccount") {
            self.put("/subjects", "ServiceAccount", text(&subject["namespace"]), text(&subject["name"]), None);
        }
    }

    fn ingress(&mut self, spec: &Value, own: &str) {
        self.put("/spec/ingressClassName", "IngressClass", "", text(&spec["ingressClassName"]), None);
        for tls in items(&spec["tls"]) {
            self.put("/spec/tls", "Secret", own, text(&tls["secretName"]), Some("tls.crt"));
        }
        for rule in items(&spec["rules"]) {
            for path in items(&rule["http"]["paths"]) {
                self.put("/spec/rules", "Service", own, text(&path["backend"]["service"]["name"]), None);
            }
        }
    }

    fn pod(&mut self, pods: &Pods<'w>) {
        let (own, spec) = (pods.owner.place(), pods.spec());
        self.put("serviceAccountName", "ServiceAccount", own, text(&spec["serviceAccountName"]), None);
        // The cluster brings two classes of its own.
        let class = Some(text(&spec["priorityClassName"])).filter(|class| !class.starts_with("system-"));
        self.some("priorityClassName", "PriorityClass", "", class.unwrap_or_default());
        for secret in items(&spec["imagePullSecrets"]) {
            self.put("imagePullSecrets", "Secret", own, text(&secret["name"]), Some(".dockerconfigjson"));
        }
        for volume in items(&spec["volumes"]) {
            let field = format!("volumes/{}", text(&volume["name"]));
            let claim = text(&volume["persistentVolumeClaim"]["claimName"]);
            self.some(&field, "PersistentVolumeClaim", own, claim);
            for source in std::iter::once(volume).chain(items(&volume["projected"]["sources"])) {
                self.files(&field, "ConfigMap", own, &source["configMap"]);
                self.files(&field, "Secret", own, &source["secret"]);
            }
        }
        for container in pods.containers() {
            for variable in items(&container.value["env"]) {
                let field = format!("{} env {}", container.name, text(&variable["name"]));
                for (kind, source) in [("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")] {
                    let from = &variable["valueFrom"][source];
                    if from.is_object() {
                        self.put(&field, kind, own, text(&from["name"]), Some(text(&from["key"])));
                    }
                }
            }
            for from in items(&container.value["envFrom"]) {
                self.some("envFrom", "ConfigMap", own, text(&from["configMapRef"]["name"]));
                self.some("envFrom", "Secret", own, text(&from["secretRef"]["name"]));
            }
            self.arguments(&container.value["args"], own);
        }
    }

    /// Files from a ConfigMap or Secret; a Secret's name stands under another key when it is a whole volume.
    fn files(&mut self, field: &str, kind: &'w str, own: &str, source: &Value) {
        let name = source["name"].as_str().or_else(|| source["secretName"].as_str()).unwrap_or_default();
        self.some(field, kind, own, name);
        for item in items(&source["items"]) {
            self.put(field, kind, own, name, Some(text(&item["key"])));
        }
    }

    /// Objects that ingress-nginx is told on its command line.
    fn arguments(&mut self, args: &Value, own: &str) {
        const NAMED: &[(&str, &str)] = &[("--configmap=", "ConfigMap"), ("--publish-service=", "Service")];
        for argument in texts(args) {
            for (flag, kind) in NAMED {
                if let Some((namespace, name)) = argument.strip_prefix(flag).and_then(|value| value.split_once('/')) {
                    self.put(flag, kind, &namespace.replace("$(POD_NAMESPACE)", own), name, None);
                }
            }
        }
    }
}

/// Who makes a Secret, and its keys where they are known.
type Maker<'w> = (&'w Object, Option<BTreeSet<&'w str>>);

/// The Secrets that will exist.
pub fn secrets(world: &World) -> BTreeMap<(&str, &str), Maker<'_>> {
    let issued = world.of_kind("Certificate").map(|certificate| {
        let keys = ["tls.crt", "tls.key", "ca.crt"].into();
        ((certificate.place(), text(certificate.at("/spec/secretName"))), (certificate, Some(keys)))
    });
    let fetched = world.of_kind("ExternalSecret").map(|external| {
        let template = external.at("/spec/target/template/data");
        let keys = if template.is_object() {
            Some(entries(template).into_iter().map(|(key, _)| key).collect())
        } else if external.at("/spec/dataFrom").is_array() {
            None
        } else {
            Some(items(external.at("/spec/data")).map(|entry| text(&entry["secretKey"])).collect())
        };
        ((external.place(), text(external.at("/spec/target/name"))), (external, keys))
    });
    let sealed = world.of_kind("SealedSecret").map(|sealed| {
        let keys = entries(sealed.at("/spec/encryptedData")).into_iter().map(|(key, _)| key).collect();
        ((sealed.place(), sealed.name.as_str()), (sealed, Some(keys)))
    });
    let encrypted = world.of_kind("Secret").map(|secret| {
        let maps = ["/data", "/stringData"].into_iter().flat_map(|map| entries(secret.at(map)));
        ((secret.place(), secret.name.as_str()), (secret, Some(maps.map(|(key, _)| key).collect())))
    });
    issued.chain(fetched).chain(sealed).chain(encrypted).collect()
}

/// No two objects make one Secret: they would overwrite each other for ever.
pub fn secrets_have_one_maker(world: &World, faults: &mut Faults) {
    let mut makers: BTreeMap<(&str, &str), &Object> = BTreeMap::new();
    for object in &world.objects {
        let name = match object.kind.as_str() {
            "Certificate" => text(object.at("/spec/secretName")),
            "ExternalSecret" => text(object.at("/spec/target/name")),
            "SealedSecret" | "Secret" => object.name.as_str(),
            _ => continue,
        };
        if let Some(other) = makers.insert((object.place(), name), object) {
            faults.add(object, "Secret", format!("{other} makes `{name}` too"));
        }
    }
}

/// Every reference names something that is rendered, or that every cluster has.
pub fn are_found(world: &World, faults: &mut Faults) {
    let secrets = secrets(world);
    for reference in references(world) {
        let Reference { from, field, kind, namespace, name, key } = &reference;
        let mut missing = |what: String| faults.add(from, field, what);
        let place = (namespace.as_str(), name.as_str());
        if name.is_empty() {
            missing(format!("names no {kind}"));
        } else if *kind == "Secret" {
            match secrets.get(&place) {
                Some((_, Some(keys))) if key.as_deref().is_some_and(|key| !keys.contains(key)) => {
                    missing(format!("Secret {namespace}/{name} has no key {key:?}, only {keys:?}"));
                }
                None if world.renders_secrets() => missing(format!("nothing makes the Secret {namespace}/{name}")),
                _ => {}
            }
        } else if !BUILT_IN.contains(&(kind, namespace, name)) && !exists_already(world, kind, name) {
            match world.find(kind, namespace, name) {
                None => missing(format!("no {kind} {namespace}/{name}")),
                Some(found) => {
                    let keyless = key.as_deref().is_some_and(|key| found.at("/data").get(key).is_none());
                    if keyless {
                        missing(format!("{found} has no key {key:?}"));
                    }
                }
            }
        }
    }
    for object in &world.objects {
        let store = object.at("/spec/secretStoreRef/name");
        let said = world.says("/secrets/store");
        let named = if said.is_object() { &said["name"] } else { said };
        faults.unless(store.is_null() || store == named, object, "secretStoreRef", "undeclared");
        let class = object.at("/spec/storageClassName");
        let known = class.is_null() || class == world.says("/cluster/storage-class");
        faults.unless(known, object, "/spec/storageClassName", "is not the cluster's");
    }
}

/// Whether it is a `ClusterIssuer` that the description says the cluster has.
fn exists_already(world: &World, kind: &str, name: &str) -> bool {
    let mut components = entries(world.says("/components")).into_iter();
    kind == "ClusterIssuer" && components.any(|(_, spec)| spec["type"] == "cert-manager" && spec["issuer"] == name)
}

/// What exists only to be named is named.
pub fn nothing_is_an_orphan(world: &World, faults: &mut Faults) {
    let secrets = secrets(world);
    let mut used: BTreeSet<String> = BTreeSet::new();
    for reference in references(world) {
        let place = (reference.namespace.as_str(), reference.name.as_str());
        let target = match reference.kind {
            "Secret" => secrets.get(&place).map(|(maker, _)| *maker),
            kind => world.find(kind, place.0, place.1),
        };
        used.extend(target.map(ToString::to_string));
    }
    for object in world.objects.iter().filter(|object| ONLY_FOR_OTHERS.contains(&object.kind.as_str())) {
        // The cluster's own roles take in what says so of itself.
        let labels = entries(object.at("/metadata/labels"));
        let taken_in = labels.iter().any(|(key, _)| key.starts_with("rbac.authorization.k8s.io/aggregate-to-"));
        let named = taken_in || used.contains(&object.to_string());
        faults.unless(named, object, "/metadata/name", "nothing names it");
    }
    for certificate in world.of_kind("Certificate") {
        faults.unless(used.contains(&certificate.to_string()), certificate, "/spec/secretName", "nobody uses it");
    }
}

/// Mounts name volumes of their pod, and every volume is mounted.
pub fn mounts_are_found(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        let volumes = items(&pods.spec()["volumes"]).map(|volume| text(&volume["name"]));
        let claims = items(pods.owner.at("/spec/volumeClaimTemplates")).map(|claim| text(&claim["metadata"]["name"]));
        let volumes: BTreeSet<&str> = volumes.chain(claims).collect();
        let mut mounted = BTreeSet::new();
        for container in pods.containers() {
            for mount in items(&container.value["volumeMounts"]) {
                let name = text(&mount["name"]);
                mounted.insert(name);
                let field = format!("{} volumeMounts", container.name);
                faults.unless(volumes.contains(name), pods.owner, &field, format!("no volume `{name}`"));
                let absolute = text(&mount["mountPath"]).starts_with('/');
                faults.unless(absolute, pods.owner, &field, format!("{} is not absolute", mount["mountPath"]));
            }
        }
        for volume in volumes.difference(&mounted) {
            faults.add(pods.owner, "volumes", format!("`{volume}` is mounted nowhere"));
        }
    }
}
