//! `/v1/campaigns/{id}/report`: in each format the numbers of the measured campaign, with their footnotes.

use crate::campaigns::{create, order, server};
use domain::{Clock, KeyScope};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use testkit::{Answer, Description, FixedClock, Request, TestServer};

const PATH: &str = "/v1/campaigns/summer/report";

async fn report(server: &TestServer, query: &str) -> Answer {
    let answer = server.get(&format!("{PATH}?{query}")).await;
    assert_eq!(answer.status.as_u16(), 200, "{query}: {}", answer.text());
    answer
}

/// Returns the texts of a report's content that a page must show: sentences, figures, cells and footnotes.
fn texts(report: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    for section in report["sections"].as_array().expect("sections") {
        let list = |name: &str| section[name].as_array().expect("a list").clone();
        for part in list("statements").iter().chain(&list("figures")) {
            texts.extend([part["text"].clone(), part["value"].clone()]);
        }
        for table in list("tables") {
            texts.extend(
                table["rows"]
                    .as_array()
                    .expect("rows")
                    .iter()
                    .flat_map(|row| row.as_array().expect("cells").clone()),
            );
        }
    }
    let texts = texts.iter().filter_map(Value::as_str).filter(|text| !text.is_empty());
    texts.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_number_of_a_report_is_that_of_the_answer_and_has_a_footnote() {
    let server = server().await;
    create(&server, &order()).await;
    let description = Description::of(&server).await;
    let content = report(&server, "format=json").await;
    description.operation("get", "/v1/campaigns/{id}/report").assert_describes(&content);
    let (content, measured) = (content.json(), server.get("/v1/campaigns/summer").await.json());
    let sections = content["sections"].as_array().expect("sections");
    let headings: Vec<&str> = sections.iter().filter_map(|section| section["heading"].as_str()).collect();
    assert_eq!(
        headings,
        ["Result", "Goals", "Hashtags", "Share of voice", "Participation", "What cannot be known"]
    );
    let sentences: Vec<&Value> =
        measured["data"]["sentences"].as_array().expect("sentences").iter().collect();
    let footnotes = measured["data"]["footnotes"].as_array().expect("footnotes");
    let stated = sections[0]["statements"].as_array().expect("sentences");
    assert_eq!(stated.len(), sentences.len());
    for (stated, sentence) in stated.iter().zip(sentences) {
        assert_eq!(stated["text"], sentence["sentence"]);
        let of_numbers = sentence["footnotes"].as_array().expect("numbers").iter().map(|number| {
            let note = footnotes.iter().find(|note| note["number"] == *number).expect("a footnote");
            note["text"].clone()
        });
        assert_eq!(stated["footnotes"], json!(of_numbers.collect::<Vec<_>>()));
    }
    for section in sections {
        let known = |part: &&Value| part["value"] != "–" && part["label"] != "Time passed";
        let figures = section["figures"].as_array().expect("figures").iter().filter(known);
        for part in figures.chain(section["tables"].as_array().expect("tables")) {
            let notes = part["footnotes"].as_array().expect("footnotes");
            assert!(!notes.is_empty() && notes.iter().all(|note| note.as_str() != Some("")), "{part}");
        }
        let charts = section["charts"].as_array().expect("charts");
        assert!(charts.is_empty() || !section["chart_footnotes"].as_array().expect("footnotes").is_empty());
    }
    assert!(texts(&content).iter().any(|text| text == "100,000"), "the growth of #drop");
    assert_eq!(content["generated_at"], json!(FixedClock::default().now().as_ms()));
}

#[tokio::test]
async fn each_format_shows_the_same_texts() {
    let server = server().await;
    create(&server, &order()).await;
    let content = report(&server, "format=json&title=Week%203").await.json();
    assert_eq!(content["title"], "Week 3");
    let texts = texts(&content);
    let page = report(&server, "format=html&title=Week%203").await;
    assert_eq!(
        (page.header("content-type"), page.header("content-disposition")),
        ("text/html; charset=utf-8", "")
    );
    for text in &texts {
        let escaped =
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;");
        assert!(page.text().contains(&escaped), "{text}");
    }
    for (format, begin) in [("pdf", &b"%PDF"[..]), ("xlsx", b"PK"), ("zip", b"PK")] {
        let file = report(&server, &format!("format={format}")).await;
        assert!(file.body.starts_with(begin), "{format}");
        let name = format!("attachment; filename=\"summer.{format}\"");
        assert_eq!(
            (file.header("content-disposition"), file.header("cache-control")),
            (name.as_str(), "no-store")
        );
    }
    let pdf = report(&server, "title=Week%203").await;
    assert_eq!(pdf.header("content-type"), "application/pdf", "the default");
    let Some(words) = words_of(&pdf.body) else { return };
    for text in texts.iter().filter(|text| text.chars().count() < 12).map(String::as_str).chain(["Week 3"]) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&text), "{text}\n{words}");
    }
}

/// Returns the words of a PDF; `None` without pdftotext.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn words_of(pdf: &[u8]) -> Option<String> {
    let started = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(cause) => {
            assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "pdftotext: {cause}");
            eprintln!("skipped: pdftotext: {cause}");
            return None;
        }
    };
    // It reads to the end before it writes.
    child.stdin.take().expect("a pipe").write_all(pdf).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn a_report_is_its_owners_and_wrong_parameters_are_refused() {
    let server = server().await;
    create(&server, &order()).await;
    let (_, key) = server.other_account("you@example.com", KeyScope::Call).await;
    let theirs = server.send(Request::get(PATH).key(&key)).await;
    assert_eq!(theirs.code(), "campaign_not_found");
    assert_eq!(server.get("/v1/campaigns/nobody/report").await.code(), "campaign_not_found");
    for (query, param) in [("format=docx", "format"), (&*format!("title={}", "x".repeat(201)), "title")] {
        let refused = server.get(&format!("{PATH}?{query}")).await;
        assert_eq!(
            (refused.code(), &refused.json()["param"]),
            ("invalid_parameter".to_owned(), &json!(param))
        );
    }
    let refused = server.send(Request::get(PATH).key(&server.key).header("accept", "image/png")).await;
    assert_eq!(refused.code(), "not_acceptable");
    let taken =
        server.send(Request::get(PATH).key(&server.key).header("accept", "text/html, */*;q=0.1")).await;
    assert_eq!(taken.status.as_u16(), 200);
}
