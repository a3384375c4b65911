//! The vocabulary in which dashboards are described: what the reader sees and asks, and nothing of Grafana's JSON.

/// One dashboard.
#[derive(Debug)]
pub struct Board {
    /// Name in `dashboards`, file name and fixed uid: links survive every rendering.
    pub name: &'static str,
    /// Title.
    pub title: &'static str,
    /// Which question it answers.
    pub about: &'static str,
    /// What the reader chooses at the top. Without the series that these list, nothing of the board makes sense.
    pub variables: &'static [Variable],
    /// From top to bottom.
    pub rows: &'static [Row],
}

/// A choice at the top of a dashboard: the values of one label.
#[derive(Debug)]
pub struct Variable {
    /// Name in queries, without `$`; also the label whose values it lists.
    pub label: &'static str,
    /// Title.
    pub title: &'static str,
    /// The series that carry the label.
    pub series: &'static str,
    /// Whether everything is chosen at first. If not, the first value is.
    pub all: bool,
}

/// Panels of one height; they flow from left to right and fill the width.
#[derive(Debug)]
pub struct Row {
    /// Its heading; empty for the row that everybody sees first.
    pub title: &'static str,
    /// Whether it opens only on a click.
    pub folded: bool,
    /// Height of each panel, in units of 30 pixels.
    pub height: u32,
    /// The panels.
    pub panels: &'static [Panel],
}

/// One panel.
#[derive(Debug)]
pub struct Panel {
    /// Title.
    pub title: &'static str,
    /// What it means when it looks bad.
    pub about: &'static str,
    /// Its share of the 24 columns.
    pub width: u32,
    /// How it is drawn.
    pub view: View,
    /// What its numbers are.
    pub unit: Unit,
    /// Where its colour changes.
    pub marks: Marks,
    /// What it asks Prometheus.
    pub queries: &'static [Query],
}

/// A single number.
pub const NUMBER: Panel = Panel { width: 4, view: View::Number, ..LINES };
/// A chart over time.
pub const LINES: Panel =
    Panel { title: "", about: "", width: 8, view: View::Lines, unit: Unit::Count, marks: NEUTRAL, queries: &[] };
/// A chart over time of parts that add up.
pub const STACK: Panel = Panel { view: View::Stack, ..LINES };
/// A bar for each series, as it is now.
pub const BARS: Panel = Panel { view: View::Bars { full: 1.0 }, unit: Unit::Ratio, ..LINES };

/// How a panel is drawn.
#[derive(Clone, Copy, Debug)]
pub enum View {
    /// A number, as it is now.
    Number,
    /// Lines over time.
    Lines,
    /// Areas over time that add up.
    Stack,
    /// A bar for each series, as it is now; `full` fills it.
    Bars {
        /// The value of a full bar.
        full: f64,
    },
    /// One row for each series, as it is now: labels (or `Value`) and the headings of their columns. Rows are sorted by
    /// the first one.
    Table(&'static [(&'static str, &'static str)]),
}

/// What a number is.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// Things.
    Count,
    /// Requests per second.
    Requests,
    /// Anything else per second.
    PerSecond,
    /// A part of one, shown in percent.
    Ratio,
    /// Seconds.
    Seconds,
    /// Days.
    Days,
    /// Bytes.
    Bytes,
    /// Processor cores.
    Cores,
}

/// Where a colour changes.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// The colour from nothing on.
    pub base: Color,
    /// The colour from each value on, in rising order.
    pub steps: &'static [(f64, Color)],
}

/// A number that is neither good nor bad.
pub const NEUTRAL: Marks = Marks { base: Color::Blue, steps: &[] };
/// A number that should be zero, or somebody gets up.
pub const NONE_IS_GOOD: Marks = Marks { base: Color::Green, steps: &[(1.0, Color::Red)] };
/// A number that should be zero, or somebody looks tomorrow.
pub const FEW_IS_FINE: Marks = Marks { base: Color::Green, steps: &[(1.0, Color::Orange)] };
/// The share of requests that fail; red where the alert `HighErrorRatio` stands.
pub const ERRORS: Marks = Marks { base: Color::Green, steps: &[(0.01, Color::Orange), (0.05, Color::Red)] };
/// Seconds that a caller waits; red where the alert `HighLatencyP95` stands.
pub const WAITING: Marks = Marks { base: Color::Green, steps: &[(0.5, Color::Orange), (1.0, Color::Red)] };
/// How full something is that must not be full.
pub const FULLNESS: Marks = Marks { base: Color::Green, steps: &[(0.75, Color::Orange), (0.9, Color::Red)] };
/// Days until something ends that renews itself well before.
pub const DAYS_LEFT: Marks = Marks { base: Color::Red, steps: &[(7.0, Color::Orange), (14.0, Color::Green)] };

/// A colour of Grafana's palette.
#[derive(Clone, Copy, Debug)]
pub enum Color {
    /// Neither good nor bad.
    Blue,
    /// Good.
    Green,
    /// Look soon.
    Orange,
    /// Look now.
    Red,
}

/// One question to Prometheus.
#[derive(Debug)]
pub struct Query {
    /// In `PromQL`, with Grafana's variables inside selectors, ranges and strings only.
    pub expr: &'static str,
    /// Name of each series, with `{{label}}`.
    pub legend: &'static str,
    /// A better metric, in whose presence this question is not asked.
    pub unless: Option<&'static str>,
}

/// A question whose series are called `legend`.
pub const fn query(expr: &'static str, legend: &'static str) -> Query {
    Query { expr, legend, unless: None }
}

/// A second-best question, asked only where nobody collects `better`.
pub const fn fallback(expr: &'static str, legend: &'static str, better: &'static str) -> Query {
    Query { expr, legend, unless: Some(better) }
}
