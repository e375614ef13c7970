//! `tagmeter share`: lists, shows and revokes links to reports.

use super::Context;
use super::trackers::{no_account, owner};
use crate::cli::shares::{Share, Which};
use crate::cli::trackers::Owner;
use crate::delivery;
use crate::exit::Failure;
use crate::measured::maybe;
use crate::output::{grouped, print, print_json, print_text, say, table};
use domain::UtcDay;
use serde::Serialize;
use sharing::{ShareView, Sharing};
use store::accounts::Account;

/// Output of `share list --json`.
#[derive(Serialize)]
struct Listed {
    shares: Vec<ShareView>,
}

/// Output of `share show --json` and of the others.
#[derive(Serialize)]
struct Answer {
    data: ShareView,
}

pub(super) async fn run(command: Share, context: &Context) -> Result<(), Failure> {
    match command {
        Share::List { owner, output } => {
            let (sharing, owner) = open(context, &owner).await?;
            list(&sharing, &owner, context, output.json).await
        }
        Share::Show(Which { share, owner, output }) => {
            let (sharing, owner) = open(context, &owner).await?;
            let share = sharing.find(owner.account_id, share).await?;
            show(ShareView::of(&share, None, context.now())?, output.json)
        }
        Share::Revoke(Which { share, owner, output }) => {
            let (sharing, owner) = open(context, &owner).await?;
            let revoked = sharing.revoke(owner.account_id, share).await?;
            let data = ShareView::of(&revoked, None, context.now())?;
            if output.json {
                return print_json(&Answer { data });
            }
            print_text(format_args!("{} revoked: its link opens nothing any more", data.id))
        }
    }
}

async fn open(context: &Context, named: &Owner) -> Result<(Sharing, Account), Failure> {
    if !context.store_options().exists().await? {
        return Err(no_account());
    }
    let measure = context.open_existing_measure().await?;
    let owner = owner(measure.store(), named).await?;
    Ok((delivery::sharing(measure), owner))
}

async fn list(sharing: &Sharing, owner: &Account, context: &Context, json: bool) -> Result<(), Failure> {
    let (mut shares, mut after) = (Vec::new(), None);
    loop {
        let page = sharing.list(owner.account_id, after).await?;
        for share in &page.shares {
            shares.push(ShareView::of(share, None, context.now())?);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        return print_json(&Listed { shares });
    }
    if shares.is_empty() {
        say("There is no share yet: `tagmeter campaign report CAMPAIGN --frozen-link` creates one.");
    }
    let rows = shares.iter().map(|share| {
        vec![
            share.id.clone(),
            share.title.clone(),
            share.mode.to_owned(),
            share.state.to_owned(),
            UtcDay::of(share.expires_at).to_string(),
            grouped(share.opened),
            maybe(share.last_opened_at, |at| at.to_rfc3339()),
        ]
    });
    print(table(&["=share", "=title", "=mode", "=state", "=expires", "opened", "=last opened"], rows))
}

fn show(data: ShareView, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&Answer { data });
    }
    let passwords = match data.passwords.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    let mut rows = vec![
        vec!["share".to_owned(), data.id],
        vec!["title".to_owned(), data.title],
        vec!["campaign".to_owned(), data.campaign],
        vec!["kind".to_owned(), data.kind.to_owned()],
        vec!["mode".to_owned(), data.mode.to_owned()],
        vec!["state".to_owned(), data.state.to_owned()],
        vec!["passwords".to_owned(), passwords],
    ];
    if !data.sites.is_empty() {
        rows.push(vec!["sites".to_owned(), data.sites.join(", ")]);
    }
    rows.extend([
        vec!["created".to_owned(), data.created_at.to_rfc3339()],
        vec!["expires".to_owned(), data.expires_at.to_rfc3339()],
        vec!["revoked".to_owned(), maybe(data.revoked_at, |at| at.to_rfc3339())],
        vec!["opened".to_owned(), grouped(data.opened)],
        vec!["last opened".to_owned(), maybe(data.last_opened_at, |at| at.to_rfc3339())],
    ]);
    print(table(&["=", "="], rows))
}
