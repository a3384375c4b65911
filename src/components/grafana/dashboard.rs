//! Grafana's classic dashboard JSON, as far as we write it. Source: grafana.com, "Dashboard JSON model".

use std::collections::BTreeMap;

use serde::Serialize;

/// The version of the model that this file speaks. Grafana migrates older ones when it loads them.
pub const SCHEMA_VERSION: u32 = 41;

/// The columns of a dashboard.
pub const COLUMNS: u32 = 24;

/// One file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// Always null: Grafana numbers dashboards itself.
    pub id: Option<u32>,
    pub uid: &'static str,
    pub title: &'static str,
    pub description: String,
    pub tags: Vec<String>,
    pub schema_version: u32,
    pub editable: bool,
    pub graph_tooltip: u32,
    pub timezone: &'static str,
    pub refresh: &'static str,
    pub time: TimeRange,
    pub links: Vec<Link>,
    pub templating: Templating,
    pub panels: Vec<Panel>,
}

#[derive(Debug, Serialize)]
pub struct TimeRange {
    pub from: &'static str,
    pub to: &'static str,
}

/// A menu of the dashboards with the same tag.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub r#type: &'static str,
    pub title: &'static str,
    pub tags: Vec<String>,
    pub as_dropdown: bool,
    pub keep_time: bool,
    pub include_vars: bool,
}

#[derive(Debug, Serialize)]
pub struct Templating {
    pub list: Vec<Variable>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    pub name: &'static str,
    pub label: &'static str,
    pub r#type: &'static str,
    pub datasource: Datasource,
    pub definition: String,
    pub query: VariableQuery,
    /// 2: read again when the time range changes, so that pods of today are listed.
    pub refresh: u32,
    /// 1: alphabetical.
    pub sort: u32,
    pub multi: bool,
    pub include_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_value: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableQuery {
    /// 1: values of a label.
    pub qry_type: u32,
    pub query: String,
    pub ref_id: &'static str,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Datasource {
    pub r#type: &'static str,
    pub uid: &'static str,
}

/// A panel, or the heading of a row.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    pub id: u32,
    pub r#type: &'static str,
    pub title: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: &'static str,
    pub grid_pos: GridPos,
    #[serde(flatten)]
    pub body: Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GridPos {
    pub h: u32,
    pub w: u32,
    pub x: u32,
    pub y: u32,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// The heading of a row; it holds its panels while it is closed.
    Heading { collapsed: bool, panels: Vec<Panel> },
    /// Words.
    Text { options: TextOptions },
    /// Answers to queries.
    Data(Box<Data>),
}

#[derive(Debug, Serialize)]
pub struct TextOptions {
    pub mode: &'static str,
    pub content: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// Tells Grafana that no option stems from an older release.
    pub plugin_version: &'static str,
    pub datasource: Datasource,
    pub targets: Vec<Target>,
    pub field_config: FieldConfig,
    pub options: Options,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transformations: Vec<Transformation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub ref_id: String,
    pub datasource: Datasource,
    pub expr: &'static str,
    pub legend_format: &'static str,
    pub format: &'static str,
    pub instant: bool,
    pub range: bool,
}

#[derive(Debug, Serialize)]
pub struct FieldConfig {
    pub defaults: FieldDefaults,
    /// We never need one, but Grafana expects the list.
    pub overrides: [u32; 0],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldDefaults {
    pub unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    pub min: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_value: Option<&'static str>,
    pub color: ColorMode,
    pub thresholds: Thresholds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Drawing>,
}

#[derive(Debug, Serialize)]
pub struct ColorMode {
    pub mode: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Thresholds {
    pub mode: &'static str,
    pub steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
pub struct Step {
    pub color: &'static str,
    /// Null for the first one, which holds from minus infinity on.
    pub value: Option<f64>,
}

/// How lines are drawn.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drawing {
    pub line_width: u32,
    pub fill_opacity: u32,
    pub show_points: &'static str,
    pub stacking: Mode,
    pub thresholds_style: Mode,
}

#[derive(Debug, Serialize)]
pub struct Mode {
    pub mode: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Options {
    Lines(LinesOptions),
    Number(NumberOptions),
    Bars(BarsOptions),
    Table(TableOptions),
}

#[derive(Debug, Serialize)]
pub struct LinesOptions {
    pub legend: Legend,
    pub tooltip: Tooltip,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Legend {
    pub display_mode: &'static str,
    pub placement: &'static str,
    #[serde(rename = "showLegend")]
    pub shown: bool,
    pub calcs: &'static [&'static str],
}

#[derive(Debug, Serialize)]
pub struct Tooltip {
    pub mode: &'static str,
    pub sort: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberOptions {
    pub color_mode: &'static str,
    pub graph_mode: &'static str,
    pub reduce_options: Reduce,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BarsOptions {
    pub display_mode: &'static str,
    pub orientation: &'static str,
    pub reduce_options: Reduce,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TableOptions {
    pub show_header: bool,
    pub cell_height: &'static str,
    pub sort_by: Vec<Sorting>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sorting {
    pub display_name: &'static str,
    pub desc: bool,
}

#[derive(Debug, Serialize)]
pub struct Reduce {
    pub calcs: &'static [&'static str],
    pub fields: &'static str,
    pub values: bool,
}

#[derive(Debug, Serialize)]
pub struct Transformation {
    pub id: &'static str,
    pub options: Columns,
}

/// Which columns a table shows, in which order, under which headings.
#[derive(Debug, Serialize)]
pub struct Columns {
    #[serde(rename = "excludeByName")]
    pub hidden: BTreeMap<&'static str, bool>,
    #[serde(rename = "indexByName")]
    pub order: BTreeMap<&'static str, usize>,
    #[serde(rename = "renameByName")]
    pub headings: BTreeMap<&'static str, &'static str>,
}
