//! The command line: names, help and examples. What a command does is in `commands/`, a file each.

mod accounts;

pub(crate) mod alerts;

pub(crate) mod documents;

pub(crate) mod forget;

pub(crate) mod measuring;

mod parse;

pub(crate) mod annotations;
pub(crate) mod campaigns;
pub(crate) mod schedules;

pub(crate) mod feeds;
pub(crate) mod shares;
pub(crate) mod trackers;

use crate::config::Flags;
use catalog::import::{EncodingName, ObservedAt, SheetName};
use clap::{Args, Parser, Subcommand};
use domain::Moment;
use measure::{AsOfQuery, HashtagsQuery};
use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) use accounts::{Account, Key};
pub(crate) use alerts::{Alert, Webhook};
pub(crate) use parse::parse;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  could not be done
  2  the command line or a setting is wrong
  3  the account, key or hashtag does not exist
  4  audit, doctor, migrate or backup found a problem, or forget refused its lists
  5  import could not read an input, stored nothing from one, or missed its plays, hashtags or views
130  interrupted by Ctrl-C (SIGINT) or SIGTERM

Data goes to standard output, everything else to standard error.";

/// Measures TikTok hashtags: imports your captures, stores their history, and serves the four challenge
/// endpoints.
///
/// Not affiliated with TikTok. Nothing is scraped.
#[derive(Debug, Parser)]
#[command(name = "tagmeter", version, after_help = EXIT_CODES, max_term_width = 110, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Data folder, created if missing [default: ./tagmeter-data] [env: TAGMETER_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<OsString>,
    /// PostgreSQL database to use instead of the data folder's files, as postgres://user:password@host/database
    /// [env: TAGMETER_DATABASE_URL, which keeps the password out of process lists]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<OsString>,
    /// Settings file [default: ./tagmeter.toml if it exists] [env: TAGMETER_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Options of the commands that answer over the network.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// Address and port to listen on; port 0 picks a free one [default: 127.0.0.1:8080] [env: TAGMETER_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<OsString>,
}

