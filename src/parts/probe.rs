//! Probes: by port name, so that port and probe cannot disagree.

use k8s_openapi::api::core::v1::{HTTPGetAction, Probe, TCPSocketAction};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// When a probe asks, in seconds, and after how many failures it acts.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Seconds before the first question; 0 where a startup probe guards the start.
    pub delay: i32,
    /// Seconds between questions.
    pub period: i32,
    /// Seconds to wait for an answer.
    pub timeout: i32,
    /// Failures in a row before it acts.
    pub failures: i32,
}

/// Waits up to a minute for a start.
pub const STARTUP: Timing = Timing { delay: 0, period: 2, timeout: 2, failures: 30 };
/// Waits up to three minutes for a start: what serves an API of its own first reads every kind that the cluster has.
/// Source: kube-prometheus#2029, where a minute was too short for clusters with many definitions.
pub const DISCOVERY: Timing = Timing { failures: 90, ..STARTUP };
/// Restarts after half a minute of silence.
pub const LIVENESS: Timing = Timing { delay: 0, period: 10, timeout: 2, failures: 3 };
/// Takes out of service after a quarter of a minute.
pub const READINESS: Timing = Timing { delay: 0, period: 5, timeout: 2, failures: 3 };

/// An HTTP GET that must answer 200 to 399.
pub fn http(path: &str, port: &str, timing: Timing) -> Probe {
    let get =
        HTTPGetAction { path: Some(path.to_owned()), port: IntOrString::String(port.to_owned()), ..Default::default() };
    Probe { http_get: Some(get), ..timed(timing) }
}

/// The same over TLS, without looking at the certificate: the kubelet asks by address.
pub fn https(path: &str, port: &str, timing: Timing) -> Probe {
    let mut probe = http(path, port, timing);
    if let Some(get) = &mut probe.http_get {
        get.scheme = Some("HTTPS".to_owned());
    }
    probe
}

/// A connection that must open.
pub fn tcp(port: &str, timing: Timing) -> Probe {
    Probe {
        tcp_socket: Some(TCPSocketAction { port: IntOrString::String(port.to_owned()), ..Default::default() }),
        ..timed(timing)
    }
}

fn timed(timing: Timing) -> Probe {
    Probe {
        initial_delay_seconds: (timing.delay > 0).then_some(timing.delay),
        period_seconds: Some(timing.period),
        timeout_seconds: Some(timing.timeout),
        failure_threshold: Some(timing.failures),
        ..Default::default()
    }
}
