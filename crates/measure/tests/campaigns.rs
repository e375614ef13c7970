//! Campaigns measured from a store: what videos and readings add up to, whatever they are.

use domain::campaign::{Baseline, CampaignFilter, CampaignGoals, CampaignPlan, CampaignSpan};
use domain::{AccountId, CampaignId, Clock, Observation, Tag, Timestamp};
use measure::{CampaignView, Measure};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use store::campaigns::{Campaign, CampaignSettings};
use testkit::{FixedClock, TemporaryCatalog, hashtag, video};

const DAY_MS: i64 = 86_400_000;
/// Days that the campaign has lasted.
const DAYS: i64 = 10;

fn ago(days: i64) -> Timestamp {
    Timestamp::from_ms(FixedClock::default().now().as_ms() - days * DAY_MS - 60_000)
}

fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| Tag::new(name).expect("a tag")).collect()
}

fn campaign(own: &[&str], rivals: &[&str], filter: CampaignFilter) -> Campaign {
    let plan = CampaignPlan::new(tags(own), tags(rivals), CampaignGoals::default(), filter).expect("a plan");
    let at = ago(0);
    Campaign {
        id: CampaignId::new(at, 7),
        account_id: AccountId(1),
        settings: CampaignSettings {
            name: "summer".parse().expect("a name"),
            span: CampaignSpan::new(ago(DAYS), None).expect("a span"),
            baseline: Baseline::DEFAULT,
            plan,
            notes: String::new(),
        },
        created_at: at,
        updated_at: at,
        version: 0,
    }
}

async fn measured(observations: Vec<Observation>, campaign: &Campaign) -> CampaignView {
    let fixture = TemporaryCatalog::open(&FixedClock::default()).await;
    fixture.record(observations).await;
    let measure: &Measure = fixture.measure();
    measure.campaign(campaign).await.expect("a measurement")
}

/// A made-up video: under which of the three hashtags, by whom, when and with how many plays.
type Post = (u8, u64, i64, u64);

fn observation(number: u64, (under, author, days, plays): Post) -> Observation {
    let mut video = video(number + 1).author(author).plays(plays).created_at(ago(days)).observed_at(ago(0));
    for (bit, name) in [(1, "drop"), (2, "summer"), (4, "rival")] {
        if under & bit != 0 {
            video = video.tag(name);
        }
    }
    video.into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn participation_and_shares_are_those_of_a_naive_count(
        posts in prop::collection::vec((1_u8..8, 1_u64..9, 0_i64..20, 0_u64..5_000), 0..60),
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let observations = (0..).zip(&posts).map(|(number, post)| observation(number, *post)).collect();
        let campaign = campaign(&["drop", "summer"], &["rival"], CampaignFilter::default());
        let view = runtime.block_on(measured(observations, &campaign));
        let seen = view.participation.expect("it has begun");
        let own: Vec<&Post> = posts.iter().filter(|post| post.0 & 3 != 0).collect();
        let within: Vec<&Post> = own.iter().copied().filter(|post| post.2 <= DAYS).collect();
        let creators: BTreeSet<u64> = within.iter().map(|post| post.1).collect();
        let before: BTreeSet<u64> = own.iter().filter(|post| post.2 > DAYS).map(|post| post.1).collect();
        prop_assert_eq!(seen.videos, within.len() as u64);
        prop_assert_eq!(seen.creators, creators.len() as u64);
        prop_assert_eq!(seen.new_creators, creators.difference(&before).count() as u64);
        let plays: u64 = within.iter().map(|post| post.3).sum();
        prop_assert_eq!(seen.plays, (!within.is_empty()).then_some(plays));

        let mut by_creator: BTreeMap<u64, u64> = BTreeMap::new();
        within.iter().for_each(|post| *by_creator.entry(post.1).or_default() += post.3);
        let most = by_creator.values().copied().max();
        prop_assert_eq!(seen.top_creators.first().and_then(|creator| creator.plays), most);
        let best = within.iter().map(|post| post.3).max();
        prop_assert_eq!(seen.top_videos.first().and_then(|one| one.video.plays), best);

        // A video under several hashtags is shared in equal parts.
        let voice = view.share_of_voice.expect("it has begun");
        let all: Vec<&Post> = posts.iter().filter(|post| post.2 <= DAYS).collect();
        prop_assert_eq!(voice.videos, all.len() as u64);
        let part = |bits: u8| -> f64 {
            all.iter().map(|post| f64::from((post.0 & bits).count_ones()) / f64::from(post.0.count_ones())).sum()
        };
        let videos = voice.bases.iter().find(|base| base.base == "videos").expect("videos");
        match videos.own {
            Some(own) => prop_assert!((own - part(3) / all.len() as f64).abs() < 1e-9),
            None => prop_assert!(all.is_empty()),
        }
        for base in voice.bases.iter().filter(|base| base.basis == "observed") {
            for shares in base.points.iter().map(|point| &point.shares).chain([&base.shares]) {
                let sum: f64 = shares.iter().flatten().sum();
                prop_assert!(shares.iter().all(Option::is_none) || (sum - 1.0).abs() < 1e-9, "{:?}", shares);
            }
        }
        let shared = view.increment.together.and_then(|sum| sum.shared_videos);
        prop_assert_eq!(shared, None, "nothing is known of the views");
        let both = all.iter().filter(|post| post.0 & 3 == 3).count() as u64;
        if let Some(videos) = view.overlap.iter().find(|pair| pair.a == "drop" && pair.b == "summer").and_then(|pair| pair.videos) {
            prop_assert_eq!(videos, both);
        }
    }
}

