//! What the benches render: nobody runs them as often as the tests, and a description with a mistake is found here.
#![allow(clippy::panic, reason = "a test fails by panicking")]

#[path = "../benches/support/describe.rs"]
mod describe;

use platformgen::diagnostics::report::Report;
use platformgen::pipeline;

#[test]
fn generated_descriptions_have_no_mistakes() {
    for services in [1, 10, 100] {
        let (text, mut report) = (describe::description(services), Report::default());
        let rendered = pipeline::render(text.as_str(), None, &mut report);
        let (_, bundle) = rendered.unwrap_or_else(|| panic!("{services} services: {:?}", report.sorted()));
        let is_of_team = |name: &str| name == describe::only_team();
        let own = bundle.objects.iter().filter(|placed| is_of_team(&placed.id.namespace)).count();
        assert!(own > 10 && own < bundle.objects.len(), "{own} objects of the first team");
    }
}
