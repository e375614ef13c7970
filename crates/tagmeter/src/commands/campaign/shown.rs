//! A measured campaign as text: sentences with footnotes, then tables, then what cannot be known.

use crate::exit::Failure;
use crate::measured::{maybe, per_cent, real, tag};
use crate::output::{grouped, print, print_text, printable, table};
use domain::UtcDay;
use measure::{
    CampaignGoalView, CampaignHashtagView, CampaignView, CampaignVoiceView, IncrementView, ParticipationView,
};

/// Names that a cell shows.
const NAMES_SHOWN: usize = 3;
/// Creators and videos of a table.
const ROWS_SHOWN: usize = 5;

pub(super) fn show(view: &CampaignView) -> Result<(), Failure> {
    heading(view)?;
    for sentence in &view.sentences {
        let notes: Vec<String> = sentence.footnotes.iter().map(|number| format!("[{number}]")).collect();
        print_text(format_args!("- {} {}", sentence.sentence, notes.join("")))?;
    }
    print("")?;
    print(hashtags(&view.hashtags))?;
    if let Some(voice) = view.share_of_voice.as_ref().filter(|voice| voice.hashtags.len() > 1) {
        print("")?;
        print(shares(voice))?;
    }
    if let Some(seen) = &view.participation {
        creators(seen)?;
        videos(seen)?;
    }
    if !view.goals.is_empty() {
        print("")?;
        print(goals(&view.goals))?;
    }
    print("")?;
    print_text("How the numbers are known:")?;
    for note in &view.footnotes {
        print_text(format_args!("[{}] {}", note.number, note.text))?;
    }
    print_text(format_args!("Method: {}", view.increment.method))?;
    for event in &view.annotations {
        print_text(format_args!("{}: {}", UtcDay::of(event.from), event.text))?;
    }
    print("")?;
    print_text("What cannot be known:")?;
    view.unknown.iter().try_for_each(|unknown| print_text(format_args!("- {}", unknown.text)))
}

fn heading(view: &CampaignView) -> Result<(), Failure> {
    let campaign = &view.campaign;
    let to = match campaign.to {
        Some(to) => format!("to {}", campaign.tz.date(to)),
        None => "on".to_owned(),
    };
    let zone = if campaign.tz.is_utc() { String::new() } else { format!(" ({})", campaign.tz) };
    let passed = match view.time_passed {
        Some(share) => format!(", {} of its time passed", per_cent(share)),
        None => String::new(),
    };
    print_text(format_args!(
        "{} ({}{passed}): {} from {} {to}{zone}, against {}, after a baseline of {} days",
        campaign.name,
        campaign.state,
        names(&campaign.hashtags),
        campaign.tz.date(campaign.from),
        if campaign.against.is_empty() { "nobody".to_owned() } else { names(&campaign.against) },
        campaign.baseline_days,
    ))
}

/// `#a, #b, #c and 2 more`
pub(super) fn names(list: &[String]) -> String {
    let shown: Vec<String> = list.iter().take(NAMES_SHOWN).map(|name| tag(name)).collect();
    match list.len().saturating_sub(NAMES_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn hashtags(list: &[CampaignHashtagView]) -> String {
    let row = |hashtag: &CampaignHashtagView| {
        let found = hashtag.increment.as_ref();
        vec![
            tag(&hashtag.name),
            hashtag.side.to_owned(),
            maybe(hashtag.views_gained.as_ref(), |gain| grouped(gain.gain)),
            maybe(found, |found| grouped(found.expected)),
            maybe(found, |found| signed(found.value)),
            maybe(found, interval),
            grouped(hashtag.videos),
            hashtag.no_increment.as_ref().map_or(String::new(), |why| why.code.to_owned()),
        ]
    };
    let headings = [
        "=hashtag",
        "=side",
        ">views gained",
        ">expected",
        ">beyond",
        ">95 % interval",
        ">stored videos",
        "",
    ];
    table(&headings, list.iter().map(row))
}

fn interval(found: &IncrementView) -> String {
    format!("{} to {}", signed(found.low), signed(found.high))
}

fn signed(number: i64) -> String {
    let size = grouped(number.unsigned_abs());
    if number < 0 { format!("-{size}") } else { size }
}

fn shares(voice: &CampaignVoiceView) -> String {
    let headings: Vec<String> = ["=share of".to_owned(), "=basis".to_owned(), ">own".to_owned()]
        .into_iter()
        .chain(voice.hashtags.iter().map(|name| format!(">{}", tag(name))))
        .collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let rows = voice.bases.iter().map(|base| {
        let cells = [base.base.to_owned(), base.basis.to_owned(), maybe(base.own, per_cent)];
        cells.into_iter().chain(base.shares.iter().map(|share| maybe(*share, per_cent))).collect()
    });
    table(&headings, rows)
}

fn creators(seen: &ParticipationView) -> Result<(), Failure> {
    if seen.top_creators.is_empty() {
        return Ok(());
    }
    print("")?;
    let rows = seen.top_creators.iter().take(ROWS_SHOWN).map(|creator| {
        let name = creator.unique_id.as_deref().or(creator.id.as_deref());
        vec![
            maybe(name, |name| format!("@{}", printable(name))),
            grouped(creator.videos),
            maybe(creator.plays, grouped),
            maybe(creator.plays_share, per_cent),
        ]
    });
    print(table(&["=creator", ">videos", ">plays", ">share"], rows))?;
    if let Some(spread) = &seen.concentration {
        print_text(format_args!(
            "Concentration over {} creators: Gini {}, HHI {}, largest {}, largest tenth {}",
            grouped(spread.count),
            real(spread.gini),
            real(spread.hhi),
            per_cent(spread.top1_share),
            per_cent(spread.top_decile_share)
        ))?;
    }
    Ok(())
}

fn videos(seen: &ParticipationView) -> Result<(), Failure> {
    if seen.top_videos.is_empty() {
        return Ok(());
    }
    print("")?;
    let rows = seen.top_videos.iter().take(ROWS_SHOWN).map(|one| {
        let video = &one.video;
        vec![
            video.id.clone(),
            maybe(video.created_at, |at| UtcDay::of(at).to_string()),
            maybe(video.creator.as_deref(), |name| format!("@{}", printable(name))),
            maybe(video.plays, grouped),
            maybe(one.plays_share, per_cent),
        ]
    });
    print(table(&["=video", "=posted", "=creator", ">plays", ">share"], rows))
}

fn goals(list: &[CampaignGoalView]) -> String {
    let rows = list.iter().map(|goal| {
        vec![
            goal.goal.to_owned(),
            grouped(goal.target),
            maybe(goal.value, grouped),
            goal.basis.to_owned(),
            maybe(goal.share, per_cent),
            maybe(goal.pace, real),
            goal.state.replace('_', " "),
        ]
    });
    table(&["=goal", ">target", ">so far", "=basis", ">share", ">pace", "=state"], rows)
}
