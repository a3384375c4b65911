//! The files that Grafana finds when it starts: where its data comes from, and its dashboards.

use serde::Serialize;

use crate::components::grafana::board::Board;
use crate::components::grafana::{DASHBOARDS, DATASOURCE, PROMETHEUS, draw};
use crate::model::site::Site;
use crate::model::workload::ConfigFiles;
use crate::parts::payload::{quoted, render};

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
    let text = render("grafana/datasources.yaml", Provisioned { datasource: DATASOURCE, prometheus });
    ConfigFiles {
        name: site.own.name.with("datasources"),
        files: vec![("datasources.yaml".to_owned(), text)],
        live: false,
    }
}

/// Read once at the start, so a change rolls the pod.
pub fn providers(site: &Site<'_>) -> ConfigFiles {
    #[derive(Serialize)]
    struct Values {
        directory: &'static str,
    }
    let text = render("grafana/providers.yaml", Values { directory: DASHBOARDS });
    ConfigFiles { name: site.own.name.with("providers"), files: vec![("providers.yaml".to_owned(), text)], live: false }
}

/// Read again every half minute, so a change needs no new pod.
pub fn drawn(board: &Board, site: &Site<'_>) -> ConfigFiles {
    let text = || draw::file(board, site.facts.platform.name.as_str(), &site.around.monitoring.collected);
    ConfigFiles {
        name: site.own.name.with("dashboard").with(board.name),
        files: site.files(|| vec![(format!("{}.json", board.name), text())]),
        live: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_sources_are_yaml_with_and_without_prometheus() {
        for (interval, expected) in [(Some("30s"), "30s"), (None, "")] {
            let upstream =
                Upstream { url: quoted("http://prometheus.watch:9090"), interval: interval.map(str::to_owned) };
            let values = Provisioned { datasource: DATASOURCE, prometheus: Some(upstream) };
            let text = render("grafana/datasources.yaml", values);
            let read: serde_json::Value = yaml_serde::from_str(&text).expect("it is YAML");
            let source = &read["datasources"][0];
            assert_eq!(source["url"], "http://prometheus.watch:9090");
            assert_eq!(source["uid"], DATASOURCE);
            assert_eq!(source["jsonData"]["timeInterval"].as_str().unwrap_or_default(), expected);
        }
        let text = render("grafana/datasources.yaml", Provisioned { datasource: DATASOURCE, prometheus: None });
        let read: serde_json::Value = yaml_serde::from_str(&text).expect("it is YAML");
        assert_eq!(read["datasources"], serde_json::json!([]));
    }
}
