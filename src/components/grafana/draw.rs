//! From a board to the file that Grafana reads: what can be asked stays, what stays is laid out without gaps.

use std::collections::BTreeSet;

use crate::components::grafana::board::{Board, Color, Marks, Panel, Query, Row, Unit, Variable, View};
use crate::components::grafana::dashboard::{
    self, BarsOptions, Body, COLUMNS, ColorMode, Columns, Dashboard, Data, Datasource, Drawing, FieldConfig,
    FieldDefaults, GridPos, Legend, LinesOptions, Link, Mode, NumberOptions, Options, Reduce, SCHEMA_VERSION, Sorting,
    Step, TableOptions, Target, Templating, TextOptions, Thresholds, TimeRange, Tooltip, Transformation, VariableQuery,
};
use crate::components::grafana::{DATASOURCE, VERSION};
use crate::derive::promql::metrics_in;
use crate::ordered::Ordered;

/// Names of the metrics that somebody collects.
pub type Collected = BTreeSet<&'static str>;

/// The file of `board`, with every query that `collected` can answer and no other. A platform without some exporter
/// gets a smaller dashboard, never an empty panel; what is left out, the description names.
pub fn file(board: &Board, tag: &str, collected: &Collected) -> String {
    let mut text = serde_json::to_string_pretty(&draw(board, tag, collected)).expect("every key is a string");
    text.push('\n');
    text
}

pub fn draw(board: &Board, tag: &str, collected: &Collected) -> Dashboard {
    let (panels, missing) = lay_out(board, collected);
    let gone = if missing.is_empty() {
        String::new()
    } else {
        format!(" Not shown, because nothing collects the metrics: {}.", missing.join(", "))
    };
    let variables = if panels.is_empty() { &[] } else { board.variables };
    let panels = if panels.is_empty() { vec![nothing(&missing)] } else { panels };
    Dashboard {
        id: None,
        uid: board.name,
        title: board.title,
        description: format!("{}{gone}", board.about),
        tags: vec![tag.to_owned()],
        schema_version: SCHEMA_VERSION,
        editable: true,
        // One crosshair over all panels.
        graph_tooltip: 1,
        timezone: "utc",
        refresh: "30s",
        time: TimeRange { from: "now-3h", to: "now" },
        links: vec![Link {
            r#type: "dashboards",
            title: "Dashboards",
            tags: vec![tag.to_owned()],
            as_dropdown: true,
            keep_time: true,
            include_vars: false,
        }],
        templating: Templating { list: variables.iter().map(variable).collect() },
        panels,
    }
}

/// All panels that have something to show, and the titles of the others. A panel keeps its id whatever else is left
/// out, so that links to it survive.
fn lay_out(board: &Board, collected: &Collected) -> (Vec<dashboard::Panel>, Vec<&'static str>) {
    let meaningful = board.variables.iter().all(|variable| answered(variable.series, collected));
    let (mut panels, mut missing) = (Vec::new(), Vec::new());
    let (mut id, mut y) = (0, 0);
    for row in board.rows {
        id += 1;
        let heading = id;
        let mut shown = Vec::new();
        for panel in row.panels {
            id += 1;
            let queries: Vec<&Query> =
                panel.queries.iter().filter(|query| meaningful && asked(query, collected)).collect();
            if queries.is_empty() { missing.push(panel.title) } else { shown.push((id, panel, queries)) }
        }
        if shown.is_empty() {
            continue;
        }
        let top = if row.title.is_empty() { y } else { y + 1 };
        let (drawn, bottom) = flow(shown, row.height, top);
        panels.extend(headed(row, heading, y, drawn));
        y = if row.folded { top } else { bottom };
    }
    (panels, missing)
}

fn asked(query: &Query, collected: &Collected) -> bool {
    answered(query.expr, collected) && query.unless.is_none_or(|better| !collected.contains(better))
}

/// Whether every metric that `expr` asks for is one of these.
pub fn answered(expr: &str, collected: &Collected) -> bool {
    metrics_in(expr).all(|metric| collected.contains(metric))
}

