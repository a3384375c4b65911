//! Every effect with a change that has it and a neighbour of that change that has not.

use crate::diff::effects::EffectKind;
use crate::diff::effects::examples::{edited, told, told_of_all};

const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: s, annotations: {networking.gke.io/load-balancer-type: Internal, x: y}}, spec: {type: LoadBalancer, clusterIP: None, sessionAffinity: None, loadBalancerSourceRanges: [10.0.0.0/8], selector: {app: a}, ports: [{port: 80, targetPort: http}]}}";
const INGRESS: &str = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, annotations: {nginx.ingress.kubernetes.io/auth-url: a.test, nginx.ingress.kubernetes.io/whitelist-source-range: '10.0.0.0/8,192.0.2.1', x: y}}, spec: {ingressClassName: inner, tls: [{hosts: [a.test], secretName: t}], rules: [{host: a.test, http: {paths: [{path: /a, pathType: Exact, backend: {service: {name: s, port: {number: 80}}}}]}}]}}";
const ROUTE: &str = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, labels: {a: b}}, spec: {parentRefs: [{name: inner}], hostnames: [a.test], rules: [{matches: [{path: {type: PathPrefix, value: /a}, headers: [{name: x, value: y}]}], backendRefs: [{name: s, port: 80}]}]}}";
const FILTERED: &str = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r}, spec: {hostnames: [a.test], rules: [{matches: [{path: {value: /a}}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [X-User]}}, {type: ExtensionRef, extensionRef: {group: a.test, kind: SecurityPolicy, name: auth}}, {type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 80}}}], backendRefs: [{name: s, port: 80}]}]}}";
const AUTH: &str = ", {type: ExtensionRef, extensionRef: {group: a.test, kind: SecurityPolicy, name: auth}}";
const MIRROR: &str = ", {type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 80}}}";
const GATEWAY: &str = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {gatewayClassName: c, infrastructure: {annotations: {networking.gke.io/load-balancer-type: Internal}}, listeners: [{name: a, port: 443, protocol: HTTPS, hostname: a.test, allowedRoutes: {namespaces: {from: Same}}}, {name: b, port: 8443, protocol: HTTPS}]}}";
const GUARDED: &str = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {listeners: [{name: a, port: 443, protocol: HTTPS, tls: {mode: Terminate, frontendValidation: {caCertificateRefs: [{name: a}]}}, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: x, stage: live}}}}}]}}";
const NODE_PORT: &str = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, selector: {app: a}, ports: [{port: 80, nodePort: 30080}]}}";
const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, labels: {a: b}}, spec: {replicas: 2, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a, v: '1'}}, spec: {automountServiceAccountToken: false, securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: 'c:1', ports: [{name: http, containerPort: 80}], securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}}]}}}}";
const CLAIM: &str = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p, labels: {a: b}}, spec: {storageClassName: fast, resources: {requests: {storage: 2Gi}}}}";

