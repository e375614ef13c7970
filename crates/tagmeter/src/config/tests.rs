//! Each setting from each source: precedence, and errors of wrong values.

use super::*;

/// A value of each setting for each source, none of them the default.
const MATRIX: &[(&str, [&str; 3])] = &[
    ("data_dir", ["/flag", "/environment", "/file"]),
    ("listen", ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]),
    ("public_url", ["https://a.example", "https://b.example/api", "http://c.example:8080"]),
    ("cors_origins", ["https://a.example", "*", "https://b.example, http://c.example:3000"]),
    ("keep_alive", ["1min", "2min", "3min"]),
    ("requests_per_minute", ["1", "2", "3"]),
    ("legacy_errors", ["true", "true", "true"]),
    ("sign_up_site", ["a.example", "b.example", "c.example"]),
    ("worker", ["false", "false", "false"]),
    ("log", ["error", "warn", "debug"]),
    ("log_format", ["text", "json", "json"]),
    ("freshness.counts", ["1s", "2s", "3s"]),
    ("freshness.posts", ["1min", "2min", "3mo"]),
    ("freshness.misses", ["1h", "2h", "3h"]),
    ("freshness.search", ["1d", "2w", "3y"]),
    ("downloads.folder", ["/flag", "/environment", "file"]),
    ("downloads.mib_max", ["1", "2", "3"]),
    ("downloads.keep", ["1min", "2min", "3h"]),
    ("downloads.per_key", ["1", "2", "3"]),
    ("downloads.at_once", ["1", "2", "3"]),
    ("webhooks.allow", ["10.1.0.0/16", "chat.intern", "10.2.0.0/16, chat.intern:8065"]),
    ("webhooks.own", ["203.0.113.1", "203.0.113.2", "203.0.113.3, 2001:db8::1"]),
    ("smtp.host", ["a.example", "b.example", "c.example"]),
    ("smtp.port", ["1", "2", "3"]),
    ("smtp.encryption", ["tls", "none", "tls"]),
    ("smtp.user", ["a", "b", "c"]),
    ("smtp.password", ["a", "b", "c"]),
    ("smtp.from", ["a@a.example", "b@b.example", "C <c@c.example>"]),
];

/// Loads with the setting given by the sources in `given`: flag, environment, file.
fn load(name: &'static str, values: [&str; 3], given: [bool; 3]) -> Settings {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("some.toml");
    let is_bare = FLAGS.contains(&name) || NUMBERS.contains(&name);
    let value = if is_bare { values[2].to_owned() } else { format!("{:?}", values[2]) };
    let line = if given[2] { format!("# first line\n{name} = {value}\n") } else { String::new() };
    std::fs::write(&path, line).expect("a file");
    let flags = Flags {
        config: Some(path),
        given: if given[0] { vec![(name, values[0].into())] } else { Vec::new() },
    };
    let environment = if given[1] { vec![(variable_of(name).into(), values[1].into())] } else { Vec::new() };
    Settings::load(flags, environment).expect("settings")
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    for &(name, values) in MATRIX {
        for bits in 0..8_u8 {
            let given = [bits & 4 != 0, bits & 2 != 0, bits & 1 != 0];
            let settings = load(name, values, given);
            let [_, value, origin] =
                settings.rows().into_iter().find(|[row, ..]| row == name).expect("each setting is listed");
            match given.iter().position(|given| *given) {
                Some(place) => {
                    // A password is not shown.
                    let shown = if name == "smtp.password" { "set" } else { values[place] };
                    assert_eq!(value, shown, "{name} {given:?}");
                    let expected = [flag_of(name), variable_of(name), "some.toml line 2".to_owned()];
                    assert!(origin.ends_with(&expected[place]), "{name} {given:?}: {origin}");
                }
                None => assert_eq!(origin, "default", "{name}"),
            }
            let others = settings.rows().into_iter().filter(|[row, ..]| row != name);
            assert!(others.into_iter().all(|[.., origin]| origin == "default"), "{name} {given:?}");
        }
    }
}

/// Returns the names of the settings that have a default: all but the database.
fn with_a_default() -> Vec<&'static str> {
    NAMES.iter().copied().filter(|name| *name != "database_url").collect()
}

