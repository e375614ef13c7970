//! `tagmeter benchmark`: percentiles of plays and engagement under a hashtag, and the rank of a number of
//! plays, a rate or a video among them.

use super::{Context, hashtag_of};
use crate::cli::measuring::Benchmark;
use crate::exit::Failure;
use crate::measured::{Target, maybe, nothing_posted, observed, per_cent, share};
use crate::output::{counted, grouped, print, print_text, say, table};
use measure::{BandView, BenchmarkSideView, BenchmarkView, MadeOf};

pub(super) async fn run(command: Benchmark, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, false)?;
    let measure = context.open_existing_measure().await?.at(command.as_of, MadeOf::Videos).await?;
    let hashtag = hashtag_of(&measure, &command.hashtag).await?;
    let measured = measure.benchmark(&hashtag, command.query).await?;
    let is_empty = measured.data.bands.iter().all(|band| band.videos == 0);
    let nothing = match is_empty {
        true => Some(nothing_posted(&measure, &hashtag, "videos", command.query.window.is_some()).await?),
        false => None,
    };
    target.write(&measured, context.now(), nothing, show, || None)
}

fn show(benchmark: &BenchmarkView) -> Result<(), Failure> {
    let rate = &benchmark.engagement;
    print_text(format_args!(
        "#{}: engagement {} of all plays, {} of the median video ({} of {}; {})",
        benchmark.hashtag,
        share(rate.ratio_of_sums),
        share(rate.median_of_ratios),
        grouped(rate.videos),
        counted(rate.of_videos, "video"),
        observed(benchmark.observed_at),
    ))?;
    show_bands(&benchmark.bands)?;
    if benchmark.videos_without_age > 0 {
        say(format_args!(
            "{} of unknown age: in \"all\" only.",
            counted(benchmark.videos_without_age, "video")
        ));
    }
    show_rank(benchmark)?;
    if let Some(sides) = &benchmark.sides {
        show_side("Posted before August 2025", &sides.before)?;
        show_side("Posted since September 2025, with at most five hashtags a post", &sides.after)?;
    }
    Ok(())
}

/// Prints the benchmark of posts from before or after the limit of five hashtags.
fn show_side(when: &str, side: &BenchmarkSideView) -> Result<(), Failure> {
    let rate = &side.engagement;
    print("")?;
    print_text(format_args!(
        "{when}: engagement {} of all plays, {} of the median video ({} of {})",
        share(rate.ratio_of_sums),
        share(rate.median_of_ratios),
        grouped(rate.videos),
        counted(rate.of_videos, "video"),
    ))?;
    show_bands(&side.bands)
}

fn show_bands(bands: &[BandView]) -> Result<(), Failure> {
    let filled = || bands.iter().filter(|band| band.videos > 0);
    let headings = ["age of post", ">videos", ">p10", ">p25", ">p50", ">p75", ">p90", ">p99"];
    let row = |band: &BandView, what: &str, count: Option<u64>, numbers: Option<[String; 6]>| {
        let mut row = vec![format!("{} {what}", band.age), maybe(count, grouped)];
        row.extend(numbers.unwrap_or_else(|| [const { String::new() }; 6].map(|_| maybe(None, grouped))));
        row
    };
    let plays = filled().map(|band| {
        let numbers = band.plays.as_ref().map(|p| [p.p10, p.p25, p.p50, p.p75, p.p90, p.p99].map(grouped));
        row(band, "plays", band.plays.as_ref().map(|p| p.count).or(Some(band.videos)), numbers)
    });
    let engagement = filled().map(|band| {
        let of = band.engagement.as_ref();
        let numbers = of.map(|p| [p.p10, p.p25, p.p50, p.p75, p.p90, p.p99].map(per_cent));
        row(band, "engagement", of.map(|p| p.count), numbers)
    });
    print(table(&headings, plays.chain(engagement)))
}

fn show_rank(benchmark: &BenchmarkView) -> Result<(), Failure> {
    let Some(standing) = &benchmark.standing else { return Ok(()) };
    if let Some(video) = &standing.video_id {
        print_text(format_args!("Video {video}, among posts of its age ({}):", standing.age))?;
    }
    if let Some(plays) = standing.plays {
        print_text(format_args!(
            "{} plays: more than {} of the posts",
            grouped(plays),
            share(standing.plays_percentile)
        ))?;
    }
    if let Some(rate) = standing.engagement {
        print_text(format_args!(
            "engagement {}: more than {} of the posts",
            per_cent(rate),
            share(standing.engagement_percentile)
        ))?;
    }
    Ok(())
}
