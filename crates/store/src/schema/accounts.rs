//! Tables of accounts: keys, the ledger, jobs, trackers, campaigns, shares, feeds, alerts and what they send.

use super::{Column, DOCUMENTS, Distribution, File, Kind, NARROW, On, Table, WIDE, WIDEST, WITH_ACCOUNT};

/// Tables of `accounts.db`; those that a transfer moves in the order in which it writes them.
pub(super) static TABLES: [Table; 29] = [
    Table::new(
        "accounts",
        File::Accounts,
        columns! { account_id: integer, email: text, created_at_ms: integer },
        &["account_id"],
    )
    .on(Distribution::Reference)
    .moved(NARROW),
    Table::new(
        "keys",
        File::Accounts,
        columns! {
            key_id: integer, account_id: integer, name: text, sha256: blob, scope: integer,
            requests_per_minute: integer, created_at_ms: integer, revoked_at_ms: integer,
        },
        &["key_id"],
    )
    .on(Distribution::Reference)
    .moved(NARROW),
    Table::new(
        "entries",
        File::Accounts,
        columns! {
            entry_id: integer sqlite, account_id: integer, sequence: integer, previous: integer sqlite,
            kind: integer, credits: integer, balance_after: integer, at_ms: integer, request_id: blob,
            operation: integer, cause: text, hash: blob,
        },
        &["account_id", "sequence"],
    )
    .sqlite_key(&["entry_id"])
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    // After the entries: on SQLite a balance names the last of them.
    Table::new(
        "balances",
        File::Accounts,
        columns! {
            account_id: integer, balance: integer, granted: integer, charged: integer,
            sequence: integer, last_entry: integer sqlite, hash: blob,
        },
        &["account_id"],
    )
    .on(Distribution::By("account_id"))
    .moved(NARROW),
    Table::new(
        "idempotency",
        File::Accounts,
        columns! {
            account_id: integer, idempotency_key: text, fingerprint: blob, request_id: blob,
            created_at_ms: integer, status: integer, content_type: text, body: blob,
        },
        &["account_id", "idempotency_key"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDEST),
    Table::new(
        "jobs",
        File::Accounts,
        columns! {
            account_id: integer, job_id: blob, kind: integer, state: integer, request: text,
            progress: text, result: text, node: text, attempts: integer, lease_until_ms: integer,
            is_cancel_wanted: flag, idempotency_key: text, fingerprint: blob, created_at_ms: integer,
            started_at_ms: integer, finished_at_ms: integer, lease_ms: integer, failures: integer,
            failure: text, unheard: integer,
        },
        &["account_id", "job_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDEST),
    Table::new(
        "trackers",
        File::Accounts,
        columns! {
            account_id: integer, tracker_id: blob, source: integer, cadence: text, is_paused: flag,
            notes: text, labels: text, credits_max: integer, keyword: text, accept_views: integer,
            on_empty: integer, hashtags: integer,
            spent_month: integer, spent: integer, created_at_ms: integer, updated_at_ms: integer,
            idempotency_key: text, fingerprint: blob, top_videos: integer, videos_depth: integer,
        },
        &["account_id", "tracker_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "tracker_hashtags",
        File::Accounts,
        columns! {
            account_id: integer, tracker_id: blob, tag_key: text, name: text, is_paused: flag,
            slot_interval: text, adapted_by: text, since_ms: integer, due_at_ms: integer,
            attempt_from_ms: integer, attempt_until_ms: integer, attempt_credits: integer,
            attempt_month: integer, failed_from_ms: integer, failed_until_ms: integer, failed_reason: text,
            readings: integer, gaps: integer, last_read_at_ms: integer, version: integer,
        },
        &["account_id", "tracker_id", "tag_key"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "tracker_spans",
        File::Accounts,
        columns! {
            account_id: integer, tracker_id: blob, tag_key: text, from_ms: integer, until_ms: integer,
            readings: integer, reason: text,
        },
        &["account_id", "tracker_id", "tag_key", "from_ms"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "campaigns",
        File::Accounts,
        columns! {
            account_id: integer, campaign_id: blob, name: text, from_ms: integer, to_ms: integer,
            baseline_days: integer, plan: text, notes: text, created_at_ms: integer,
            updated_at_ms: integer, version: integer, idempotency_key: text, fingerprint: blob,
        },
        &["account_id", "campaign_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "annotations",
        File::Accounts,
        columns! {
            account_id: integer, annotation_id: blob, tag_key: text, tag_name: text, campaign_id: blob,
            from_ms: integer, until_ms: integer, text: text, created_at_ms: integer,
            updated_at_ms: integer, idempotency_key: text, fingerprint: blob,
        },
        &["account_id", "annotation_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "hidden_annotations",
        File::Accounts,
        columns! { account_id: integer, name: text, hidden_at_ms: integer },
        &["account_id", "name"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "shares",
        File::Accounts,
        columns! {
            account_id: integer, share_id: blob, kind: integer, slug: text, title: text, settings: text,
            is_frozen: flag, created_at_ms: integer, expires_at_ms: integer, revoked_at_ms: integer,
            opened: integer, last_opened_at_ms: integer, idempotency_key: text, fingerprint: blob,
        },
        &["account_id", "share_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "share_documents",
        File::Accounts,
        columns! { account_id: integer, share_id: blob, document: text },
        &["account_id", "share_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(DOCUMENTS),
    Table::new(
        "share_tokens",
        File::Accounts,
        columns! { sha256: blob, account_id: integer, share_id: blob },
        &["sha256"],
    )
    .on(Distribution::By("sha256"))
    .moved(NARROW),
    Table::new(
        "schedules",
        File::Accounts,
        columns! {
            account_id: integer, schedule_id: blob, settings: text, unsubscribed: text, due_at_ms: integer,
            ended: text, lease_until_ms: integer, created_at_ms: integer, updated_at_ms: integer,
            version: integer, idempotency_key: text, fingerprint: blob,
        },
        &["account_id", "schedule_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDEST),
    Table::new(
        "schedule_issues",
        File::Accounts,
        columns! {
            account_id: integer, schedule_id: blob, period_ms: integer, kind: integer, made_at_ms: integer,
            facts: text, document: text, token: blob,
        },
        &["account_id", "schedule_id", "period_ms", "kind"],
    )
    .on(WITH_ACCOUNT)
    .moved(DOCUMENTS),
    Table::new(
        "schedule_mails",
        File::Accounts,
        columns! {
            account_id: integer, schedule_id: blob, period_ms: integer, kind: integer, recipient: text,
            due_at_ms: integer, lease_until_ms: integer, token: integer, attempts: integer,
            delivered_at_ms: integer, error: text,
        },
        &["account_id", "schedule_id", "period_ms", "kind", "recipient"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "feeds",
        File::Accounts,
        columns! {
            account_id: integer, feed_id: blob, name: text, question: text, sha256: blob,
            created_at_ms: integer, revoked_at_ms: integer, opened: integer, last_opened_at_ms: integer,
            idempotency_key: text, fingerprint: blob,
        },
        &["account_id", "feed_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "feed_tokens",
        File::Accounts,
        columns! { sha256: blob, account_id: integer, feed_id: blob },
        &["sha256"],
    )
    .on(Distribution::By("sha256"))
    .moved(NARROW),
    Table::new(
        "reading_queue",
        File::Accounts,
        columns! {
            tag_key: text, due_at_ms: integer, set_at_ms: integer, lease_until_ms: integer,
            lease_ms: integer, token: integer, version: integer,
        },
        &["tag_key"],
    )
    .on(Distribution::By("tag_key"))
    .moved(NARROW),
    Table::new(
        "destinations",
        File::Accounts,
        columns! {
            account_id: integer, destination_id: blob, address: text, settings: text, secrets: text,
            off_reason: text, failing_since_ms: integer, failures: integer, succeeded_at_ms: integer,
            created_at_ms: integer, updated_at_ms: integer,
        },
        &["account_id", "destination_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "alerts",
        File::Accounts,
        columns! {
            account_id: integer, alert_id: blob, settings: text, is_paused: flag, muted_until_ms: integer,
            created_at_ms: integer, updated_at_ms: integer, version: integer, idempotency_key: text,
            fingerprint: blob,
        },
        &["account_id", "alert_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "alert_subjects",
        File::Accounts,
        columns! {
            account_id: integer, alert_id: blob, subject: text, name: text, state: text, due_at_ms: integer,
            version: integer,
        },
        &["account_id", "alert_id", "subject"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "event_sequences",
        File::Accounts,
        columns! { account_id: integer, last: integer },
        &["account_id"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "events",
        File::Accounts,
        columns! {
            account_id: integer, sequence: integer, event_id: blob, kind: text, cause: text, alert_id: blob,
            at_ms: integer, data: text,
        },
        &["account_id", "sequence"],
    )
    .on(WITH_ACCOUNT)
    .moved(WIDE),
    Table::new(
        "deliveries",
        File::Accounts,
        columns! {
            account_id: integer, destination_id: blob, sequence: integer, due_at_ms: integer, attempts: integer,
            tries: integer, delivered_at_ms: integer, lease_until_ms: integer, token: integer,
        },
        &["account_id", "destination_id", "sequence"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "delivery_attempts",
        File::Accounts,
        columns! {
            account_id: integer, destination_id: blob, sequence: integer, attempt: integer, at_ms: integer,
            duration_ms: integer, status: integer, error: text,
        },
        &["account_id", "destination_id", "sequence", "attempt"],
    )
    .on(WITH_ACCOUNT)
    .moved(NARROW),
    Table::new(
        "upstream_calls",
        File::Accounts,
        columns! { upstream: text, day: integer, calls: integer },
        &["upstream", "day"],
    )
    .on(Distribution::By("upstream"))
    .moved(NARROW),
];
