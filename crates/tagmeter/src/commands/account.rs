//! `tagmeter account`: creates accounts, grants credits, shows balances.

use super::key::{KeyView, NewKeyOptions, make_key};
use super::{Context, account_of, no_such_account, parsed};
use crate::cli::Account;
use crate::exit::Failure;
use crate::output::{grouped, print, print_json, print_text, say, table};
use crate::system::random_bytes;
use domain::{Clock, Credits, Email, Timestamp};
use serde::Serialize;
use store::Store;
use store::accounts::AccountCreated;
use store::ledger::{Cause, Granted};

/// Accounts read from the store at once.
const ACCOUNTS_PER_PAGE: usize = 1000;

pub(super) async fn run(command: Account, context: &Context) -> Result<(), Failure> {
    match command {
        Account::Create { email, credits, output } => {
            let (email, credits) = (parsed::<Email>(&email)?, amount(credits)?);
            create(&context.open_store().await?, context, email, credits, output.json).await
        }
        Account::Grant { email, credits, cause, output } => {
            let credits = amount(credits)?;
            if credits == Credits::ZERO {
                return Err(Failure::usage("a grant adds at least 1 credit"));
            }
            let cause = match cause {
                Some(text) => parsed::<Cause>(&text)?,
                None => parsed(&format!("command line {:032x}", u128::from_be_bytes(random_bytes()?)))?,
            };
            let store = context.open_existing_store().await?;
            grant(&store, context, &email, credits, &cause, output.json).await
        }
        Account::Show { email, output } => {
            show(&context.open_existing_store().await?, &email, output.json).await
        }
        Account::List(output) => list(&context.open_existing_store().await?, output.json).await,
    }
}

fn amount(credits: u64) -> Result<Credits, Failure> {
    Credits::new(credits).map_err(Failure::usage)
}

/// Output of `account create --json`.
#[derive(Serialize)]
struct Created {
    account_id: String,
    email: String,
    api_key: String,
    credits: u64,
}

async fn create(
    store: &Store,
    context: &Context,
    email: Email,
    credits: Credits,
    json: bool,
) -> Result<(), Failure> {
    let account_id = match store.create_account(&email, credits, context.clock.now()).await? {
        AccountCreated::Created(account_id) => account_id,
        AccountCreated::EmailTaken(_) => {
            return Err(Failure::new(format_args!("an account of {email} exists already"))
                .hint(format_args!("`tagmeter key create {email}` creates another key for it")));
        }
    };
    let key = make_key(store, account_id, NewKeyOptions::default(), context.clock.now()).await?;
    let created = Created {
        account_id: account_id.to_string(),
        email: email.to_string(),
        api_key: key.reveal(),
        credits: credits.get(),
    };
    if json {
        print_json(&created)?;
    } else {
        let rows = [
            ("account", created.account_id),
            ("email", created.email),
            ("credits", grouped(created.credits)),
            ("API key", created.api_key),
        ];
        print(table(&[], rows.map(|(name, value)| vec![name.to_owned(), value])))?;
    }
    say("The API key is shown only once: save it now. Only its SHA-256 is stored.");
    Ok(())
}

/// Output of `account grant --json`.
#[derive(Serialize)]
struct GrantView {
    account_id: String,
    email: String,
    /// Credits added now; 0 if the cause was used before.
    granted: u64,
    /// Balance after the grant.
    credits: u64,
    cause: String,
}

async fn grant(
    store: &Store,
    context: &Context,
    email: &str,
    credits: Credits,
    cause: &Cause,
    json: bool,
) -> Result<(), Failure> {
    let account = account_of(store, email).await?;
    let (granted, balance) =
        match store.grant(account.account_id, credits, cause, context.clock.now()).await? {
            Granted::Granted { balance } => (credits, balance),
            Granted::Already { credits: before } => {
                say(format_args!(
                    "{} were already granted for {:?}; nothing was added",
                    grouped(before.get()),
                    cause.as_str()
                ));
                (Credits::ZERO, account.balance)
            }
            Granted::TooMany => {
                return Err(Failure::new(format_args!(
                    "{} has been granted {} credits in all, and {} more would pass the limit of {}",
                    account.email,
                    grouped(account.granted.get()),
                    grouped(credits.get()),
                    grouped(domain::credits::CREDITS_MAX)
                )));
            }
            Granted::NoSuchAccount => return Err(no_such_account(&account.email)),
        };
    let view = GrantView {
        account_id: account.account_id.to_string(),
        email: account.email.to_string(),
        granted: granted.get(),
        credits: balance.get(),
        cause: cause.as_str().to_owned(),
    };
    if json {
        return print_json(&view);
    }
    print_text(format_args!(
        "{} has {} credits now ({} added)",
        view.email,
        grouped(view.credits),
        grouped(view.granted)
    ))
}

/// An account as JSON.
#[derive(Serialize)]
struct AccountView {
    account_id: String,
    email: String,
    /// Balance.
    credits: u64,
    granted: u64,
    charged: u64,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<KeyView>>,
}

impl AccountView {
    fn new(account: &store::accounts::Account, keys: Option<Vec<KeyView>>) -> Self {
        Self {
            account_id: account.account_id.to_string(),
            email: account.email.to_string(),
            credits: account.balance.get(),
            granted: account.granted.get(),
            charged: account.charged.get(),
            created_at: account.created_at,
            keys,
        }
    }
}

async fn show(store: &Store, email: &str, json: bool) -> Result<(), Failure> {
    let account = account_of(store, email).await?;
    let keys: Vec<KeyView> = store.keys(account.account_id).await?.iter().map(KeyView::new).collect();
    let view = AccountView::new(&account, Some(keys));
    if json {
        return print_json(&view);
    }
    let rows = [
        ("account", view.account_id),
        ("email", view.email),
        ("credits", grouped(view.credits)),
        ("granted", grouped(view.granted)),
        ("charged", grouped(view.charged)),
        ("since", view.created_at.to_rfc3339()),
    ];
    print(table(&[], rows.map(|(name, value)| vec![name.to_owned(), value])))?;
    print("")?;
    print(KeyView::table(&view.keys.unwrap_or_default()))
}

/// Output of `account list --json`.
#[derive(Serialize)]
struct AccountList {
    accounts: Vec<AccountView>,
}

async fn list(store: &Store, json: bool) -> Result<(), Failure> {
    let mut accounts: Vec<AccountView> = Vec::new();
    let mut after = None;
    loop {
        let page = store.accounts(after, ACCOUNTS_PER_PAGE).await?;
        accounts.extend(page.iter().map(|account| AccountView::new(account, None)));
        match page.last() {
            Some(last) if page.len() == ACCOUNTS_PER_PAGE => after = Some(last.account_id),
            _ => break,
        }
    }
    if json {
        return print_json(&AccountList { accounts });
    }
    if accounts.is_empty() {
        say("There is no account yet: `tagmeter account create EMAIL` creates one.");
    }
    let rows = accounts.into_iter().map(|account| {
        vec![
            account.account_id,
            account.email,
            grouped(account.credits),
            grouped(account.granted),
            grouped(account.charged),
            account.created_at.to_rfc3339(),
        ]
    });
    print(table(&["account", "email", ">credits", ">granted", ">charged", "since"], rows))
}
