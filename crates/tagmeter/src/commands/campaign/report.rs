//! `tagmeter campaign report`: writes a measured campaign as a file to send.

use super::open;
use crate::cli::campaigns::{Report, Which};
use crate::commands::Context;
use crate::exit::Failure;
use crate::measured::{Document, WrittenFile};
use crate::output::{print_json, say};
use measure::{MadeOf, campaign_report};
use serde::Serialize;

/// Output of `campaign report --json`.
#[derive(Serialize)]
struct Written<'a> {
    file: &'a str,
    format: &'static str,
    campaign: &'a str,
    bytes: u64,
}

pub(super) async fn run(command: Report, context: &Context) -> Result<(), Failure> {
    let Report { which: Which { campaign, owner }, as_of, file, output } = command;
    let document = Document::begin(&file, output.json)?;
    let (measure, owner) = open(context, &owner).await?;
    let campaign = measure.find_campaign(owner.account_id, &campaign).await?;
    let view = measure.at(as_of, MadeOf::Videos).await?.campaign(&campaign).await?;
    if view.hashtags.iter().all(|hashtag| hashtag.readings == 0 && hashtag.videos == 0) {
        say("note: the report is empty: no readings and no videos of its hashtags are stored for this time.");
    }
    let report = campaign_report(&view, file.title);
    let Some(WrittenFile { name, format, bytes }) = document.write(report)? else { return Ok(()) };
    if output.json {
        let campaign = view.campaign.name.as_str();
        return print_json(&Written { file: &name, format: format.name(), campaign, bytes });
    }
    say(format_args!("The report is in {name}."));
    Ok(())
}