/// Output options.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `audit`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Audit {
    /// Correct the sums of hashtags that do not match their videos
    #[arg(long)]
    pub(crate) heal: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve synthetic data with 90 days of history, a ready key and calls to paste
    ///
    /// The data is the same every time. It is in a temporary folder that is removed at the end, unless
    /// --data-dir names one; a data folder set elsewhere is not touched.
    #[command(after_help = "Examples:\n  tagmeter demo\n  tagmeter demo --listen 127.0.0.1:9000")]
    Demo(Listen),
    /// Read captures into the store: files, folders, archives, or - for standard input
    ///
    /// Formats are detected by content, compressed or not. Importing a file again changes nothing; run an
    /// interrupted import again to finish it. Serving continues meanwhile, and nothing is charged.
    #[command(
        after_help = "Examples:\n  tagmeter import captures/\n  tagmeter import feed.ndjson.gz series.tar.gz --rejects rejected.ndjson\n  curl -s https://example.com/items.json | tagmeter import - --json\n  tagmeter import views.csv --map Tag=hashtag_name --map Views=views --map-constant observed_at=2024-03-01\n  tagmeter import dumps/ --observed-at file-name\n  tagmeter import old.csv --encoding windows-1252 --observed-at 2026-11-01T12:00Z"
    )]
    Import(Import),
    /// Fetch the past videos of a hashtag from TikTok's Research API, with the key of an approved project
    ///
    /// Needs an upstream of kind tiktok-research in the settings. Windows of at most 30 days are fetched, each
    /// once. Every request counts against the day's quota, failed ones too.
    #[command(
        after_help = "Examples:\n  tagmeter backfill cat --from 2024-01-01 --to 2024-03-31\n  tagmeter backfill '#cat' --from 2024-01-01 --to 2024-01-31 --json\n\nIf the quota is used up it ends with 1; the same command continues after midnight UTC."
    )]
    Backfill(Backfill),
    /// Serve the challenge endpoints
    #[command(
        after_help = "Examples:\n  tagmeter serve\n  tagmeter serve --listen 0.0.0.0:8080 --requests-per-minute 600\n\nSIGTERM and SIGINT stop it: calls under way are answered first."
    )]
    Serve(Serve),
    /// Run jobs without serving: imports of uploaded files, walks through an upstream, and trackers
    ///
    /// `tagmeter serve` runs them too, unless --no-worker is set.
    #[command(
        after_help = "Examples:\n  tagmeter worker\n  tagmeter worker --data-dir /srv/tagmeter\n\nSIGTERM and SIGINT stop it: a job under way is released, and the next worker resumes it."
    )]
    Worker,
    /// Create accounts, grant credits, show balances
    #[command(subcommand)]
    Account(Account),
    /// Create, list and revoke the API keys of an account
    #[command(subcommand)]
    Key(Key),
    /// Track hashtags: read them on a schedule, and note every slot that was missed
    ///
    /// `tagmeter serve` and `tagmeter worker` make the readings. One credit is charged for each reading from an upstream.
    /// A slot that passes unread is a gap with a reason, and is never filled by a later value.
    #[command(
        after_help = "Examples:\n  tagmeter track cat dog --every day\n  tagmeter track cat --every adaptive --max-credits 200 --on-empty slow\n  tagmeter track cat --every hour --dry-run --json\n  tagmeter track --keyword 'street food' --every week --auto-accept-views 1M\n  tagmeter track cat --source none"
    )]
    Track(trackers::Track),
    /// List trackers, or show one with its hashtags and gaps
    #[command(
        after_help = "Examples:\n  tagmeter trackers\n  tagmeter trackers trk_01kb3x8m7q0000000000000000\n  tagmeter trackers trk_01kb3x8m7q0000000000000000 --pause\n  tagmeter trackers --json"
    )]
    Trackers(trackers::Trackers),
    /// Stop tracking: delete trackers, or remove hashtags from all of them
    #[command(
        after_help = "Examples:\n  tagmeter untrack cat\n  tagmeter untrack trk_01kb3x8m7q0000000000000000 --json\n\nReadings stay in the history of the hashtags."
    )]
    Untrack(trackers::Untrack),
    /// Measure campaigns: own hashtags over a time, against the trend before and against competitors
    #[command(subcommand)]
    Campaign(campaigns::Campaign),
    /// Note what happened on curves: add, list, edit and delete annotations, and hide events of the platform
    #[command(subcommand)]
    Annotation(annotations::Annotation),
    /// Create, list, show and revoke links to reports
    #[command(subcommand)]
    Share(shares::Share),
    /// Send reports by mail, every week or month: create, list, show, edit, delete and test schedules
    #[command(subcommand)]
    Schedule(schedules::Schedule),
    /// Save questions under links for spreadsheets and readers: create, list, show, rotate and revoke feeds
    #[command(subcommand)]
    Feed(feeds::Feed),
    /// Show a hashtag by name or id
    #[command(
        after_help = "Examples:\n  tagmeter lookup cat\n  tagmeter lookup '#cat'\n  tagmeter lookup 7551 --json\n\n`reported` totals are TikTok's, `observed` ones are sums over the stored videos; ~ marks a rounded one."
    )]
    Lookup(Lookup),
    /// Find hashtags: the exact one first, then by match and reach
    #[command(
        after_help = "Examples:\n  tagmeter search cat\n  tagmeter search 'street comedy' --limit 50 --json\n  tagmeter search cat --sort growth --min-views 1000000"
    )]
    Search(Search),
    /// List the videos under a hashtag, most plays first
    #[command(after_help = "Examples:\n  tagmeter videos cat\n  tagmeter videos 7551 --limit 0 --json")]
    Videos(Videos),
    /// Show a count of a hashtag over time, or draw it
    ///
    /// Implausible readings are repaired, each with a note; --no-repair shows the originals.
    #[command(
        after_help = "Examples:\n  tagmeter history cat\n  tagmeter history cat --step raw --no-repair --limit 0 -o cat.parquet\n  tagmeter history cat --mode gain --step week --from 2026-01-01 --csv\n  tagmeter history cat --from 90d -o cat.svg"
    )]
    History(measuring::History),
    /// List trending hashtags, by pace unless sorted otherwise
    ///
    /// Pace is the growth a day that has lasted a month; surge is the pace of the last days over that of the
    /// month. Both come with published probabilities, and the gain of the next 7 days with a band that 80 % or
    /// more of the weeks end within.
    #[command(
        after_help = "Examples:\n  tagmeter trending\n  tagmeter trending --window 30d --sort growth --min-views 1000000\n  tagmeter trending --sort surge\n  tagmeter trending --query cat --weights pace=4,novelty=1 --json"
    )]
    Trending(measuring::Trending),
    /// Show percentiles of plays and engagement under a hashtag, by the age of a post
    #[command(
        after_help = "Examples:\n  tagmeter benchmark cat\n  tagmeter benchmark cat --window 30d --plays 25000 --engagement 0.08\n  tagmeter benchmark cat --video 7000000000000000001 --json"
    )]
    Benchmark(measuring::Benchmark),
    /// List related hashtags: those used together with one more often than by chance
    #[command(
        after_help = "Examples:\n  tagmeter related cat\n  tagmeter related cat --since 2026-01-01 --limit 50 --csv\n  tagmeter related cat --with-generic"
    )]
    Related(measuring::Related),
    /// List the top creators of a hashtag, and how concentrated its plays are
    #[command(
        after_help = "Examples:\n  tagmeter creators cat\n  tagmeter creators cat --since 30d --limit 0 -o creators.xlsx"
    )]
    Creators(measuring::Creators),
    /// Compare hashtags: series, share of voice, overlap
    #[command(
        after_help = "Examples:\n  tagmeter compare cat dog\n  tagmeter compare cat dog bird --from 90d --index 100 -o pets.svg\n  tagmeter compare cat dog --step week --json"
    )]
    Compare(measuring::Compare),
    /// Export everything stored to a file: hashtags, videos or readings
    ///
    /// Memory use is small whatever the size, and the file gets its name only once it is complete.
    #[command(
        after_help = "Examples:\n  tagmeter export hashtags -o hashtags.parquet\n  tagmeter export videos --hashtag cat -o cat.xlsx\n  tagmeter export history -o - --format ndjson | gzip > history.ndjson.gz"
    )]
    Export(measuring::Export),
    /// Write a report on hashtags to share or print: charts, tables and the method
    ///
    /// As a page (.html), a document (.pdf), a workbook with native charts (.xlsx) or pictures (.zip).
    #[command(
        after_help = "Examples:\n  tagmeter report cat -o cat.html\n  tagmeter report cat dog --from 90d --title 'Pets this autumn' -o pets.pdf\n  tagmeter report cat --logo logo.png --color '#004d40' --accent '#00796b' --sender 'Example Agency' -o cat.pdf\n  tagmeter report cat --from 30d --frozen-link --days 30"
    )]
    Report(measuring::Report),
    /// Preview alerts: when a rule would have fired on the stored readings of a hashtag
    #[command(subcommand)]
    Alert(Alert),
    /// Manage where messages of alerts go: webhooks, chat services and mail addresses
    #[command(subcommand)]
    Webhook(Webhook),
    /// Replay the stored series to judge pace, surge and the forecast band
    ///
    /// Each day uses only the readings made by then. Prints how many of the top tenth by pace were in the tenth
    /// that grew most, newcomers apart; how many of the top 5 % by surge were followed by a week of 3 times the
    /// usual, and how early; how well calibrated the published probabilities were; and how many weeks ended
    /// within the band. Intervals are 95 %, bootstrapped over hashtags and blocks of 28 days. Results are for
    /// two halves of the hashtags, split by a hash of their names: the one that the tables were learned on, and
    /// the one held out.
    #[command(
        after_help = "Examples:\n  tagmeter backtest\n  tagmeter backtest --every 7 --weights pace=4,novelty=1\n  tagmeter backtest --from 2026-01-01 --json\n  tagmeter backtest --renew"
    )]
    Backtest(measuring::Backtest),
    /// List every metric with its formula, unit and caveats
    #[command(after_help = "Examples:\n  tagmeter metrics\n  tagmeter metrics --json")]
    Metrics(Json),
    /// Check every rule of the ledger; ends with 4 if one is broken
    ///
    /// With --heal it also recomputes the sums of every hashtag (videos, views, creators) from its links and
    /// corrects those that are off, in one transaction. It prints each corrected hashtag, and changes nothing
    /// else.
    #[command(after_help = "Examples:\n  tagmeter audit\n  tagmeter audit --json\n  tagmeter audit --heal")]
    Audit(Audit),
    /// Forget videos and creators for good: every row, frozen rankings, stored answers and downloads
    ///
    /// Without --yes it prints what would be deleted and changes nothing. Later imports, even of old files,
    /// skip what was forgotten until --allow-again lifts that. Reported totals of hashtags stay; sums over
    /// videos stay exact. Run an interrupted forget again to finish it. Backups and uploaded files that wait
    /// are not touched. docs/removed.md lists what stays where.
    #[command(
        after_help = "Examples:\n  tagmeter forget --ids gone.txt --dry-run\n  tagmeter forget --ids gone.txt --yes\n  tagmeter forget @some.creator --yes --json\n  tagmeter forget --asked asked.txt --valid valid.txt --yes\n  tagmeter forget --ids gone.txt --allow-again"
    )]
    Forget(forget::Forget),
    /// Show the settings and where they are from, check the data, suggest fixes; ends with 4 on a problem
    #[command(after_help = "Examples:\n  tagmeter doctor\n  tagmeter doctor --data-dir /srv/tagmeter --json")]
    Doctor(Json),
    /// Copy a whole store to a new place: from a data folder to PostgreSQL, or back
    ///
    /// Stop all writers to the source first: it is copied as it was at the start. Run an interrupted migration
    /// again to continue it. At the end the rows are counted and the ledger is audited in the new place.
    #[command(
        after_help = "Examples:\n  tagmeter migrate --from ./tagmeter-data --to postgres://me@db.example.com/tagmeter\n  tagmeter migrate --from postgres://me@db.example.com/tagmeter --to ./tagmeter-data --json"
    )]
    Migrate(Migrate),
    /// Copy the files of the data folder to a new folder, while serving and importing go on
    ///
    /// The copy is checked, opened, audited and synced to disk before it gets its name. Use it like any data
    /// folder. Frozen rankings and the search index are left out; they are rebuilt.
    #[command(
        after_help = "Examples:\n  tagmeter backup /backups/tagmeter-monday\n  tagmeter backup /backups/tagmeter-monday --data-dir /srv/tagmeter --json\n\nPostgreSQL has its own tools: pg_dump, pg_basebackup."
    )]
    Backup(Backup),
    /// Print the commented default settings file
    #[command(after_help = "Examples:\n  tagmeter config > tagmeter.toml")]
    Config,
}

