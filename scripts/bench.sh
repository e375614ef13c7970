#!/usr/bin/env bash
# Measures the release build. What each figure means, and what they were: docs/benchmarks.md.
#
#   scripts/bench.sh import    an import, beside a plain parse of the same file and beside DuckDB
#   scripts/bench.sh serve     lookups and pages of 30 videos, beside a bare axum handler
#   scripts/bench.sh search    the search index: building, size, latency
#   scripts/bench.sh measure   every question of measurement, beside DuckDB
#   scripts/bench.sh ledger    durable charges a second
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'END'
usage: scripts/bench.sh COMMAND [OPTION...]

  import   an import of NDJSON, beside a plain parse of it and beside DuckDB
      --videos N        default 500000; five tags and 1.3 KB each
      --rounds N        default 3; medians are printed
      --no-duckdb       leave DuckDB out
      --database-url U  into PostgreSQL, in a database of its own on this server; beside a plain COPY
      --series          instead: readings of each format again, and one hashtag's readings in descending order
      --archive FILE    with --series: an archive of series as well
      --tables          instead: workbooks and Parquet files of 1000000 rows (or --videos), and the memory they take;
                        Parquet needs pyarrow, in python3 or the Python that TAGMETER_PYTHON names
  serve    lookups and pages of 30 videos, beside a bare axum handler that returns the same bytes
      --hashtags N      default 2000000
      --videos N        default 1000000
      --accounts N      default 100; each with a key and credits
      --connections L   default 64,256
      --rounds N        default 5; medians are printed
      --seconds N       default 8; of each measurement, of which there are 16 a round
      --warm-up N       default 8; seconds of each kind before the first round
      --database-url U  from PostgreSQL, from a database of its own on this server; beside pgbench
  search   the search index over made-up hashtags
      --hashtags N      default 2000000
  measure  every question of measurement, beside DuckDB with the equivalent SQL over the same rows
      --hashtags N      default 100000
      --videos N        default 500000; five tags each
      --series N        default 100000; hashtags with readings of their views over 30 days
      --rounds N        default 3; medians are printed
      --no-duckdb       leave DuckDB out
  ledger   durable charges
      --askers N        default 64; at once
      --accounts N      default 1000
      --charges N       default 600000
      --database-url U  into PostgreSQL, in a database of its own on this server

For all:
      --data DIR        where files are made; default a temporary folder, which is removed at the end
      --keep            leave it; import, serve and measure then find their files again with --data DIR
      --help

For a quick look: import --videos 50000 --rounds 1
                  serve --hashtags 100000 --videos 50000 --rounds 1 --seconds 2 --warm-up 2
                  measure --hashtags 20000 --videos 50000 --series 20000 --rounds 1
The full size:    measure --hashtags 1000000 --videos 10000000 --series 1000000
END
}

# shellcheck source=scripts/common.sh
. scripts/common.sh

build() {
    step "building in release"
    cargo build --release --locked --quiet "$@"
}

# Sets the programs aside, so that a build meanwhile does not change what is measured.
set_aside() {
    local program
    mkdir -p "$data/bin/examples"
    for program in "$@"; do
        cp -f "$bin/$program" "$data/bin/$program"
    done
}

# Prints a Python that has duckdb, or nothing and says why.
duckdb_python() {
    local venv=$data/venv
    if ! "$venv/bin/python" -c 'import duckdb' 2>/dev/null; then
        step "installing duckdb into $venv"
        if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check duckdb; } >&2; then
            step "DuckDB is left out: pip could not install it (see above)"
            return
        fi
    fi
    echo "$venv/bin/python"
}

bench_import() {
    need python3 python3
    build -p tagmeter
    if [ "$of_series" = true ]; then
        set_aside tagmeter
        python3 -u scripts/bench/series.py --bin "$data/bin" --data "$data" --rounds "${rounds:-3}" \
            ${archive:+--archive "$archive"}
        return
    fi
    if [ "$of_tables" = true ]; then
        set_aside tagmeter
        "${TAGMETER_PYTHON:-python3}" -u scripts/bench/tables.py --bin "$data/bin" --data "$data" \
            --videos "${videos:-1000000}" --rounds "${rounds:-1}"
        return
    fi
    build -p testkit --example generate_videos --example parse_videos
    set_aside tagmeter examples/generate_videos examples/parse_videos
    local duckdb=()
    if [ "$with_duckdb" = true ] && [ -z "$database_url" ]; then
        local python
        python=$(duckdb_python)
        [ -z "$python" ] || duckdb=(--duckdb-python "$python")
    fi
    python3 -u scripts/bench/import.py --bin "$data/bin" --data "$data" \
        --videos "${videos:-500000}" --rounds "${rounds:-3}" ${database_url:+--database-url "$database_url"} \
        ${duckdb[@]+"${duckdb[@]}"}
}

bench_serve() {
    need python3 python3
    need wrk wrk
    build -p tagmeter
    build -p testkit --example generate_videos --example generate_hashtags
    build -p server --example bare_handler
    set_aside tagmeter examples/generate_videos examples/generate_hashtags examples/bare_handler
    python3 -u scripts/bench/serve.py --bin "$data/bin" --data "$data" --hashtags "${hashtags:-2000000}" \
        --videos "${videos:-1000000}" --accounts "${accounts:-100}" --connections "$connections" \
        --rounds "${rounds:-5}" --seconds "$seconds" --warm-up "$warm_up" \
        ${database_url:+--database-url "$database_url"}
}

