//! The groups of checks: what each asks, and which codes it speaks in.

use crate::diagnostics::codes;
use crate::validate::arithmetic;
use crate::validate::findings::Findings;
use crate::validate::network;
use crate::validate::pod_security;
use crate::validate::references;
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
        &[],
    ),
    (Group::Api, "api", &[codes::INVALID_FIELD], &[]),
    (
        Group::References,
        "references",
        &[
            codes::CONTESTED,
            codes::DANGLING_KEY,
            codes::DANGLING_PORT,
            codes::DANGLING_REFERENCE,
            codes::ORPHAN,
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
        ],
        &[arithmetic::fit],
    ),
    (Group::Network, "network", &[codes::UNDECLARED_CONNECTION, codes::BLOCKED_CONNECTION], &[network::theorem]),
];

/// The group that speaks in this code.
pub fn group_of(code: &str) -> Option<Group> {
    GROUPS.iter().find(|(_, _, codes, _)| codes.contains(&code)).map(|(group, ..)| *group)
}

/// What a group is called.
pub fn name(group: Group) -> &'static str {
    GROUPS.iter().find(|(known, ..)| *known == group).map_or("", |(_, name, ..)| name)
}
