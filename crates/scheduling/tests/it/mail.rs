//! Mails of scheduled reports, as a real SMTP server takes them.

use crate::world::{DAY, Sink, WEEK, World, at};
use domain::Clock;
use scheduling::TestTo;
use serde_json::Value;
use testkit::TestStore;

/// Returns the part of a text after a marker, up to a blank.
fn after<'t>(text: &'t str, marker: &str) -> &'t str {
    let from = text.find(marker).unwrap_or_else(|| panic!("{marker} in {text}")) + marker.len();
    text[from..].split_whitespace().next().unwrap_or_default()
}

fn to(mail: &Value) -> &str {
    mail["envelope"][1].as_str().expect("a recipient")
}

#[tokio::test]
async fn a_report_goes_to_each_recipient_with_charts_files_a_frozen_link_and_a_way_out() {
    let Some(mut sink) = Sink::start() else { return println!("skipped: no aiosmtpd") };
    let fixture = &TestStore::sqlite().await.expect("a store");
    let world = World::new(fixture).await;
    let subject = world.campaign(None).await;
    let id = world.create(subject, &["a@client.example", "b@client.example"]).await;
    assert_eq!(world.make().await, 0, "it is Friday");
    world.clock.set(at("2026-10-19T06:00:00Z"));
    assert_eq!((world.make().await, world.make().await), (1, 0), "once");
    assert_eq!((world.send(Some(&sink.mailer)).await, world.send(Some(&sink.mailer)).await), (2, 0), "once");
    let mut mails = [sink.next_mail(), sink.next_mail()];
    mails.sort_by_key(|mail| to(mail).to_owned());
    assert_eq!(mails.each_ref().map(to), ["a@client.example", "b@client.example"]);
    let (first, text) = (&mails[0], mails[0]["text"].as_str().expect("a text"));
    assert_eq!(first["headers"]["subject"], "Campaign summer: 12 to 18 October 2026");
    for wanted in [
        "Report of 12 to 18 October 2026.",
        "It is sent every Monday at 08:00 (Europe/Berlin).",
        "- ",
        "views",
        "Frozen: shows the state of 19 Oct 2026 06:00 UTC",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let names: Vec<&str> =
        first["files"].as_array().expect("files").iter().filter_map(|file| file[0].as_str()).collect();
    assert_eq!(names, ["campaign-summer-2026-10-18.pdf", "campaign-summer-2026-10-18.xlsx"]);
    // Charts are inside of the mail, and nothing else is loaded.
    let html = first["html"].as_str().expect("HTML");
    let shown = first["shown"].as_array().map_or(0, Vec::len);
    assert!(shown > 0 && first["images"] == shown && !html.contains("src=\"http"), "{html}");
    // The link is the same for all, frozen as of then: it shows the same once there are other numbers.
    let link = after(text, "The whole report: https://tags.example.com/share/");
    assert_eq!(
        link,
        after(
            mails[1]["text"].as_str().expect("a text"),
            "The whole report: https://tags.example.com/share/"
        )
    );
    let (slug, token) = link.split_once('/').expect("a path");
    world.clock.advance(DAY);
    let reading = testkit::hashtag("cat").id(7_551).views(9_000_000).observed_at(world.clock.now());
    world.measure.catalog().record(vec![reading.into()]).await.expect("recorded");
    let open =
        world.sharing.open(slug, token, world.clock.now()).await.expect("an answer").expect("it opens");
    let report = world.sharing.report(&open).await.expect("an answer").expect("a report");
    let report = charts::report::html(&report).expect("a page");
    assert!(
        report.contains("Frozen: shows the state of 19 Oct 2026 06:00 UTC") && !report.contains("9,000,000")
    );
    // Each has a link of its own to leave by, also for the button of the mail program.
    let out = mails
        .each_ref()
        .map(|mail| after(mail["text"].as_str().expect("a text"), "/unsubscribe/").to_owned());
    assert_ne!(out[0], out[1]);
    assert_eq!(first["headers"]["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
    let header = first["headers"]["list-unsubscribe"].as_str().expect("a header");
    assert_eq!(header, format!("<https://tags.example.com/unsubscribe/{}>", out[0]));
    let shown = world.scheduling.recipient_of(&out[0]).await.expect("an answer").expect("a recipient");
    assert_eq!(
        (shown.recipient.as_str(), shown.title.as_str(), shown.is_done),
        ("a@client.example", "Campaign summer", false)
    );
    let left = world.scheduling.unsubscribe(&out[0]).await.expect("an answer").expect("a recipient");
    assert!(left.is_done);
    assert_eq!(world.scheduling.unsubscribe(&out[0][1..]).await.expect("an answer"), None);
    let shown = world.show(id).await;
    assert_eq!(shown.schedule.unsubscribed, ["a@client.example"]);
    assert!(shown.issues[0].mails.iter().all(|mail| mail.state == "sent"), "{shown:?}");
    // The next week only the other one gets it, also if the owner names the address again.
    let again = ["A@client.example", "b@client.example"].map(str::to_owned).to_vec();
    let again = scheduling::SchedulePatch { to: Some(again), ..Default::default() };
    world.scheduling.change(world.account, id, again).await.expect("changed");
    world.clock.set(at("2026-10-26T07:00:00Z"));
    assert_eq!(
        (world.make().await, world.send(Some(&sink.mailer)).await),
        (1, 1),
        "8 o'clock is an hour later in winter"
    );
    let next = sink.next_mail();
    assert_eq!(
        (to(&next), &next["headers"]["subject"]),
        ("b@client.example", &"Campaign summer: 19 to 25 October 2026".into())
    );
}

#[tokio::test]
async fn whoever_leaves_gets_nothing_that_waits_and_a_failed_mail_is_sent_later() {
    let Some(mut sink) = Sink::start() else { return println!("skipped: no aiosmtpd") };
    let fixture = &TestStore::sqlite().await.expect("a store");
    let world = World::new(fixture).await;
    let id = world
        .create(World::hashtags(), &["busy@client.example", "gone@client.example", "c@client.example"])
        .await;
    world.clock.set(at("2026-10-19T06:00:00Z"));
    assert_eq!(world.make().await, 1);
    assert_eq!(world.send(None).await, 0, "there is no mail server");
    world.clock.advance(DAY);
    assert_eq!(world.send(Some(&sink.mailer)).await, 1);
    let mail = sink.next_mail();
    assert_eq!(to(&mail), "c@client.example");
    assert!(mail["text"].as_str().expect("a text").contains("12 to 18 October 2026"), "{mail:#}");
    let states = |issue: &scheduling::IssueView| -> Vec<(String, &'static str)> {
        issue.mails.iter().map(|mail| (mail.to.clone(), mail.state)).collect()
    };
    let shown = world.show(id).await;
    let expected = [("busy", "waiting"), ("c", "sent"), ("gone", "failed")];
    assert_eq!(
        states(&shown.issues[0]),
        expected.map(|(who, state)| (format!("{who}@client.example"), state))
    );
    // A test goes to the owner, has no way out, and leaves the rhythm as it was.
    let next = shown.schedule.next_at;
    let test = world.scheduling.run(world.account, id, TestTo::Owner).await.expect("a test");
    assert_eq!((test.kind, test.mails.len()), ("test", 1));
    assert_eq!(world.send(Some(&sink.mailer)).await, 1);
    let mail = sink.next_mail();
    assert_eq!((to(&mail), mail["headers"].get("list-unsubscribe")), ("owner@example.com", None));
    assert!(mail["headers"]["subject"].as_str().expect("a subject").starts_with("Test: "), "{mail:#}");
    assert_eq!(world.show(id).await.schedule.next_at, next);
    // Taken off the schedule, the one that waits gets nothing any more.
    let to_c =
        scheduling::SchedulePatch { to: Some(vec!["c@client.example".to_owned()]), ..Default::default() };
    world.scheduling.change(world.account, id, to_c).await.expect("changed");
    world.clock.advance(WEEK);
    assert_eq!(world.send(Some(&sink.mailer)).await, 0);
    let shown = world.show(id).await;
    assert!(
        shown.issues.iter().flat_map(|issue| &issue.mails).all(|mail| mail.state != "waiting"),
        "{shown:?}"
    );
}
