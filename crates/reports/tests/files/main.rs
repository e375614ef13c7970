//! Reports as their readers see them: in PDF tools, in Python's openpyxl, unpacked.

mod pdf;

mod pictures;

mod sample;

mod xlsx;

use charts::report::{Brand, Report};
use domain::Timestamp;
use reports::Format;
use sample::{DAY_MS, begin, report};
use strum::VariantArray;

/// Prints why a test is skipped. In CI the tool must be there.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skipped(tool: &str, cause: &dyn std::fmt::Display) {
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{tool} is missing: {cause}");
    eprintln!("skipped: {tool}: {cause}");
}

#[test]
fn the_same_report_is_the_same_bytes() {
    for format in Format::VARIANTS {
        let [one, two] = [(); 2].map(|()| reports::write(&report(), *format).expect("a report"));
        assert!(one == two, "{format} differs");
        let later = Report { generated_at: Timestamp::from_ms(begin().as_ms() + 90 * DAY_MS), ..report() };
        assert!(one != reports::write(&later, *format).expect("a report"), "{format} has no date");
    }
}

#[test]
fn a_stored_report_is_the_same_report() {
    let text = serde_json::to_string(&report()).expect("JSON");
    let again: Report = serde_json::from_str(&text).expect("a report");
    assert_eq!(again, report());
    for format in Format::VARIANTS {
        assert!(
            reports::write(&again, *format).expect("a file")
                == reports::write(&report(), *format).expect("a file")
        );
    }
}

#[test]
fn an_empty_report_is_written_and_a_report_beyond_its_limits_is_refused() {
    let empty = Report { sections: Vec::new(), method: Vec::new(), brand: Brand::default(), ..report() };
    let mut uneven = report();
    uneven.sections[0].tables[0].rows[7].pop();
    for format in Format::VARIANTS {
        assert!(reports::write(&empty, *format).is_ok(), "{format}");
        let error = reports::write(&uneven, *format).expect_err("a row is short").to_string();
        assert!(error.contains("row 8") && error.contains("3 cells for 4 columns"), "{error}");
    }
}