#[test]
fn every_setting_is_in_the_matrix_and_in_the_table_of_the_docs() {
    assert_eq!(MATRIX.iter().map(|(name, _)| *name).collect::<Vec<_>>(), with_a_default());
    let docs = include_str!("../../../../docs/cli.md");
    let (_, table) =
        docs.split_once("| setting | flag | environment | default |\n|---|---|---|---|\n").expect("a table");
    let rows = table.lines().take_while(|line| line.starts_with('|')).map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        (cells[1].to_owned(), cells[3].to_owned())
    });
    let expected = NAMES.iter().map(|name| ((*name).to_owned(), variable_of(name)));
    assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn a_list_is_written_as_a_list_or_as_a_text() {
    let parsed = |text: &str| SettingsFile::parse(Path::new("a.toml"), text);
    let file = parsed("[webhooks]\nallow = [\"10.1.0.0/16\", \"chat.intern\"]\n").expect("a file");
    assert_eq!(file.values["webhooks.allow"].0, "10.1.0.0/16, chat.intern");
    for (wrong, says) in [
        ("[webhooks]\nallow = [1]\n", "must be a list of texts in quotes"),
        ("[smtp]\nhost = [\"a\"]\n", "cannot hold a TOML array"),
        ("smtp = 1\n", "smtp is a table: [smtp]"),
    ] {
        let refused = parsed(wrong).expect_err(wrong).to_string();
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn the_default_file_has_the_defaults() {
    let settings = Settings::load(Flags::default(), Vec::new()).expect("the default file is valid");
    assert_eq!(settings.data_dir.value, Path::new("tagmeter-data"));
    assert_eq!(settings.listen.value.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.requests_per_minute.value, 6000);
    assert_eq!(settings.keep_alive.value.to_string(), "75s");
    assert!(settings.public_url.value.as_str().is_empty() && settings.cors_origins.value.is_empty());
    assert!(!settings.legacy_errors.value && settings.worker.value);
    assert_eq!(settings.log.value, "info");
    assert_eq!(settings.log_format.value, LogFormat::Auto);
    let defaults = SettingsFile::parse(Path::new("a.toml"), DEFAULT_FILE).expect("a file");
    for name in with_a_default() {
        assert!(defaults.values.contains_key(name), "{name} is in the default file");
        assert!(DEFAULT_FILE.contains(&variable_of(name)), "the default file names the variable of {name}");
    }
}

/// Returns the default file with every commented setting and section switched on, and the number of these
/// lines. A comment is a setting if it is `name = value`, and a section if it is in brackets; anything else is
/// prose.
fn uncommented() -> (String, usize) {
    let is_setting = |line: &str| {
        let name = line.split_once(" = ").map(|(name, _)| name);
        line == "[[upstream]]"
            || name.is_some_and(|name| NAMES.contains(&name) || upstream::NAMES.contains(&name))
    };
    let mut switched_on = 0;
    let lines = DEFAULT_FILE.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if is_setting(setting) => {
            switched_on += 1;
            setting
        }
        _ => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    (text, switched_on)
}

#[test]
fn every_commented_setting_of_the_default_file_loads_under_its_section() {
    let (text, switched_on) = uncommented();
    // Nothing that looks like TOML is skipped as prose.
    let looks_set = DEFAULT_FILE.lines().filter(|line| line.starts_with("# ") && line.contains(" = "));
    let headings = DEFAULT_FILE.lines().filter(|line| line.starts_with("# [") && line.ends_with(']'));
    assert_eq!(switched_on, looks_set.count() + headings.count());

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("all.toml");
    std::fs::write(&path, text).expect("a file");
    let secrets = ["TIKLIVE_KEY", "TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"];
    let environment = secrets.map(|name| (name.into(), format!("value of {name}").into())).to_vec();
    let settings =
        Settings::load(Flags { config: Some(path), given: Vec::new() }, environment).expect("settings");

    let database = settings.database_url.as_ref().expect("it is switched on");
    assert_eq!(database.value.to_string(), "postgres://tagmeter@db.example.com:5432/tagmeter");
    let [original, research] = settings.upstreams.as_slice() else { panic!("{:?}", settings.upstreams) };
    assert_eq!((&*original.name, original.kind.name()), ("original", "contract"));
    assert_eq!(original.base_url, "https://api.tikliveapi.com");
    assert_eq!(
        (original.requests_per_minute, original.daily_requests, original.credits_per_call),
        (200, 1000, 1)
    );
    assert!(matches!(&original.access, Access::Key(key) if key.reveal() == Ok("value of TIKLIVE_KEY")));
    assert_eq!((&*research.name, research.kind.name()), ("research", "tiktok-research"));
    assert_eq!(research.daily_requests, 1000);
    let Access::Client { key, secret, fields } = &research.access else { panic!("{research:?}") };
    assert_eq!(key.reveal(), Ok("value of TIKTOK_CLIENT_KEY"));
    assert_eq!(secret.reveal(), Ok("value of TIKTOK_CLIENT_SECRET"));
    assert_eq!(fields.as_deref(), Some(&["region_code".to_owned(), "like_count".to_owned()][..]));
}

#[test]
fn a_wrong_value_is_reported_with_its_origin_and_what_would_be_right() {
    let given = |name: &'static str, text: &str| {
        let flags = Flags { config: None, given: vec![(name, text.into())] };
        Settings::load(flags, Vec::new()).expect_err("a mistake").to_string()
    };
    assert_eq!(
        given("listen", "8080"),
        "error: listen is \"8080\" (flag --listen), and must be an address and a port, such as 127.0.0.1:8080"
    );
    assert!(given("requests_per_minute", "-1").contains("a whole number from 0 to"));
    assert!(given("legacy_errors", "maybe").contains("true or false"));
    assert!(
        given("public_url", "api.example.com").contains("must be an address such as https://api.example.com")
    );
    let message = given("cors_origins", "https://a.example, b.example");
    assert!(
        message.contains("must be origins such as") && message.contains("\"b.example\" is not an origin"),
        "{message}"
    );
    for wrong in ["0", "75", "soon", "2h"] {
        let message = given("keep_alive", wrong);
        assert!(message.ends_with("a length of time from 1s to 1h, such as 75s"), "{message}");
    }
    assert!(given("keep_alive", "5m").contains("5min for minutes"));
    for wrong in ["yes", "no", "TRUE", "on", "2"] {
        assert!(given("worker", wrong).contains("true or false"), "{wrong}");
    }
    for wrong in ["infoo", "verbose", "warning", "server", "server=loud", "info,loud", "a=b=c", "5"] {
        assert!(
            given("log", wrong).contains("must be a level (off, error, warn, info, debug, trace)"),
            "{wrong}"
        );
    }
    assert_eq!(
        given("freshness.misses", "3m"),
        "error: freshness.misses is \"3m\" (flag --freshness-misses), and must be a length of time: 3min for minutes or 3mo for months"
    );
    assert!(given("freshness.posts", "-30d").contains("such as 30s, 15min, 1h, 7d, 6mo or 0"));
    assert!(given("log_format", "xml").contains("auto, text or json"));
    let environment = vec![("TAGMETER_LISTEN".into(), "here".into())];
    let refused = Settings::load(Flags::default(), environment).expect_err("a mistake").to_string();
    assert!(refused.contains("(environment TAGMETER_LISTEN)"), "{refused}");
}

#[test]
fn a_database_url_comes_from_any_place_and_is_never_shown_with_its_password() {
    let url = "postgres://me:secret@flag.example.com/tagmeter";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("some.toml");
    std::fs::write(&path, "database_url = \"postgres://me:secret@file.example.com/tagmeter\"")
        .expect("a file");
    let config = Some(path);
    let given = vec![("database_url", url.into())];
    let variable = || vec![("TAGMETER_DATABASE_URL".into(), url.replace("flag", "variable").into())];
    let cases = [
        (Flags { config: config.clone(), given }, variable(), "flag", "flag --database-url"),
        (
            Flags { config: config.clone(), given: Vec::new() },
            variable(),
            "variable",
            "environment TAGMETER_DATABASE_URL",
        ),
        (Flags { config, given: Vec::new() }, Vec::new(), "file", "some.toml line 1"),
    ];
    for (flags, environment, host, place) in cases {
        let settings = Settings::load(flags, environment).expect("settings");
        let rows = settings.rows();
        let [_, shown, origin] = rows.iter().find(|[name, ..]| name == "database_url").expect("it is listed");
        assert_eq!(*shown, format!("postgres://me@{host}.example.com:5432/tagmeter"));
        assert!(origin.ends_with(place), "{origin}");
        assert!(!format!("{settings:?}").contains("secret"));
    }
    let settings = Settings::load(Flags::default(), Vec::new()).expect("settings");
    assert!(settings.database_url.is_none(), "SQLite by default");
}

#[test]
fn a_wrong_database_url_is_reported_without_its_password() {
    for url in [
        "mysql://me:secret@host/x",
        "postgres://me:secret@host",
        "postgres://me:secret@host:x/y",
        "me:secret",
    ] {
        let flags = Flags { config: None, given: vec![("database_url", url.into())] };
        let refused = Settings::load(flags, Vec::new()).expect_err("a mistake");
        assert_eq!(refused.exit, crate::exit::Exit::Usage);
        let message = refused.to_string();
        assert!(
            message.contains("database_url (flag --database-url)") && message.contains("postgres://user"),
            "{message}"
        );
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn a_path_in_a_file_starts_at_the_file_and_a_variable_that_is_none_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("some.toml");
    std::fs::write(&path, "data_dir = \"data\"").expect("a file");
    let environment = vec![
        ("TAGMETER_CONFIG".into(), path.clone().into()),
        ("TAGMETER_DATADIR".into(), "/x".into()),
        ("TAGMETER_LOG".into(), "".into()),
    ];
    let settings = Settings::load(Flags::default(), environment).expect("settings");
    assert_eq!(settings.data_dir.value, folder.path().join("data"));
    assert_eq!(settings.file.as_deref(), Some(path.as_path()));
    assert_eq!(settings.log.origin, Origin::Default);
    assert_eq!(
        settings.warnings,
        ["the environment variable TAGMETER_DATADIR is not a setting; did you mean TAGMETER_DATA_DIR?"]
    );
}

#[test]
fn a_named_file_must_exist() {
    let flags = Flags { config: Some("nowhere.toml".into()), given: Vec::new() };
    let refused = Settings::load(flags, Vec::new()).expect_err("no such file").to_string();
    assert!(refused.contains("nowhere.toml cannot be read"), "{refused}");
}
