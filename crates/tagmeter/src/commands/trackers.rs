//! `tagmeter track`, `trackers` and `untrack`: hashtags that are read on a schedule.

use super::{Context, account_of};
use crate::cli::trackers::{Owner, Track, Trackers, Untrack};
use crate::exit::Failure;
use crate::measured::{maybe, real, tag};
use crate::output::{counted, grouped, print, print_json, print_text, printable, say, table};
use crate::system::random_bytes;
use domain::tracking::TopVideos;
use domain::{Credits, Tag, Timestamp, TrackerId};
use serde::Serialize;
use store::Store;
use store::accounts::Account;
use tracking::Tracking;
use tracking::gaps::GapView;
use tracking::order::{TrackerOrder, TrackerPatch};
use tracking::videos::VideosView;
use tracking::view::{EstimateView, KeywordView, TopVideosView, TrackedView, TrackerView};

/// Names of hashtags that a row of the list shows.
const NAMES_SHOWN: usize = 3;

pub(super) async fn track(command: Track, context: &Context) -> Result<(), Failure> {
    let (store, tracking) = open(context).await?;
    let owner = owner(&store, &command.owner).await?;
    let (json, dry_run) = (command.output.json, command.dry_run);
    let credits_max = command.max_credits.map(Credits::new).transpose().map_err(Failure::usage)?;
    let order = TrackerOrder {
        hashtags: command.hashtags,
        keyword: command.keyword,
        accept_views: command.auto_accept_views,
        every: command.every,
        source: command.source,
        videos: command
            .top_videos
            .map(|shown| (shown, command.deep.unwrap_or_else(|| TopVideos::full_pages(shown)))),
        is_paused: command.paused,
        notes: command.notes,
        labels: command.label,
        credits_max,
        on_empty: command.on_empty,
    };
    let order = tracking.check(order)?;
    let settings = order.settings().clone();
    let estimate = Tracking::estimate(&settings, order.hashtags(), owner.balance).into();
    let names: Vec<String> = order.tags().map(|tag| tag.name().to_owned()).collect();
    let keyword = settings.keyword.as_ref().map(ToString::to_string);
    let what = listed(&names, keyword.as_deref());
    let source = source_in_words(&tracking, settings.source.name());
    let every = settings.cadence.name();
    if dry_run {
        if json {
            return print_json(&Estimated {
                hashtags: names,
                keyword,
                source: settings.source.name(),
                every,
                top_videos: settings.videos.map(TopVideosView::from),
                estimate,
            });
        }
        print_text(format_args!("Would track {what} {}, {source}.", often(every)))?;
        return cost(&estimate, owner.balance, settings.source.name());
    }
    let random = u128::from_be_bytes(random_bytes()?);
    let id = TrackerId::new(context.now(), random);
    let tracker = tracking.create(owner.account_id, id, order, None).await?;
    let view = tracking.show(owner.account_id, tracker.id).await?;
    if json {
        return print_json(&view);
    }
    print_text(format_args!("Tracking {what} {}, {source}: {}", often(every), view.id))?;
    cost(&estimate, owner.balance, view.source)?;
    if settings.accept_views.is_some() {
        say("Each hashtag that is added costs as much again.");
    }
    match view.source {
        "none" => say("`tagmeter trackers` shows the days for which no import brought a reading."),
        _ => say("`tagmeter serve` and `tagmeter worker` read what is due; `tagmeter trackers` shows it."),
    }
    Ok(())
}

pub(super) async fn trackers(command: Trackers, context: &Context) -> Result<(), Failure> {
    let (store, tracking) = open(context).await?;
    let owner = owner(&store, &command.owner).await?;
    let json = command.output.json;
    let Some(id) = command.tracker else { return list(&tracking, &owner, json).await };
    if command.videos {
        return videos(&tracking, &owner, id, json).await;
    }
    if command.pause || command.resume {
        let patch = TrackerPatch { is_paused: Some(command.pause), ..TrackerPatch::default() };
        tracking.change(owner.account_id, id, patch).await?;
    }
    if command.run {
        tracking.run_now(owner.account_id, id).await?;
    }
    let view = tracking.show(owner.account_id, id).await?;
    let mut gaps = Vec::new();
    for hashtag in view.hashtags.iter().filter(|hashtag| hashtag.gaps > 0) {
        let page = tracking.gaps(owner.account_id, id, Some(&hashtag.hashtag), None).await?;
        let gap = |gap| Gap { hashtag: hashtag.hashtag.clone(), gap };
        gaps.extend(page.gaps.into_iter().map(gap));
    }
    if json {
        return print_json(&Shown { tracker: view, gaps });
    }
    show(&view, &gaps)
}

