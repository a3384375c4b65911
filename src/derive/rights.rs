//! Service accounts and what they may do: exactly what the workload says, in roles that nothing else uses.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};

use crate::model::identity::Identity;
use crate::model::object::Object;
use crate::model::workload::{Grant, Scope, Workload};
use crate::parts::meta::{cluster_scoped, namespaced};
use crate::values::name::Name;

const RBAC: &str = "rbac.authorization.k8s.io";

/// The service account of a workload with its roles and bindings.
pub fn rights(identity: &Identity<'_>, workload: &Workload) -> Vec<Object> {
    let account = ServiceAccount {
        metadata: namespaced(identity.instance.as_str(), &identity.own.namespace, identity.labels()),
        // The pod says whether it wants a token; other pods that name this account get none.
        automount_service_account_token: Some(false),
        ..Default::default()
    };
    let mut objects = vec![account.into()];
    for grant in &workload.grants {
        objects.extend(role_and_binding(identity, grant));
    }
    objects
}

fn role_and_binding(identity: &Identity<'_>, grant: &Grant) -> Vec<Object> {
    let local = if grant.suffix.is_empty() {
        identity.instance.to_string()
    } else {
        format!("{}-{}", identity.instance, grant.suffix)
    };
    // Cluster-scoped names are shared with the rest of the cluster, so they carry the platform's name.
    let global = format!("{}-{local}", identity.part_of);
    let own = &identity.own.namespace;
    match &grant.scope {
        Scope::Own(rules) => namespaced_pair(identity, &local, own, rules),
        Scope::Namespace(namespace, rules) => namespaced_pair(identity, &local, namespace, rules),
        Scope::Cluster(rules) => vec![
            ClusterRole {
                metadata: cluster_scoped(&global, identity.labels()),
                rules: Some(rules.clone()),
                ..Default::default()
            }
            .into(),
            cluster_binding(identity, &global, &global).into(),
        ],
        Scope::ClusterRole(existing) => vec![cluster_binding(identity, &global, existing).into()],
        Scope::SystemRole(existing) => vec![binding(identity, &global, &Name::fixed("kube-system"), existing).into()],
    }
}

fn namespaced_pair(identity: &Identity<'_>, name: &str, namespace: &Name, rules: &[PolicyRule]) -> Vec<Object> {
    let role = Role { metadata: namespaced(name, namespace, identity.labels()), rules: Some(rules.to_vec()) };
    vec![role.into(), binding(identity, name, namespace, name).into()]
}

fn binding(identity: &Identity<'_>, name: &str, namespace: &Name, role: &str) -> RoleBinding {
    RoleBinding {
        metadata: namespaced(name, namespace, identity.labels()),
        role_ref: role_ref("Role", role),
        subjects: Some(vec![subject(identity)]),
    }
}

fn cluster_binding(identity: &Identity<'_>, name: &str, role: &str) -> ClusterRoleBinding {
    ClusterRoleBinding {
        metadata: cluster_scoped(name, identity.labels()),
        role_ref: role_ref("ClusterRole", role),
        subjects: Some(vec![subject(identity)]),
    }
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: Some(RBAC.to_owned()), kind: kind.to_owned(), name: name.to_owned() }
}

fn subject(identity: &Identity<'_>) -> Subject {
    Subject {
        kind: "ServiceAccount".to_owned(),
        name: identity.instance.to_string(),
        namespace: Some(identity.own.namespace.to_string()),
        ..Default::default()
    }
}
