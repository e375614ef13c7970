//! Commands whose output is a snapshot.

/// Groups of command lines, in an order in which each finds what it needs. A group is one snapshot.
pub(super) const RUNS: &[(&str, &[&str])] = &[
    ("import", &["import in", "import in --json", "import broken.ndjson", "import broken.ndjson --json"]),
    ("lookup", &["lookup cat", "lookup cat --json", "lookup 8000 --json", "lookup nobody"]),
    ("search", &["search ca", "search ca --json", "search zebra"]),
    ("videos", &["videos cat --limit 3", "videos cat --limit 1 --json"]),
    (
        "history",
        &[
            "history cat --limit 4",
            "history cat --limit 2 --json",
            "history dog --mode gain --step week",
            "history dog --step week --csv",
        ],
    ),
    (
        "trending",
        &[
            "trending",
            "trending --sort growth --window 30d --limit 1",
            "trending --limit 1 --json",
            "trending --csv",
        ],
    ),
    (
        "benchmark",
        &["benchmark cat", "benchmark cat --plays 2500 --engagement 0.08 --json", "benchmark cat --csv"],
    ),
    ("related", &["related cat", "related cat --json", "related cat --csv"]),
    ("creators", &["creators cat --limit 2", "creators cat --limit 1 --json", "creators cat --csv"]),
    (
        "compare",
        &[
            "compare cat dog",
            "compare cat dog --from 2025-11-28 --index 100 --json",
            "compare cat dog --from 2025-11-28 --csv",
        ],
    ),
    (
        "export",
        &[
            "export hashtags -o - --format csv",
            "export videos --hashtag cat -o - --format ndjson",
            "export history --hashtag dog -o dog.csv",
            "export history --hashtag dog -o dog.ndjson --json",
            "export hashtags",
        ],
    ),
    (
        "report",
        &[
            "report cat dog -o pets.html",
            "report cat -o cat.html --json",
            "report cat -o cat.html",
            "report cat --frozen-link --account me@example.com",
        ],
    ),
    ("backtest", &["backtest --every 7", "backtest --every 7 --json"]),
    (
        "alert preview",
        &[
            "alert preview cat --about 1/week",
            "alert preview cat --rule velocity --above 30000 --for 1d --cooldown 1w --json",
            "alert preview kitten --about 1/week",
            "alert preview cat --about 1/week --window 30d",
            "alert preview cat",
        ],
    ),
    ("alert templates", &["alert templates cat", "alert templates nobody"]),
    ("metrics", &["metrics", "metrics --json"]),
    (
        "account create",
        &["account create me@example.com", "account create you@example.com --credits 7 --json"],
    ),
    (
        "account grant",
        &[
            "account grant me@example.com 50 --cause invoice",
            "account grant me@example.com 50 --cause invoice --json",
            "account grant nobody@example.com 50",
        ],
    ),
    ("key create", &["key create me@example.com --name laptop --admin", "key create me@example.com --json"]),
    ("key list", &["key list me@example.com", "key list me@example.com --json"]),
    ("key revoke", &["key revoke {key}", "key revoke {key} --json", "key revoke ffffffff"]),
    ("account show", &["account show me@example.com", "account show me@example.com --json"]),
    ("account list", &["account list", "account list --json"]),
    (
        "track",
        &[
            "track cat #dog --dry-run",
            "track cat #dog --dry-run --account me@example.com",
            "track cat #dog https://www.tiktok.com/tag/bird --account me@example.com --label pets --notes client",
            "track cat --every 3h --account you@example.com --max-credits 5 --on-empty slow --json",
            "track cat --source upstream --account me@example.com",
            "track cat --top-videos 20 --deep 200 --account me@example.com",
            "track cat --source research --account me@example.com",
            "track # --account me@example.com",
            "track cat --every never",
        ],
    ),
    (
        "trackers",
        &[
            "trackers --account me@example.com",
            "trackers {tracker} --account me@example.com",
            "trackers {tracker} --account me@example.com --pause --json",
            "trackers {tracker} --account me@example.com --videos",
            "trackers {tracker} --account you@example.com",
            "trackers --account you@example.com --json",
        ],
    ),
    (
        "untrack",
        &[
            "untrack cat --account me@example.com",
            "untrack cat --account you@example.com --json",
            "untrack {tracker} --account me@example.com",
            "untrack cat --account me@example.com",
        ],
    ),
    (
        "alert create",
        &[
            "alert create cat dog --about 1/week --account me@example.com --name pets",
            "alert create cat --rule velocity --above 50000 --window 24h --to https://hooks.example.com/tagmeter --account me@example.com --json",
            "alert create kitten --about 1/week --account me@example.com",
            "alert create cat --above 1 --to http://127.0.0.1/x --account me@example.com",
            "alert create cat --above 1 --to me@example.com --account me@example.com",
            "alert create cat --account me@example.com",
            "alert create --credits-below 1000 --account me@example.com",
        ],
    ),
    ("alert list", &["alert list --account me@example.com", "alert list --account you@example.com --json"]),
    (
        "alert show",
        &[
            "alert show {alert} --account me@example.com",
            "alert show {alert} --account you@example.com",
            "alert show {alert} --account me@example.com --json",
        ],
    ),
    (
        "alert edit",
        &[
            "alert edit {alert} --mute 30d --account me@example.com",
            "alert edit {alert} --pause --name cats --account me@example.com --json",
            "alert edit {alert} --to ntfy:https://ntfy.sh/cats --resume --account me@example.com",
        ],
    ),
    (
        "alert delete",
        &["alert delete {alert} --account me@example.com", "alert delete {alert} --account me@example.com"],
    ),
    (
        "webhook create",
        &[
            "webhook create https://hooks.example.com/more --event alert.fired --description team --account you@example.com",
            "webhook create https://hooks.example.com/more --event cat.sat --account you@example.com",
            "webhook create https://hooks.slack.com/services/x --account you@example.com --json",
        ],
    ),
    (
        "webhook list",
        &["webhook list --account me@example.com", "webhook list --account you@example.com --json"],
    ),
    ("webhook test", &["webhook test {destination} --account me@example.com"]),
    ("webhook log", &["webhook log {destination} --account me@example.com"]),
    (
        "webhook replay",
        &[
            "webhook replay {destination} --since 7d --account me@example.com",
            "webhook replay {destination} --sequence 9 --account me@example.com --json",
        ],
    ),
    ("webhook rotate", &["webhook rotate {destination} --account me@example.com"]),
    ("webhook off", &["webhook off {destination} --account me@example.com"]),
    ("webhook on", &["webhook on {destination} --account me@example.com --json"]),
    (
        "webhook delete",
        &[
            "webhook delete {destination} --account you@example.com",
            "webhook delete {destination} --account me@example.com",
        ],
    ),
    (
        "annotation add",
        &[
            "annotation add TV-spot --from 2025-11-12 --tag cat --account me@example.com",
            "annotation add sale --from 2025-11-10 --until 2025-11-14 --account me@example.com --json",
            "annotation add none --from 2025-11-10 --campaign nosuch --account me@example.com",
            "annotation add none --from 2025-11-10 --until 2025-11-01 --account me@example.com",
        ],
    ),
    (
        "annotation edit",
        &[
            "annotation edit five_hashtags --text none --account me@example.com",
            "annotation edit ann_01kb3x8m7q0000000000000000 --text none --account me@example.com",
            "annotation edit ann_01kb3x8m7q0000000000000000 --account me@example.com",
        ],
    ),
    (
        "annotation hide",
        &[
            "annotation hide creative_center_windows --account me@example.com",
            "annotation hide ann_01kb3x8m7q0000000000000000 --account me@example.com",
        ],
    ),
    ("annotation unhide", &["annotation unhide research_api_canada --account me@example.com --json"]),
    (
        "annotation list",
        &["annotation list --account me@example.com", "annotation list --account me@example.com --json"],
    ),
    (
        "annotation delete",
        &[
            "annotation delete five_hashtags --account me@example.com",
            "annotation delete ann_01kb3x8m7q0000000000000000 --account me@example.com",
        ],
    ),
    (
        "campaign create",
        &[
            "campaign create autumn --tags cat,kitten --against dog --from 2025-11-10 --to 2025-11-20 --baseline 7d --goal views=10M --goal videos=3 --account me@example.com",
            "campaign create other --tags cat --from 2025-11-10 --account me@example.com --json",
            "campaign create later --tags nobody --against dog --from 2025-11-03 --to 2025-11-20 --account me@example.com --dry-run",
            "campaign create autumn --tags dog --from 2025-11-10 --account me@example.com",
            "campaign create winter --tags dog --from 2025-11-10 --to 2025-11-01 --account me@example.com",
            "campaign create winter --tags # --from 2025-11-10 --account me@example.com",
            "campaign create winter --tags dog --from 2025-11-10 --goal likes=5 --account me@example.com",
        ],
    ),
    (
        "campaign show",
        &[
            "campaign show autumn --account me@example.com",
            "campaign show autumn --account me@example.com --json",
            "campaign show autumn --account you@example.com",
        ],
    ),
    (
        "campaign report",
        &[
            "campaign report autumn -o autumn.pdf --account me@example.com",
            "campaign report autumn -o autumn.xlsx --account me@example.com --json",
            "campaign report autumn -o autumn.pdf --account me@example.com",
            "campaign report nobody -o nobody.pdf --account me@example.com",
            "campaign report autumn --frozen-link --account me@example.com",
            "campaign report autumn --account me@example.com",
        ],
    ),
    (
        "schedule create",
        &[
            "schedule create --tags cat --weekly monday --to client@example.com --account me@example.com",
            "schedule create --tags cat --to client@example.com",
        ],
    ),
    (
        "schedule list",
        &["schedule list --account me@example.com", "schedule list --account me@example.com --json"],
    ),
    (
        "schedule show",
        &["schedule show sch_01kb3x8m7q0000000000000000 --account me@example.com", "schedule show x"],
    ),
    ("schedule edit", &["schedule edit sch_01kb3x8m7q0000000000000000 --pause --account me@example.com"]),
    ("schedule delete", &["schedule delete sch_01kb3x8m7q0000000000000000 --account me@example.com"]),
    ("schedule run", &["schedule run sch_01kb3x8m7q0000000000000000 --account me@example.com"]),
    (
        "feed create",
        &[
            "feed create Cats /v1/hashtags/cat/history?step=day --account me@example.com",
            "feed create Cats /v1/hashtags/cat/history?setp=day --account me@example.com",
            "feed create Cats /v1/balance --account me@example.com",
        ],
    ),
    ("feed list", &["feed list --account me@example.com", "feed list --account me@example.com --json"]),
    ("feed show", &["feed show fed_01kb3x8m7q0000000000000000 --account me@example.com", "feed show x"]),
    ("feed rotate", &["feed rotate fed_01kb3x8m7q0000000000000000 --account me@example.com"]),
    ("feed revoke", &["feed revoke fed_01kb3x8m7q0000000000000000 --account me@example.com"]),
    ("share create", &["share create cat --account me@example.com"]),
    ("share list", &["share list --account me@example.com", "share list --account me@example.com --json"]),
    ("share show", &["share show shr_01kb3x8m7q0000000000000000 --account me@example.com", "share show x"]),
    ("share revoke", &["share revoke shr_01kb3x8m7q0000000000000000 --account me@example.com"]),
    (
        "campaign edit",
        &[
            "campaign edit other --to 2025-11-30 --against dog,kitten --account me@example.com",
            "campaign edit other --name last --no-goals --account me@example.com --json",
            "campaign edit last --account me@example.com",
        ],
    ),
    (
        "campaign list",
        &[
            "campaign list --account me@example.com",
            "campaign list --account me@example.com --json",
            "campaign list --account you@example.com",
        ],
    ),
    (
        "campaign delete",
        &[
            "campaign delete last --account me@example.com",
            "campaign delete autumn --account me@example.com --json",
            "campaign delete autumn --account me@example.com",
        ],
    ),
    ("audit", &["audit", "audit --json", "audit --heal", "audit --heal --json"]),
    ("backup", &["backup copies/one", "backup copies/two --json", "backup copies/one"]),
    (
        "migrate",
        &["migrate --from tagmeter-data --to moved", "migrate --from tagmeter-data --to again --json"],
    ),
    ("backfill", &["backfill cat --from 2025-01-01 --to 2025-01-31", "backfill cat --from soon --to 30d"]),
    (
        "forget",
        &[
            "forget --ids gone.txt --dry-run",
            "forget --ids gone.txt --dry-run --json",
            "forget --ids gone.txt",
            "forget --ids gone.txt --yes",
            "forget @cats.2 @nobody --yes",
            "forget @cats.3 --yes --json",
            "forget --ids gone.txt --allow-again",
            "forget @cats.3 --allow-again --json",
        ],
    ),
    ("doctor", &["doctor", "doctor --json"]),
];
