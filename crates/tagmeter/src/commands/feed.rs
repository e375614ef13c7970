//! `tagmeter feed`: saves questions under links, lists, shows, rotates and revokes them.

use super::Context;
use super::trackers::{no_account, owner};
use crate::cli::feeds::{Create, Feed as Command, Which};
use crate::cli::trackers::Owner;
use crate::delivery;
use crate::exit::Failure;
use crate::measured::maybe;
use crate::output::{grouped, print, print_json, print_text, say, table};
use domain::ShareToken;
use serde::Serialize;
use sharing::{FeedLinks, FeedView, Sharing};
use store::accounts::Account;
use store::feeds::Feed;

/// Output of `feed list --json`.
#[derive(Serialize)]
struct Listed {
    feeds: Vec<FeedView>,
}

/// Output of `feed show --json` and of the others.
#[derive(Serialize)]
struct Answer {
    data: FeedView,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Create(Create { name, question, owner, output }) => {
            let question = server::feed_question(&question).map_err(Failure::usage)?;
            let base = base(context)?;
            let (sharing, owner) = open(context, &owner).await?;
            let made = sharing.create_feed(owner.account_id, (name, question), None).await?;
            print_links(&base, made, output.json)
        }
        Command::List { owner, output } => {
            let (sharing, owner) = open(context, &owner).await?;
            list(&sharing, &owner, output.json).await
        }
        Command::Show(Which { feed, owner, output }) => {
            let (sharing, owner) = open(context, &owner).await?;
            show(FeedView::of(&sharing.find_feed(owner.account_id, feed).await?, None), output.json)
        }
        Command::Rotate(Which { feed, owner, output }) => {
            let base = base(context)?;
            let (sharing, owner) = open(context, &owner).await?;
            let (feed, token) = sharing.rotate_feed(owner.account_id, feed).await?;
            print_links(&base, (feed, Some(token)), output.json)
        }
        Command::Revoke(Which { feed, owner, output }) => {
            let (sharing, owner) = open(context, &owner).await?;
            let data = FeedView::of(&sharing.revoke_feed(owner.account_id, feed).await?, None);
            if output.json {
                return print_json(&Answer { data });
            }
            print_text(format_args!("{} revoked: its links open nothing any more", data.id))
        }
    }
}

/// Returns the address with which links begin.
fn base(context: &Context) -> Result<String, Failure> {
    let public_url = &context.settings.public_url.value;
    if public_url.as_str().is_empty() {
        let why = "a link begins with the address of the server, which the settings do not have";
        return Err(Failure::usage(why).hint("set public_url, such as https://api.example.com"));
    }
    Ok(public_url.as_str().to_owned())
}

async fn open(context: &Context, named: &Owner) -> Result<(Sharing, Account), Failure> {
    if !context.store_options().exists().await? {
        return Err(no_account());
    }
    let measure = context.open_existing_measure().await?;
    let owner = owner(measure.store(), named).await?;
    Ok((delivery::sharing(measure), owner))
}

/// Prints the links of a feed, which are shown nowhere else.
fn print_links(base: &str, (feed, token): (Feed, Option<ShareToken>), json: bool) -> Result<(), Failure> {
    let data = FeedView::of(&feed, token.map(|token| FeedLinks::of(base, token)));
    if json {
        return print_json(&Answer { data });
    }
    // Not wrapped, so that they can be copied.
    if let Some(FeedLinks { csv, sheets, xlsx, json, rss }) = &data.links {
        for link in [csv, sheets, xlsx, json, rss] {
            print(link)?;
        }
    }
    say(format_args!("{}: these links are printed once; whoever has one reads {}", data.id, data.question));
    Ok(())
}

async fn list(sharing: &Sharing, owner: &Account, json: bool) -> Result<(), Failure> {
    let (mut feeds, mut after) = (Vec::new(), None);
    loop {
        let page = sharing.list_feeds(owner.account_id, after).await?;
        feeds.extend(page.feeds.iter().map(|feed| FeedView::of(feed, None)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        return print_json(&Listed { feeds });
    }
    if feeds.is_empty() {
        say("There is no feed yet: `tagmeter feed create NAME QUESTION` creates one.");
    }
    let rows = feeds.iter().map(|feed| {
        vec![
            feed.id.clone(),
            feed.name.clone(),
            feed.state.to_owned(),
            feed.question.clone(),
            grouped(feed.opened),
            maybe(feed.last_opened_at, |at| at.to_rfc3339()),
        ]
    });
    print(table(&["=feed", "=name", "=state", "=question", "opened", "=last opened"], rows))
}

fn show(data: FeedView, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&Answer { data });
    }
    let rows = [
        ("feed", data.id),
        ("name", data.name),
        ("question", data.question),
        ("state", data.state.to_owned()),
        ("created", data.created_at.to_rfc3339()),
        ("revoked", maybe(data.revoked_at, |at| at.to_rfc3339())),
        ("opened", grouped(data.opened)),
        ("last opened", maybe(data.last_opened_at, |at| at.to_rfc3339())),
    ];
    print(table(&["=", "="], rows.map(|(name, value)| vec![name.to_owned(), value])))
}