/// Breaks panels into lines of at most the full width and stretches each line to exactly that. Also returns the first
/// free line below.
fn flow(panels: Vec<(u32, &Panel, Vec<&Query>)>, height: u32, top: u32) -> (Vec<dashboard::Panel>, u32) {
    let mut lines: Vec<Vec<(u32, &Panel, Vec<&Query>)>> = vec![Vec::new()];
    let mut used = 0;
    for panel in panels {
        if used + panel.1.width > COLUMNS {
            lines.push(Vec::new());
            used = 0;
        }
        used += panel.1.width;
        lines.last_mut().expect("there is always a last line").push(panel);
    }
    let mut drawn = Vec::new();
    let mut y = top;
    for line in lines {
        let wanted: u32 = line.iter().map(|(_, panel, _)| panel.width).sum();
        let mut before = 0;
        for (id, panel, queries) in line {
            let x = COLUMNS * before / wanted;
            before += panel.width;
            let place = GridPos { h: height, w: COLUMNS * before / wanted - x, x, y };
            drawn.push(data_panel(id, panel, &queries, place));
        }
        y += height;
    }
    (drawn, y)
}

/// The panels under their heading; a folded heading holds them.
fn headed(row: &Row, id: u32, y: u32, panels: Vec<dashboard::Panel>) -> Vec<dashboard::Panel> {
    if row.title.is_empty() {
        return panels;
    }
    let (held, below) = if row.folded { (panels, Vec::new()) } else { (Vec::new(), panels) };
    let heading = dashboard::Panel {
        id,
        r#type: "row",
        title: row.title,
        description: "",
        grid_pos: GridPos { h: 1, w: COLUMNS, x: 0, y },
        body: Body::Heading { collapsed: row.folded, panels: held },
    };
    [heading].into_iter().chain(below).collect()
}

/// What stands on a board of which nothing is left.
fn nothing(missing: &[&str]) -> dashboard::Panel {
    dashboard::Panel {
        id: 1,
        r#type: "text",
        title: "Nothing to show",
        description: "",
        grid_pos: GridPos { h: 8, w: COLUMNS, x: 0, y: 0 },
        body: Body::Text {
            options: TextOptions {
                mode: "markdown",
                content: format!("Nothing on this platform collects the metrics for: {}.", missing.join(", ")),
            },
        },
    }
}

fn data_panel(id: u32, panel: &Panel, queries: &[&Query], place: GridPos) -> dashboard::Panel {
    dashboard::Panel {
        id,
        r#type: kind(panel.view),
        title: panel.title,
        description: panel.about,
        grid_pos: place,
        body: Body::Data(Box::new(Data {
            plugin_version: VERSION,
            datasource: prometheus(),
            targets: queries.iter().zip('A'..).map(|(query, letter)| target(query, letter, panel.view)).collect(),
            field_config: FieldConfig { defaults: fields(panel), overrides: [] },
            options: options(panel.view),
            transformations: match panel.view {
                View::Table(columns) => vec![arranged(columns)],
                _ => Vec::new(),
            },
        })),
    }
}

const fn kind(view: View) -> &'static str {
    match view {
        View::Number => "stat",
        View::Lines | View::Stack => "timeseries",
        View::Bars { .. } => "bargauge",
        View::Table(_) => "table",
    }
}

const fn prometheus() -> Datasource {
    Datasource { r#type: "prometheus", uid: DATASOURCE }
}

/// Charts ask about the whole range; everything else about now, so that nothing shows a value of long ago.
fn target(query: &Query, letter: char, view: View) -> Target {
    let range = matches!(view, View::Lines | View::Stack);
    Target {
        ref_id: letter.to_string(),
        datasource: prometheus(),
        expr: query.expr,
        legend_format: query.legend,
        format: if matches!(view, View::Table(_)) { "table" } else { "time_series" },
        instant: !range,
        range,
    }
}

fn fields(panel: &Panel) -> FieldDefaults {
    let (unit, decimals) = unit(panel.unit);
    let marked = !panel.marks.steps.is_empty();
    let lines = matches!(panel.view, View::Lines | View::Stack);
    FieldDefaults {
        unit,
        decimals,
        min: 0.0,
        max: match panel.view {
            View::Bars { full } => Some(full),
            _ => None,
        },
        no_value: matches!(panel.view, View::Number).then_some("no data"),
        // Lines are told apart by colour, numbers judged by it.
        color: ColorMode { mode: if lines { "palette-classic" } else { "thresholds" } },
        thresholds: Thresholds { mode: "absolute", steps: steps(panel.marks) },
        custom: lines.then_some(Drawing {
            line_width: 1,
            fill_opacity: if matches!(panel.view, View::Stack) { 30 } else { 5 },
            show_points: "never",
            stacking: Mode { mode: if matches!(panel.view, View::Stack) { "normal" } else { "none" } },
            thresholds_style: Mode { mode: if marked { "dashed" } else { "off" } },
        }),
    }
}

/// The unit in Grafana's words, and how many decimals it is shown with if not as many as fit.
const fn unit(unit: Unit) -> (&'static str, Option<u32>) {
    match unit {
        Unit::Count => ("short", Some(0)),
        Unit::Requests => ("reqps", None),
        Unit::PerSecond => ("cps", None),
        Unit::Ratio => ("percentunit", None),
        Unit::Seconds => ("s", None),
        // Grafana's own unit for days turns 62 days into 8.86 weeks.
        Unit::Days => ("suffix: d", Some(0)),
        Unit::Bytes => ("bytes", None),
        Unit::Cores => ("suffix: cores", None),
    }
}

fn steps(marks: Marks) -> Vec<Step> {
    let base = Step { color: color(marks.base), value: None };
    let rest = marks.steps.iter().map(|(from, shade)| Step { color: color(*shade), value: Some(*from) });
    [base].into_iter().chain(rest).collect()
}

const fn color(color: Color) -> &'static str {
    match color {
        Color::Blue => "blue",
        Color::Green => "green",
        Color::Orange => "orange",
        Color::Red => "red",
    }
}

