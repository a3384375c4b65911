//! How long and how much is kept by what collects for itself: less of it is deleted without anybody deleting anything.

use crate::diff::change::{Change, What};
use crate::values::data_size::DataSize;
use crate::values::duration::Duration;
use crate::values::parse::Parse;

/// The end of the way to a limit in a file of Prometheus, and what is told. Source: prometheus.io, "Configuration".
const KEYS: &[(&[&str], &str)] =
    &[(&["tsdb", "retention", "time"], "older than"), (&["tsdb", "retention", "size"], "beyond")];

/// Flags with a limit, and what is told. Source: the manuals of `prometheus` and `alertmanager`.
const FLAGS: &[(&str, &str)] = &[
    ("--storage.tsdb.retention.time=", "older than"),
    ("--storage.tsdb.retention.size=", "beyond"),
    ("--data.retention=", "older than"),
];

/// What is deleted once a limit is another one.
pub fn shortened(change: &Change) -> Option<String> {
    let What::Changed(old, new) = &change.what else { return None };
    let (old, new) = (old.text()?, new.text()?);
    let flag =
        FLAGS.iter().find_map(|(flag, beyond)| Some((old.strip_prefix(flag)?, new.strip_prefix(flag)?, *beyond)));
    let keys: Vec<&str> = change.path.keys().collect();
    let key = || KEYS.iter().find(|(tail, _)| keys.ends_with(tail)).map(|(_, beyond)| (old, new, *beyond));
    let (old, new, beyond) = flag.or_else(key)?;
    is_less(new, old).then(|| format!("what is {beyond} {new} is deleted"))
}

fn is_less(new: &str, old: &str) -> bool {
    let both = Duration::parse(new).ok().zip(Duration::parse(old).ok()).map(|(new, old)| new < old);
    let sizes = || DataSize::parse(new).ok().zip(DataSize::parse(old).ok()).map(|(new, old)| new < old);
    both.or_else(sizes).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::edited;

    const CONFIGURATION: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {prometheus.yml: \"storage: {tsdb: {retention: {time: 15d, size: 40GB}}}\\nglobal: {scrape_interval: 15s}\\n\"}}";
    const FLAGS: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 2, template: {spec: {containers: [{name: a, args: ['--storage.tsdb.retention.time=15d', '--query.timeout=1m']}]}}}}";

    #[test]
    fn less_is_kept_and_the_rest_is_lost() {
        assert_eq!(
            edited(CONFIGURATION, "time: 15d", "time: 36h"),
            ["deletes data: what is older than 36h is deleted"]
        );
        assert_eq!(edited(CONFIGURATION, "40GB", "900MB"), ["deletes data: what is beyond 900MB is deleted"]);
        let flags = edited(FLAGS, "time=15d", "time=7d");
        assert!(flags.contains(&"deletes data: what is older than 7d is deleted".to_owned()), "{flags:?}");
        for (object, from, to) in [
            (CONFIGURATION, "time: 15d", "time: 30d"),
            (CONFIGURATION, "40GB", "1TB"),
            (CONFIGURATION, "15s", "10s"),
            (FLAGS, "timeout=1m", "timeout=30s"),
            (FLAGS, "time=15d", "time=30d"),
        ] {
            let told = edited(object, from, to);
            assert!(!told.iter().any(|line| line.starts_with("deletes data")), "{to}: {told:?}");
        }
    }
}
