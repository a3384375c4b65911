//! What every pod and container of ours has in common: no root, no escalation, no capability, no writable image.

use k8s_openapi::api::core::v1::{
    Capabilities, EnvVar, EnvVarSource, ExecAction, Lifecycle, LifecycleHandler, ObjectFieldSelector,
    PodSecurityContext, ResourceRequirements, SeccompProfile, SecretKeySelector, SecurityContext, SleepAction,
};

use crate::model::workload::{Env, EnvValue, Exceptions, Size, User};
use crate::spec::size::ExactSize;

/// Security context of a pod that Pod Security `restricted` admits.
pub fn security_context(user: User) -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(user.uid),
        run_as_group: Some(user.gid),
        fs_group: user.fs_group,
        fs_group_change_policy: user.fs_group.map(|_| "OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..Default::default() }),
        ..Default::default()
    }
}

/// Security context of a container, weaker only where `exceptions` says so.
pub fn container_security_context(exceptions: Exceptions) -> SecurityContext {
    let add: Vec<String> = exceptions.capabilities.iter().map(|name| (*name).to_owned()).collect();
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(!exceptions.writable_root),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: (!add.is_empty()).then_some(add) }),
        ..Default::default()
    }
}

/// Requests and limits.
pub fn resources(size: &Size) -> ResourceRequirements {
    let amounts = |size: &ExactSize| {
        [("cpu", size.cpu.api()), ("memory", size.memory.api()), ("ephemeral-storage", size.ephemeral_storage.api())]
            .into_iter()
            .map(|(name, amount)| (name.to_owned(), amount))
            .collect()
    };
    ResourceRequirements {
        requests: Some(amounts(&size.requests)),
        limits: Some(amounts(&size.limits)),
        ..Default::default()
    }
}

/// One variable.
pub fn env(env: &Env) -> EnvVar {
    let name = env.name.clone();
    match &env.value {
        EnvValue::Literal(value) => EnvVar { name, value: Some(value.clone()), ..Default::default() },
        EnvValue::Secret(reference) => {
            let selector = SecretKeySelector {
                name: reference.secret.to_string(),
                key: reference.key.as_str().to_owned(),
                optional: Some(false),
            };
            let source = EnvVarSource { secret_key_ref: Some(selector), ..Default::default() };
            EnvVar { name, value_from: Some(source), ..Default::default() }
        }
        EnvValue::Field(path) => {
            let field = ObjectFieldSelector { field_path: (*path).to_owned(), api_version: Some("v1".to_owned()) };
            let source = EnvVarSource { field_ref: Some(field), ..Default::default() };
            EnvVar { name, value_from: Some(source), ..Default::default() }
        }
    }
}

/// Serves on for a while after the pod has been told to stop, until every proxy has heard of it. Done by the kubelet,
/// so it works in images without a shell.
pub fn sleep_before_stop(seconds: u32) -> Lifecycle {
    let handler = LifecycleHandler { sleep: Some(SleepAction { seconds: i64::from(seconds) }), ..Default::default() };
    Lifecycle { pre_stop: Some(handler), ..Default::default() }
}

/// Runs `command` in the container before the pod is told to stop, for software that leaves in a way of its own.
pub fn run_before_stop(command: &[&str]) -> Lifecycle {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    let handler = LifecycleHandler { exec: Some(ExecAction { command: Some(command) }), ..Default::default() };
    Lifecycle { pre_stop: Some(handler), ..Default::default() }
}