fn options(view: View) -> Options {
    const LATEST: Reduce = Reduce { calcs: &["lastNotNull"], fields: "", values: false };
    match view {
        View::Number => {
            Options::Number(NumberOptions { color_mode: "value", graph_mode: "none", reduce_options: LATEST })
        }
        View::Bars { .. } => {
            Options::Bars(BarsOptions { display_mode: "basic", orientation: "horizontal", reduce_options: LATEST })
        }
        View::Table(columns) => Options::Table(TableOptions {
            show_header: true,
            cell_height: "sm",
            sort_by: columns
                .iter()
                .take(1)
                .map(|(_, heading)| Sorting { display_name: heading, desc: false })
                .collect(),
        }),
        View::Lines | View::Stack => Options::Lines(LinesOptions {
            legend: Legend { display_mode: "table", placement: "bottom", shown: true, calcs: &["lastNotNull", "max"] },
            tooltip: Tooltip { mode: "multi", sort: "desc" },
        }),
    }
}

/// The columns in their order; the value is a column only where it is named.
fn arranged(columns: &[(&'static str, &'static str)]) -> Transformation {
    let hidden = ["Time", "Value"].into_iter().filter(|name| columns.iter().all(|(column, _)| column != name));
    Transformation {
        id: "organize",
        options: Columns {
            hidden: hidden.map(|name| (name, true)).ordered(),
            order: columns.iter().enumerate().map(|(at, (column, _))| (*column, at)).ordered(),
            headings: columns.iter().copied().ordered(),
        },
    }
}