/// An object, an edit of it, and what is told of that.
type Row = (&'static str, (&'static str, &'static str), &'static [&'static str]);

const ROWS: &[Row] = &[
    // restart
    (DEPLOYMENT, ("c:1", "c:2"), &["restart: `containers[c].image`"]),
    (DEPLOYMENT, ("{a: b}", "{a: c}"), &[]),
    (DEPLOYMENT, ("replicas: 2", "replicas: 3"), &[]),
    // exposure+: Services
    (SERVICE, ("[{port: 80, ", "[{port: 81}, {port: 80, "), &["exposure+: port 81/TCP from outside"]),
    (SERVICE, ("sessionAffinity: None", "sessionAffinity: ClientIP"), &[]),
    (SERVICE, ("10.0.0.0/8", "0.0.0.0/0"), &["exposure+: callers from 0.0.0.0/0"]),
    (SERVICE, ("10.0.0.0/8", "10.1.0.0/16"), &[]),
    (
        SERVICE,
        ("loadBalancerSourceRanges: [10.0.0.0/8], ", ""),
        &["exposure+: callers from everywhere, no longer from some ranges"],
    ),
    (
        SERVICE,
        ("networking.gke.io/load-balancer-type: Internal, ", ""),
        &["exposure+: its load balancer is no longer an internal one"],
    ),
    (SERVICE, (", x: y", ""), &[]),
    (SERVICE, ("networking.gke.io", "cloud.google.com"), &[]),
    (SERVICE, ("type: LoadBalancer", "type: NodePort"), &["downtime: its load balancer is gone"]),
    (SERVICE, ("type: LoadBalancer", "type: ClusterIP"), &["downtime: nobody outside reaches it any more"]),
    (SERVICE, ("targetPort: http", "targetPort: 9090"), &["exposure+: callers from outside reach default/app=a:9090"]),
    (
        SERVICE,
        ("selector: {app: a}", "selector: {app: b}"),
        &["exposure+: callers from outside reach default/app=b:http"],
    ),
    (NODE_PORT, ("nodePort: 30080", "nodePort: 30081"), &["downtime: port 30080 of every node is gone"]),
    (NODE_PORT, (", nodePort: 30080", ""), &[]),
    (NODE_PORT, ("type: NodePort", "type: LoadBalancer"), &["exposure+: a Service of type LoadBalancer"]),
    (NODE_PORT, ("type: NodePort", "type: ClusterIP"), &["downtime: nobody outside reaches it any more"]),
    // exposure+: Ingresses
    (
        INGRESS,
        ("nginx.ingress.kubernetes.io/auth-url: a.test, ", ""),
        &["exposure+: it asks nobody who they are any more"],
    ),
    (INGRESS, (", x: y", ""), &[]),
    (
        INGRESS,
        ("nginx.ingress.kubernetes.io/whitelist-source-range: '10.0.0.0/8,192.0.2.1', ", ""),
        &["exposure+: callers from everywhere, no longer from some ranges"],
    ),
    (INGRESS, ("192.0.2.1", "192.0.2.2"), &["exposure+: callers from 192.0.2.2"]),
    (INGRESS, (",192.0.2.1", ""), &[]),
    (INGRESS, ("pathType: Exact", "pathType: Prefix"), &["exposure+: route a.test/a takes more than before"]),
    (INGRESS, ("tls: [{hosts: [a.test], secretName: t}], ", ""), &["exposure+: host a.test without TLS"]),
    (INGRESS, ("secretName: t", "secretName: u"), &[]),
    (INGRESS, ("hosts: [a.test]", "hosts: ['*.test']"), &[]),
    (INGRESS, ("name: s,", "name: admin,"), &["exposure+: route a.test/a leads to default/admin:80"]),
    (INGRESS, ("number: 80", "number: 9000"), &["exposure+: route a.test/a leads to default/s:9000"]),
    (
        INGRESS,
        ("ingressClassName: inner", "ingressClassName: outer"),
        &["exposure+: route a.test/a is open at class outer"],
    ),
    (INGRESS, ("ingressClassName: inner, ", ""), &[]),
    // exposure+ and downtime: the Gateway API
    (ROUTE, ("value: /a", "value: /"), &["exposure+: route a.test/"]),
    (ROUTE, ("value: /a", "value: /a/b"), &["downtime: route a.test/a is gone"]),
    (ROUTE, ("hostnames: [a.test], ", ""), &["exposure+: route */a"]),
    (ROUTE, (", headers: [{name: x, value: y}]", ""), &["exposure+: route a.test/a takes more than before"]),
    (ROUTE, ("{name: inner}", "{name: outer}"), &["exposure+: route a.test/a is open at default/outer"]),
    (ROUTE, ("{name: inner}", "{name: inner, sectionName: tls}"), &[]),
    (ROUTE, ("[a.test]", "[b.test]"), &["downtime: route a.test/a is gone", "exposure+: route b.test/a"]),
    (ROUTE, ("{a: b}", "{a: c}"), &[]),
    // exposure+: what filters keep away
    (FILTERED, (AUTH, ""), &["exposure+: route a.test/a no longer passes SecurityPolicy auth"]),
    (FILTERED, ("SecurityPolicy", "RateLimit"), &["exposure+: route a.test/a no longer passes SecurityPolicy auth"]),
    (
        FILTERED,
        ("remove: [X-User]", "remove: []"),
        &["exposure+: route a.test/a no longer takes the header x-user from its callers"],
    ),
    (FILTERED, ("remove: [X-User]", "set: [{name: x-user, value: nobody}]"), &[]),
    (FILTERED, (MIRROR, ""), &[]),
    (FILTERED, ("name: copy", "name: other"), &["exposure+: route a.test/a leads to default/other:80, default/s:80"]),
    (GATEWAY, ("[{name: a", "[{name: c, port: 80, protocol: HTTP}, {name: a"), &["exposure+: listener 80/HTTP for *"]),
    (GATEWAY, (", {name: b, port: 8443, protocol: HTTPS}", ""), &["downtime: listener 8443/HTTPS for * is gone"]),
    (
        GATEWAY,
        ("from: Same", "from: All"),
        &["exposure+: listener 443/HTTPS for a.test, open to routes of every namespace"],
    ),
    (GATEWAY, ("name: b", "name: c"), &[]),
    (GATEWAY, ("gatewayClassName: c", "gatewayClassName: public"), &["exposure+: it is open at class public"]),
    (
        GATEWAY,
        ("{annotations: {networking.gke.io/load-balancer-type: Internal}}", "{}"),
        &["exposure+: its load balancer is no longer an internal one"],
    ),
    (
        GUARDED,
        (", frontendValidation: {caCertificateRefs: [{name: a}]}", ""),
        &["exposure+: listener 443/HTTPS for * asks its callers for no certificate any more"],
    ),
    (GUARDED, ("[{name: a}]", "[{name: b}]"), &[]),
    (
        GUARDED,
        ("{matchLabels: {team: x, stage: live}}", "{matchLabels: {team: x}}"),
        &["exposure+: listener 443/HTTPS for *, open to routes of more namespaces"],
    ),
    (
        GUARDED,
        ("{matchLabels: {team: x, stage: live}}", "{}"),
        &["exposure+: listener 443/HTTPS for *, open to routes of every namespace"],
    ),
    (GUARDED, ("{matchLabels: {team: x, stage: live}}", "{matchLabels: {team: x, stage: live, more: some}}"), &[]),
    // downtime
    (SERVICE, ("port: 80", "port: 8080"), &["downtime: port 80 is gone", "exposure+: port 8080/TCP from outside"]),
    (
        INGRESS,
        ("path: /a, pathType: Exact", "path: /a/b, pathType: Exact"),
        &["downtime: route a.test/a is gone", "exposure+: route a.test/a/b"],
    ),
    (
        ROUTE,
        ("headers: [{name: x, value: y}]", "headers: [{name: x, value: z}]"),
        &["downtime: route a.test/a takes less than before", "exposure+: route a.test/a takes more than before"],
    ),
    (ROUTE, (", backendRefs: [{name: s, port: 80}]", ""), &["downtime: route a.test/a leads to nobody any more"]),
    (ROUTE, ("port: 80}", "port: 80, weight: 0}"), &["downtime: route a.test/a leads to nobody any more"]),
    (ROUTE, ("port: 80}", "port: 80, weight: 1}"), &[]),
    (ROUTE, ("backendRefs: [{name: s, port: 80}]", "filters: [{requestRedirect: {scheme: https}}]"), &[]),
    (ROUTE, ("parentRefs: [{name: inner}], ", ""), &["downtime: route a.test/a is open at no Gateway any more"]),
    // privilege+
    (
        DEPLOYMENT,
        ("runAsNonRoot: true", "runAsNonRoot: true, sysctls: [{name: kernel.msgmax}]"),
        &["privilege+: sets the kernel parameter kernel.msgmax", "restart: `securityContext.sysctls`"],
    ),
    // deletes data, recreate
    (
        CLAIM,
        ("storageClassName: fast", "storageClassName: slow"),
        &[
            "deletes data: its volume goes with it, unless its class retains volumes",
            "recreate: `.spec.storageClassName` cannot be changed",
        ],
    ),
    (CLAIM, ("2Gi", "3Gi"), &[]),
    (
        CLAIM,
        ("2Gi", "1Gi"),
        &[
            "deletes data: its volume goes with it, unless its class retains volumes",
            "recreate: `.spec.resources` cannot shrink",
        ],
    ),
    (CLAIM, ("{a: b}", "{a: c}"), &[]),
];

#[test]
fn each_change_has_its_effects_and_no_other() {
    let wrong = ROWS.iter().filter_map(|(object, (from, to), wanted)| {
        let found = edited(object, from, to);
        (found != *wanted).then(|| format!("{from} → {to}\n  told:   {found:?}\n  wanted: {wanted:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_effect_has_a_row_that_shows_it_and_a_neighbour_that_does_not() {
    for kind in [
        EffectKind::DeletesData,
        EffectKind::Downtime,
        EffectKind::Recreate,
        EffectKind::Privilege,
        EffectKind::Exposure,
        EffectKind::Restart,
    ] {
        let tells = |told: &[&str]| told.iter().any(|line| line.starts_with(&format!("{kind}: ")));
        let rows = |tell: bool| ROWS.iter().filter(move |(.., told)| tells(told) == tell).map(|(object, ..)| *object);
        assert!(rows(true).any(|object| rows(false).any(|other| other == object)), "{kind}");
    }
}

#[test]
fn what_is_gone_is_named() {
    assert_eq!(told(INGRESS, ""), ["downtime: route a.test/a is gone"]);
    assert_eq!(told(ROUTE, ""), ["downtime: route a.test/a is gone"]);
    assert_eq!(
        told(GATEWAY, ""),
        ["downtime: listener 443/HTTPS for a.test is gone", "downtime: listener 8443/HTTPS for * is gone"]
    );
    assert!(told("", DEPLOYMENT).is_empty());
}

/// The kinds with a field that is never changed: an object, an edit that has it made anew, and one that has not.
type Fixed = (&'static str, (&'static str, &'static str), (&'static str, &'static str));

const FIXED: &[Fixed] = &[
    (DEPLOYMENT, ("matchLabels: {app: a}", "matchLabels: {app: b}"), ("replicas: 2", "replicas: 3")),
    (
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {minReadySeconds: 1, selector: {matchLabels: {a: b}}}}",
        ("{a: b}", "{a: c}"),
        ("minReadySeconds: 1", "minReadySeconds: 2"),
    ),
    (
        "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: a}, spec: {minReadySeconds: 1, selector: {matchLabels: {a: b}}}}",
        ("{a: b}", "{a: c}"),
        ("minReadySeconds: 1", "minReadySeconds: 2"),
    ),
    (
        "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 1, volumeClaimTemplates: [{metadata: {name: d}, spec: {storageClassName: a}}]}}",
        ("storageClassName: a", "storageClassName: b"),
        ("replicas: 1", "replicas: 2"),
    ),
    (SERVICE, ("clusterIP: None", "clusterIP: 10.0.0.1"), ("sessionAffinity: None", "sessionAffinity: ClientIP")),
    (CLAIM, ("fast", "slow"), ("2Gi", "3Gi")),
    (
        "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {storageClassName: a, nfs: {path: /a}}}",
        ("path: /a", "path: /b"),
        ("storageClassName: a", "storageClassName: b"),
    ),
    (
        "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque, data: {a: YQ==}}",
        ("Opaque", "example.com/a"),
        ("YQ==", "Yg=="),
    ),
    (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {a: b}}, immutable: true, data: {a: b}}",
        ("data: {a: b}", "data: {a: c}"),
        ("labels: {a: b}", "labels: {a: c}"),
    ),
    (
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: a, containers: [{name: a, image: a}]}}",
        ("nodeName: a", "nodeName: b"),
        ("image: a", "image: b"),
    ),
    (
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: a}, spec: {scopes: [BestEffort], hard: {pods: 1}}}",
        ("BestEffort", "Terminating"),
        ("pods: 1", "pods: 2"),
    ),
    (
        "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {parallelism: 1, template: {spec: {restartPolicy: Never}}}}",
        ("Never", "OnFailure"),
        ("parallelism: 1", "parallelism: 2"),
    ),
    (
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: a}, subjects: [{kind: User, name: u}]}",
        ("{kind: Role, name: a}", "{kind: Role, name: b}"),
        ("name: u", "name: v"),
    ),
    (
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}, roleRef: {kind: ClusterRole, name: a}, subjects: [{kind: User, name: u}]}",
        ("{kind: ClusterRole, name: a}", "{kind: ClusterRole, name: b}"),
        ("name: u", "name: v"),
    ),
    (
        "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, provisioner: a, allowVolumeExpansion: true}",
        ("provisioner: a", "provisioner: b"),
        ("true", "false"),
    ),
    (
        "{apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass, metadata: {name: a, labels: {a: b}}, driverName: a}",
        ("driverName: a", "driverName: b"),
        ("{a: b}", "{a: c}"),
    ),
    (
        "{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: a}, spec: {attachRequired: true, podInfoOnMount: true}}",
        ("attachRequired: true", "attachRequired: false"),
        ("podInfoOnMount: true", "podInfoOnMount: false"),
    ),
    (
        "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a}, value: 1, description: a}",
        ("value: 1", "value: 2"),
        ("description: a", "description: b"),
    ),
    (
        "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: a}, spec: {controller: a, parameters: {kind: a}}}",
        ("controller: a", "controller: b"),
        ("{kind: a}", "{kind: b}"),
    ),
    (
        "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: a}, handler: a, overhead: {podFixed: {cpu: 1m}}}",
        ("handler: a", "handler: b"),
        ("1m", "2m"),
    ),
    (
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4, ports: [{port: 1}]}",
        ("IPv4", "IPv6"),
        ("port: 1", "port: 2"),
    ),
    (
        "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {group: a, scope: Cluster, names: {kind: A, shortNames: [b]}}}",
        ("scope: Cluster", "scope: Namespaced"),
        ("[b]", "[c]"),
    ),
];

