//! Serves the stand-in of TikTok's Research API until it is stopped, so that other clients can be run against it:
//! `cargo run -p testkit --example research_stand_in`, then `scripts/oracles/research_api.py` with the address it prints.

use domain::Timestamp;
use testkit::FixedClock;
use testkit::upstream::{ResearchHabits, ResearchStandIn, ResearchVideo};

/// 2024-05-01.
const FROM_SECONDS: i64 = 1_714_521_600;
const DAYS: i64 = 40;
const VIDEOS: u64 = 450;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "whoever runs it needs the address")]
async fn main() {
    let now = Timestamp::parse("2024-07-15T12:00:00Z").expect("a time");
    let stand_in = ResearchStandIn::start(FixedClock::at(now)).await;
    stand_in.habits(ResearchHabits {
        search_id_refusals: 2,
        nul_in_names: true,
        ..ResearchHabits::default()
    });
    let step = DAYS * 86_400 / VIDEOS.cast_signed();
    stand_in.hold((0..VIDEOS).map(|number| ResearchVideo {
        is_gone: number % 5 == 0,
        ..ResearchVideo::posted(FROM_SECONDS + number.cast_signed() * step, number, &["cat", "kitten"])
    }));
    println!("{} {} {}", stand_in.base_url(), stand_in.client_key(), stand_in.client_secret());
    std::future::pending::<()>().await;
}
