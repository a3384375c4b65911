//! Any bytes as a description: a platform that renders, or diagnostics that can be printed; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use platformgen::diagnostics::caret;
use platformgen::diagnostics::report::Report;
use platformgen::diagnostics::source::Source;
use platformgen::{emit, pipeline};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut report = Report::default();
    let rendered = pipeline::render(text, None, &mut report);
    let _ = caret::text(&report.sorted(), Source { name: "fuzz", text }, false);
    assert_eq!(rendered.is_none(), report.has_errors());
    if let Some((_, bundle)) = rendered {
        assert!(!emit::stream(&bundle.objects).is_empty());
    }
});
