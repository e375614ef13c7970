//! `tagmeter related`: which hashtags go with one.

use super::{Context, hashtag_of};
use crate::cli::measuring::Related;
use crate::exit::Failure;
use crate::measured::{Target, basis, nothing_posted, per_cent, real, tag, total};
use crate::output::{grouped, print, say, table};
use catalog::measure::{RelatedAsked, RelatedView};

pub(super) async fn run(command: Related, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, false)?;
    let catalog = context.open_existing_catalog().await?;
    let hashtag = hashtag_of(&catalog, &command.hashtag).await?;
    let now = context.now();
    let asked = RelatedAsked {
        since: command.since.map(|since| since.begin(now)),
        with_generic: command.with_generic,
        limit: command.limit,
    };
    let measured = catalog.related(&hashtag, asked).await?;
    let nothing = match measured.data.is_empty() {
        true => Some(nothing_posted(&catalog, &hashtag, "related hashtags", asked.since.is_some()).await?),
        false => None,
    };
    target.tell(&measured, now, nothing, |rows| show(rows), || None)
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
    say("All numbers but views are observed: counted on the stored videos.");
    Ok(())
}
