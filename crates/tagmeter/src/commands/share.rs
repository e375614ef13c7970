//! `tagmeter share`: lists, shows and revokes links to reports.

use super::Context;
use super::trackers::{no_account, owner};
use crate::cli::documents::Look;
use crate::cli::measuring::Span;
use crate::cli::shares::{Create, Share, Which};
use crate::cli::trackers::Owner;
use crate::delivery;
use crate::exit::Failure;
use crate::measured::{brand, maybe, tag};
use crate::output::{grouped, print, print_json, print_text, say, table};
use domain::{Timestamp, UtcDay};
use measure::ReportSpan;
use serde::Serialize;
use sharing::{CreatedShare, ShareOrder, ShareView, Sharing, Subject};
use store::accounts::Account;
use store::shares::ShareKind;

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
        Share::Create(command) => {
            let Create { hashtags, span, live, days, title, look, .. } = command;
            let order = order(hashtags, span, (title, &look), live, days, context.now())?;
            create(order, &command.owner, context, command.output.json).await
        }
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

/// Returns the order for a share of a report on hashtags.
pub(super) fn order(
    names: Vec<String>,
    span: Span,
    (heading, look): (Option<String>, &Look),
    is_live: bool,
    days: u16,
    now: Timestamp,
) -> Result<ShareOrder, Failure> {
    let span = ReportSpan {
        from: span.from.map(|from| from.begin(now)),
        to: span.to.map(|to| to.end(now)),
        account_id: None,
    };
    Ok(ShareOrder {
        subject: Subject::Hashtags { names, span },
        heading,
        brand: brand(look)?,
        is_live,
        kind: ShareKind::Page,
        sites: Vec::new(),
        passwords: Vec::new(),
        days,
    })
}

/// Creates a share and prints its link, which is shown nowhere else.
pub(super) async fn create(
    order: ShareOrder,
    owner: &Owner,
    context: &Context,
    json: bool,
) -> Result<(), Failure> {
    let public_url = &context.settings.public_url.value;
    if public_url.as_str().is_empty() {
        let why = "a link begins with the address of the server, which the settings do not have";
        return Err(Failure::usage(why).hint("set public_url, such as https://api.example.com"));
    }
    let mode = if order.is_live { "Live" } else { "Frozen" };
    let (sharing, owner) = open(context, owner).await?;
    let CreatedShare { share, path } = sharing.create(owner.account_id, order, None).await?;
    let url = public_url.link(path.as_deref().unwrap_or_default());
    let data = ShareView::of(&share, Some(url.clone()), context.now())?;
    if json {
        return print_json(&Answer { data });
    }
    // Not wrapped, so that it can be copied.
    print(&url)?;
    say(format_args!(
        "{mode} until {}: whoever has the link sees the report. It is shown only now. `tagmeter share revoke {}` closes it.",
        data.expires_at.to_rfc3339(),
        data.id
    ));
    Ok(())
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
    let subject = match data.campaign {
        Some(campaign) => vec!["campaign".to_owned(), campaign],
        None => vec![
            "hashtags".to_owned(),
            data.hashtags.iter().map(|name| tag(name)).collect::<Vec<_>>().join(", "),
        ],
    };
    let mut rows = vec![
        vec!["share".to_owned(), data.id],
        vec!["title".to_owned(), data.title],
        subject,
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