bench_search() {
    build -p search --example search_bench
    "$bin/examples/search_bench" "${hashtags:-2000000}" "$data"
}

bench_measure() {
    need python3 python3
    build -p tagmeter
    build -p testkit --example generate_videos --example generate_hashtags --example generate_series
    set_aside tagmeter examples/generate_videos examples/generate_hashtags examples/generate_series
    local duckdb=() python
    if [ "$with_duckdb" = true ]; then
        python=$(duckdb_python)
        [ -z "$python" ] || duckdb=(--duckdb-python "$python")
    fi
    python3 -u scripts/bench/measurement.py --bin "$data/bin" --data "$data" --hashtags "${hashtags:-100000}" \
        --videos "${videos:-500000}" --series "${series:-100000}" --rounds "${rounds:-3}" ${duckdb[@]+"${duckdb[@]}"}
}

bench_ledger() {
    build -p store --example ledger_bench
    if [ -n "$database_url" ]; then
        need python3 python3
        python3 -u scripts/bench/ledger.py --bin "$bin" --database-url "$database_url" --askers "$askers" \
            --accounts "${accounts:-1000}" --charges "$charges"
        return
    fi
    "$bin/examples/ledger_bench" "$askers" "${accounts:-1000}" "$charges" "$data"
}

# takes OPTION ALLOWED: ends unless the command has this option.
takes() {
    case " $2 " in
    *" $command "*) ;;
    *) fail "$command has no option $1" "scripts/bench.sh --help lists them" ;;
    esac
}

number() {
    [[ $2 =~ ^[1-9][0-9]*$ ]] || fail "$1 takes a number above 0, not '$2'"
}

command=${1:---help}
shift || true
case $command in
import | serve | search | measure | ledger) ;;
-h | --help | help)
    usage
    exit
    ;;
*) fail "there is no command '$command'" "import, serve, search, measure and ledger are; --help tells more" ;;
esac

videos='' hashtags='' series='' accounts='' rounds=''
connections=64,256 seconds=8 warm_up=8 askers=64 charges=600000
data='' database_url='' keep=false with_duckdb=true of_series=false of_tables=false archive=''
while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
    -h | --help)
        usage
        exit
        ;;
    --keep)
        keep=true
        continue
        ;;
    --series)
        # For measure it takes a number.
        if [ "$command" = import ]; then
            of_series=true
            continue
        fi
        ;;
    --tables)
        takes "$option" import
        of_tables=true
        continue
        ;;
    --no-duckdb)
        takes "$option" "import measure"
        with_duckdb=false
        continue
        ;;
    esac
    [ $# -gt 0 ] || fail "$option is unknown or takes a value" "scripts/bench.sh --help lists the options"
    value=$1
    shift
    case $option in
    --data) data=$value ;;
    --archive) takes "$option" import && archive=$value ;;
    --database-url)
        takes "$option" "import serve ledger"
        need psql postgresql-client
        database_url=$value
        ;;
    --connections)
        takes "$option" serve
        [[ $value =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] || fail "$option takes numbers with commas between, not '$value'"
        connections=$value
        ;;
    --videos) takes "$option" "import serve measure" && number "$option" "$value" && videos=$value ;;
    --hashtags) takes "$option" "serve search measure" && number "$option" "$value" && hashtags=$value ;;
    --series) takes "$option" measure && number "$option" "$value" && series=$value ;;
    --accounts) takes "$option" "serve ledger" && number "$option" "$value" && accounts=$value ;;
    --rounds) takes "$option" "import serve measure" && number "$option" "$value" && rounds=$value ;;
    --seconds) takes "$option" serve && number "$option" "$value" && seconds=$value ;;
    --warm-up) takes "$option" serve && number "$option" "$value" && warm_up=$value ;;
    --askers) takes "$option" ledger && number "$option" "$value" && askers=$value ;;
    --charges) takes "$option" ledger && number "$option" "$value" && charges=$value ;;
    *) fail "there is no option '$option'" "scripts/bench.sh --help lists them" ;;
    esac
done

command -v cargo >/dev/null 2>&1 || fail "cargo is not installed" "https://rustup.rs installs it; rust-toolchain.toml names the version"
export PYTHONDONTWRITEBYTECODE=1
bin=${CARGO_TARGET_DIR:-target}/release
if [ -z "$data" ]; then
    data=$(mktemp -d)
    made=$data
else
    made=
    if [ ! -d "$data" ]; then
        mkdir -p "$data"
        made=$data
    fi
fi
# Only what was made here is removed: a folder that was there before stays, with what the benchmark left in it.
clean_up() {
    if [ "$keep" = true ]; then
        step "files are in $data"
    elif [ -n "$made" ]; then
        rm -rf "$made"
    else
        step "$data was there before, so it is not removed"
    fi
}
trap clean_up EXIT
trap "exit 130" INT
trap "exit 143" TERM

"bench_$command"
