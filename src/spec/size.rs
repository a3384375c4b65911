//! How large a container is: a word, or exact figures.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::spec::read::{Node, Read};
use crate::spec::shape::{shape, words};
use crate::values::amount::{Bytes, Cpu};

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
        cpu: Cpu,
        /// Memory.
        memory: Bytes,
        /// Disk for logs and scratch; `64Mi` when absent.
        ephemeral_storage as "ephemeral-storage": Bytes = Bytes::mebibytes(64),
    }
}

/// More than any node has.
const MOST_CPU: Cpu = Cpu::cores(1000);

impl Read for SizeSpec {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        if node.get_ref().is_table() {
            let before = report.count();
            let exact = ExactSize::read(node, report)?;
            if report.count() > before {
                return Self::stand_in(None);
            }
            if exact.cpu > MOST_CPU {
                report
                    .error(codes::INVALID_VALUE, node.span(), "no node has so much CPU")
                    .help(format!("expected at most {MOST_CPU} cores"));
            }
            Some(Self::Exact(exact))
        } else {
            SizeName::read(node, report).map(Self::Named)
        }
    }

    /// So large that everything fits.
    fn stand_in(default: Option<Self>) -> Option<Self> {
        let tebibyte = Bytes::gibibytes(1024);
        default.or(Some(Self::Exact(ExactSize { cpu: MOST_CPU, memory: tebibyte, ephemeral_storage: tebibyte })))
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
            cpu: Cpu::millis(cpu),
            memory: Bytes::mebibytes(memory),
            ephemeral_storage: Bytes::mebibytes(disk),
        };
        match self {
            Self::Named(SizeName::Small) => mebibytes(100, 192, 64),
            Self::Named(SizeName::Medium) => mebibytes(250, 384, 256),
            Self::Named(SizeName::Large) => mebibytes(500, 1024, 512),
            Self::Exact(exact) => exact.clone(),
        }
    }
}
