//! `tagmeter alert`: previews, and alerts of an account.

mod preview;

use super::Context;
use super::trackers::{no_account, owner};
use crate::cli::Alert;
use crate::cli::alerts::{CreateAlert, EditAlert};
use crate::delivery;
use crate::exit::Failure;
use crate::measured::{maybe, real, tag};
use crate::output::{counted, grouped, print, print_json, print_text, printable, say, table};
use crate::system::random_bytes;
use alerting::Alerting;
use alerting::order::{AlertOrder, AlertPatch, Watches};
use alerting::view::{AlertHashtagView, AlertView, EventView, SecretView};
use domain::{AccountId, AlertId, DestinationId, Timestamp};
use serde::Serialize;
use store::Store;

/// Names of hashtags that a row of the list shows.
const NAMES_SHOWN: usize = 3;
/// Events that `show` prints: the newest.
const EVENTS_SHOWN: usize = 10;

/// Output of `create --json` and `edit --json`.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    alert: AlertView,
    secrets: Vec<SecretView>,
}

/// Output of `list --json`.
#[derive(Serialize)]
struct Listed {
    alerts: Vec<AlertView>,
}

/// Output of `show --json`.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    alert: AlertView,
    events: Vec<EventView>,
}

pub(super) async fn run(command: Alert, context: &Context) -> Result<(), Failure> {
    match command {
        Alert::Preview { query, output } => preview::preview(&query, output.json, context).await,
        Alert::Templates { query, output } => preview::templates(&query.hashtag, output.json, context).await,
        Alert::Create(command) => create(command, context).await,
        Alert::List { owner: of, output } => {
            let (store, alerting) = open(context).await?;
            let owner = owner(&store, &of).await?;
            list(&alerting, owner.account_id, output.json).await
        }
        Alert::Show { alert, owner: of, output } => {
            let (store, alerting) = open(context).await?;
            let owner = owner(&store, &of).await?;
            show(&alerting, owner.account_id, alert, output.json).await
        }
        Alert::Edit(command) => edit(command, context).await,
        Alert::Delete { alert, owner: of, output } => {
            let (store, alerting) = open(context).await?;
            let owner = owner(&store, &of).await?;
            let last = alerting.show(owner.account_id, alert).await?;
            alerting.delete(owner.account_id, alert).await?;
            if output.json { print_json(&last) } else { print_text(format_args!("{alert} deleted")) }
        }
    }
}

/// Opens the store of accounts, and alerts on it.
pub(super) async fn open(context: &Context) -> Result<(Store, Alerting), Failure> {
    if !context.store_options().exists().await? {
        return Err(no_account());
    }
    let store = context.open_store().await?;
    let measure = context.open_live_measure(store.clone()).await?;
    Ok((store, delivery::alerting(&context.settings, measure)))
}

async fn create(command: CreateAlert, context: &Context) -> Result<(), Failure> {
    let (store, alerting) = open(context).await?;
    let owner = owner(&store, &command.owner).await?;
    let order = AlertOrder {
        name: command.name,
        watches: match (command.account.rule(), command.campaign) {
            (Some(rule), _) => Watches::Account(rule),
            (None, Some(campaign)) => Watches::Campaign { campaign, rule: command.rule.query() },
            (None, None) => Watches::Hashtags { rule: command.rule.query(), hashtags: command.hashtags },
        },
        to: command.to,
    };
    let id = AlertId::new(context.now(), u128::from_be_bytes(random_bytes()?));
    let created = alerting.create(owner.account_id, id, &order, None).await?;
    let alert = alerting.show(owner.account_id, created.alert.id).await?;
    let secrets = secrets(created.secrets);
    if command.output.json {
        return print_json(&Created { alert, secrets });
    }
    print_text(format_args!("Alert {} on {}", alert.id, names(&alert)))?;
    show_hashtags(&alert)?;
    for hashtag in alert.hashtags.iter().filter(|hashtag| hashtag.state == "firing") {
        say(format_args!(
            "{} is above its threshold already: the first message comes with its next episode.",
            tag(&hashtag.hashtag)
        ));
    }
    if alert.to.is_empty() {
        say("It sends no messages: `tagmeter alert edit ALERT --to DESTINATION` says where they go.");
    }
    show_secrets(&alert, &secrets)?;
    let when = if alert.account.is_some() { "every ten minutes" } else { "as readings come" };
    say(format_args!("`tagmeter serve` and `tagmeter worker` evaluate it {when}."));
    Ok(())
}

async fn edit(command: EditAlert, context: &Context) -> Result<(), Failure> {
    let (store, alerting) = open(context).await?;
    let owner = owner(&store, &command.owner).await?;
    let until = command.mute.map(|wait| Timestamp::from_ms(context.now().as_ms().saturating_add(wait.ms())));
    let patch = AlertPatch {
        name: command.name,
        to: Some(command.to).filter(|to| !to.is_empty()),
        is_paused: (command.pause || command.resume).then_some(command.pause),
        muted_until: if command.unmute { Some(None) } else { until.map(Some) },
        ..AlertPatch::default()
    };
    let changed = alerting.change(owner.account_id, command.alert, patch).await?;
    let alert = alerting.show(owner.account_id, command.alert).await?;
    let secrets = secrets(changed.secrets);
    if command.output.json {
        return print_json(&Created { alert, secrets });
    }
    show_alert(&alert)?;
    show_secrets(&alert, &secrets)
}

