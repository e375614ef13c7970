//! `tagmeter campaign report`: writes a measured campaign as a file to send, or shares it by a link.

use super::open;
use crate::cli::campaigns::{Report, Which};
use crate::commands::Context;
use crate::commands::share::create;
use crate::exit::Failure;
use crate::measured::{Document, WrittenFile, brand};
use crate::output::{print_json, say};
use domain::AccountId;
use domain::campaign::CampaignRef;
use measure::{AsOfQuery, CampaignView, MadeOf, Measure, campaign_report};
use serde::Serialize;
use sharing::{ShareOrder, Subject};
use store::shares::ShareKind;

/// Output of `campaign report --json` for a file.
#[derive(Serialize)]
struct Written<'a> {
    file: &'a str,
    format: &'static str,
    campaign: &'a str,
    bytes: u64,
}

pub(super) async fn run(command: Report, context: &Context) -> Result<(), Failure> {
    if command.frozen_link || command.live_link {
        return share(command, context).await;
    }
    let Report { which: Which { campaign, owner }, output, as_of, form, json, .. } = command;
    let Some(path) = output else { return Err(Failure::usage("give -o FILE, --frozen-link or --live-link")) };
    let document = Document::begin(&path, &form, json.json)?;
    let (measure, owner) = open(context, &owner).await?;
    let view = measured(&measure, owner.account_id, &campaign, as_of).await?;
    let report = campaign_report(&view, form.title);
    let Some(WrittenFile { name, format, bytes }) = document.write(report)? else { return Ok(()) };
    if json.json {
        let campaign = view.campaign.name.as_str();
        return print_json(&Written { file: &name, format: format.name(), campaign, bytes });
    }
    say(format_args!("The report is in {name}."));
    Ok(())
}

async fn measured(
    measure: &Measure,
    account_id: AccountId,
    campaign: &CampaignRef,
    as_of: AsOfQuery,
) -> Result<CampaignView, Failure> {
    let campaign = measure.find_campaign(account_id, campaign).await?;
    let view = measure.at(as_of, MadeOf::Videos).await?.campaign(&campaign).await?;
    if view.hashtags.iter().all(|hashtag| hashtag.readings == 0 && hashtag.videos == 0) {
        say("note: the report is empty: no readings and no videos of its hashtags are stored for this time.");
    }
    Ok(view)
}

async fn share(command: Report, context: &Context) -> Result<(), Failure> {
    let Report { which: Which { campaign, owner }, form, live_link, days, json, .. } = command;
    let order = ShareOrder {
        subject: Subject::Campaign(campaign),
        heading: form.title,
        brand: brand(&form.look)?,
        is_live: live_link,
        kind: ShareKind::Page,
        sites: Vec::new(),
        passwords: Vec::new(),
        days,
    };
    create(order, &owner, context, json.json).await
}
