//! The stable code of every diagnostic, with one line on what it means. Codes are only ever added.

/// A code and what it means.
pub type Code = (&'static str, &'static str);

/// The text is not TOML.
pub const SYNTAX: &str = "syntax";
/// A key that nothing reads.
pub const UNKNOWN_KEY: &str = "unknown-key";
/// A key that must be there.
pub const MISSING_KEY: &str = "missing-key";
/// A value of another type than the key takes.
pub const WRONG_TYPE: &str = "wrong-type";
/// A value of the right type that is not well formed.
pub const INVALID_VALUE: &str = "invalid-value";
/// A name that the description does not declare.
pub const UNKNOWN_NAME: &str = "unknown-name";
/// A port that the called component does not offer.
pub const UNKNOWN_PORT: &str = "unknown-port";
/// The same thing said twice.
pub const DUPLICATE: &str = "duplicate";
/// Two statements that cannot both hold.
pub const CONFLICT: &str = "conflict";
/// A quota that does not hold what its namespace needs.
pub const QUOTA_EXCEEDED: &str = "quota-exceeded";
/// More connections than somebody takes.
pub const TOO_MANY_CONNECTIONS: &str = "too-many-connections";
/// An amount that a limit range does not allow.
pub const OUTSIDE_LIMIT_RANGE: &str = "outside-limit-range";
/// A disruption budget that never lets a pod go.
pub const BLOCKED_DRAIN: &str = "blocked-drain";
/// A rollout that waits for itself.
pub const STUCK_ROLLOUT: &str = "stuck-rollout";
/// A pod that is killed before it has been told to stop.
pub const SHORT_GRACE: &str = "short-grace";
/// A pod that its namespace does not admit.
pub const POD_SECURITY: &str = "pod-security";
/// Two objects steer the same thing.
pub const CONTESTED: &str = "contested";
/// A ConfigMap or a Secret does not have the key that is asked of it.
pub const DANGLING_KEY: &str = "dangling-key";
/// No such port is there.
pub const DANGLING_PORT: &str = "dangling-port";
/// An object that is named is not there.
pub const DANGLING_REFERENCE: &str = "dangling-reference";
/// Nothing uses this object.
pub const ORPHAN: &str = "orphan";
/// A selector finds no pod.
pub const SELECTS_NOTHING: &str = "selects-nothing";
/// An address leads to a component that nobody declares to be called.
pub const UNDECLARED_ADDRESS: &str = "undeclared-address";
/// What is named is there and cannot serve.
pub const UNFIT_TARGET: &str = "unfit-target";
/// Something that must be declared as well.
pub const REQUIRES: &str = "requires";
/// A value that is known but that this version does not render.
pub const UNSUPPORTED: &str = "unsupported";
/// An environment overlay that has no effect.
pub const NO_EFFECT: &str = "no-effect";
/// Alerts are not handed to the Alertmanager that is there to deliver them.
pub const NO_DELIVERY: &str = "no-delivery";
/// A manifest that cannot be read, or that holds something twice.
pub const MANIFEST: &str = "manifest";
/// A value that the API server refuses.
pub const INVALID_FIELD: &str = "invalid-field";
/// A kind that Kubernetes does not have.
pub const UNKNOWN_KIND: &str = "unknown-kind";
/// A version of the API that the server does not serve.
pub const NOT_SERVED: &str = "not-served";
/// The policies let through what nothing declares.
pub const UNDECLARED_CONNECTION: &str = "undeclared-connection";
/// The policies do not let through what is declared.
pub const BLOCKED_CONNECTION: &str = "blocked-connection";
/// The `ingress-nginx` controller receives no more fixes.
pub const INGRESS_NGINX_RETIRED: &str = "ingress-nginx-retired";
/// Nobody would learn that alerting itself has failed.
pub const NO_HEARTBEAT: &str = "no-heartbeat";
/// An `[[accept]]` entry that accepts nothing.
pub const UNUSED_ACCEPT: &str = "unused-accept";

/// An `[[accept]]` entry whose day has passed.
pub const EXPIRED_ACCEPT: &str = "expired-accept";

