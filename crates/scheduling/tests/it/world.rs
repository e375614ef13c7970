//! A store with a campaign, a clock, and nodes that make and send its reports.

use catalog::{Catalog, CatalogOptions};
use domain::Zone;
use domain::campaign::{Baseline, CampaignGoals};
use domain::rhythm::{Days, Rhythm, WeekDay};
use domain::{AccountId, CampaignId, Clock, Credits, Observation, ScheduleId, Timestamp};
use measure::{CampaignOrder, Measure, ReportSpan};
use notify::email::{Mailer, Smtp, TlsMode};
use reports::Format;
use scheduling::{ScheduleDetailView, ScheduleOrder, Scheduling, Setup};
use serde_json::Value;
use sharing::{Sharing, Subject};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::accounts::AccountCreated;
use store::jobs::Lease;
use tempfile::TempDir;
use testkit::{FixedClock, TestStore, hashtag, video};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 86_400);
pub(crate) const LEASE_MS: i64 = 900_000;
const PUBLIC_URL: &str = "https://tags.example.com";
/// Exit code of the mail server where Python has no `aiosmtpd`.
const WITHOUT_LIBRARY: i32 = 77;

pub(crate) struct World {
    pub(crate) clock: FixedClock,
    pub(crate) account: AccountId,
    pub(crate) scheduling: Scheduling,
    pub(crate) sharing: Sharing,
    pub(crate) measure: Measure,
    _folder: TempDir,
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// A Friday.
pub(crate) fn start() -> Timestamp {
    at("2026-10-16T12:00:00Z")
}

fn observations() -> Vec<Observation> {
    let day = |days: u64| Timestamp::from_ms(start().as_ms() - 86_400_000 * days.cast_signed());
    let readings = (0..60).map(|days| {
        hashtag("cat").id(7_551).views(1_000_000 + (60 - days) * 5_000).observed_at(day(days)).into()
    });
    let videos = (1..=12).map(|id| {
        let one =
            video(id).handle(&format!("maker{id}")).author(100 + id).plays(1_000 * id).counts(id, 1, 2, 3);
        one.created_at(day(3)).observed_at(day(0)).tag("cat").into()
    });
    readings.chain(videos).collect()
}

impl World {
    pub(crate) async fn new(fixture: &TestStore) -> Self {
        let clock = FixedClock::at(start());
        let email = "owner@example.com".parse().expect("an address");
        let credits = Credits::new(10).expect("credits");
        let created = fixture.store().create_account(&email, credits, clock.now()).await.expect("an answer");
        let account = match created {
            AccountCreated::Created(account) => account,
            AccountCreated::EmailTaken(_) => panic!("it is taken"),
        };
        let world = Self::node(fixture, clock, account).await;
        world.measure.catalog().record(observations()).await.expect("recorded");
        world
    }

    async fn node(fixture: &TestStore, clock: FixedClock, account: AccountId) -> Self {
        static DRAWN: AtomicU64 = AtomicU64::new(1);
        let folder = tempfile::tempdir().expect("a folder");
        let options = CatalogOptions::in_folder(folder.path(), Arc::new(clock.clone()));
        let catalog = Catalog::open(fixture.again().await, options).await.expect("a catalog");
        let measure = Measure::new(catalog);
        let sharing = testkit::sharing(&measure);
        let setup = Setup {
            has_mail: true,
            policy: testkit::policy([]),
            public_url: format!("{PUBLIC_URL}/"),
            chance: Arc::new(|| {
                let mut drawn = [7; 32];
                let number = DRAWN.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                drawn[..8].copy_from_slice(&number);
                drawn[16..24].copy_from_slice(&number);
                Some(drawn)
            }),
        };
        let scheduling = Scheduling::new(measure.clone(), sharing.clone(), setup);
        Self { clock, account, scheduling, sharing, measure, _folder: folder }
    }

    /// Another process over the same store.
    pub(crate) async fn another(&self, fixture: &TestStore) -> Self {
        Self::node(fixture, self.clock.clone(), self.account).await
    }

