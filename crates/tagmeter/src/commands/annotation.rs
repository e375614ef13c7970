//! `tagmeter annotation`: adds, lists, changes and deletes notes on curves, and hides events of the platform.

use super::trackers::{no_account, owner};
use super::{Context, account_of};
use crate::cli::annotations::{Add, Annotation, Edit, Named, Rest};
use crate::cli::trackers::Owner;
use crate::exit::Failure;
use crate::output::{print, print_json, print_text, table};
use crate::system::random_bytes;
use domain::{AccountId, AnnotationId, Timestamp};
use measure::{AnnotationOrder, AnnotationRecord, Measure};
use serde::Serialize;
use store::Store;
use store::accounts::Account;

/// Output of `annotation add --json` and `annotation edit --json`.
#[derive(Serialize)]
struct Answer {
    data: AnnotationRecord,
}

/// Output of the others with `--json`.
#[derive(Serialize)]
struct Listed {
    annotations: Vec<AnnotationRecord>,
}

/// Change of several annotations.
#[derive(Clone, Copy)]
enum Change {
    Delete,
    Hide,
    Unhide,
}

pub(super) async fn run(command: Annotation, context: &Context) -> Result<(), Failure> {
    match command {
        Annotation::Add(command) => add(command, context).await,
        Annotation::List { owner, output } => {
            let (measure, owner) = open(context, &owner).await?;
            list(&measure, &owner, output.json).await
        }
        Annotation::Edit(command) => edit(command, context).await,
        Annotation::Delete(named) => change(named, Change::Delete, context).await,
        Annotation::Hide(named) => change(named, Change::Hide, context).await,
        Annotation::Unhide(named) => change(named, Change::Unhide, context).await,
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

async fn add(Add { text, from, rest }: Add, context: &Context) -> Result<(), Failure> {
    let Rest { until, tag, campaign, owner, output } = rest;
    let (measure, owner) = open(context, &owner).await?;
    let order = AnnotationOrder { text: Some(text), from: Some(from), until, hashtag: tag, campaign };
    let id = AnnotationId::new(context.now(), u128::from_be_bytes(random_bytes()?));
    let data = measure.create_annotation(owner.account_id, id, &order, None).await?;
    if output.json {
        return print_json(&Answer { data });
    }
    print_text(format_args!("{} on {}: {}", data.id, subject(&data), data.text))
}

async fn edit(Edit { annotation, text, from, rest }: Edit, context: &Context) -> Result<(), Failure> {
    let Rest { until, tag, campaign, owner, output } = rest;
    let order = AnnotationOrder { text, from, until, hashtag: tag, campaign };
    if order == AnnotationOrder::default() {
        return Err(Failure::usage("give at least one option, such as --text \"TV spot\""));
    }
    let (measure, owner) = open(context, &owner).await?;
    let data = measure.change_annotation(owner.account_id, annotation, &order).await?;
    if output.json {
        return print_json(&Answer { data });
    }
    print_text(format_args!("{} changed", data.id))
}

async fn change(named: Named, change: Change, context: &Context) -> Result<(), Failure> {
    let Named { annotations: named, owner, output } = named;
    let (measure, owner) = open(context, &owner).await?;
    let account_id = owner.account_id;
    let mut annotations = Vec::new();
    for which in named {
        annotations.push(match change {
            Change::Delete => measure.delete_annotation(account_id, which).await?,
            Change::Hide => measure.hide_annotation(account_id, which, true).await?,
            Change::Unhide => measure.hide_annotation(account_id, which, false).await?,
        });
    }
    if output.json {
        return print_json(&Listed { annotations });
    }
    let done = match change {
        Change::Delete => "deleted",
        Change::Hide => "hidden",
        Change::Unhide => "shown again",
    };
    annotations.iter().try_for_each(|annotation| print_text(format_args!("{} {done}", annotation.id)))
}

async fn list(measure: &Measure, owner: &Account, json: bool) -> Result<(), Failure> {
    let (mut annotations, mut after) = (Vec::new(), None);
    loop {
        let page = measure.annotations(owner.account_id, after).await?;
        annotations.extend(page.annotations);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        return print_json(&Listed { annotations });
    }
    let rows = annotations.iter().map(|annotation| {
        let state = if annotation.hidden { ", hidden" } else { "" };
        vec![
            annotation.id.clone(),
            format!("{}{state}", subject(annotation)),
            when(annotation.from, annotation.until),
            annotation.text.clone(),
        ]
    });
    print(table(&["=annotation", "=on", "=time", "text"], rows))
}

fn subject(annotation: &AnnotationRecord) -> String {
    match (&annotation.hashtag, &annotation.campaign_id) {
        (Some(hashtag), _) => format!("#{hashtag}"),
        (None, Some(campaign)) => campaign.clone(),
        (None, None) => "all curves".to_owned(),
    }
}

/// Returns the time of an annotation: days where it covers whole ones.
pub(super) fn when(from: Timestamp, until: Timestamp) -> String {
    const DAY_MS: i64 = 86_400_000;
    let is_days = from.as_ms().rem_euclid(DAY_MS) == 0
        && (until == from
            || until.as_ms().rem_euclid(DAY_MS) == DAY_MS - 1
            || until.as_ms().rem_euclid(DAY_MS) == 0);
    let shown = |at: Timestamp| if is_days { charts::day(at) } else { charts::moment(at) };
    let (from, until) = (shown(from), shown(until));
    if from == until { from } else { format!("{from} to {until}") }
}

/// Returns the account whose annotations a curve shows: the named one, or the only one.
pub(super) async fn annotated_by(store: &Store, email: Option<&str>) -> Result<Option<AccountId>, Failure> {
    if let Some(email) = email {
        return Ok(Some(account_of(store, email).await?.account_id));
    }
    match store.accounts(None, 2).await?.as_slice() {
        [only] => Ok(Some(only.account_id)),
        _ => Ok(None),
    }
}
