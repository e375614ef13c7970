//! `tagmeter alert preview` and `templates`: when alerts would have fired on stored readings.

use crate::commands::{Context, hashtag_of};
use crate::exit::Failure;
use crate::measured::{maybe, ratio, real, span, tag};
use crate::output::{counted, grouped, print, print_json, print_text, say, table};
use domain::UtcDay;
use measure::{AlertCoverageView, AlertFiredView, AlertPreviewQuery, AlertPreviewView, AlertTemplateView};
use serde::Serialize;

/// Episodes of the table: the newest.
const ROWS_MAX: usize = 20;

/// Output of `--json`.
#[derive(Serialize)]
struct Answer<T> {
    data: T,
}

pub(super) async fn preview(query: &AlertPreviewQuery, json: bool, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?;
    let hashtag = hashtag_of(&measure, &query.hashtag).await?;
    let data = measure.alert_preview(&hashtag, query).await?;
    if json { print_json(&Answer { data }) } else { show(&data) }
}

pub(super) async fn templates(named: &str, json: bool, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?;
    let hashtag = hashtag_of(&measure, named).await?;
    let data = measure.alert_templates(&hashtag).await?;
    if json {
        return print_json(&Answer { data });
    }
    data.templates.iter().try_for_each(|template| show_template(&data.hashtag, template))
}

fn show(preview: &AlertPreviewView) -> Result<(), Failure> {
    print_text(coverage_line(&preview.hashtag, &preview.coverage))?;
    if let Some(reason) = &preview.coverage.reason {
        print_text(format_args!("Too few for a judgement: {reason}."))?;
    }
    for event in &preview.annotations {
        print_text(format_args!("{}: {} No alert fires because of it.", UtcDay::of(event.from), event.text))?;
    }
    print_text(format_args!(
        "Rule: {} over {} in {}, above {}, recovers at {}.",
        preview.rule.rule,
        preview.rule.window,
        preview.rule.unit,
        real(preview.rule.above),
        real(preview.rule.recovers_at)
    ))?;
    print_text(format_args!("{}.", summary(preview)))?;
    if preview.fired.is_empty() {
        return Ok(());
    }
    print("")?;
    let row = |fired: &AlertFiredView| {
        vec![
            fired.at.to_rfc3339(),
            real(fired.value),
            maybe(fired.ended, |ended| ended.to_rfc3339()),
            span(fired.late_ms),
            if fired.message { "message".to_owned() } else { "within the cooldown".to_owned() },
        ]
    };
    let left_out = preview.fired.len().saturating_sub(ROWS_MAX);
    print(table(
        &["=fired", ">value", "=recovered", ">late by up to", ""],
        preview.fired[left_out..].iter().map(row),
    ))?;
    if preview.count > ROWS_MAX as u64 {
        say(format_args!("The newest {ROWS_MAX} of {}; --json has up to 1,000.", grouped(preview.count)));
    }
    Ok(())
}

/// Returns the sentence of a preview, and how many messages it is.
fn summary(preview: &AlertPreviewView) -> String {
    match preview.per_week.filter(|_| preview.count > 0) {
        Some(per_week) => {
            let messages = counted(preview.messages, "message");
            format!("{}: {} a week, {messages}", preview.sentence, ratio(per_week))
        }
        None => preview.sentence.clone(),
    }
}

fn coverage_line(name: &str, coverage: &AlertCoverageView) -> String {
    let gaps = match coverage.longest_gap_ms {
        Some(longest_ms) => format!(
            "{} with {} missed, the longest {}",
            counted(coverage.gaps, "gap"),
            counted(coverage.missed, "reading"),
            span(longest_ms)
        ),
        None => "no gaps".to_owned(),
    };
    format!(
        "{}: {} from {} to {}, one every {}, {gaps}; {} a number, {} below the rounding.",
        tag(name),
        counted(coverage.readings, "reading"),
        coverage.first.to_rfc3339(),
        coverage.last.to_rfc3339(),
        span(coverage.cadence_ms),
        if coverage.values == 1 {
            "1 gives".to_owned()
        } else {
            format!("{} give", grouped(coverage.values))
        },
        grouped(coverage.below_resolution),
    )
}

fn show_template(name: &str, template: &AlertTemplateView) -> Result<(), Failure> {
    print_text(format_args!("{} ({}): {}", template.title, template.name, template.text))?;
    let request = &template.request;
    let mut command =
        format!("tagmeter alert preview {name} --rule {} --window {}", request.rule, request.window);
    let options = [
        ("above", request.above.map(|above| above.to_string())),
        ("about", request.about.clone()),
        ("for", request.pending_for.clone()),
        ("cooldown", request.cooldown.clone()),
    ];
    for (option, value) in options {
        if let Some(value) = value {
            command.extend([" --", option, " ", &value]);
        }
    }
    match (&template.preview, &template.missing) {
        (Some(preview), _) => print_text(format_args!("  {}", summary(preview)))?,
        (None, missing) => print_text(format_args!("  {}", missing.as_deref().unwrap_or_default()))?,
    }
    print_text(format_args!("  {command}"))
}