pub(super) async fn untrack(command: Untrack, context: &Context) -> Result<(), Failure> {
    let (store, tracking) = open(context).await?;
    let owner = owner(&store, &command.owner).await?;
    let mut removed = Vec::new();
    for what in command.what {
        match what.parse::<TrackerId>() {
            Ok(id) => {
                tracking.delete(owner.account_id, id).await?;
                removed.push(Removed { tracker: id.to_string(), hashtag: None, deleted: true });
            }
            Err(_) => removed.extend(untrack_hashtag(&store, &tracking, &owner, &what).await?),
        }
    }
    if command.output.json {
        return print_json(&Untracked { removed });
    }
    for Removed { tracker, hashtag, deleted } in &removed {
        match hashtag {
            Some(name) if *deleted => {
                print_text(format_args!(
                    "{} removed; {tracker} had no other hashtag and is deleted",
                    tag(name)
                ))?;
            }
            Some(name) => print_text(format_args!("{} removed from {tracker}", tag(name)))?,
            None => print_text(format_args!("{tracker} deleted"))?,
        }
    }
    say("Readings stay in the history of the hashtags.");
    Ok(())
}

/// Removes a hashtag from every tracker of the account.
async fn untrack_hashtag(
    store: &Store,
    tracking: &Tracking,
    owner: &Account,
    name: &str,
) -> Result<Vec<Removed>, Failure> {
    let wanted = Tag::of_typed(name).map_err(|why| Failure::usage(format_args!("{name:?}: {why}")))?;
    let mut removed = Vec::new();
    for view in all(tracking, owner).await? {
        let id: TrackerId = view.id.parse().map_err(Failure::new)?;
        if store.tracked_hashtag(owner.account_id, id, &wanted.key().into()).await?.is_none() {
            continue;
        }
        let patch = TrackerPatch { remove: vec![name.to_owned()], ..TrackerPatch::default() };
        let left = tracking.change(owner.account_id, id, patch).await?;
        let deleted = left.hashtags == 0;
        if deleted {
            tracking.delete(owner.account_id, id).await?;
        }
        removed.push(Removed { tracker: view.id, hashtag: Some(wanted.name().to_owned()), deleted });
    }
    if removed.is_empty() {
        return Err(Failure::not_found(format_args!(
            "no tracker of {} has {}",
            owner.email,
            tag(wanted.name())
        )));
    }
    Ok(removed)
}

/// Output of `track --dry-run --json`.
#[derive(Serialize)]
struct Estimated {
    hashtags: Vec<String>,
    keyword: Option<String>,
    source: &'static str,
    every: &'static str,
    top_videos: Option<TopVideosView>,
    estimate: EstimateView,
}

/// Output of `trackers TRACKER --json`.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    tracker: TrackerView,
    #[serde(rename = "gap_list")]
    gaps: Vec<Gap>,
}

/// A gap of a hashtag.
#[derive(Serialize)]
struct Gap {
    hashtag: String,
    #[serde(flatten)]
    gap: GapView,
}

/// Output of `trackers TRACKER --videos --json`.
#[derive(Serialize)]
struct TopVideosShown {
    hashtags: Vec<VideosView>,
}

/// Output of `trackers --json`.
#[derive(Serialize)]
struct Listed {
    trackers: Vec<TrackerView>,
}

/// Output of `untrack --json`.
#[derive(Serialize)]
struct Untracked {
    removed: Vec<Removed>,
}

/// A removed tracker or hashtag.
#[derive(Serialize)]
struct Removed {
    tracker: String,
    /// `null` if the whole tracker was named.
    hashtag: Option<String>,
    /// True if the tracker was deleted.
    deleted: bool,
}

async fn open(context: &Context) -> Result<(Store, Tracking), Failure> {
    if !context.store_options().exists().await? {
        return Err(no_account());
    }
    let store = context.open_store().await?;
    let measure = context.open_live_measure(store.clone()).await?;
    Ok((store, Tracking::new(measure.catalog().clone())))
}

pub(super) fn no_account() -> Failure {
    Failure::not_found("there is no account yet, and trackers, alerts and campaigns belong to one")
        .hint("`tagmeter account create EMAIL` creates one; --data-dir and --database-url name another place")
}