#[test]
fn every_kind_with_a_fixed_field_is_made_anew_for_it_and_for_no_other() {
    let is_recreated = |told: Vec<String>| told.iter().any(|line| line.starts_with("recreate: "));
    for (object, (from, to), (other, its)) in FIXED {
        assert!(is_recreated(edited(object, from, to)), "{object}: {to}");
        assert!(!is_recreated(edited(object, other, its)), "{object}: {its}");
    }
    for row in super::immutable::kinds() {
        let is_shown = |object: &str| object.contains(&format!("kind: {row}, metadata"));
        assert!(FIXED.iter().any(|(object, ..)| is_shown(object)), "no case shows a {row}");
    }
}

fn all(objects: &[&str]) -> String {
    objects.iter().flat_map(|object| ["---\n", object, "\n"]).collect()
}

#[test]
fn a_service_must_lead_to_somebody() {
    let both = all(&[SERVICE, DEPLOYMENT]);
    let plain = SERVICE.replace("app: a", "v: '1'");
    let loose = all(&[&plain, DEPLOYMENT]);
    for (old, from, to, why) in [
        (&both, "selector: {app: a}", "selector: {app: b}", Some("Service s: downtime: it selects no pod any more")),
        (&both, "selector: {app: a}", "selector: {app: a, v: '1'}", None),
        (
            &loose,
            "labels: {app: a, v: '1'}",
            "labels: {app: a, v: '2'}",
            Some("Deployment d: downtime: Service s selects no pod any more"),
        ),
        (&both, "labels: {app: a, v: '1'}", "labels: {app: a, v: '2'}", None),
        (
            &both,
            "{name: http, containerPort: 80}",
            "{name: web, containerPort: 80}",
            Some("Deployment d: downtime: Service s finds no port `http`"),
        ),
        (&both, "containerPort: 80", "containerPort: 81", None),
        (
            &both,
            "targetPort: http",
            "targetPort: web",
            Some("Service s: downtime: none of its pods has the port `web`"),
        ),
        (&both, "targetPort: http", "targetPort: 80", None),
    ] {
        assert!(old.contains(from), "{from}");
        let told = told_of_all(old, &old.replace(from, to));
        let down: Vec<&String> = told.iter().filter(|line| line.contains(": downtime: ")).collect();
        assert_eq!(down, why.map(str::to_owned).iter().collect::<Vec<_>>(), "{to}");
    }
}