#[tokio::test]
async fn days_are_those_of_the_zone() {
    let mut summer = campaign(&["drop"], &["rival"], CampaignFilter::default());
    let kolkata = "Asia/Kolkata".parse().expect("a zone");
    summer.settings.plan = summer.settings.plan.by_days_of(kolkata);
    let begin = summer.settings.span.from();
    let first: Timestamp = Timestamp::from_ms(begin.as_ms() - begin.as_ms().rem_euclid(DAY_MS) + DAY_MS);
    let posted = |number: u64, hours: i64, name: &str| -> Observation {
        let at = Timestamp::from_ms(first.as_ms() + hours * 3_600_000);
        video(number).author(number).plays(10).tag(name).created_at(at).observed_at(ago(0)).into()
    };
    // 18:00 UTC is 23:30 there, 19:00 UTC is the next day.
    let videos = vec![posted(1, 18, "drop"), posted(2, 19, "drop"), posted(3, 19, "rival")];
    let readings = (0..40)
        .map(|days| hashtag("drop").views(1_000 + days).observed_at(ago(40 - days.cast_signed())).into());
    let view = measured(videos.into_iter().chain(readings).collect(), &summer).await;
    let first = first.to_datetime().date();
    let next = first.tomorrow().expect("a day");
    let seen = view.participation.as_ref().expect("participation");
    let days: Vec<_> =
        seen.days.iter().filter(|day| day.videos > 0).map(|day| (&*day.date, day.videos)).collect();
    assert_eq!(days, [(&*first.to_string(), 1), (&*next.to_string(), 1)]);
    let voice = view.share_of_voice.as_ref().expect("shares");
    let videos = voice.bases.iter().find(|base| base.base == "videos").expect("a base");
    let shares: Vec<_> =
        videos.points.iter().filter_map(|point| Some((point.date.as_deref()?, point.own?))).collect();
    assert_eq!(shares, [(&*first.to_string(), 1.0), (&*next.to_string(), 0.5)]);
    let moments: BTreeSet<_> = videos.points.iter().map(|point| point.at).collect();
    let days: BTreeSet<_> = seen.days.iter().map(|day| day.at).collect();
    assert_eq!(moments, days, "shares and participation have the same days");
    let series = &view.hashtags[0].series;
    assert!(series.iter().all(|point| point.at.as_ms().rem_euclid(DAY_MS) == 18 * 3_600_000 + 1_800_000));
    let report = measure::campaign_report(&view, None);
    let charts: Vec<_> = report.sections.iter().flat_map(|section| &section.charts).collect();
    assert!(!charts.is_empty() && charts.iter().all(|chart| chart.zone.name() == "Asia/Kolkata"));
    assert_eq!(report.zone.name(), "Asia/Kolkata");
}

#[tokio::test]
async fn a_level_shift_and_gaps_are_stated() {
    // Readings over the limit of five hashtags, which are as old as the campaign wants.
    let now = FixedClock::default().now();
    let mut views = 1_000_000;
    let readings: Vec<Observation> = (0..60)
        .rev()
        .filter(|days| !(4..8).contains(days))
        .map(|days| {
            views += 1_000;
            hashtag("drop").id(8_001).views(views).observed_at(ago(days)).into()
        })
        .collect();
    let view = measured(readings, &campaign(&["drop"], &[], CampaignFilter::default())).await;
    let own = &view.hashtags[0];
    assert_eq!(own.gaps.len(), 1, "{:?}", own.gaps);
    assert!((own.gaps[0].days - 5.0).abs() < 1e-9);
    assert!(view.unknown.iter().any(|one| one.code == "gaps"), "{:?}", view.unknown);
    assert!(view.unknown.iter().any(|one| one.code == "no_control"));
    let from = Baseline::DEFAULT.begins(ago(DAYS));
    let within = domain::annotations::ANNOTATIONS.iter().filter(|event| event.is_within(from, now));
    let readings_of = within.filter(|event| event.readings_of.is_none()).count();
    assert_eq!(view.annotations.len(), readings_of);
    let points: Vec<_> = own.series.iter().filter(|point| point.expected.is_some()).collect();
    assert!(
        !points.is_empty()
            && points.iter().all(|point| point.at >= Timestamp::from_ms(ago(DAYS + 1).as_ms()))
    );
    let expected: f64 = points.iter().filter_map(|point| point.expected).sum();
    let increment = own.increment.as_ref().expect("an increment");
    assert!((expected - increment.expected as f64).abs() < 2.0, "{expected} {increment:?}");
}

#[tokio::test]
async fn shares_of_reported_growth_need_each_hashtag() {
    let readings = |name: &str, id: u64, gain: u64| -> Vec<Observation> {
        (0..30)
            .map(|days| {
                let views = 1_000_000 + gain * (30 - days as u64);
                hashtag(name).id(id).views(views).observed_at(ago(days)).into()
            })
            .collect()
    };
    let both = [readings("drop", 8_001, 3_000), readings("rival", 8_002, 1_000)].concat();
    let view = measured(both, &campaign(&["drop"], &["rival"], CampaignFilter::default())).await;
    let reported = &view.share_of_voice.as_ref().expect("it has begun").bases[0];
    assert_eq!((reported.basis, reported.own), ("reported", Some(0.75)));
    assert!(reported.points.iter().filter_map(|point| point.own).all(|own| (own - 0.75).abs() < 1e-9));
    let alone = readings("drop", 8_001, 3_000);
    let view = measured(alone, &campaign(&["drop"], &["rival"], CampaignFilter::default())).await;
    let reported = &view.share_of_voice.as_ref().expect("it has begun").bases[0];
    assert_eq!((reported.own, reported.shares.as_slice()), (None, [None, None].as_slice()));
}
