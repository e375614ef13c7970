//! `tagmeter webhook`: where messages of alerts go, whether it works, and what was sent.

use super::Context;
use super::alert::open;
use super::trackers::owner;
use crate::cli::Webhook;
use crate::cli::alerts::OneWebhook;
use crate::exit::Failure;
use crate::measured::maybe;
use crate::output::{counted, grouped, print, print_json, print_text, printable, say, table};
use crate::system::random_bytes;
use alerting::Alerting;
use alerting::destinations::{ALL_EVENTS, Created, DestinationOrder, DestinationPatch};
use alerting::view::{DeliveryView, DestinationView};
use domain::digest::Digest;
use domain::{AccountId, DestinationId, Timestamp};
use serde::Serialize;
use store::deliveries::Replay;

/// Output of `create --json` and `rotate --json`.
#[derive(Serialize)]
struct WithSecret {
    #[serde(flatten)]
    destination: DestinationView,
    secret: Option<String>,
}

/// Output of `list --json`.
#[derive(Serialize)]
struct Listed {
    webhooks: Vec<DestinationView>,
}

/// Output of `log --json`.
#[derive(Serialize)]
struct Log {
    deliveries: Vec<DeliveryView>,
}

/// Output of `test --json`.
#[derive(Serialize)]
struct Tested {
    sequence: u64,
}

/// Output of `replay --json`.
#[derive(Serialize)]
struct Replayed {
    replayed: u64,
}

pub(super) async fn run(command: Webhook, context: &Context) -> Result<(), Failure> {
    let (store, alerting) = open(context).await?;
    match command {
        Webhook::Create { to, event, description, digest, owner: of, output } => {
            let account_id = owner(&store, &of).await?.account_id;
            let events = if event.is_empty() { vec![ALL_EVENTS.to_owned()] } else { event };
            let digest = digest.map(Digest::from);
            let order = DestinationOrder { to, description, events, digest };
            let id = DestinationId::new(context.now(), u128::from_be_bytes(random_bytes()?));
            let created = alerting.create_destination(account_id, id, &order).await?;
            with_secret(created, "created", output.json)
        }
        Webhook::List { owner: of, output } => {
            let account_id = owner(&store, &of).await?.account_id;
            list(&alerting, account_id, output.json).await
        }
        Webhook::Log(of) => {
            let account_id = owner(&store, &of.owner).await?.account_id;
            log(&alerting, account_id, &of).await
        }
        Webhook::Test(of) => {
            let account_id = owner(&store, &of.owner).await?.account_id;
            let cause = u64::from_be_bytes(random_bytes()?).to_string();
            let sequence = alerting.test(account_id, of.id, &cause).await?;
            if of.output.json {
                return print_json(&Tested { sequence });
            }
            say(
                "`tagmeter serve` and `tagmeter worker` send it; `tagmeter webhook log` says what came of it.",
            );
            print_text(format_args!("Test message {sequence} is on its way"))
        }
        Webhook::Replay { webhook: of, sequence, since } => {
            let account_id = owner(&store, &of.owner).await?.account_id;
            let replay = match (sequence, since) {
                (Some(sequence), _) => Replay::One(sequence),
                (None, since) => Replay::Since(since.map_or(context.now(), |at| at.begin(context.now()))),
            };
            let replayed = alerting.replay(account_id, of.id, replay).await?;
            if of.output.json {
                return print_json(&Replayed { replayed });
            }
            print_text(format_args!("{} on the way again", counted(replayed, "delivery")))
        }
        Webhook::Rotate(of) => {
            let account_id = owner(&store, &of.owner).await?.account_id;
            with_secret(alerting.rotate(account_id, of.id).await?, "changed", of.output.json)
        }
        Webhook::On(of) => switch(&alerting, owner(&store, &of.owner).await?.account_id, &of, true).await,
        Webhook::Off(of) => switch(&alerting, owner(&store, &of.owner).await?.account_id, &of, false).await,
        Webhook::Delete(of) => {
            let account_id = owner(&store, &of.owner).await?.account_id;
            let last = DestinationView::of(&alerting.destination(account_id, of.id).await?)?;
            alerting.delete_destination(account_id, of.id).await?;
            if of.output.json { print_json(&last) } else { print_text(format_args!("{} deleted", of.id)) }
        }
    }
}

async fn list(alerting: &Alerting, account_id: AccountId, json: bool) -> Result<(), Failure> {
    let all = alerting.destinations(account_id).await?;
    let webhooks = all.iter().map(DestinationView::of).collect::<Result<Vec<_>, _>>()?;
    if json {
        return print_json(&Listed { webhooks });
    }
    if webhooks.is_empty() {
        say("There is no destination yet: `tagmeter webhook create URL` adds one.");
    }
    print(table(
        &["destination", "address", "state", "last success", ">failures", "events"],
        webhooks.iter().map(row),
    ))
}

fn row(webhook: &DestinationView) -> Vec<String> {
    let events = match webhook.events.as_slice() {
        [] => "of alerts that name it".to_owned(),
        events => events.join(", "),
    };
    vec![
        webhook.id.clone(),
        webhook.address.clone(),
        match &webhook.off_reason {
            Some(reason) => format!("off: {reason}"),
            None => webhook.state.to_owned(),
        },
        maybe(webhook.last_success_at, Timestamp::to_rfc3339),
        grouped(webhook.failures),
        events,
    ]
}

async fn log(alerting: &Alerting, account_id: AccountId, of: &OneWebhook) -> Result<(), Failure> {
    let deliveries = alerting.deliveries(account_id, of.id, None).await?.views();
    if of.output.json {
        return print_json(&Log { deliveries });
    }
    if deliveries.is_empty() {
        say("Nothing was sent to it yet.");
    }
    let rows = deliveries.iter().map(|delivery| {
        let last = delivery.attempts.last();
        let result = last.map(|attempt| match (&attempt.error, attempt.status) {
            (Some(error), _) => printable(error),
            (None, Some(status)) => status.to_string(),
            (None, None) => "accepted".to_owned(),
        });
        vec![
            delivery.event.sequence.to_string(),
            delivery.event.event_type.clone(),
            delivery.event.at.to_rfc3339(),
            delivery.state.to_owned(),
            grouped(delivery.attempts.len() as u64),
            maybe(last.map(|attempt| attempt.duration_ms), |ms| format!("{ms} ms")),
            result.unwrap_or_default(),
        ]
    });
    print(table(&[">event", "type", "at", "state", ">attempts", ">took", "last answer"], rows))
}

async fn switch(
    alerting: &Alerting,
    account_id: AccountId,
    of: &OneWebhook,
    is_on: bool,
) -> Result<(), Failure> {
    let patch = DestinationPatch { is_on: Some(is_on), ..DestinationPatch::default() };
    let view = DestinationView::of(&alerting.change_destination(account_id, of.id, patch).await?)?;
    if of.output.json {
        return print_json(&view);
    }
    print_text(format_args!("{} is {}", view.address, view.state))
}

fn with_secret(created: Created, done: &str, json: bool) -> Result<(), Failure> {
    let destination = DestinationView::of(&created.destination)?;
    if json {
        return print_json(&WithSecret { destination, secret: created.secret });
    }
    print_text(format_args!("{} {done}: {}", destination.address, destination.id))?;
    match created.secret {
        Some(secret) => print_text(format_args!("Signing secret, shown once: {secret}")),
        None => Ok(()),
    }
}
