//! Rules for every command: its help, and the options that it offers.

use super::*;
use clap::CommandFactory;

/// Returns every command that can be run, with its whole name, such as `account create`.
fn leaves() -> Vec<(String, clap::Command)> {
    let mut cli = Cli::command();
    cli.build();
    let mut open: Vec<(String, clap::Command)> =
        cli.get_subcommands().map(|command| (command.get_name().to_owned(), command.clone())).collect();
    let mut leaves = Vec::new();
    while let Some((name, command)) = open.pop() {
        if command.get_name() == "help" {
            continue;
        }
        let inner =
            command.get_subcommands().map(|inner| (format!("{name} {}", inner.get_name()), inner.clone()));
        open.extend(inner);
        if !command.has_subcommands() {
            leaves.push((name, command));
        }
    }
    leaves.sort_by(|(a, _), (b, _)| a.cmp(b));
    leaves
}

fn offers(command: &clap::Command, option: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(option))
}

#[test]
fn the_definition_holds_together_and_every_command_shows_an_example() {
    Cli::command().debug_assert();
    for (name, command) in leaves() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Examples:"), "{name}");
    }
}

#[test]
fn every_command_has_json_but_those_that_the_readme_and_the_docs_name() {
    let lacking: Vec<String> =
        leaves().into_iter().filter(|(_, command)| !offers(command, "json")).map(|(name, _)| name).collect();
    assert_eq!(lacking, ["config", "demo", "serve", "worker"]);
    let sentence = "every command but `config`, `demo`, `serve` and `worker` has `--json`";
    for (file, text) in [
        ("README.md", include_str!("../../../../README.md")),
        ("docs/cli.md", include_str!("../../../../docs/cli.md")),
    ] {
        assert!(text.to_lowercase().contains(sentence), "{file} says: {sentence}");
    }
}

#[test]
fn every_command_has_a_row_in_the_docs() {
    let docs = include_str!("../../../../docs/cli.md");
    for (name, _) in leaves() {
        let is_in = |end: &str| docs.contains(&format!("\n| `tagmeter {name}{end}"));
        assert!(is_in(" ") || is_in("`"), "{name} has no row in docs/cli.md");
    }
}

#[test]
fn options_of_every_command_may_stand_on_either_side() {
    for line in [["tagmeter", "--data-dir", "x", "audit"], ["tagmeter", "audit", "--data-dir", "x"]] {
        let cli = Cli::try_parse_from(line).expect("a command line");
        assert_eq!(cli.flags().given, [("data_dir", OsString::from("x"))]);
    }
}