/// `tagmeter import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files, folders, archives, or - for standard input. A folder is searched in order of name, each regular
    /// file once; hidden files, pipes, sockets and devices in it are skipped. A pipe given by name, such as
    /// <(zcat x), is read
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write rejects to this file: a JSON object a line, with the input, the line, the reason and the record
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Map a column of any table (CSV with commas, semicolons or tabs) or NDJSON to a field. Once for each
    /// column; an unknown field lists them all
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub(crate) map: Vec<String>,
    /// Set a field to one value in every record of such a table, such as observed_at=2024-03-01
    #[arg(long, value_name = "FIELD=VALUE", requires = "map")]
    pub(crate) map_constant: Vec<String>,
    /// Reading time of records without one: a time with a zone, a day (its first moment, UTC), file-name for
    /// the date in the name of each file, or modified for its last change. Such records then have a history
    #[arg(long, value_name = "TIME|file-name|modified")]
    pub(crate) observed_at: Option<ObservedAt>,
    /// Encoding of text, such as windows-1252. Without it, text is UTF-8, or UTF-16 with a byte order mark
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<EncodingName>,
    /// Name of the sheet to read from workbooks. Without it, the first
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<SheetName>,
    /// Read files that were imported before, too. Without it, a file with the same content, name and options is skipped
    #[arg(long)]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter backfill`
