//! The groups of checks: what each asks, and which codes it speaks in.

use crate::diagnostics::codes;
use crate::validate::arithmetic;
use crate::validate::definitions;
use crate::validate::findings::Findings;
use crate::validate::monitoring;
use crate::validate::network;
use crate::validate::pod_security;
use crate::validate::policy;
use crate::validate::references;
use crate::validate::rights;
use crate::validate::world::World;

/// A group of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Kinds, fields and types.
    Decode,
    /// Values that the API server refuses.
    Api,
    /// Names that lead somewhere.
    References,
    /// Pods that their namespace admits.
    PodSecurity,
    /// Who can reach whom.
    Network,
    /// Amounts that fit.
    Arithmetic,
    /// Rules, alerts and scrapes.
    Monitoring,
    /// Who may do what.
    Rights,
    /// What is good practice.
    Policy,
}

/// What a group of checks does with everything that is there.
pub type Check = fn(&World<'_>, &mut Findings);

/// Every group: its name, the codes it speaks in, and what it asks about objects together.
pub const GROUPS: &[(Group, &str, &[&str], &[Check])] = &[
    (
        Group::Decode,
        "decode",
        &[
            codes::MANIFEST,
            codes::DUPLICATE,
            codes::UNKNOWN_KEY,
            codes::MISSING_KEY,
            codes::WRONG_TYPE,
            codes::UNKNOWN_KIND,
            codes::NOT_SERVED,
        ],
        &[definitions::shapes],
    ),
    (Group::Api, "api", &[codes::INVALID_FIELD], &[definitions::values]),
    (
        Group::References,
        "references",
        &[
            codes::CONTESTED,
            codes::DANGLING_KEY,
            codes::DANGLING_PORT,
            codes::DANGLING_REFERENCE,
            codes::ORPHAN,
            codes::REGISTRY_CONFIG,
            codes::SELECTS_NOTHING,
            codes::UNDECLARED_ADDRESS,
            codes::UNFIT_TARGET,
        ],
        &[references::resolve],
    ),
    (Group::PodSecurity, "pod-security", &[codes::POD_SECURITY], &[pod_security::admit]),
    (
        Group::Arithmetic,
        "arithmetic",
        &[
            codes::QUOTA_EXCEEDED,
            codes::TOO_MANY_CONNECTIONS,
            codes::OUTSIDE_LIMIT_RANGE,
            codes::BLOCKED_DRAIN,
            codes::STUCK_ROLLOUT,
            codes::SHORT_GRACE,
            codes::UNMEASURED_AUTOSCALER,
            codes::FULL_VOLUME,
        ],
        &[arithmetic::fit, monitoring::keep],
    ),
    (
        Group::Monitoring,
        "monitoring",
        &[
            codes::PROMQL_SYNTAX,
            codes::UNKNOWN_METRIC,
            codes::SHORT_WINDOW,
            codes::ALERT_TEMPLATE,
            codes::MONITORING_CONFIG,
            codes::SILENT_ALERT,
            codes::UNWATCHED_COMPONENT,
        ],
        &[monitoring::tell],
    ),
    (Group::Network, "network", &[codes::UNDECLARED_CONNECTION, codes::BLOCKED_CONNECTION], &[network::theorem]),
    (
        Group::Rights,
        "rights",
        &[
            codes::ADMIN_BINDING,
            codes::ADMISSION_RIGHT,
            codes::BROAD_SUBJECT,
            codes::ESCALATING_RIGHT,
            codes::EXEC_RIGHT,
            codes::LASTING_TOKEN,
            codes::NODE_PROXY_RIGHT,
            codes::SECRET_RIGHT,
            codes::UNUSABLE_RIGHT,
            codes::UNUSED_TOKEN,
            codes::WILDCARD_RIGHT,
            codes::WORKLOAD_RIGHT,
        ],
        &[rights::judge],
    ),
    (
        Group::Policy,
        "policy",
        &[
            codes::ABRUPT_ROLLOUT,
            codes::DEFAULT_ACCOUNT,
            codes::DEFAULT_NAMESPACE,
            codes::DEPRECATED_FIELD,
            codes::DNS_SEARCH,
            codes::DUPLICATE_VARIABLE,
            codes::ENDLESS_JOB,
            codes::EXPOSED_SERVICE,
            codes::EXTERNAL_IP,
            codes::FEW_REPLICAS,
            codes::HOST_MOUNT,
            codes::HOST_NAMESPACE,
            codes::IMAGE_DIGEST,
            codes::IMAGE_REGISTRY,
            codes::IMAGE_TAG,
            codes::INGRESS_WITHOUT_TLS,
            codes::LITERAL_SECRET,
            codes::LOW_USER_ID,
            codes::MISSING_LIMITS,
            codes::MISSING_LIVENESS,
            codes::MISSING_READINESS,
            codes::MISSING_REQUESTS,
            codes::NO_DISRUPTION_BUDGET,
            codes::NO_PRIORITY,
            codes::NO_SPREAD,
            codes::PRIVILEGED_CONTAINER,
            codes::PRIVILEGED_PORT,
            codes::PULL_POLICY,
            codes::READ_ONLY_ROOT,
            codes::ROOT_USER,
            codes::SAME_PROBE,
            codes::SECRET_IN_ENV,
            codes::SNIPPET_ANNOTATION,
            codes::UNEQUAL_MEMORY,
            codes::UNISOLATED_POD,
            codes::UNRESTRICTED_POD,
            codes::UNWORKABLE,
        ],
        &[policy::judge],
    ),
];

/// The group that speaks in this code.
pub fn group_of(code: &str) -> Option<Group> {
    GROUPS.iter().find(|(_, _, codes, _)| codes.contains(&code)).map(|(group, ..)| *group)
}

/// What a group is called.
pub fn name(group: Group) -> &'static str {
    GROUPS.iter().find(|(known, ..)| *known == group).map_or("", |(_, name, ..)| name)
}

/// Whether a code is asked about only by name.
pub fn is_opt_in(code: &str) -> bool {
    rights::OPT_IN.contains(&code) || policy::is_opt_in(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::acceptance;

    #[test]
    fn of_every_code_it_is_known_whether_it_can_be_accepted() {
        for (_, name, codes, _) in GROUPS {
            for code in *codes {
                let lists = [acceptance::OF_OBJECTS, acceptance::UNACCEPTABLE].map(|list| list.contains(code));
                assert_ne!(lists[0], lists[1], "`{code}` of {name}");
                let is_of_server = ["decode", "api"].contains(name);
                assert!(!is_of_server || lists[1], "the server does not accept `{code}`");
            }
        }
    }
}
