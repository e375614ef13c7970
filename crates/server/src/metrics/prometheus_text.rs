//! Converts OpenMetrics text to the older text format of Prometheus (0.0.4), for programs that know no other.
//!
//! They differ in the lines above the series: in the older one a counter is described under the name of its
//! series, which ends in `_total`, an info is a gauge, and there are no units and no last line.

use std::fmt::Write;

/// Converts OpenMetrics text.
pub(super) fn of_open_metrics(text: &str) -> String {
    let mut older = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name), text) => help = Some((name, text.unwrap_or_default())),
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", "counter"),
                    "info" => ("_info", "gauge"),
                    "stateset" => ("", "gauge"),
                    "unknown" => ("", "untyped"),
                    other => ("", other),
                };
                // Strings in memory: it cannot fail.
                if let Some((_, text)) = help.take().filter(|(described, _)| *described == name) {
                    let _ = writeln!(older, "# HELP {name}{suffix} {}", text.replace("\\\"", "\""));
                }
                let _ = writeln!(older, "# TYPE {name}{suffix} {kind}");
            }
            (Some("#"), ..) => {}
            _ => {
                let _ = writeln!(older, "{line}");
            }
        }
    }
    older
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_above_the_series_are_rewritten() {
        let open = "# HELP a Some \\\"a\\\".\n# TYPE a counter\na_total{x=\"# TYPE\"} 1\n# HELP b_seconds B.\n\
                    # TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 2.0\n# HELP c C.\n# TYPE c info\n\
                    c_info{version=\"1\"} 1\n# EOF\n";
        assert_eq!(
            of_open_metrics(open),
            "# HELP a_total Some \"a\".\n# TYPE a_total counter\na_total{x=\"# TYPE\"} 1\n# HELP b_seconds B.\n\
             # TYPE b_seconds gauge\nb_seconds 2.0\n# HELP c_info C.\n# TYPE c_info gauge\nc_info{version=\"1\"} 1\n"
        );
    }
}
