//! `tagmeter campaign`: creates, lists, measures, changes and deletes campaigns.

use super::Context;
use super::trackers::{no_account, owner};
use crate::cli::campaigns::{Campaign, Create, Edit, Which, goals};
use crate::cli::trackers::Owner;
use crate::exit::Failure;
use crate::measured::maybe;
use crate::output::{print, print_json, print_text, say, table};
use crate::system::random_bytes;
use domain::CampaignId;
use domain::campaign::{CampaignGoals, CampaignRef};
use measure::{CampaignOrder, CampaignPatch, CampaignRecord, MadeOf, Measure};
use serde::Serialize;
use store::accounts::Account;

mod report;

mod shown;

/// Output of `campaign show --json`, and of the others.
#[derive(Serialize)]
struct Answer<T> {
    data: T,
}

/// Output of `campaign list --json`.
#[derive(Serialize)]
struct Listed {
    campaigns: Vec<CampaignRecord>,
}

/// Output of `campaign delete --json`.
#[derive(Serialize)]
struct Deleted {
    deleted: Vec<CampaignRecord>,
}

pub(super) async fn run(command: Campaign, context: &Context) -> Result<(), Failure> {
    match command {
        Campaign::Create(command) => create(command, context).await,
        Campaign::List { owner, output } => {
            let (measure, owner) = open(context, &owner).await?;
            list(&measure, &owner, output.json).await
        }
        Campaign::Show { which: Which { campaign, owner }, as_of, output } => {
            let (measure, owner) = open(context, &owner).await?;
            let campaign = measure.find_campaign(owner.account_id, &campaign).await?;
            let data = measure.at(as_of, MadeOf::Videos).await?.campaign(&campaign).await?;
            if output.json { print_json(&Answer { data }) } else { shown::show(&data) }
        }
        Campaign::Report(command) => report::run(command, context).await,
        Campaign::Edit(command) => edit(command, context).await,
        Campaign::Delete { campaigns, owner, output } => {
            let (measure, owner) = open(context, &owner).await?;
            delete(&measure, &owner, &campaigns, output.json).await
        }
    }
}

async fn open(context: &Context, named: &Owner) -> Result<(Measure, Account), Failure> {
    if !context.store_options().exists().await? {
        return Err(no_account());
    }
    let measure = context.open_existing_measure().await?;
    let owner = owner(measure.store(), named).await?;
    Ok((measure, owner))
}

async fn create(command: Create, context: &Context) -> Result<(), Failure> {
    let (measure, owner) = open(context, &command.owner).await?;
    let (json, dry_run) = (command.output.json, command.dry_run);
    let order = CampaignOrder {
        name: command.name,
        hashtags: command.tags,
        against: command.against,
        from: command.from,
        to: command.to,
        tz: command.tz,
        baseline: command.baseline,
        goals: goals(&command.goal),
        not_tags: command.not_tags,
        not_creators: command.not_creators,
        notes: command.notes,
    };
    let order = measure.check_campaign(order)?;
    let id = CampaignId::new(context.now(), u128::from_be_bytes(random_bytes()?));
    if dry_run {
        let data = measure.try_campaign(owner.account_id, id, order).await?;
        return if json { print_json(&Answer { data }) } else { shown::show(&data) };
    }
    let record = measure.create_campaign(owner.account_id, id, order, None).await?;
    if json {
        return print_json(&Answer { data: record });
    }
    print_text(format_args!(
        "Campaign {} of {}: {}",
        record.name,
        shown::names(&record.hashtags),
        maybe(record.id.as_ref(), String::clone)
    ))?;
    say(format_args!("`tagmeter campaign show {}` measures it.", record.name));
    Ok(())
}

async fn edit(command: Edit, context: &Context) -> Result<(), Failure> {
    let Which { campaign, owner } = &command.which;
    let (measure, owner) = open(context, owner).await?;
    let patch = patch(&command);
    if patch == CampaignPatch::default() {
        return Err(Failure::usage("give at least one option, such as --to 2026-07-31"));
    }
    let changed = measure.change_campaign(owner.account_id, campaign, &patch).await?;
    let record = CampaignRecord::of(&changed, context.now());
    if command.output.json {
        return print_json(&Answer { data: record });
    }
    print_text(format_args!("Campaign {} changed", record.name))
}

fn patch(command: &Edit) -> CampaignPatch {
    // `--against ""` leaves one empty name.
    let list = |names: &Option<Vec<String>>| {
        let names = names.as_ref()?;
        Some(names.iter().filter(|name| !name.trim().is_empty()).cloned().collect())
    };
    CampaignPatch {
        name: command.name.clone(),
        hashtags: list(&command.tags),
        against: list(&command.against),
        from: command.from,
        to: if command.open { Some(None) } else { command.to.map(Some) },
        tz: command.tz.clone(),
        baseline: command.baseline,
        goals: match command.goal.as_slice() {
            [] => command.no_goals.then(CampaignGoals::default),
            given => Some(goals(given)),
        },
        not_tags: list(&command.not_tags),
        not_creators: list(&command.not_creators),
        notes: command.notes.clone(),
    }
}

async fn delete(
    measure: &Measure,
    owner: &Account,
    campaigns: &[CampaignRef],
    json: bool,
) -> Result<(), Failure> {
    let mut deleted = Vec::new();
    for campaign in campaigns {
        deleted.push(measure.delete_campaign(owner.account_id, campaign).await?);
    }
    if json {
        return print_json(&Deleted { deleted });
    }
    deleted.iter().try_for_each(|record| print_text(format_args!("{} deleted", record.name)))
}

async fn list(measure: &Measure, owner: &Account, json: bool) -> Result<(), Failure> {
    let (mut campaigns, mut after) = (Vec::new(), None);
    loop {
        let page = measure.campaigns(owner.account_id, after).await?;
        campaigns.extend(page.campaigns);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        return print_json(&Listed { campaigns });
    }
    if campaigns.is_empty() {
        say("There is no campaign yet: `tagmeter campaign create NAME --tags TAG --from DAY` creates one.");
    }
    let rows = campaigns.iter().map(|campaign| {
        vec![
            campaign.name.clone(),
            shown::names(&campaign.hashtags),
            shown::names(&campaign.against),
            campaign.tz.date(campaign.from).to_string(),
            maybe(campaign.to, |to| campaign.tz.date(to).to_string()),
            campaign.state.to_owned(),
        ]
    });
    print(table(&["=campaign", "=hashtags", "=against", "=from", "=to", "=state"], rows))
}
