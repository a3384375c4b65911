//! Rules about containers.

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity::{Error, Note, Warning};
use crate::manifest::node::{Node, Value};
use crate::manifest::selector::said;
use crate::validate::arithmetic::asks::Side;
use crate::validate::policy::Asked::{Always, Named};
use crate::validate::policy::scene::Inside;
use crate::validate::policy::{Fault, OfAllInContainer, OfContainer, Rule, images, literals, unworkable};

/// Every rule.
pub const RULES: &[Rule<OfContainer>] = &[
    Rule {
        code: codes::DUPLICATE_VARIABLE,
        asked: Always,
        severity: Warning,
        test: duplicate_variable,
        help: "keep the one that is meant",
    },
    Rule {
        code: codes::IMAGE_DIGEST,
        asked: Named,
        severity: Warning,
        test: images::digest,
        help: "write the digest behind the tag: `:1.2.3@sha256:…`",
    },
    Rule {
        code: codes::IMAGE_REGISTRY,
        asked: Named,
        severity: Warning,
        test: images::registry,
        help: "write the whole name, such as `docker.io/library/redis`",
    },
    Rule {
        code: codes::IMAGE_TAG,
        asked: Always,
        severity: Warning,
        test: images::tag,
        help: "name the version that was tested",
    },
    Rule {
        code: codes::LOW_USER_ID,
        asked: Named,
        severity: Note,
        test: low_user_id,
        help: "take an id above 10000, which nobody on the node has",
    },
    Rule {
        code: codes::MISSING_LIMITS,
        asked: Named,
        severity: Warning,
        test: missing_limits,
        help: "say how much it may take",
    },
    Rule {
        code: codes::MISSING_LIVENESS,
        asked: Named,
        severity: Warning,
        test: missing_liveness,
        help: "ask something that fails only if a restart helps",
    },
    Rule {
        code: codes::MISSING_REQUESTS,
        asked: Always,
        severity: Warning,
        test: missing_requests,
        help: "say what it needs, and how much memory it may take at most",
    },
    Rule {
        code: codes::PRIVILEGED_CONTAINER,
        asked: Always,
        severity: Error,
        test: privileged,
        help: "drop all capabilities, and add the one that is needed",
    },
    Rule {
        code: codes::PRIVILEGED_PORT,
        asked: Named,
        severity: Note,
        test: privileged_port,
        help: "listen above 1023, and let the Service map the port",
    },
    Rule {
        code: codes::PULL_POLICY,
        asked: Named,
        severity: Note,
        test: images::pull_policy,
        help: "write `imagePullPolicy: Always`, or name the image by its digest",
    },
    Rule {
        code: codes::READ_ONLY_ROOT,
        asked: Named,
        severity: Warning,
        test: read_only_root,
        help: "write `readOnlyRootFilesystem: true`, and mount an `emptyDir` where it writes",
    },
    Rule {
        code: codes::ROOT_USER,
        asked: Always,
        severity: Warning,
        test: root_user,
        help: "write `runAsNonRoot: true`, or a user",
    },
    Rule {
        code: codes::SAME_PROBE,
        asked: Always,
        severity: Warning,
        test: same_probe,
        help: "let the one for restarts be more patient, or ask something else",
    },
    Rule {
        code: codes::SECRET_IN_ENV,
        asked: Named,
        severity: Note,
        test: secret_in_env,
        help: "mount it as a file: it is renewed there, and no child and no crash report has it",
    },
    Rule {
        code: codes::UNEQUAL_MEMORY,
        asked: Named,
        severity: Note,
        test: unequal_memory,
        help: "let the request be the limit, and nobody else's need ends it",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::capability,
        help: "take a name from capabilities(7)",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::image,
        help: "names are in lower case and without blanks, such as `registry.example.com/team/app:1.4.2`",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::refused_user,
        help: "take another user, or none: the kubelet does not start the container",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Warning,
        test: unworkable::thousandths,
        help: "write `M` or `Mi`",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Warning,
        test: unworkable::crowd,
        help: "write whole processors, or thousandths of one, such as `500m`",
    },
];

/// Every rule that may find several faults in one container.
pub const OF_ALL: &[Rule<OfAllInContainer>] = &[Rule {
    code: codes::LITERAL_SECRET,
    asked: Always,
    severity: Error,
    test: literals::in_container,
    help: "keep it in a Secret, and take it from there with `secretKeyRef`; change it, since it has been read",
}];

/// The API server takes both, and the last one counts.
fn duplicate_variable<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let mut known = crate::tables::HashSet::default();
    let mut named = inside.node.items_at(&["env"]).iter().filter_map(|item| Some((item, item.text_at(&["name"])?)));
    let (node, name) = named.find(|(_, name)| !known.insert(*name))?;
    Some((node, format!("sets the variable `{name}` twice: the last one counts")))
}

fn low_user_id<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let node = inside.secured("runAsUser")?;
    let id = node.integer().filter(|id| (1..=10_000).contains(id))?;
    Some((node, format!("runs as user {id}, whom the node may have as well")))
}

/// Whether nothing says how much of a resource, on a side.
fn lacks(inside: &Inside<'_>, side: Side, resource: &str) -> bool {
    // what is there and cannot be read is told elsewhere
    let is_there = |node: &Node, side: Side| {
        let amount = node.at(&["resources", side.key(), resource]);
        amount.is_some_and(|amount| !matches!(amount.value, Value::Null))
    };
    let pod = inside.pod.spec();
    // what a pod may take at most is set aside for it
    let of_pod = || is_there(pod, side) || is_there(pod, Side::Limits);
    let is_told = || side == Side::Requests && inside.is_shared(resource);
    let is_filled = inside.defaults.container(inside.node, side).contains_key(resource);
    !is_filled && !is_there(inside.node, side) && !of_pod() && !is_told()
}