#[derive(Debug, Args)]
pub(crate) struct Backfill {
    /// The hashtag, with or without #
    #[arg(value_name = "NAME")]
    pub(crate) hashtag: String,
    /// First day, UTC: a day, or a length of time back from now, such as 6mo
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    /// Last day, UTC, included
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Moment,
    /// Name of the upstream of kind tiktok-research, if there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) upstream: Option<String>,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Calls a key may make per minute on this node, 0 for no limit; each node counts for itself [default:
    /// 6000] [env: TAGMETER_REQUESTS_PER_MINUTE]
    #[arg(long, value_name = "N")]
    pub(crate) requests_per_minute: Option<OsString>,
    /// Leave jobs (imports of uploaded files, walks, trackers) to `tagmeter worker` or to other nodes [env:
    /// TAGMETER_WORKER=false]
    #[arg(long)]
    pub(crate) no_worker: bool,
}

/// `tagmeter lookup`
#[derive(Debug, Args)]
pub(crate) struct Lookup {
    /// Tag name, with or without #, or TikTok's id
    #[arg(value_name = "NAME|ID")]
    pub(crate) hashtag: String,
    #[command(flatten)]
    pub(crate) as_of: AsOfQuery,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter search`
#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    pub(crate) query: HashtagsQuery,
    /// Maximum number of hashtags to show
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter videos`
#[derive(Debug, Args)]
pub(crate) struct Videos {
    /// Tag name, with or without #, or TikTok's id
    #[arg(value_name = "NAME|ID")]
    pub(crate) hashtag: String,
    /// Maximum number of videos to show; 0 for all of them
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) limit: u64,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter migrate`
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Source: a data folder or postgres://...
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: OsString,
    /// Target: a new or empty data folder, or postgres://... of an empty database
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: OsString,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter backup`
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// Folder of the copy: a new or empty one
    #[arg(value_name = "TO")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) output: Json,
}

impl Cli {
    /// Returns the settings given on the command line, by name.
    pub(crate) fn flags(&self) -> Flags {
        let (listen, requests_per_minute, worker) = match &self.command {
            Command::Demo(listen) => (listen.listen.clone(), None, None),
            Command::Serve(serve) => {
                let worker = serve.no_worker.then(|| OsString::from("false"));
                (serve.listen.listen.clone(), serve.requests_per_minute.clone(), worker)
            }
            _ => (None, None, None),
        };
        let given = [
            ("data_dir", self.global.data_dir.clone()),
            ("database_url", self.global.database_url.clone()),
            ("listen", listen),
            ("requests_per_minute", requests_per_minute),
            ("worker", worker),
        ];
        Flags {
            config: self.global.config.clone(),
            given: given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
