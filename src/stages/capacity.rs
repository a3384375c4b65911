//! Whether what is declared has room: every quota holds its workloads at their largest, and every external the
//! connections of its callers.

use std::collections::BTreeMap;
use std::fmt;

use crate::derive::routes;
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::model::platform::{Declared, Platform};
use crate::model::workload::Workload;
use crate::spec::shapes::QuotaSpec;
use crate::values::amount::{Bytes, Cpu};
use crate::values::name::Name;

/// Checks everything that has a bound. `workloads` holds the workloads of each component, in the platform's order; their
/// outlines are enough.
pub fn check(platform: &Platform, workloads: &[Vec<Workload>], report: &mut Report) {
    let has_quota = platform.namespaces.values().any(|namespace| namespace.quota.is_some());
    let is_bounded = platform.externals.values().any(|external| external.max_connections.is_some());
    if !has_quota && !is_bounded {
        return;
    }
    let solvers = if platform.around.acme { routes::hosts(platform) } else { BTreeMap::new() };
    for (name, namespace) in &platform.namespaces {
        if let Some(quota) = &namespace.quota {
            let own = platform.components.iter().zip(workloads).filter(|(declared, _)| declared.own.namespace == *name);
            let mut shares: Vec<Share> = own.flat_map(|(_, workloads)| workloads.iter().map(Share::of)).collect();
            shares.extend(solvers.get(name).map(|hosts| Share::of_solvers(hosts.len())));
            quota_holds(name, quota, &shares, report);
        }
    }
    connections_fit(platform, workloads, report);
}

/// What a workload takes of a quota at its largest.
struct Share {
    name: String,
    pods: i128,
    cpu: Cpu,
    memory: Bytes,
    most_memory: Bytes,
}

impl Share {
    fn of(workload: &Workload) -> Self {
        let (pods, size) = (workload.controller.max_pods(), &workload.main.size);
        Self {
            name: workload.name.to_string(),
            pods,
            cpu: size.requests.cpu.times(pods),
            memory: size.requests.memory.times(pods),
            most_memory: size.limits.memory.times(pods),
        }
    }

    /// One pod for each host, when all certificates are asked for at once.
    /// Source: cert-manager `pkg/controller/context.go`, defaults of `--acme-http01-solver-resource-*`.
    fn of_solvers(hosts: usize) -> Self {
        let pods = i128::try_from(hosts).unwrap_or(i128::MAX);
        let memory = Bytes::mebibytes(64).times(pods);
        Self {
            name: "answers to ACME challenges".to_owned(),
            pods,
            cpu: Cpu::millis(10).times(pods),
            memory,
            most_memory: memory,
        }
    }
}

fn quota_holds(namespace: &Name, quota: &QuotaSpec, shares: &[Share], report: &mut Report) {
    let cpu = |share: &Share| share.cpu.in_millis();
    let memory = |share: &Share| share.memory.in_bytes();
    // limits of memory are held to twice the requests
    let most_memory = |share: &Share| (share.most_memory.in_bytes() + 1) / 2;
    let pods = |share: &Share| share.pods;
    let spelled_cpu = |amount| Cpu::millis(amount).to_string();
    let spelled_memory = |amount: i128| Bytes::mebibytes((amount + (1 << 20) - 1) >> 20).to_string();
    let QuotaSpec { cpu: cores, memory: bytes, pods: count } = quota;
    let mut holds = |what: &str, of: Counted<'_>, (held, span): (i128, Span), spelled: Spelled<'_>| {
        let needed: i128 = shares.iter().map(of).sum();
        if needed > held {
            let (needed, held) = (spelled(needed), spelled(held));
            let message = format!("`{namespace}` needs {needed} {what} at its largest, and its quota holds {held}");
            report
                .error(codes::QUOTA_EXCEEDED, span, message)
                .help(format!("{}; give it more, or lower what they scale to", largest(shares, of, spelled)));
        }
        needed <= held
    };
    holds("CPU", &cpu, (cores.value.in_millis(), cores.span), &spelled_cpu);
    let room = (bytes.value.in_bytes(), bytes.span);
    if holds("of memory", &memory, room, &spelled_memory) {
        holds("of memory for half of its limits", &most_memory, room, &spelled_memory);
    }
    holds("pods", &pods, (i128::from(count.value.0), count.span), &|amount| amount.to_string());
}

/// What is counted of a share.
type Counted<'f> = &'f dyn Fn(&Share) -> i128;

/// How a sum is written.
type Spelled<'f> = &'f dyn Fn(i128) -> String;

/// Those who take the most: `api takes 5 for 11 pods, image 4 for 9`.
fn largest(shares: &[Share], of: Counted<'_>, spelled: Spelled<'_>) -> String {
    const TOLD: usize = 4;
    let mut sorted: Vec<&Share> = shares.iter().filter(|share| of(share) > 0).collect();
    sorted.sort_unstable_by_key(|share| (-of(share), &share.name));
    let one = |share: &&Share| format!("{} takes {} for {}", share.name, spelled(of(share)), Pods(share.pods));
    let mut told: Vec<String> = sorted.iter().take(TOLD).map(one).collect();
    told.extend((sorted.len() > TOLD).then(|| format!("and {} others take the rest", sorted.len() - TOLD)));
    told.join(", ")
}

struct Pods(i128);

impl fmt::Display for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "pod" } else { "pods" })
    }
}

/// A caller of an external: its name, how many pods there may be, and how many connections each holds.
type Caller<'p> = (&'p Name, i128, i128);

fn connections_fit<'p>(platform: &'p Platform, workloads: &[Vec<Workload>], report: &mut Report) {
    for (name, external) in &platform.externals {
        let Some(most) = &external.max_connections else { continue };
        let caller = |(declared, workloads): (&'p Declared, &Vec<Workload>)| -> Option<Caller<'p>> {
            let pool = declared.component.pools().into_iter().find(|(called, _)| *called == name)?.1;
            Some((&declared.own.name, workloads.first()?.controller.max_pods(), i128::from(pool)))
        };
        let callers: Vec<Caller<'p>> = platform.components.iter().zip(workloads).filter_map(caller).collect();
        let needed: i128 = callers.iter().map(|(_, pods, pool)| pods * pool).sum();
        if needed > i128::from(most.value.0) {
            let message = format!(
                "`{name}` takes {} connections, and its callers may hold {needed} at their largest",
                most.value.0
            );
            let told: Vec<String> = callers.iter().copied().map(said).collect();
            report
                .error(codes::TOO_MANY_CONNECTIONS, most.span, message)
                .help(format!("{}; lower `pools` or `scale.max`", told.join(", ")));
        }
    }
}

/// `api holds 110 with 11 pods of 10`
fn said((name, pods, pool): Caller<'_>) -> String {
    format!("{name} holds {} with {} of {pool}", pods * pool, Pods(pods))
}
