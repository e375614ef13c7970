//! Checks the stored data: the files of the store, accounts and keys, hashtags and videos, the search index.

use super::{Finding, State};
use crate::commands::Context;
use crate::exit::Failure;
use crate::output::{counted, grouped};
use catalog::CatalogOptions;
use search::SearchIndex;
use store::check::{FileCheck, FileState};
use store::{Store, StoreOptions};

/// Accounts read at once.
const ACCOUNTS_PER_PAGE: usize = 1000;
/// Maximum number of hashtags named whose sums are off.
const HASHTAGS_NAMED_MAX: usize = 5;

pub(super) async fn check(options: &StoreOptions, context: &Context) -> Vec<Finding> {
    let files = options.check();
    let mut findings: Vec<Finding> = files.iter().map(file).collect();
    let is_usable = |file: &FileCheck| matches!(file.state, FileState::Sound { schema, schema_newest, .. } if schema == schema_newest);
    // Opening would create missing files and migrate old ones; the doctor does neither.
    if files.iter().all(is_usable) {
        findings.extend(contents_of(options, context).await);
    }
    findings
}

/// Checks the contents of a store of the newest schema.
pub(super) async fn contents_of(options: &StoreOptions, context: &Context) -> Vec<Finding> {
    match contents(options, context).await {
        Ok(found) => found,
        Err(failure) => vec![Finding::problem("store", failure.to_string(), "see the message")],
    }
}

fn file(check: &FileCheck) -> Finding {
    match &check.state {
        FileState::Missing => {
            Finding { what: check.name, state: State::Ok, found: "does not exist yet".to_owned(), hint: None }
        }
        FileState::Damaged(why) => Finding::problem(
            check.name,
            format!("{}: {why}", check.path.display()),
            "stop every tagmeter, copy the data folder, and restore the file from a backup",
        ),
        FileState::Sound { bytes, schema, schema_newest } => {
            let found = format!("{} MB, schema {schema}, pages in order", grouped(bytes.div_ceil(1 << 20)));
            if schema > schema_newest {
                let hint = "this data was written by a newer tagmeter: use that version or a newer one";
                Finding::problem(check.name, found, hint)
            } else if schema < schema_newest {
                let hint = format!("the next start of tagmeter migrates it to schema {schema_newest}");
                Finding::note(check.name, found, hint)
            } else {
                Finding::ok(check.name, found)
            }
        }
    }
}

async fn contents(options: &StoreOptions, context: &Context) -> Result<Vec<Finding>, Failure> {
    let store = Store::open(options).await?;
    Ok(vec![
        accounts(&store).await?,
        catalog(&store).await?,
        sums(&store).await?,
        index(&store, options, context).await?,
    ])
}

async fn accounts(store: &Store) -> Result<Finding, Failure> {
    let (mut number, mut valid_keys, mut after) = (0_u64, 0_u64, None);
    loop {
        let page = store.accounts(after, ACCOUNTS_PER_PAGE).await?;
        for account in &page {
            number += 1;
            let keys = store.keys(account.account_id).await?;
            valid_keys += keys.iter().filter(|key| key.revoked_at.is_none()).count() as u64;
        }
        match page.last() {
            Some(last) => after = Some(last.account_id),
            None => break,
        }
    }
    let found = format!("{} with {}", counted(number, "account"), counted(valid_keys, "valid key"));
    if valid_keys == 0 {
        let hint = "nobody can call yet: `tagmeter account create EMAIL` creates an account with a key";
        return Ok(Finding::note("accounts", found, hint));
    }
    Ok(Finding::ok("accounts", found))
}

async fn catalog(store: &Store) -> Result<Finding, Failure> {
    let size = store.catalog_size().await?;
    let mut found = format!("{} and {}", counted(size.hashtags, "hashtag"), counted(size.videos, "video"));
    if size.removed > 0 {
        found = format!("{found}, {} more removed on TikTok", grouped(size.removed));
    }
    if store.is_forgetting().await? {
        let hint = "`tagmeter forget` is running or was interrupted: run the same command again to drop the remaining copies";
        return Ok(Finding::note("catalog", format!("{found}; a forget is unfinished"), hint));
    }
    if size.hashtags == 0 {
        return Ok(Finding::note(
            "catalog",
            found,
            "nothing is stored: `tagmeter import PATH` imports captures",
        ));
    }
    Ok(Finding::ok("catalog", found))
}

async fn sums(store: &Store) -> Result<Finding, Failure> {
    let report = store.check_sums().await?;
    if report.off == 0 {
        return Ok(Finding::ok("sums", "those of hashtags match their videos"));
    }
    let names: Vec<String> =
        report.named.iter().take(HASHTAGS_NAMED_MAX).map(|off| format!("#{}", off.name)).collect();
    let more = if report.off > names.len() as u64 { ", ..." } else { "" };
    Ok(Finding::problem(
        "sums",
        format!("off for {}: {}{more}", counted(report.off, "hashtag"), names.join(", ")),
        "`tagmeter audit --heal` recomputes them from the videos",
    ))
}

async fn index(store: &Store, options: &StoreOptions, context: &Context) -> Result<Finding, Failure> {
    let path = CatalogOptions::in_folder(&options.data_dir, context.clock.clone()).index_path;
    if !path.exists() {
        return Ok(Finding::ok("search index", "does not exist yet; the next start builds it"));
    }
    match SearchIndex::open(&path, store.identity().await?) {
        Ok(index) => {
            let behind = match store.sequence().await?.saturating_sub(index.sequence()) {
                0 => "up to date".to_owned(),
                changes => format!("{} behind; the next start catches up", counted(changes, "commit")),
            };
            Ok(Finding::ok("search index", behind))
        }
        Err(why) => Ok(Finding::note(
            "search index",
            format!("cannot be used: {why}"),
            "nothing to do: the next start rebuilds it from the store",
        )),
    }
}