async fn list(alerting: &Alerting, account_id: AccountId, json: bool) -> Result<(), Failure> {
    let (mut alerts, mut after) = (Vec::new(), None);
    loop {
        let page = alerting.list(account_id, after).await?;
        alerts.extend(page.alerts);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        return print_json(&Listed { alerts });
    }
    if alerts.is_empty() {
        say(
            "There is no alert yet: `tagmeter alert create NAME --about 1/week --to DESTINATION` creates one.",
        );
    }
    let rows = alerts.iter().map(|alert| {
        let of_account = alert.account.iter().filter_map(|account| account.last_fired_at);
        let fired = alert.hashtags.iter().filter_map(|hashtag| hashtag.last_fired_at).chain(of_account).max();
        vec![
            alert.id.clone(),
            printable(&alert.name),
            names(alert),
            states(alert),
            maybe(fired, Timestamp::to_rfc3339),
            grouped(alert.to.len() as u64),
        ]
    });
    print(table(&["alert", "name", "watches", "state", "last fired", ">to"], rows))
}

async fn show(alerting: &Alerting, account_id: AccountId, id: AlertId, json: bool) -> Result<(), Failure> {
    let alert = alerting.show(account_id, id).await?;
    let mut events = alerting.events_of(account_id, Some(id), None).await?.events;
    if json {
        return print_json(&Shown { alert, events });
    }
    show_alert(&alert)?;
    if events.is_empty() {
        return Ok(());
    }
    events.truncate(EVENTS_SHOWN);
    print("")?;
    let rows = events.iter().map(|event| {
        let text = |name: &str| event.data.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        vec![
            event.at.to_rfc3339(),
            event.event_type.clone(),
            printable(text("sentence")),
            printable(text("unsent")),
        ]
    });
    print(table(&["at", "event", "what happened", "not sent"], rows))
}

fn show_alert(alert: &AlertView) -> Result<(), Failure> {
    let rule = alert.rule.iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name} {text}")
    });
    let rows = [
        ("alert", alert.id.clone()),
        ("name", printable(&alert.name)),
        ("state", alert.state.to_owned()),
        ("muted until", alert.muted_until.map(Timestamp::to_rfc3339).unwrap_or_default()),
        ("rule", rule.collect::<Vec<_>>().join(", ")),
        ("to", to(alert)),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    print(table(&[], rows.map(|(name, value)| vec![name.to_owned(), value])))?;
    print("")?;
    show_hashtags(alert)
}

fn show_hashtags(alert: &AlertView) -> Result<(), Failure> {
    if let Some(account) = &alert.account {
        let row = vec![
            account.sentence.clone(),
            account.state.to_owned(),
            maybe(account.value, real),
            account.unit.to_owned(),
            maybe(account.last_fired_at, Timestamp::to_rfc3339),
        ];
        return print(table(&["account", "state", ">now", "unit", "last fired"], [row]));
    }
    if let Some(campaign) = &alert.campaign {
        let name = campaign.name.as_deref().unwrap_or(&campaign.id);
        match &campaign.reason {
            Some(reason) => {
                print_text(format_args!("Campaign {name}: {reason}; none of its hashtags is watched."))?
            }
            None => print_text(format_args!("Own hashtags of campaign {name}:"))?,
        }
    }
    let row = |hashtag: &AlertHashtagView| {
        vec![
            tag(&hashtag.hashtag),
            hashtag.state.to_owned(),
            maybe(hashtag.value, real),
            maybe(hashtag.above, real),
            hashtag.unit.unwrap_or_default().to_owned(),
            maybe(hashtag.last_fired_at, Timestamp::to_rfc3339),
            hashtag.reason.clone().unwrap_or_default(),
        ]
    };
    let headings = ["hashtag", "state", ">now", ">fires above", "unit", "last fired", ""];
    print(table(&headings, alert.hashtags.iter().map(row)))
}

fn show_secrets(alert: &AlertView, secrets: &[SecretView]) -> Result<(), Failure> {
    for SecretView { destination, secret } in secrets {
        let known = alert.to.iter().find(|to| to.id == *destination).and_then(|to| to.address.clone());
        print_text(format_args!(
            "Signing secret of {} ({destination}), shown once: {secret}",
            known.unwrap_or_default()
        ))?;
    }
    Ok(())
}

fn secrets(secrets: Vec<(DestinationId, String)>) -> Vec<SecretView> {
    let secrets = secrets.into_iter();
    secrets.map(|(id, secret)| SecretView { destination: id.to_string(), secret }).collect()
}

fn names(alert: &AlertView) -> String {
    if let Some(account) = &alert.account {
        return account.sentence.clone();
    }
    if let Some(campaign) = &alert.campaign {
        return format!("campaign {}", campaign.name.as_deref().unwrap_or(&campaign.id));
    }
    let shown: Vec<String> = alert.hashtags.iter().take(NAMES_SHOWN).map(|one| tag(&one.hashtag)).collect();
    match alert.hashtag_count.saturating_sub(shown.len() as u64) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), grouped(more)),
    }
}

/// Returns the state of an alert, and how many of its hashtags fire.
fn states(alert: &AlertView) -> String {
    let firing = alert.hashtags.iter().filter(|hashtag| hashtag.state == "firing").count() as u64;
    match firing {
        0 if alert.account.as_ref().is_some_and(|account| account.state == "firing") => {
            format!("{}, firing", alert.state)
        }
        0 => alert.state.to_owned(),
        firing => format!("{}, {} firing", alert.state, counted(firing, "hashtag")),
    }
}

fn to(alert: &AlertView) -> String {
    let to = alert.to.iter().map(|to| match (&to.address, to.is_on) {
        (Some(address), true) => address.clone(),
        (Some(address), false) => format!("{address} (off)"),
        (None, _) => format!("{} (deleted)", to.id),
    });
    to.collect::<Vec<_>>().join(", ")
}
