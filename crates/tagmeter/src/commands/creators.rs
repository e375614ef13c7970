//! `tagmeter creators`: lists the creators of a hashtag.

use super::{Context, hashtag_of};
use crate::cli::measuring::Creators;
use crate::exit::Failure;
use crate::measured::{Target, maybe, nothing_posted, observed, per_cent, share};
use crate::output::{counted, grouped, print, print_text, say, shortened, table};
use measure::{CreatorView, CreatorsQuery, CreatorsView, MadeOf};

/// Characters shown of a display name.
const NAME_SHOWN_MAX: usize = 32;

pub(super) async fn run(command: Creators, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, false)?;
    let measure = context.open_existing_measure().await?.at(command.as_of, MadeOf::Videos).await?;
    let hashtag = hashtag_of(&measure, &command.hashtag).await?;
    let now = context.now();
    let limit = if command.limit == 0 { u32::MAX } else { command.limit };
    let query = CreatorsQuery { limit, ..command.query };
    let measured = measure.creators(&hashtag, query).await?;
    let nothing = match measured.data.creators.is_empty() {
        true => Some(nothing_posted(&measure, &hashtag, "creators", query.since.is_some()).await?),
        false => None,
    };
    target.write(&measured, now, nothing, show, || None)
}

fn show(view: &CreatorsView) -> Result<(), Failure> {
    let by_handle = match view.creators_by_handle {
        0 => String::new(),
        number => format!(", {} known by handle alone", grouped(number)),
    };
    let creators = counted(view.creators_count, "creator");
    let read = observed(view.observed_at);
    print_text(format_args!("#{}: {creators}{by_handle}; {read}", view.hashtag))?;
    if let Some(plays) = &view.concentration {
        print_text(format_args!(
            "plays: {} by the top creator, {} by the top tenth; Gini {:.3}, HHI {:.4}",
            per_cent(plays.top1_share),
            per_cent(plays.top_decile_share),
            plays.gini,
            plays.hhi,
        ))?;
    }
    let row = |creator: &CreatorView| {
        vec![
            maybe(creator.unique_id.as_ref(), |name| format!("@{name}")),
            creator.nickname.as_deref().map(|name| shortened(name, NAME_SHOWN_MAX)).unwrap_or_default(),
            grouped(creator.videos),
            share(creator.videos_share),
            maybe(creator.plays, grouped),
            share(creator.plays_share),
            if creator.by_handle { "by handle".to_owned() } else { String::new() },
        ]
    };
    let headings = ["creator", "name", ">videos", ">of all", ">plays", ">of all", ""];
    print(table(&headings, view.creators.iter().map(row)))?;
    let more = view.creators_count.saturating_sub(view.creators.len() as u64);
    if more > 0 {
        say(format_args!("{} more creators: --limit 0 shows all.", grouped(more)));
    }
    Ok(())
}
