//! Spellings of numbers, and what is none.

use super::*;
use proptest::prelude::*;

#[test]
fn every_spelling_of_a_number_is_read() {
    for (json, want) in [
        ("17", Some(17)),
        (r#""17""#, Some(17)),
        (r#"" 17 ""#, Some(17)),
        ("17.0", Some(17)),
        (r#""6800000.0""#, Some(6_800_000)),
        (r#""44.5M views""#, Some(44_500_000)),
        (r#""157.8B views""#, Some(157_800_000_000)),
        (r#""12.3K""#, Some(12_300)),
        (r#""-3""#, Some(-3)),
        ("18446744073709551615", Some(18_446_744_073_709_551_615)),
        (r#""18446744073709551616""#, Some(18_446_744_073_709_551_616)),
        ("1e300", Some(i128::MAX)),
        (r#""1e400""#, Some(i128::MAX)),
        (r#""1e17""#, Some(100_000_000_000_000_000)),
        (r#""9.5E+18 views""#, Some(9_500_000_000_000_000_000)),
        (r#""9,007,199,254,740,993""#, Some(9_007_199_254_740_993)),
        (r#""1e+05""#, Some(100_000)),
        (r#""1,234""#, Some(1234)),
        (r#""12,34,567""#, Some(1_234_567)),
        (r#""e17""#, None),
        (r#""nan""#, None),
        (r#""""#, None),
        (r#""views""#, None),
        ("null", None),
        ("true", None),
        ("[1]", None),
        (r#"{"a":1}"#, None),
        (r#"{"$numberLong":"9007199254740991"}"#, Some(9_007_199_254_740_991)),
        (r#"{"$numberInt":"5"}"#, Some(5)),
        (r#"{"$numberDouble":"5.0"}"#, Some(5)),
        (r#"{"$numberLong":[]}"#, None),
    ] {
        let number: Number = serde_json::from_str(json).expect("any value is read");
        assert_eq!(number.0, want, "{json}");
    }
}

#[test]
fn a_unit_may_stand_apart_and_is_never_cut_off() {
    for (text, value) in [
        ("1.2 M", 1_200_000),
        ("3,4 Mio.", 3_400_000),
        ("3.4 Mio.", 3_400_000),
        ("541 mil", 541_000),
        ("12 K", 12_000),
        ("12,3K", 12_300),
        ("1,2M", 1_200_000),
        ("1.2\u{a0}M", 1_200_000),
        ("1,2\u{202f}k", 1_200),
        ("1,5\u{2009}tys.", 1_500),
        ("2,1 тыс.", 2_100),
        ("1,2 млн просмотров", 1_200_000),
        ("1.2M views", 1_200_000),
        ("1.2 M Views", 1_200_000),
        ("12 mil M", 12_000_000_000),
        ("3 Tsd.", 3_000),
        ("1,3 Mrd.", 1_300_000_000),
        ("1,2 mi", 1_200_000),
        ("1.2万", 12_000),
        ("1.2 万", 12_000),
        ("3.5億回", 350_000_000),
        ("5.6만", 56_000),
        ("1.5w", 15_000),
        ("2,3 rb", 2_300),
        ("2,3 jt", 2_300_000),
        ("4,5 Tr", 4_500_000),
        ("12 lakh", 1_200_000),
        ("1.5 crore", 15_000_000),
        ("١٫٢ مليون", 1_200_000),
        ("1,234.5K", 1_234_500),
        ("1.2bn", 1_200_000_000),
        ("1.234M", 1_234_000),
    ] {
        assert_eq!(parse(text), Some(ParsedNumber { value, is_rounded: true }), "{text}");
    }
    for text in [
        "1,2 mil.",
        "1,2 B",
        "1,2B",
        "12 T",
        "1,234K",
        "1.2 foo",
        "12 tkr.",
        "1.2 M or so",
        "1.2M+",
        "~5",
        "5%",
        "1.2.3M",
        "M",
        "1 2",
        "1,23,45",
        "1.5",
        "0.5",
        "12.34",
        "1.5e0",
        "1e-5",
        "1.2345e2",
        "3 of 4",
        "1:30",
        "12/5",
        "$5",
        "1,2,3",
        "1.2,3.4",
        "1234,567",
        "5.",
        "1 000 00",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn digits_may_be_grouped() {
    for (text, value) in [
        ("1,234 views", 1_234),
        ("7 likes", 7),
        ("1.234", 1_234),
        ("1.234.567", 1_234_567),
        ("1 234 567", 1_234_567),
        ("1\u{a0}234", 1_234),
        ("1\u{202f}234\u{202f}567", 1_234_567),
        ("1'234'567", 1_234_567),
        ("1\u{2019}234", 1_234),
        ("1,234.00", 1_234),
        ("1.234.567,0", 1_234_567),
        ("98400.0", 98_400),
        ("-1,234", -1_234),
        ("１２３", 123),
        ("1.5e3", 1_500),
        ("1.2e+06", 1_200_000),
        ("0", 0),
        ("0.0", 0),
        ("007", 7),
        ("+5", 5),
    ] {
        assert_eq!(parse(text), Some(ParsedNumber { value, is_rounded: false }), "{text}");
    }
    assert_eq!(parse("1.23E+06"), Some(ParsedNumber { value: 1_230_000, is_rounded: true }));
}

#[test]
fn a_web_count_beside_its_display_step_is_exact() {
    let web = |value| Number(Some(value)).web("plays").expect("a count").map(Count::is_rounded);
    assert_eq!(web(46_000), Some(true));
    assert_eq!(web(46_038), Some(false));
    assert_eq!(web(36_322_192), Some(false));
    assert_eq!(web(929), Some(false));
    assert_eq!(web(-1), None);
}
#[test]
fn a_count_above_the_limit_is_refused_by_name_value_and_limit() {
    let count = |json: &str| serde_json::from_str::<Number>(json).expect("a number").count("playCount");
    assert_eq!(count("9007199254740992"), Ok(Some(COUNT_MAX)));
    assert_eq!(count("-1"), Ok(None));
    for (json, shown) in [
        ("9007199254740993", "9007199254740993"),
        ("9223372036854775807", "9223372036854775807"),
        ("18446744073709551615", "18446744073709551615"),
        (r#""99999999999999999999""#, "99999999999999999999"),
        (r#""9007199254741K""#, "9007199254741000"),
        ("1e300", "a number of more than 38 digits"),
        (r#""1000000000000000000000000000000000000000""#, "a number of more than 38 digits"),
    ] {
        let reason = format!("playCount: {shown} is above 9007199254740992 (2^53), the largest count");
        assert_eq!(count(json), Err(reason), "{json}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text: String, near in r"[-+0-9.,' eEKMkmb\u{a0}万]{0,20}") {
        let _ = (parse(&text), parse(&near));
    }

    #[test]
    fn a_number_is_read_however_it_is_grouped(number in 0_u64..10_000_000_000_000, mark in "[,.' \u{a0}\u{202f}]") {
        let digits = number.to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push_str(&mark);
            }
            grouped.push(digit);
        }
        prop_assert_eq!(from_text(&grouped), Some(i128::from(number)));
    }
}