/// Codes about objects that `[[accept]]` may name; whether they apply is known once the objects are there.
pub const OF_OBJECTS: &[&str] = &[
    BLOCKED_CONNECTION,
    BLOCKED_DRAIN,
    CONTESTED,
    ORPHAN,
    SHORT_GRACE,
    STUCK_ROLLOUT,
    UNDECLARED_ADDRESS,
    UNDECLARED_CONNECTION,
];

/// Codes about objects that a server would not take, or that would not work: nobody can live with them.
pub const UNACCEPTABLE: &[&str] = &[
    DANGLING_KEY,
    DANGLING_PORT,
    DANGLING_REFERENCE,
    INVALID_FIELD,
    MANIFEST,
    NOT_SERVED,
    OUTSIDE_LIMIT_RANGE,
    POD_SECURITY,
    SELECTS_NOTHING,
    UNFIT_TARGET,
    UNKNOWN_KIND,
];

/// Codes that say that something is not there.
pub const ABSENCE: &[&str] = &[MISSING_KEY, NO_EFFECT, REQUIRES, UNKNOWN_NAME, UNKNOWN_PORT, UNUSED_ACCEPT];

/// Codes that say that things do not go with one another, of which one may have been told to be wrong.
pub const RELATIONS: &[&str] = &[CONFLICT, MISSING_KEY, REQUIRES];

/// Every code, in alphabetical order.
pub const ALL: &[Code] = &[
    (BLOCKED_CONNECTION, "the policies do not let through what is declared"),
    (BLOCKED_DRAIN, "a disruption budget never lets a pod go, so no node can be drained"),
    (CONFLICT, "two statements cannot both hold"),
    (CONTESTED, "two objects steer the same thing"),
    (DANGLING_KEY, "a ConfigMap or a Secret does not have the key that is asked of it"),
    (DANGLING_PORT, "no such port is there"),
    (DANGLING_REFERENCE, "an object that is named is not there"),
    (DUPLICATE, "the same thing is said twice"),
    (EXPIRED_ACCEPT, "a finding is no longer accepted: the day until which it was has passed"),
    (INGRESS_NGINX_RETIRED, "the ingress-nginx controller has been retired and receives no more fixes"),
    (INVALID_FIELD, "the API server refuses this value"),
    (INVALID_VALUE, "the value is not well formed"),
    (MANIFEST, "a manifest cannot be read"),
    (MISSING_KEY, "a required key is missing"),
    (NOT_SERVED, "the server does not serve this version of the API"),
    (NO_DELIVERY, "alerts are handed to nobody, though somebody is there to deliver them"),
    (NO_EFFECT, "an overlay changes nothing"),
    (NO_HEARTBEAT, "nobody would learn that alerting itself has failed"),
    (ORPHAN, "nothing uses this object"),
    (OUTSIDE_LIMIT_RANGE, "a limit range does not allow this amount"),
    (POD_SECURITY, "a pod is not admitted by the Pod Security level of its namespace"),
    (QUOTA_EXCEEDED, "a quota does not hold what its namespace needs at its largest"),
    (REQUIRES, "something else must be declared for this to work"),
    (SELECTS_NOTHING, "a selector finds no pod"),
    (SHORT_GRACE, "a pod is killed before it has been told to stop"),
    (STUCK_ROLLOUT, "a rollout waits for a volume that it keeps itself"),
    (SYNTAX, "the file is not valid TOML"),
    (TOO_MANY_CONNECTIONS, "an external takes fewer connections than its callers may hold"),
    (UNDECLARED_ADDRESS, "an address leads to a component that nobody declares to be called"),
    (UNDECLARED_CONNECTION, "the policies let through what nothing declares"),
    (UNFIT_TARGET, "what is named is there and cannot serve"),
    (UNKNOWN_KEY, "nothing reads this key"),
    (UNKNOWN_KIND, "Kubernetes has no such kind"),
    (UNKNOWN_NAME, "the name is not declared"),
    (UNKNOWN_PORT, "the called component offers no such port"),
    (UNSUPPORTED, "this version does not render it"),
    (UNUSED_ACCEPT, "an accepted finding no longer applies"),
    (WRONG_TYPE, "the value has another type than the key takes"),
];
