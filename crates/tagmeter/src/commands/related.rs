//! `tagmeter related`: lists hashtags that are used together with one.

use super::{Context, hashtag_of};
use crate::cli::measuring::Related;
use crate::exit::Failure;
use crate::measured::{Target, basis, nothing_posted, per_cent, real, share, tag, total};
use crate::output::{grouped, print, say, table};
use measure::{RelatedQuery, RelatedView};

pub(super) async fn run(command: Related, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, false)?;
    let measure = context.open_existing_measure().await?;
    let hashtag = hashtag_of(&measure, &command.hashtag).await?;
    let now = context.now();
    let query = RelatedQuery { limit: command.limit, ..command.query };
    let measured = measure.related(&hashtag, query).await?;
    let nothing = match measured.data.is_empty() {
        true => Some(nothing_posted(&measure, &hashtag, "related hashtags", query.since.is_some()).await?),
        false => None,
    };
    target.write(&measured, now, nothing, |rows| show(rows), || None)
}

fn show(rows: &[RelatedView]) -> Result<(), Failure> {
    let row = |other: &RelatedView| {
        vec![
            tag(&other.name),
            total(&other.views),
            grouped(other.both),
            grouped(other.videos),
            per_cent(other.probability),
            real(other.lift),
            format!("{:.3}", other.npmi),
            format!("{:.3}", other.relatedness),
            basis(&other.views),
            if other.generic { "generic".to_owned() } else { String::new() },
        ]
    };
    let headings = [
        "hashtag",
        ">views",
        ">videos of both",
        ">its videos",
        ">has it",
        ">lift",
        ">npmi",
        ">score",
        "-views basis",
        "",
    ];
    print(table(&headings, rows.iter().map(row)))?;
    show_sides(rows)?;
    say("All numbers but views are observed: counted in the stored videos.");
    Ok(())
}

/// Prints how often each was used together with the hashtag before and after TikTok limited posts to five
/// hashtags.
fn show_sides(rows: &[RelatedView]) -> Result<(), Failure> {
    let row = |other: &RelatedView| {
        let sides = other.sides.as_ref()?;
        let cells = [&sides.before, &sides.after]
            .map(|side| [grouped(side.both), grouped(side.videos), share(side.probability)]);
        Some(std::iter::once(tag(&other.name)).chain(cells.into_iter().flatten()).collect::<Vec<_>>())
    };
    let rows: Vec<Vec<String>> = rows.iter().filter_map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let headings = ["by side", ">both before", ">of", ">has it", ">both after", ">of", ">has it"];
    print("")?;
    print(table(&headings, rows))?;
    print(
        "Before: posted before August 2025. After: since September 2025, with at most five hashtags a post.",
    )
}
