//! `tagmeter schedule`: creates, lists, shows, changes and deletes schedules of reports, and makes a report as a test.

use super::Context;
use super::trackers::{no_account, owner};
use crate::cli::schedules::{Create, Edit, Schedule, Which};
use crate::cli::trackers::Owner;
use crate::delivery;
use crate::exit::Failure;
use crate::measured::{brand, maybe, tag};
use crate::output::{grouped, print, print_json, print_text, say, table};
use domain::rhythm::{Days, Rhythm};
use measure::ReportSpan;
use measure::parameters::Whole;
use scheduling::{
    HOUR_DEFAULT, IssueView, ScheduleOrder, SchedulePatch, SchedulePlanView, ScheduleView, Scheduling, TestTo,
};
use serde::Serialize;
use sharing::Subject;
use store::accounts::Account;

/// Output of `schedule list --json`.
#[derive(Serialize)]
struct Listed {
    schedules: Vec<ScheduleView>,
}

/// Output of the others with `--json`.
#[derive(Serialize)]
struct Answer<T> {
    data: T,
}

pub(super) async fn run(command: Schedule, context: &Context) -> Result<(), Failure> {
    match command {
        Schedule::Create(command) => create(command, context).await,
        Schedule::List { owner, output } => {
            let (scheduling, owner) = open(context, &owner).await?;
            list(&scheduling, &owner, output.json).await
        }
        Schedule::Show(Which { schedule, owner, output }) => {
            let (scheduling, owner) = open(context, &owner).await?;
            let data = scheduling.show(owner.account_id, schedule).await?;
            if output.json {
                return print_json(&Answer { data });
            }
            show(&data.schedule)?;
            issues(&data.issues)
        }
        Schedule::Edit(command) => edit(command, context).await,
        Schedule::Delete(Which { schedule, owner, output }) => {
            let (scheduling, owner) = open(context, &owner).await?;
            let data = scheduling.show(owner.account_id, schedule).await?;
            scheduling.delete(owner.account_id, schedule).await?;
            if output.json {
                return print_json(&Answer { data });
            }
            print_text(format_args!("{schedule} deleted: it sends nothing more"))
        }
        Schedule::Run { which: Which { schedule, owner, output }, recipients } => {
            let (scheduling, owner) = open(context, &owner).await?;
            let to = if recipients { TestTo::Recipients } else { TestTo::Owner };
            let data = scheduling.run(owner.account_id, schedule, to).await?;
            if output.json {
                return print_json(&Answer { data });
            }
            let to: Vec<&str> = data.mails.iter().map(|mail| mail.to.as_str()).collect();
            print_text(format_args!(
                "{}: {} waits to be sent to {}",
                data.title,
                data.period,
                to.join(", ")
            ))?;
            say("A running server or worker sends it within seconds.");
            Ok(())
        }
    }
}

async fn open(context: &Context, named: &Owner) -> Result<(Scheduling, Account), Failure> {
    if !context.store_options().exists().await? {
        return Err(no_account());
    }
    let measure = context.open_existing_measure().await?;
    let owner = owner(measure.store(), named).await?;
    Ok((delivery::scheduling(&context.settings, measure), owner))
}

fn small<const LEAST: u64, const MOST: u64>(number: Whole<LEAST, MOST>) -> u8 {
    u8::try_from(number.get()).unwrap_or(HOUR_DEFAULT)
}

async fn create(command: Create, context: &Context) -> Result<(), Failure> {
    let Create { campaign, tags, weekly, monthly, hour, tz, to, attach, days, title, look, .. } = command;
    let subject = match campaign {
        Some(campaign) => Subject::Campaign(campaign),
        None => Subject::Hashtags { names: tags, span: ReportSpan::default() },
    };
    let of_month = monthly.map(|day| Days::Monthly(small(day)));
    let order = ScheduleOrder {
        subject,
        rhythm: Rhythm {
            days: weekly.map(Days::Weekly).or(of_month).unwrap_or(Days::Weekly(Default::default())),
            hour: small(hour),
            tz,
        },
        to,
        attach,
        days,
        title,
        brand: brand(&look)?,
    };
    let (scheduling, owner) = open(context, &command.owner).await?;
    if command.dry_run {
        let data = scheduling.plan(owner.account_id, order).await?;
        return if command.output.json { print_json(&Answer { data }) } else { plan(&data) };
    }
    let data = scheduling.create(owner.account_id, order, None).await?;
    if command.output.json {
        return print_json(&Answer { data });
    }
    print_text(format_args!("{} created: {} to {}", data.id, data.when, data.to.join(", ")))?;
    if let Some(next) = data.next_at {
        say(format_args!("The first report is due at {}.", next.to_rfc3339()));
    }
    Ok(())
}