    /// Creates a campaign on #cat.
    pub(crate) async fn campaign(&self, to: Option<&str>) -> Subject {
        let order = CampaignOrder {
            name: "summer".to_owned(),
            hashtags: vec!["cat".to_owned()],
            against: Vec::new(),
            from: "2026-10-01".parse().expect("a day"),
            to: to.map(|to| to.parse().expect("a day")),
            tz: Zone::default(),
            baseline: Baseline::default(),
            goals: CampaignGoals::default(),
            not_tags: Vec::new(),
            not_creators: Vec::new(),
            notes: String::new(),
        };
        let order = self.measure.check_campaign(order).expect("an order");
        let id = CampaignId::new(self.clock.now(), 5);
        self.measure.create_campaign(self.account, id, order, None).await.expect("a campaign");
        Subject::Campaign("summer".parse().expect("a name"))
    }

    pub(crate) fn order(subject: Subject, to: &[&str]) -> ScheduleOrder {
        let tz: Zone = "Europe/Berlin".parse().expect("a zone");
        ScheduleOrder {
            subject,
            rhythm: Rhythm { days: Days::Weekly(WeekDay::Monday), hour: 8, tz },
            to: to.iter().map(|to| (*to).to_owned()).collect(),
            attach: vec![Format::Pdf, Format::Xlsx],
            days: 90,
            title: None,
            brand: charts::report::Brand::default(),
        }
    }

    pub(crate) fn hashtags() -> Subject {
        Subject::Hashtags { names: vec!["cat".to_owned()], span: ReportSpan::default() }
    }

    pub(crate) async fn create(&self, subject: Subject, to: &[&str]) -> ScheduleId {
        let made = self.scheduling.create(self.account, Self::order(subject, to), None).await;
        made.expect("a schedule").id.parse().expect("an id")
    }

    fn lease(&self) -> Lease {
        let now = self.clock.now();
        Lease { from: now, until: Timestamp::from_ms(now.as_ms() + LEASE_MS) }
    }

    /// Makes what is due. Returns the number of reports.
    pub(crate) async fn make(&self) -> usize {
        let mut made = 0;
        for schedule in self.measure.store().claim_schedules(self.lease(), 9).await.expect("claims") {
            made += usize::from(self.scheduling.make(&schedule).await.expect("made"));
        }
        made
    }

    /// Makes one attempt at what is to be sent. Returns the number of mails that were accepted.
    pub(crate) async fn send(&self, mailer: Option<&Mailer>) -> usize {
        let claims = self.measure.store().claim_issue_mails(self.lease(), 99).await.expect("claims");
        self.scheduling.send(mailer, claims).await.expect("sent")
    }

    pub(crate) async fn show(&self, id: ScheduleId) -> ScheduleDetailView {
        self.scheduling.show(self.account, id).await.expect("a schedule")
    }
}

/// A real SMTP server.
pub(crate) struct Sink {
    child: Child,
    printed: BufReader<ChildStdout>,
    pub(crate) mailer: Mailer,
}

impl Sink {
    /// Starts it; `None` where Python has no `aiosmtpd`.
    #[expect(
        clippy::disallowed_methods,
        reason = "which Python is for the machine to say, not for the settings"
    )]
    pub(crate) fn start() -> Option<Self> {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/oracles/smtp_sink.py");
        let python = std::env::var("TAGMETER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut child =
            Command::new(python).arg(program).arg("open").stdout(Stdio::piped()).spawn().expect("Python");
        let mut printed = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut port = String::new();
        printed.read_line(&mut port).expect("a line");
        if port.is_empty() {
            assert_eq!(child.wait().expect("it ends").code(), Some(WITHOUT_LIBRARY));
            return None;
        }
        let smtp = Smtp {
            host: "127.0.0.1".to_owned(),
            port: port.trim().parse().expect("a port"),
            tls: TlsMode::None,
            login: None,
            from: "Tagmeter <reports@example.com>".to_owned(),
        };
        let mailer = Mailer::new(&smtp, &[], Duration::from_secs(20)).expect("settings");
        Some(Self { child, printed, mailer })
    }

    /// Returns the next mail that it took.
    pub(crate) fn next_mail(&mut self) -> Value {
        let mut line = String::new();
        self.printed.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("a mail")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
