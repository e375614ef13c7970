//! The command lines of `tagmeter account` and `tagmeter key`.

use super::Json;
use clap::Subcommand;

/// `tagmeter account`
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Create an account with credits and a first API key, which is shown only once
    #[command(
        after_help = "Examples:\n  tagmeter account create me@example.com\n  tagmeter account create me@example.com --credits 5000 --json"
    )]
    Create {
        /// E-mail address of the account
        email: String,
        /// Initial credits
        #[arg(long, value_name = "N", default_value_t = domain::credits::SIGN_UP.get())]
        credits: u64,
        #[command(flatten)]
        output: Json,
    },
    /// Grant an account more credits
    #[command(
        after_help = "Examples:\n  tagmeter account grant me@example.com 1000\n  tagmeter account grant me@example.com 1000 --cause 'invoice 17' --json"
    )]
    Grant {
        /// E-mail address of the account
        email: String,
        /// Credits to add
        #[arg(value_name = "N")]
        credits: u64,
        /// Reason, which counts once: granting again for the same cause adds nothing
        #[arg(long, value_name = "TEXT")]
        cause: Option<String>,
        #[command(flatten)]
        output: Json,
    },
    /// Show an account: its balance and its keys
    #[command(after_help = "Examples:\n  tagmeter account show me@example.com --json")]
    Show {
        /// E-mail address of the account
        email: String,
        #[command(flatten)]
        output: Json,
    },
    /// List all accounts
    #[command(after_help = "Examples:\n  tagmeter account list --json")]
    List(Json),
}

/// `tagmeter key`
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Create another API key for an account; it is shown only once
    #[command(
        after_help = "Examples:\n  tagmeter key create me@example.com --name laptop\n  tagmeter key create me@example.com --requests-per-minute 60 --json\n  tagmeter key create me@example.com --name imports --admin\n  tagmeter key create me@example.com --name dashboard --read-only"
    )]
    Create {
        /// E-mail address of the account
        email: String,
        /// Name of the key, such as its purpose
        #[arg(long, value_name = "NAME", default_value = "")]
        name: String,
        /// Calls this key may make per minute, 0 for no limit; without it the server's setting applies
        #[arg(long, value_name = "N")]
        requests_per_minute: Option<u32>,
        /// Let the key also change stored data, by imports through the API; without it a key may only call
        #[arg(long, conflicts_with = "read_only")]
        admin: bool,
        /// Let the key only see what the account has: it spends no credits and changes nothing
        #[arg(long)]
        read_only: bool,
        #[command(flatten)]
        output: Json,
    },
    /// List the keys of an account, without their secrets
    #[command(after_help = "Examples:\n  tagmeter key list me@example.com")]
    List {
        /// E-mail address of the account
        email: String,
        #[command(flatten)]
        output: Json,
    },
    /// Revoke a key: from now on it is refused
    #[command(after_help = "Examples:\n  tagmeter key revoke 1a2b3c4d")]
    Revoke {
        /// The key's id, as `key list` shows it: the 8 digits after tm_live_
        id: String,
        #[command(flatten)]
        output: Json,
    },
}