fn missing<'a>(inside: &Inside<'a>, wanted: &[(Side, &str, &str)], harm: &str) -> Option<Fault<'a>> {
    let lacking = wanted.iter().filter(|(side, resource, _)| lacks(inside, *side, resource));
    let words: Vec<&str> = lacking.map(|(.., words)| *words).collect();
    (!words.is_empty()).then(|| (inside.node, format!("has no {}: {harm}", words.join(", no "))))
}

fn missing_requests<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let wanted = [
        (Side::Requests, "cpu", "request of `cpu`"),
        (Side::Requests, "memory", "request of `memory`"),
        (Side::Limits, "memory", "limit of `memory`"),
    ];
    missing(inside, &wanted, "nothing is set aside for it, or nothing stops it")
}

fn missing_limits<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let wanted = [
        (Side::Limits, "cpu", "limit of `cpu`"),
        (Side::Requests, "ephemeral-storage", "request of `ephemeral-storage`"),
        (Side::Limits, "ephemeral-storage", "limit of `ephemeral-storage`"),
    ];
    missing(inside, &wanted, "it may take all that the node has")
}

fn unequal_memory<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let of = |side: Side| inside.defaults.container(inside.node, side).get("memory").copied();
    let (request, limit) = (of(Side::Requests)?, of(Side::Limits)?);
    let node = inside.node.get("resources").unwrap_or(inside.node);
    (request < limit).then(|| (node, "may take more memory than is set aside for it".to_owned()))
}

fn missing_liveness<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let is_missing = inside.is_lasting() && said(inside.node, "livenessProbe").is_none();
    is_missing.then(|| (inside.node, "has no liveness probe: if it hangs, it hangs for ever".to_owned()))
}

/// Capabilities with which somebody gets out of a container.
const POWERFUL: &[&str] = &[
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
];

fn privileged<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let context = inside.node.get("securityContext")?;
    if let Some(node) = context.get("privileged").filter(|node| node.bool() == Some(true)) {
        return Some((node, "is privileged: whoever is in it is root on the node".to_owned()));
    }
    let plain = |name: &'a str| name.strip_prefix("CAP_").unwrap_or(name);
    let added = context.items_at(&["capabilities", "add"]).iter();
    let mut named = added.filter_map(|node| Some((node, plain(node.text()?))));
    let (node, name) = named.find(|(_, name)| POWERFUL.contains(name))?;
    Some((node, format!("has the capability `{name}`, by which it can leave its bounds")))
}

fn privileged_port<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let ports = inside.node.items_at(&["ports"]).iter().filter_map(|port| port.get("containerPort"));
    let (node, number) = ports.filter_map(|node| Some((node, node.integer()?))).find(|(_, number)| *number < 1024)?;
    let of_whom = if number == 22 { ", the one of SSH: containers are not logged in to" } else { "" };
    Some((node, format!("listens to port {number}, which needs a capability{of_whom}")))
}

fn read_only_root<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let set = inside.node.at(&["securityContext", "readOnlyRootFilesystem"]);
    let is_missing = set.and_then(Node::bool) != Some(true) && !inside.is_on_windows();
    is_missing.then(|| (set.unwrap_or(inside.node), "can write to its own programs".to_owned()))
}

fn root_user<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let own_users = inside.pod.spec().get("hostUsers").and_then(Node::bool) == Some(false);
    if own_users || inside.is_on_windows() {
        return None;
    }
    let user = inside.secured("runAsUser");
    match user.and_then(Node::integer) {
        // it never starts, which is told elsewhere
        Some(0) if unworkable::refused_user(inside).is_some() => None,
        Some(0) => Some((user?, "runs as root".to_owned())),
        Some(_) => None,
        None => {
            let is_refused = inside.secured("runAsNonRoot").and_then(Node::bool) == Some(true);
            (!is_refused).then(|| (inside.node, "may run as root: nothing says otherwise".to_owned()))
        }
    }
}

/// What a probe asks.
const HANDLERS: &[&str] = &["exec", "grpc", "httpGet", "tcpSocket"];

/// A pod that is late is taken out of service; one that is dead is ended. The same for both ends whoever is late.
fn same_probe<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let (live, ready) = (said(inside.node, "livenessProbe")?, said(inside.node, "readinessProbe")?);
    let asks = HANDLERS.iter().any(|key| live.get(key).is_some());
    let asks_the_same = asks && HANDLERS.iter().all(|key| live.get(key) == ready.get(key));
    let number = |probe: &Node, key: &str, unsaid: i128| probe.get(key).and_then(Node::integer).unwrap_or(unsaid);
    let patience =
        |probe: &Node| number(probe, "periodSeconds", 10).saturating_mul(number(probe, "failureThreshold", 3));
    (asks_the_same && patience(live) <= patience(ready)).then(|| {
        (live, "has probes that ask the same, and the one for restarts is no more patient: it is restarted as soon as it is not ready".to_owned())
    })
}

fn secret_in_env<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let single = inside.node.items_at(&["env"]).iter().filter_map(|item| item.at(&["valueFrom", "secretKeyRef"]));
    let whole = inside.node.items_at(&["envFrom"]).iter().filter_map(|item| item.get("secretRef"));
    let node = single.chain(whole).next()?;
    let name = node.text_at(&["name"]).unwrap_or_default();
    Some((node, format!("has the Secret `{name}` in its environment")))
}
