//! `tagmeter report`: writes a report on hashtags to share or print, with the method.

use super::Context;
use super::annotation::annotated_by;
use super::compare::hashtags_of;
use super::share::{create, order};
use crate::cli::measuring::Report;
use crate::exit::Failure;
use crate::measured::{Document, WrittenFile, tag};
use crate::output::{print_json, say};
use measure::{ReportSpan, hashtag_report};
use serde::Serialize;

/// Output of `report --json`.
#[derive(Serialize)]
struct Written<'a> {
    file: &'a str,
    format: &'static str,
    hashtags: Vec<&'a str>,
    /// True if no reading and no video of the period is stored.
    is_empty: bool,
    bytes: u64,
}

pub(super) async fn run(command: Report, context: &Context) -> Result<(), Failure> {
    if command.frozen_link || command.live_link {
        let Report { hashtags, live_link, days, form, span, owner, json, .. } = command;
        let order = order(hashtags, span, (form.title, &form.look), live_link, days, context.now())?;
        return create(order, &owner, context, json).await;
    }
    let Some(path) = &command.output else {
        return Err(Failure::usage("give -o FILE, --frozen-link or --live-link"));
    };
    let document = Document::begin(path, &command.form, command.json)?;
    let measure = context.open_existing_measure().await?;
    let hashtags = hashtags_of(&measure, &command.hashtags).await?;
    let now = context.now();
    let span = ReportSpan {
        from: command.span.from.map(|from| from.begin(now)),
        to: command.span.to.map(|to| to.end(now)),
        account_id: annotated_by(measure.store(), command.owner.account.as_deref()).await?,
    };
    let (report, is_empty) = hashtag_report(&measure, &hashtags, span, command.form.title).await?;
    if is_empty {
        let names: Vec<String> = hashtags.iter().map(|hashtag| tag(hashtag.tag.name())).collect();
        let time = if span.from.is_some() || span.to.is_some() { " in this period" } else { "" };
        say(format_args!(
            "note: the report is empty: no readings and no videos of {}{time} are stored.",
            names.join(", ")
        ));
    }
    let Some(WrittenFile { name, format, bytes }) = document.write(report)? else { return Ok(()) };
    if command.json {
        let hashtags = hashtags.iter().map(|hashtag| hashtag.tag.name()).collect();
        return print_json(&Written { file: &name, format: format.name(), hashtags, is_empty, bytes });
    }
    say(format_args!("The report is in {name}."));
    Ok(())
}