/// Returns the account that is named, or the only one.
pub(super) async fn owner(store: &Store, owner: &Owner) -> Result<Account, Failure> {
    if let Some(email) = &owner.account {
        return account_of(store, email).await;
    }
    let mut accounts = store.accounts(None, 2).await?;
    match (accounts.pop(), accounts.pop()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(no_account()),
        _ => Err(Failure::usage("there are several accounts; name one with --account EMAIL")
            .hint("`tagmeter account list` lists them")),
    }
}

async fn all(tracking: &Tracking, owner: &Account) -> Result<Vec<TrackerView>, Failure> {
    let (mut trackers, mut after) = (Vec::new(), None);
    loop {
        let page = tracking.list(owner.account_id, after).await?;
        trackers.extend(page.trackers);
        after = page.next;
        if after.is_none() {
            return Ok(trackers);
        }
    }
}

async fn list(tracking: &Tracking, owner: &Account, json: bool) -> Result<(), Failure> {
    let trackers = all(tracking, owner).await?;
    if json {
        return print_json(&Listed { trackers });
    }
    if trackers.is_empty() {
        say("There is no tracker yet: `tagmeter track NAME` creates one.");
    }
    let rows = trackers.iter().map(|tracker| {
        vec![
            tracker.id.clone(),
            shown_names(tracker),
            tracker.every.to_owned(),
            state(tracker),
            maybe(tracker.next_reading_at, Timestamp::to_rfc3339),
            maybe(tracker.last_reading_at, Timestamp::to_rfc3339),
            maybe(tracker.gaps, grouped),
            grouped(tracker.spent_this_month),
        ]
    });
    let headings = ["tracker", "hashtags", "every", "state", "next", "last", ">gaps", ">spent"];
    print(table(&headings, rows))
}

