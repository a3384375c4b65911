//! Who may do what with the Kubernetes API.

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, items, text, texts};

/// Component types that cannot work without reading Secrets of every namespace: those of routes and certificates.
const READ_SECRETS: &[&str] = &["cert-manager", "ingress-nginx"];

/// Verbs by which somebody gets more rights than they have.
const ESCALATING_VERBS: &[&str] = &["*", "bind", "escalate", "impersonate"];

/// Resources by which somebody acts as somebody else.
const ESCALATING_RESOURCES: &[&str] =
    &["*", "nodes/proxy", "pods/attach", "pods/exec", "pods/portforward", "serviceaccounts/token", "users", "groups"];

/// Whole words of a rule: a bare verb `approve` of cert-manager's own resource is no escalation, `*` always is.
const READING: &[&str] = &["get", "list", "watch"];

/// Rules say exactly what they mean, and none of it makes more rights.
pub fn rules(world: &World, faults: &mut Faults) {
    for role in world.objects.iter().filter(|object| ["Role", "ClusterRole"].contains(&object.kind.as_str())) {
        faults.unless(items(role.at("/rules")).len() > 0, role, "/rules", "grants nothing");
        for rule in items(role.at("/rules")) {
            let list = |key: &str| texts(&rule[key]);
            let (verbs, resources) = (list("verbs"), list("resources"));
            let mut unless = |right: bool, why: &str| faults.unless(right, role, "/rules", format!("{why}: {rule}"));
            unless(!list("apiGroups").contains(&"*"), "every API group");
            unless(!list("nonResourceURLs").iter().any(|url| url.contains('*')), "every URL");
            unless(!verbs.iter().any(|verb| ESCALATING_VERBS.contains(verb)), "a verb that makes rights");
            unless(!resources.iter().any(|name| ESCALATING_RESOURCES.contains(name)), "a resource that makes rights");
            unless(!resources.iter().any(|name| name.starts_with('*')), "every resource");
            unless(!verbs.is_empty(), "no verb");
            let about = resources.is_empty() != list("nonResourceURLs").is_empty();
            unless(about, "neither resources nor URLs, or both");
            unless(resources.is_empty() != rule["apiGroups"].is_array(), "resources and groups go together");
            if role.kind == "ClusterRole" && resources.contains(&"secrets") {
                let excused = READ_SECRETS.contains(&world.type_of(role.component()));
                let reads = verbs.iter().any(|verb| READING.contains(verb));
                unless(excused || !reads, "reads Secrets of every namespace");
            }
            // Names cannot be checked before there is one.
            let creates = verbs.contains(&"create") || verbs.contains(&"list") || verbs.contains(&"watch");
            let named = rule["resourceNames"].is_array();
            unless(!(verbs == ["create"] && named), "creation cannot be limited to names");
            if role.kind == "Role" && resources.contains(&"secrets") && !named {
                let excused =
                    READ_SECRETS.contains(&world.type_of(role.component())) || !creates || verbs == ["create"];
                unless(excused, "reads every Secret of the namespace");
            }
        }
    }
}

/// Bindings give rights to one service account of the same component, never to everybody, never all rights.
pub fn bindings(world: &World, faults: &mut Faults) {
    const GREAT: &[&str] = &["cluster-admin", "admin", "edit", "system:masters"];
    for binding in bindings_of(world) {
        let role = text(binding.at("/roleRef/name"));
        faults.unless(!GREAT.contains(&role), binding, "/roleRef", format!("`{role}` is too much"));
        let group = binding.at("/roleRef/apiGroup") == "rbac.authorization.k8s.io";
        faults.unless(group, binding, "/roleRef/apiGroup", "is not that of RBAC");
        let subjects: Vec<&Value> = items(binding.at("/subjects")).collect();
        faults.unless(subjects.len() == 1, binding, "/subjects", format!("{} subjects", subjects.len()));
        for subject in subjects {
            if world.is_brought(binding) {
                continue;
            }
            let account = subject["kind"] == "ServiceAccount" && subject["name"] != "default";
            faults.unless(account, binding, "/subjects", format!("{subject} is no account of a component"));
            let owner = world.find("ServiceAccount", text(&subject["namespace"]), text(&subject["name"]));
            let own = owner.is_some_and(|owner| owner.component() == binding.component());
            faults.unless(own, binding, "/subjects", format!("{subject} is not of `{}`", binding.component()));
        }
    }
}

/// Accounts hand out no token by themselves; pods ask for one if and only if their account may do something.
pub fn tokens(world: &World, faults: &mut Faults) {
    for account in world.of_kind("ServiceAccount") {
        let off = account.at("/automountServiceAccountToken") == false;
        faults.unless(off, account, "/automountServiceAccountToken", "every pod with this account gets a token");
        for field in ["secrets", "imagePullSecrets"] {
            faults.unless(account.value[field].is_null(), account, field, "stands at the account");
        }
        let users = world.pods().filter(|pods| {
            pods.owner.namespace == account.namespace && pods.spec()["serviceAccountName"] == account.name.as_str()
        });
        faults.unless(users.count() == 1, account, "/metadata/name", "is not of exactly one workload");
    }
    for pods in world.pods() {
        let account = &pods.spec()["serviceAccountName"];
        let granted = bindings_of(world).any(|binding| {
            items(binding.at("/subjects"))
                .any(|subject| subject["namespace"] == pods.owner.place() && subject["name"] == *account)
        });
        let mounted = &pods.spec()["automountServiceAccountToken"];
        let message =
            format!("{mounted}, and its account is {}", if granted { "granted rights" } else { "granted none" });
        faults.unless(*mounted == granted, pods.owner, "automountServiceAccountToken", message);
    }
}

fn bindings_of(world: &World) -> impl Iterator<Item = &Object> {
    world.objects.iter().filter(|object| ["RoleBinding", "ClusterRoleBinding"].contains(&object.kind.as_str()))
}
