//! The files that Grafana finds when it starts: where its data comes from, and its dashboards.

use serde::Serialize;

use crate::components::grafana::board::Board;
use crate::components::grafana::draw::{self, Collected, answered};
use crate::components::grafana::{DASHBOARDS, DATASOURCE, PROMETHEUS};
use crate::derive::promql::metrics_in;
use crate::model::monitoring::Monitoring;
use crate::model::site::Site;
use crate::model::workload::ConfigFiles;
use crate::parts::payload;
use crate::parts::template::quoted;

#[derive(Serialize)]
struct Provisioned {
    datasource: &'static str,
    prometheus: Option<Upstream>,
}

#[derive(Serialize)]
struct Upstream {
    url: String,
    interval: Option<String>,
}

/// Read once at the start, so a change rolls the pod.
pub fn datasources(site: &Site<'_>) -> ConfigFiles {
    let prometheus = site.peer_of_type(PROMETHEUS).map(|peer| Upstream {
        url: quoted(&format!("http://{}", peer.address)),
        interval: site.around.monitoring.interval.map(|interval| interval.to_string()),
    });
    let values = Provisioned { datasource: DATASOURCE, prometheus };
    let file = payload::file("grafana/datasources.yaml", values, &site.facts.overrides);
    ConfigFiles {
        name: site.own.name.with("datasources"),
        files: vec![("datasources.yaml".to_owned(), file)],
        live: false,
    }
}

/// Read once at the start, so a change rolls the pod.
pub fn providers(site: &Site<'_>) -> ConfigFiles {
    #[derive(Serialize)]
    struct Values {
        directory: &'static str,
    }
    let file = payload::file("grafana/providers.yaml", Values { directory: DASHBOARDS }, &site.facts.overrides);
    ConfigFiles { name: site.own.name.with("providers"), files: vec![("providers.yaml".to_owned(), file)], live: false }
}

/// Read again every half minute, so a change needs no new pod.
pub fn drawn(board: &Board, site: &Site<'_>) -> ConfigFiles {
    #[derive(Serialize)]
    struct Values<'a> {
        datasource: &'static str,
        tag: &'a str,
        metrics: &'a Collected,
    }
    let path = format!("grafana/{}.json", board.name);
    let file = || {
        let (tag, metrics) = (site.facts.platform.name.as_str(), answering(board, &site.around.monitoring));
        let values = Values { datasource: DATASOURCE, tag, metrics: &metrics };
        payload::file_or(&path, values, &site.facts.overrides, || draw::file(board, tag, &metrics))
    };
    ConfigFiles {
        name: site.own.name.with("dashboard").with(board.name),
        files: site.files(&[&path], || vec![(format!("{}.json", board.name), file())]),
        live: true,
    }
}

/// How a query asks about the services that the reader chooses.
const CHOSEN: &str = r#"service=~"$service""#;

/// What answers the queries of `board`: all that is collected, but of what it asks about the chosen services only what
/// their jobs find. Others count goroutines too, and where no service is written in Go the panel would be empty.
fn answering(board: &Board, monitoring: &Monitoring) -> Collected {
    let mut collected = monitoring.collected.clone();
    let is_chosen = |metrics: &&Collected| board.variables.iter().all(|listed| answered(listed.series, metrics));
    let (theirs, others): (Vec<_>, Vec<_>) = monitoring.found.values().partition(is_chosen);
    let has = |jobs: &[&Collected], metric: &str| jobs.iter().any(|found| found.contains(metric));
    let queries = board.rows.iter().flat_map(|row| row.panels).flat_map(|panel| panel.queries);
    for query in queries.filter(|query| query.expr.contains(CHOSEN)) {
        for metric in metrics_in(query.expr).filter(|metric| has(&others, metric) && !has(&theirs, metric)) {
            collected.remove(metric);
        }
    }
    collected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::grafana::service_red;
    use crate::diagnostics::report::Report;
    use crate::emit;
    use crate::model::payload::Overrides;
    use crate::pipeline;

    /// The board about one service, on a platform with a service of this runtime.
    fn board_with(runtime: &str) -> String {
        let text = r#"
            version = 1
            platform = { name = "acme", domain = "example.com" }
            cluster = { api-server = { cidrs = ["10.0.0.1/32"], ports = [443] }, node-cidrs = ["10.0.0.0/24"] }
            secrets = { backend = "existing" }
            namespaces.all = {}
            components.shop = { type = "web-service", namespace = "all", image = "quay.io/a/b:1", port = 8080, runtime = "RUNTIME" }
            components.watch = { type = "prometheus", namespace = "all", storage = "10Gi", retention = { time = "1d", size = "5GB" } }
            components.boards = { type = "grafana", namespace = "all", calls = ["watch"], storage = "1Gi", admin = "boards/password", dashboards = ["service-red"] }
        "#;
        let mut report = Report::default();
        let platform = pipeline::platform(&text.replace("RUNTIME", runtime), None, &mut report);
        let platform = platform.unwrap_or_else(|| panic!("{:?}", report.sorted()));
        emit::list(&pipeline::bundle(&platform).expect("names differ").objects)
    }

    #[test]
    fn only_runtimes_that_services_have_get_panels() {
        assert!(!service_red::BOARD.variables.is_empty());
        let goroutines = "sum by (pod) (go_goroutines{";
        assert!(board_with("go").contains(goroutines));
        let python = board_with("python");
        assert!(!python.contains(goroutines) && python.contains("python_gc_objects_collected_total"));
    }

    #[test]
    fn data_sources_are_yaml_with_and_without_prometheus() {
        for (interval, expected) in [(Some("30s"), "30s"), (None, "")] {
            let upstream =
                Upstream { url: quoted("http://prometheus.watch:9090"), interval: interval.map(str::to_owned) };
            let values = Provisioned { datasource: DATASOURCE, prometheus: Some(upstream) };
            let file = payload::file("grafana/datasources.yaml", values, &Overrides::new());
            let read: serde_json::Value = yaml_serde::from_str(&file.text).expect("it is YAML");
            let source = &read["datasources"][0];
            assert_eq!(source["url"], "http://prometheus.watch:9090");
            assert_eq!(source["uid"], DATASOURCE);
            assert_eq!(source["jsonData"]["timeInterval"].as_str().unwrap_or_default(), expected);
        }
        let values = Provisioned { datasource: DATASOURCE, prometheus: None };
        let file = payload::file("grafana/datasources.yaml", values, &Overrides::new());
        let read: serde_json::Value = yaml_serde::from_str(&file.text).expect("it is YAML");
        assert_eq!(read["datasources"], serde_json::json!([]));
    }
}