fn show(view: &TrackerView, gaps: &[Gap]) -> Result<(), Failure> {
    let budget = match view.max_credits_per_month {
        Some(max) => {
            format!("{} of {} credits, then {}", grouped(view.spent_this_month), grouped(max), view.on_empty)
        }
        None => counted(view.spent_this_month, "credit"),
    };
    let rows = [
        ("tracker", view.id.clone()),
        ("state", state(view)),
        ("source", view.source.to_owned()),
        ("every", view.every.to_owned()),
        ("hashtags", grouped(view.hashtag_count)),
        ("top videos", view.top_videos.map(top_videos_in_words).unwrap_or_default()),
        ("readings", maybe(view.readings, grouped)),
        ("gaps", maybe(view.gaps, grouped)),
        ("next reading", maybe(view.next_reading_at, Timestamp::to_rfc3339)),
        ("last reading", maybe(view.last_reading_at, Timestamp::to_rfc3339)),
        ("spent this month", budget),
        (
            "a month",
            format!("about {}, {} credits", acts(&view.estimate), grouped(view.estimate.credits_per_month)),
        ),
        ("labels", view.labels.join(", ")),
        ("notes", view.notes.clone()),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    print(table(&[], rows.map(|(name, value)| vec![name.to_owned(), value])))?;
    print("")?;
    let rows = view.hashtags.iter().map(|hashtag| {
        vec![
            tag(&hashtag.hashtag),
            hashtag.interval.to_owned(),
            grouped(hashtag.readings),
            grouped(hashtag.gaps),
            maybe(hashtag.last_reading_at, Timestamp::to_rfc3339),
            maybe(hashtag.next_reading_at, Timestamp::to_rfc3339),
            note(hashtag),
        ]
    });
    print(table(&["hashtag", "interval", ">readings", ">gaps", "last", "next", "note"], rows))?;
    if let Some(keyword) = &view.keyword {
        show_keyword(keyword)?;
    }
    if !gaps.is_empty() {
        show_gaps(gaps)?;
    }
    Ok(())
}

/// Shows the top videos of the hashtags of a tracker.
async fn videos(tracking: &Tracking, owner: &Account, id: TrackerId, json: bool) -> Result<(), Failure> {
    let view = tracking.show(owner.account_id, id).await?;
    let mut hashtags = Vec::with_capacity(view.hashtags.len());
    for hashtag in &view.hashtags {
        hashtags.push(tracking.videos(owner.account_id, id, Some(&hashtag.hashtag)).await?);
    }
    if json {
        return print_json(&TopVideosShown { hashtags });
    }
    let rows =
        hashtags.iter().flat_map(|of| of.videos.iter().map(move |video| (of, video))).map(|(of, video)| {
            let about = if video.rounded { "about " } else { "" };
            vec![
                tag(&of.hashtag),
                video.id.clone(),
                grouped(video.plays),
                maybe(video.gain, |gain| format!("{about}{gain:+}")),
                maybe(video.read_before_at, Timestamp::to_rfc3339),
                maybe(video.read_at, Timestamp::to_rfc3339),
            ]
        });
    print(table(&["hashtag", "video", ">plays", ">gain", "since", "read"], rows))?;
    if hashtags.iter().all(|of| of.videos.is_empty()) {
        say("No video of its hashtags is stored yet; walks bring them, and imports.");
    }
    Ok(())
}

fn show_keyword(keyword: &KeywordView) -> Result<(), Failure> {
    print("")?;
    let row = vec![
        in_quotes(&keyword.keyword),
        grouped(keyword.searches),
        grouped(keyword.gaps),
        maybe(keyword.last_search_at, Timestamp::to_rfc3339),
        maybe(keyword.next_search_at, Timestamp::to_rfc3339),
        maybe(keyword.auto_accept_views, grouped),
        keyword.failing.unwrap_or_default().to_owned(),
    ];
    let headings = ["keyword", ">searches", ">gaps", "last", "next", ">accepts from", "failing"];
    print(table(&headings, [row]))
}

fn show_gaps(gaps: &[Gap]) -> Result<(), Failure> {
    print("")?;
    let rows = gaps.iter().map(|Gap { hashtag, gap }| {
        vec![
            tag(hashtag),
            gap.from.to_rfc3339(),
            gap.until.to_rfc3339(),
            format!("{} h", real(gap.hours)),
            gap.reason.to_owned(),
        ]
    });
    print(table(&["gap of", "from", "until", ">length", "reason"], rows))
}

fn top_videos_in_words(videos: TopVideosView) -> String {
    let credits = counted(videos.credits_max, "credit");
    format!(
        "{} of {} walked through, at most {credits} a walk",
        grouped(videos.show.into()),
        grouped(videos.depth.into())
    )
}

/// Returns the readings and walks of a month in words.
fn acts(estimate: &EstimateView) -> String {
    let readings = counted(estimate.readings_per_month, "reading");
    match estimate.walks_per_month {
        Some(walks) => format!("{readings}, {}", counted(walks, "walk")),
        None => readings,
    }
}

fn state(view: &TrackerView) -> String {
    let failing = view.hashtags.iter().filter(|hashtag| hashtag.failing.is_some()).count();
    match failing {
        0 => view.state.to_owned(),
        failing => format!("{}, {failing} failing", view.state),
    }
}

fn note(hashtag: &TrackedView) -> String {
    let failing = hashtag.failing.map(|reason| format!("failing: {reason}"));
    let saved = hashtag.saved_per_month.map(|saved| format!("saves {} readings a month", grouped(saved)));
    [failing, hashtag.interval_reason.clone(), saved].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn shown_names(tracker: &TrackerView) -> String {
    let names: Vec<String> = tracker.hashtags.iter().take(NAMES_SHOWN).map(|one| tag(&one.hashtag)).collect();
    let more = tracker.hashtag_count.saturating_sub(names.len() as u64);
    let keyword = tracker.keyword.iter().map(|keyword| in_quotes(&keyword.keyword));
    let names: Vec<String> = keyword.chain(names).collect();
    match more {
        0 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), grouped(more)),
    }
}

fn listed(names: &[String], keyword: Option<&str>) -> String {
    let keyword = keyword.map(|keyword| format!("what {} finds", in_quotes(keyword)));
    let shown = names.iter().take(NAMES_SHOWN).map(|name| tag(name));
    let shown: Vec<String> = keyword.into_iter().chain(shown).collect();
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn often(every: &str) -> String {
    match every {
        "adaptive" => "as often as the numbers move".to_owned(),
        "hour" | "day" | "week" => format!("every {every}"),
        every => format!("every {}", every.replace('h', " hours")),
    }
}

fn source_in_words(tracking: &Tracking, source: &str) -> String {
    match source {
        "none" => "from imports alone".to_owned(),
        _ => format!("from the upstream {}", tracking.upstreams().join(", then ")),
    }
}

fn in_quotes(keyword: &str) -> String {
    format!("\"{}\"", printable(keyword))
}

/// Prints what a month is expected to cost.
fn cost(estimate: &EstimateView, balance: Credits, source: &str) -> Result<(), Failure> {
    if source == "none" {
        return print_text("No upstream is read, so it costs nothing.");
    }
    let lasts = match estimate.days_until_empty {
        Some(days) => format!("; the balance of {} lasts {}", grouped(balance.get()), counted(days, "day")),
        None => String::new(),
    };
    print_text(format_args!(
        "About {} and {} a month{lasts}.",
        acts(estimate),
        counted(estimate.credits_per_month, "credit")
    ))
}