#[test]
fn a_route_that_another_object_takes_over_is_neither_new_nor_gone() {
    let other = INGRESS.replace("name: i,", "name: j,");
    assert!(told_of_all(&all(&[INGRESS, &other]), &all(&[INGRESS])).is_empty());
    assert!(told_of_all(&all(&[INGRESS]), &all(&[INGRESS, &other])).is_empty());
}

#[test]
fn a_policy_that_goes_opens_only_what_stays_and_nothing_else_judges() {
    let policy = |name: &str, selector: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}}}, spec: {{podSelector: {{{selector}}}, policyTypes: [Ingress]}}}}"
        )
    };
    let (own, every, strange) =
        (policy("own", "matchLabels: {app: a}"), policy("every", ""), policy("own", "matchLabels: {app: z}"));
    for (old, new, is_open) in [
        (all(&[DEPLOYMENT, &own]), all(&[DEPLOYMENT]), true),
        (all(&[DEPLOYMENT, &own, &every]), all(&[DEPLOYMENT, &every]), false),
        (all(&[DEPLOYMENT, &own, SERVICE]), all(&[SERVICE]), false),
        (all(&[DEPLOYMENT, &own]), all(&[DEPLOYMENT, &strange]), true),
        (all(&[DEPLOYMENT, &strange]), all(&[DEPLOYMENT]), true),
        (all(&[DEPLOYMENT, &strange, &every]), all(&[DEPLOYMENT, &every]), false),
    ] {
        let told = told_of_all(&old, &new);
        let opens = told.iter().any(|line| line.starts_with("NetworkPolicy own: exposure+: "));
        assert_eq!(opens, is_open, "{old}\n→\n{new}\n{told:?}");
    }
}

