//! What runs before the end has the time to.

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::validate::findings::Findings;
use crate::validate::world::World;

/// Seconds from the beginning of the end to the kill where nothing is said.
const GRACE: i128 = 30;

/// The wait before a stop is shorter than what is left until the kill.
pub fn suffice(world: &World<'_>, findings: &mut Findings) {
    for pod in &world.pods {
        let grace = pod.spec().get("terminationGracePeriodSeconds").and_then(Node::integer).unwrap_or(GRACE);
        for (_, container) in pod.containers() {
            let Some(hook) = container.at(&["lifecycle", "preStop"]) else { continue };
            let Some(wait) = waits(hook) else { continue };
            findings.ask();
            if wait >= grace {
                let name = container.text_at(&["name"]).unwrap_or_default();
                let message = format!(
                    "container `{name}` waits {wait} s before it is told to stop, and is killed after {grace} s"
                );
                findings.error(codes::SHORT_GRACE, pod.owner, hook, &message).help(
                    "raise `terminationGracePeriodSeconds` above the wait, by the time that the process needs to end",
                );
            }
        }
    }
}

/// How many seconds a hook sleeps, where that can be told.
fn waits(hook: &Node) -> Option<i128> {
    if let Some(seconds) = hook.at(&["sleep", "seconds"]) {
        return seconds.integer();
    }
    let words: Vec<&str> = hook.items_at(&["exec", "command"]).iter().filter_map(Node::text).collect();
    let slept = match words.as_slice() {
        [program, seconds] if program.rsplit('/').next() == Some("sleep") => seconds,
        [shell, "-c", script] if shell.ends_with("sh") => script.trim().strip_prefix("sleep ")?,
        _ => return None,
    };
    slept.trim().trim_end_matches('s').parse().ok()
}
