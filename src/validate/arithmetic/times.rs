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
            // a server refuses a `sleep` that is longer, which is told as that
            let is_refused = hook.get("sleep").is_some() && wait > grace;
            if wait >= grace && !is_refused {
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
    match words.as_slice() {
        [shell, options @ ..] if shell.ends_with("sh") => waits_in(script(options)?),
        words => slept(words),
    }
}

/// What follows the option by which a shell takes its commands from an argument: `-c`, or `-ec` among others.
fn script<'w>(options: &[&'w str]) -> Option<&'w str> {
    let is_commands = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
    options.get(options.iter().position(is_commands)? + 1).copied()
}

/// How commands begin after which nobody can tell what runs, or whether.
const CONDITIONS: &[&str] =
    &["!", "(", "[", "[[", "{", "case", "exit", "for", "function", "if", "return", "test", "until", "while"];

/// How many seconds commands sleep that run one after the other.
fn waits_in(script: &str) -> Option<i128> {
    let commands = script.split(['\n', ';']).flat_map(|line| line.split("&&"));
    let commands = commands.map(|command| command.split_whitespace().collect::<Vec<_>>());
    let commands = commands.take_while(|words| words.first().is_none_or(|first| !CONDITIONS.contains(first)));
    let sum = commands.filter_map(|words| slept(&words)).fold(0_i128, i128::saturating_add);
    (sum > 0).then_some(sum)
}

/// How many seconds a command sleeps; what is in the background, or one of two, is none.
fn slept(words: &[&str]) -> Option<i128> {
    let [program, amounts @ ..] = words.strip_prefix(&["exec"]).unwrap_or(words) else { return None };
    if program.rsplit('/').next() != Some("sleep") || amounts.is_empty() {
        return None;
    }
    amounts.iter().try_fold(0_i128, |sum, amount| Some(sum.saturating_add(seconds(amount)?)))
}

/// `40`, `1.5m`: parts of a unit do not decide.
fn seconds(text: &str) -> Option<i128> {
    const UNITS: &[(char, i128)] = &[('s', 1), ('m', 60), ('h', 3600), ('d', 86400)];
    let unit = UNITS.iter().find_map(|(unit, length)| Some((text.strip_suffix(*unit)?, *length)));
    let (number, length) = unit.unwrap_or((text, 1));
    let whole: i128 = number.split('.').next()?.parse().ok()?;
    Some(whole.saturating_mul(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_add_up_whatever_they_are() {
        let most = i128::MAX.to_string();
        assert_eq!(slept(&["sleep", "40", "1m"]), Some(100));
        assert_eq!(slept(&["sleep", &most, &most]), Some(i128::MAX));
        assert_eq!(slept(&["sleep", "40", "&"]), None);
    }
}
