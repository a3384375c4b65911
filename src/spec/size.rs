//! How large a container is: a word, or exact figures.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::spec::read::{Node, Read};
use crate::spec::shape::{shape, words};
use crate::values::quantity::Quantity;

words! {
    /// A named size.
    SizeName {
        /// 100m CPU, 192Mi memory, 64Mi of disk.
        Small = "small",
        /// 250m CPU, 384Mi memory, 256Mi of disk.
        Medium = "medium",
        /// 500m CPU, 1Gi memory, 512Mi of disk.
        Large = "large",
    }
}

/// Requests of a container, by name or exactly. Limits follow: CPU and disk four times the request, memory twice.
#[derive(Clone, Debug)]
pub enum SizeSpec {
    /// One of the named sizes.
    Named(SizeName),
    /// Exact requests.
    Exact(ExactSize),
}

shape! {
    /// Exact requests of a container.
    ExactSize {
        /// CPU.
        cpu: Quantity,
        /// Memory.
        memory: Quantity,
        /// Disk for logs and scratch; `64Mi` when absent.
        ephemeral_storage as "ephemeral-storage": Quantity = Quantity::mebibytes(64),
    }
}

impl ExactSize {
    fn is_sensible(&self) -> bool {
        let mebibyte = Quantity::mebibytes(1);
        let cpu = Quantity::millis(1)..=Quantity::whole(1000);
        cpu.contains(&self.cpu) && self.memory >= mebibyte && self.ephemeral_storage >= mebibyte
    }
}

impl Read for SizeSpec {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        if node.get_ref().is_table() {
            let before = report.count();
            let exact = ExactSize::read(node, report)?;
            if report.count() > before {
                return Self::stand_in(None);
            }
            if !exact.is_sensible() {
                report
                    .error(
                        codes::INVALID_VALUE,
                        node.span(),
                        "no container runs in so little, or finds a node with so much",
                    )
                    .help("expected at least `1m` of CPU and `1Mi` of memory and disk, and at most 1000 CPUs");
            }
            Some(Self::Exact(exact))
        } else {
            SizeName::read(node, report).map(Self::Named)
        }
    }

    /// So large that everything fits.
    fn stand_in(default: Option<Self>) -> Option<Self> {
        let most = Quantity::whole(1000);
        let tebibyte = Quantity::mebibytes(1 << 20);
        default.or(Some(Self::Exact(ExactSize { cpu: most, memory: tebibyte, ephemeral_storage: tebibyte })))
    }

    fn type_name() -> Cow<'static, str> {
        format!("{}, or {}", SizeName::type_name(), ExactSize::type_name()).into()
    }

    fn schema() -> Value {
        json!({ "anyOf": [SizeName::schema(), ExactSize::schema()] })
    }
}

impl SizeSpec {
    /// The requests that this size stands for.
    pub fn exact(&self) -> ExactSize {
        let mebibytes = |cpu, memory, disk| ExactSize {
            cpu: Quantity::millis(cpu),
            memory: Quantity::mebibytes(memory),
            ephemeral_storage: Quantity::mebibytes(disk),
        };
        match self {
            Self::Named(SizeName::Small) => mebibytes(100, 192, 64),
            Self::Named(SizeName::Medium) => mebibytes(250, 384, 256),
            Self::Named(SizeName::Large) => mebibytes(500, 1024, 512),
            Self::Exact(exact) => exact.clone(),
        }
    }
}
