//! Garbage collection of a registry: while it is down, because an upload in the middle of it would be lost. So a job
//! restarts the registry, and the collection runs before the new pod serves.

use crate::components::registry::{CONFIG, DATA};
use crate::model::identity::Own;
use crate::model::workload::{
    Controller, Env, Grant, Init, Main, Priority, Probes, Reach, Scope, Size, Source, User, Volume, Workload,
};
use crate::parts::rights::rule_on;
use crate::values::amount::Bytes;
use crate::values::image::Image;
use crate::values::name::Name;
use crate::values::schedule::Schedule;

const KUBECTL_DIGEST: &str = "sha256:b8d523e7b8cdc5e3caa0f8891ee9f504abf137dec786e6e0ddd33e4f272c2f13";
/// The script that collects, beside the configuration.
pub const COLLECT: &str = "collect-garbage.sh";

/// When somebody last asked for new pods, as `kubectl rollout restart` notes it in their template.
const RESTARTED: &str = "metadata.annotations['kubectl.kubernetes.io/restartedAt']";

/// Collects before the registry serves: the only time at which nobody can push. Not whenever a pod starts: one that a
/// drain moves is what others wait for, with their images.
pub fn collector() -> Init {
    Init {
        name: "collect-garbage",
        command: vec!["/bin/sh".to_owned(), format!("{CONFIG}/{COLLECT}")],
        mounts: vec![("data", DATA.to_owned()), ("config", CONFIG.to_owned())],
        env: vec![Env::field("RESTARTED_AT", RESTARTED)],
    }
}

/// Restarts the registry, which is all that starting a collection takes.
pub fn restarter(schedule: &Schedule, own: &Own) -> Workload {
    let deployment = own.name.as_str();
    // At most one minor away from every API server that is supported here, which is as far as kubectl goes.
    let kubectl = Image::pinned("registry.k8s.io", "kubectl", "v1.36.4").at(KUBECTL_DIGEST);
    let restart = ["rollout", "restart", "deployment", deployment, "--namespace", own.namespace.as_str()];
    Workload {
        name: own.name.with("gc"),
        role: "garbage-collector",
        controller: Controller::Scheduled { schedule: schedule.to_string() },
        priority: Priority::Job,
        user: User { uid: 65_532, gid: 65_532, fs_group: None },
        api_token: true,
        main: Main {
            name: Name::fixed("restart"),
            image: kubectl,
            command: Vec::new(),
            args: restart.map(str::to_owned).into(),
            // For the discovery cache.
            env: vec![Env::literal("HOME", "/tmp")],
            probes: Probes::default(),
            size: Size::of((10, 200), (32, 128)),
            lifecycle: None,
            exceptions: Default::default(),
        },
        init: Vec::new(),
        volumes: vec![Volume {
            name: "tmp".to_owned(),
            path: "/tmp".to_owned(),
            source: Source::Scratch(Bytes::mebibytes(16)),
        }],
        grace: 30,
        spread: Vec::new(),
        reaches: vec![Reach::ApiServer],
        grants: vec![Grant {
            suffix: "",
            scope: Scope::Own(vec![rule_on("apps", &["deployments"], &[deployment], &["get", "patch"])]),
        }],
    }
}