#[test]
fn a_path_that_is_taken_more_strictly_takes_less() {
    let wide = INGRESS.replace("pathType: Exact", "pathType: Prefix");
    assert_eq!(told(&wide, INGRESS), ["downtime: route a.test/a takes less than before"]);
}

/// A Service for each of two workloads, an entrance to the first, and what is told of a change.
#[test]
fn whoever_is_behind_an_entrance() {
    let admin = DEPLOYMENT.replace("name: d,", "name: admin,").replace("app: a", "app: admin");
    let inner = SERVICE.replace("LoadBalancer", "ClusterIP");
    let named = INGRESS.replace("{number: 80}", "{name: web}");
    let inner_named = inner.replace("{port: 80, ", "{name: web, port: 80, ");
    let outside = |rest: &str| Some(format!("Service s: exposure+: callers from outside reach {rest}"));
    let balanced = all(&[DEPLOYMENT, &admin, SERVICE]);
    let routed = all(&[DEPLOYMENT, &admin, &inner, INGRESS]);
    let by_name = all(&[DEPLOYMENT, &admin, &inner_named, &named]);
    let lone = all(&[DEPLOYMENT, &admin, &inner]);
    let route = |rest: &str| Some(format!("Ingress i: downtime: route a.test/a {rest}"));
    for (old, from, to, wanted) in [
        (&balanced, "selector: {app: a}", "selector: {app: admin}", outside("default/admin:80")),
        (&routed, "selector: {app: a}", "selector: {app: admin}", outside("default/admin:80")),
        (&lone, "selector: {app: a}", "selector: {app: admin}", None),
        (&balanced, "selector: {app: a}", "selector: {app: a, v: '1'}", None),
        (&balanced, "targetPort: http", "targetPort: 9090", outside("default/d:9090")),
        (&balanced, "targetPort: http", "targetPort: 80", None),
        (&routed, "type: ClusterIP, clusterIP: None", "type: ExternalName, externalName: b.test", outside("b.test")),
        (&balanced, "containerPort: 80", "containerPort: 81", None),
        (
            &routed,
            "service: {name: s,",
            "service: {name: t,",
            route("leads to default/t, which is not among these manifests"),
        ),
        (&routed, "number: 80", "number: 81", route("leads to default/s, which has no port `81`")),
        (&by_name, "port: {name: web}", "port: {name: other}", route("leads to default/s, which has no port `other`")),
        (
            &by_name,
            "{name: web, port: 80",
            "{name: other, port: 80",
            Some("Service s: downtime: route a.test/a finds no port `web`".to_owned()),
        ),
        (&routed, "{port: 80, ", "{name: other, port: 80, ", None),
    ] {
        assert!(old.contains(from), "{from}");
        let told = told_of_all(old, &old.replace(from, to));
        let is_meant = |line: &&String| line.contains(": downtime: route") || line.contains("callers from outside");
        assert_eq!(told.iter().filter(is_meant).collect::<Vec<_>>(), wanted.iter().collect::<Vec<_>>(), "{to}");
    }
    let told = told_of_all(&routed, &routed.replace("number: 80", "number: 81"));
    assert!(!told.iter().any(|line| line.contains("exposure+")), "nobody is reached: {told:?}");
}

#[test]
fn a_workload_that_gets_the_labels_of_an_open_service() {
    let other = DEPLOYMENT.replace("name: d,", "name: e,").replace("labels: {app: a, v: '1'}", "labels: {app: e}");
    let joined = other.replace("labels: {app: e}", "labels: {app: a}");
    let told = |service: &str| {
        let told = told_of_all(&all(&[DEPLOYMENT, &other, service]), &all(&[DEPLOYMENT, &joined, service]));
        told.into_iter().filter(|line| line.contains("exposure+")).collect::<Vec<_>>()
    };
    assert_eq!(told(SERVICE), ["Deployment e: exposure+: callers from outside reach it through Service s"]);
    assert!(told(&SERVICE.replace("LoadBalancer", "ClusterIP")).is_empty());
}