fn plan(data: &SchedulePlanView) -> Result<(), Failure> {
    let attached = if data.attach.is_empty() { "none".to_owned() } else { data.attach.join(", ") };
    print_text(format_args!("{}, {}", data.title, data.when))?;
    print_text(format_args!("to {}; attached: {attached}", data.to.join(", ")))?;
    print_text(format_args!("The first report is of {}. Reports are due at", data.first_period))?;
    data.next.iter().try_for_each(|at| print_text(at.to_rfc3339()))
}

async fn edit(command: Edit, context: &Context) -> Result<(), Failure> {
    let Edit { which, weekly, monthly, hour, tz, to, attach, no_attach, days, pause, resume } = command;
    let Which { schedule, owner, output } = which;
    let patch = SchedulePatch {
        rhythm_days: weekly.map(Days::Weekly).or(monthly.map(|day| Days::Monthly(small(day)))),
        hour: hour.map(small),
        tz,
        to: (!to.is_empty()).then_some(to),
        attach: (no_attach || !attach.is_empty()).then_some(attach),
        days,
        is_paused: (pause || resume).then_some(pause),
    };
    let (scheduling, owner) = open(context, &owner).await?;
    let data = scheduling.change(owner.account_id, schedule, patch).await?;
    if output.json { print_json(&Answer { data }) } else { show(&data) }
}

async fn list(scheduling: &Scheduling, owner: &Account, json: bool) -> Result<(), Failure> {
    let (mut schedules, mut after) = (Vec::new(), None);
    loop {
        let page = scheduling.list(owner.account_id, after).await?;
        schedules.extend(page.schedules);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        return print_json(&Listed { schedules });
    }
    if schedules.is_empty() {
        say("There is no schedule yet: `tagmeter schedule create --help` shows how to make one.");
    }
    let rows = schedules.iter().map(|schedule| {
        vec![
            schedule.id.clone(),
            subject(schedule),
            schedule.when.clone(),
            grouped(schedule.to.len() as u64),
            state(schedule),
            maybe(schedule.next_at, |at| at.to_rfc3339()),
            maybe(schedule.last.as_ref(), |last| last.made_at.to_rfc3339()),
        ]
    });
    print(table(&["=schedule", "=of", "=when", "recipients", "=state", "=next", "=last"], rows))
}

fn subject(schedule: &ScheduleView) -> String {
    match &schedule.campaign {
        Some(campaign) => campaign.clone(),
        None => schedule.hashtags.iter().map(|name| tag(name)).collect::<Vec<_>>().join(", "),
    }
}

fn state(schedule: &ScheduleView) -> String {
    match &schedule.ended {
        Some(why) => format!("{}: {why}", schedule.state),
        None => schedule.state.to_owned(),
    }
}

fn show(schedule: &ScheduleView) -> Result<(), Failure> {
    let listed = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let rows = [
        row("schedule", schedule.id.clone()),
        row("of", subject(schedule)),
        row("when", schedule.when.clone()),
        row("to", listed(&schedule.to)),
        row("unsubscribed", listed(&schedule.unsubscribed)),
        row("attached", listed(&schedule.attach)),
        row("link", format!("open for {} days", schedule.days)),
        row("state", state(schedule)),
        row("next", maybe(schedule.next_at, |at| at.to_rfc3339())),
        row("created", schedule.created_at.to_rfc3339()),
    ];
    print(table(&["=", "="], rows))
}

fn issues(issues: &[IssueView]) -> Result<(), Failure> {
    if issues.is_empty() {
        say("There is no report yet.");
        return Ok(());
    }
    let rows = issues.iter().flat_map(|issue| {
        issue.mails.iter().map(move |mail| {
            let late = if issue.late { ", late" } else { "" };
            let skipped = issue.skipped.as_ref();
            let skipped = skipped.map(|skipped| format!(", {} skipped before", skipped.reports));
            vec![
                issue.due_at.to_rfc3339(),
                format!("{}{late}{}", issue.kind, skipped.unwrap_or_default()),
                issue.period.clone(),
                mail.to.clone(),
                mail.state.to_owned(),
                grouped(mail.attempts),
                mail.error.clone().unwrap_or_else(|| "-".to_owned()),
            ]
        })
    });
    print(table(&["=due", "=kind", "=of", "=to", "=state", "attempts", "=error"], rows))
}