/// Several values may be chosen; Grafana escapes them and joins them to a pattern, so queries compare with `=~`.
fn variable(variable: &Variable) -> dashboard::Variable {
    let query = format!("label_values({}, {})", variable.series, variable.label);
    dashboard::Variable {
        name: variable.label,
        label: variable.title,
        r#type: "query",
        datasource: prometheus(),
        definition: query.clone(),
        query: VariableQuery { qry_type: 1, query, ref_id: "A" },
        refresh: 2,
        sort: 1,
        multi: true,
        include_all: variable.all,
        // Not the list of all values, which can exceed what a URL and a pattern may hold.
        all_value: variable.all.then_some(".+"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::grafana::ALL;

    fn boards() -> impl Iterator<Item = &'static Board> {
        ALL.iter().map(|name| name.board())
    }

    /// Everything that any query asks for, and what queries fall back from.
    fn everything() -> Collected {
        let queries =
            || boards().flat_map(|board| board.rows).flat_map(|row| row.panels).flat_map(|panel| panel.queries);
        let variables = boards().flat_map(|board| board.variables).flat_map(|variable| metrics_in(variable.series));
        queries().flat_map(|query| metrics_in(query.expr)).chain(variables).collect()
    }

    fn nested(panels: &[dashboard::Panel]) -> Vec<&dashboard::Panel> {
        let mut all = Vec::new();
        for panel in panels {
            all.push(panel);
            if let Body::Heading { panels, .. } = &panel.body {
                all.extend(nested(panels));
            }
        }
        all
    }

    /// What must hold for every board on every platform.
    fn judge(board: &Board, collected: &Collected, platform: &str) {
        let drawn = draw(board, "x", collected);
        let panels = nested(&drawn.panels);
        let ids: BTreeSet<u32> = panels.iter().map(|panel| panel.id).collect();
        assert_eq!(ids.len(), panels.len(), "{} {platform}: an id occurs twice", board.name);
        let mut taken = BTreeSet::new();
        for panel in &panels {
            let GridPos { h, w, x, y } = panel.grid_pos;
            assert!(h > 0 && w > 0 && x + w <= COLUMNS, "{} {platform}: `{}` sticks out", board.name, panel.title);
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{} {platform}: `{}` overlaps", board.name, panel.title);
            }
            if let Body::Data(data) = &panel.body {
                assert!(!data.targets.is_empty(), "{} {platform}: `{}` asks nothing", board.name, panel.title);
                for target in &data.targets {
                    let answered = metrics_in(target.expr).all(|metric| collected.contains(metric));
                    assert!(answered, "{} {platform}: `{}` asks in vain", board.name, panel.title);
                }
            }
        }
        // A folded row holds its panels below itself, so the page is full only where nothing is folded.
        let rows: BTreeSet<u32> = taken.iter().map(|(_, y)| *y).collect();
        for y in rows {
            let width = taken.iter().filter(|(_, other)| *other == y).count();
            assert_eq!(width, COLUMNS as usize, "{} {platform}: line {y} has a gap", board.name);
        }
    }

    #[test]
    fn boards_fit_whatever_is_collected() {
        let all = everything();
        for board in boards() {
            judge(board, &all, "with everything");
            judge(board, &Collected::new(), "with nothing");
            for missing in &all {
                let rest: Collected = all.iter().copied().filter(|metric| metric != missing).collect();
                judge(board, &rest, &format!("without {missing}"));
            }
        }
    }

    #[test]
    fn with_everything_collected_every_panel_is_there_and_every_file_is_small() {
        for board in boards() {
            let drawn = draw(board, "x", &everything());
            let wanted: usize =
                board.rows.iter().map(|row| row.panels.len() + usize::from(!row.title.is_empty())).sum();
            assert_eq!(nested(&drawn.panels).len(), wanted, "{}", board.name);
            assert_eq!(drawn.description, board.about);
            let text = file(board, "x", &everything());
            let parsed: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
            assert_eq!(parsed["uid"], board.name);
            assert!(parsed["id"].is_null() && parsed["schemaVersion"].as_u64() >= Some(39));
            assert!(text.len() < 60 * 1024, "{} has {} bytes", board.name, text.len());
        }
    }

    #[test]
    fn panels_keep_their_ids_when_others_go() {
        let all = everything();
        let ids = |collected: &Collected| -> std::collections::BTreeMap<&str, u32> {
            let drawn = draw(ALL[0].board(), "x", collected);
            nested(&drawn.panels).into_iter().map(|panel| (panel.title, panel.id)).collect()
        };
        let whole = ids(&all);
        let rest: Collected = all.into_iter().filter(|metric| !metric.starts_with("kube_")).collect();
        let smaller = ids(&rest);
        assert!(smaller.len() < whole.len());
        assert!(smaller.iter().all(|(title, id)| whole[title] == *id));
    }

    #[test]
    fn a_board_without_data_says_what_it_would_show() {
        for board in boards() {
            let drawn = draw(board, "x", &Collected::new());
            assert!(drawn.templating.list.is_empty());
            let [dashboard::Panel { body: Body::Text { options }, .. }] = drawn.panels.as_slice() else {
                panic!("{} has more than a text", board.name);
            };
            for panel in board.rows.iter().flat_map(|row| row.panels) {
                assert!(options.content.contains(panel.title), "{} does not name `{}`", board.name, panel.title);
            }
        }
    }

    #[test]
    fn the_better_metric_replaces_the_fallback() {
        let asks = |collected: &Collected, metric: &str| {
            let text = file(&crate::components::grafana::service_red::BOARD, "x", collected);
            text.contains(metric)
        };
        let all = everything();
        assert!(asks(&all, "container_cpu_usage_seconds_total") && !asks(&all, "process_cpu_seconds_total"));
        let without: Collected = all.into_iter().filter(|metric| !metric.starts_with("container_")).collect();
        assert!(asks(&without, "process_cpu_seconds_total") && !asks(&without, "container_cpu_usage_seconds_total"));
    }

    #[test]
    fn queries_are_named_where_they_have_several_series_and_marks_rise() {
        for panel in boards().flat_map(|board| board.rows).flat_map(|row| row.panels) {
            let table = matches!(panel.view, View::Table(_));
            for query in panel.queries {
                assert_eq!(query.legend.is_empty(), table, "`{}`", panel.title);
                // A legend can only name labels that the query keeps.
                for label in query.legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
                    let kept = query.expr.contains("by (") || query.expr.starts_with("service:");
                    assert!(
                        kept && (query.expr.contains(label) || label == "namespace" || label == "service"),
                        "`{}`",
                        panel.title
                    );
                }
            }
            assert!(panel.marks.steps.is_sorted_by(|a, b| a.0 < b.0), "`{}`", panel.title);
        }
    }
}
