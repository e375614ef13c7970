//! `tagmeter key`: creates, lists and revokes API keys.

use super::{Context, account_of};
use crate::cli::Key;
use crate::exit::Failure;
use crate::output::{grouped, print, print_json, print_text, say, table};
use crate::system::new_key;
use domain::{AccountId, ApiKey, Clock, Email, KeyId, KeyScope, Timestamp};
use serde::Serialize;
use store::Store;
use store::keys::{KEY_NAME_BYTES_MAX, KeyCreated, KeyRevoked, NewKey, StoredKey};

/// Maximum number of draws of a free id. Ids have 32 bits: with a million keys, one draw in 4,000 is taken.
const DRAWS_MAX: usize = 8;

pub(super) async fn run(command: Key, context: &Context) -> Result<(), Failure> {
    let store = context.open_existing_store().await?;
    match command {
        Key::Create { email, name, requests_per_minute, admin, read_only, output } => {
            let account = account_of(&store, &email).await?;
            let scope = match (admin, read_only) {
                (true, _) => KeyScope::Admin,
                (_, true) => KeyScope::Read,
                _ => KeyScope::Call,
            };
            let options = NewKeyOptions { name, scope, requests_per_minute };
            let key = make_key(&store, account.account_id, options, context.clock.now()).await?;
            let view = NewKeyView {
                email: account.email.to_string(),
                key_id: key.id().to_string(),
                api_key: key.reveal(),
                scope: scope.name(),
                requests_per_minute,
            };
            show_new(&view, output.json)
        }
        Key::List { email, output } => {
            let account = account_of(&store, &email).await?;
            let keys = store.keys(account.account_id).await?.iter().map(KeyView::new).collect();
            list(&account.email, keys, output.json)
        }
        Key::Revoke { id, output } => {
            let key_id = parsed_key_id(&id)?;
            revoke(&store, key_id, context.clock.now(), output.json).await
        }
    }
}

/// Options of a new key.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewKeyOptions {
    pub(crate) name: String,
    pub(crate) scope: KeyScope,
    /// `None`: the server's setting; 0: no limit.
    pub(crate) requests_per_minute: Option<u32>,
}

/// Draws a key and stores its id, digest and options.
pub(crate) async fn make_key(
    store: &Store,
    account_id: AccountId,
    options: NewKeyOptions,
    at: Timestamp,
) -> Result<ApiKey, Failure> {
    let NewKeyOptions { name, scope, requests_per_minute } = options;
    for _ in 0..DRAWS_MAX {
        let key = new_key()?;
        let (key_id, digest) = (key.id(), key.digest());
        let stored = NewKey { key_id, digest, name: name.clone(), scope, requests_per_minute };
        match store.create_key(account_id, stored, at).await? {
            KeyCreated::Created => return Ok(key),
            KeyCreated::IdTaken => {}
            KeyCreated::NoSuchAccount => {
                return Err(Failure::not_found(format_args!("there is no account {account_id}")));
            }
            KeyCreated::NameTooLong => {
                return Err(Failure::usage(format_args!(
                    "the name of a key has at most {KEY_NAME_BYTES_MAX} bytes, this one has {}",
                    name.len()
                )));
            }
        }
    }
    Err(Failure::new("no free id was drawn for a key").hint("try again"))
}

/// A key as JSON, without its secret.
#[derive(Serialize)]
pub(crate) struct KeyView {
    key_id: String,
    name: String,
    /// `read`, `call` or `admin`.
    scope: &'static str,
    /// `null`: the server's setting; 0: no limit.
    requests_per_minute: Option<u32>,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

impl KeyView {
    pub(crate) fn new(key: &StoredKey) -> Self {
        Self {
            key_id: key.key_id.to_string(),
            name: key.name.clone(),
            scope: key.scope.name(),
            requests_per_minute: key.requests_per_minute,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
        }
    }

    /// Formats keys as a table.
    pub(crate) fn table(keys: &[Self]) -> String {
        let rows = keys.iter().map(|key| {
            vec![
                key.key_id.clone(),
                key.name.clone(),
                key.scope.to_owned(),
                limit(key.requests_per_minute),
                key.created_at.to_rfc3339(),
                key.revoked_at.map(Timestamp::to_rfc3339).unwrap_or_default(),
            ]
        });
        table(&["key", "name", "scope", ">requests/min", "since", "revoked"], rows)
    }
}

fn limit(requests_per_minute: Option<u32>) -> String {
    match requests_per_minute {
        None => "as the server".to_owned(),
        Some(0) => "no limit".to_owned(),
        Some(number) => grouped(u64::from(number)),
    }
}

/// Output of `key create --json`.
#[derive(Serialize)]
struct NewKeyView {
    email: String,
    key_id: String,
    api_key: String,
    scope: &'static str,
    requests_per_minute: Option<u32>,
}

fn show_new(view: &NewKeyView, json: bool) -> Result<(), Failure> {
    if json {
        print_json(view)?;
    } else {
        print(&view.api_key)?;
    }
    say("The API key is shown only once: save it now. Only its SHA-256 is stored.");
    Ok(())
}

/// Output of `key list --json`.
#[derive(Serialize)]
struct KeyList {
    email: String,
    keys: Vec<KeyView>,
}

fn list(email: &Email, keys: Vec<KeyView>, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&KeyList { email: email.to_string(), keys });
    }
    print(KeyView::table(&keys))
}

fn parsed_key_id(text: &str) -> Result<KeyId, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format_args!("{:?} is not the id of a key", crate::output::shortened(text, 12)))
            .hint("an id is the 8 digits after tm_live_; `tagmeter key list EMAIL` shows them")
    })
}

/// Output of `key revoke --json`.
#[derive(Serialize)]
struct Revoked {
    key_id: String,
    revoked_at: Timestamp,
}

async fn revoke(store: &Store, key_id: KeyId, at: Timestamp, json: bool) -> Result<(), Failure> {
    let revoked_at = match store.revoke_key(key_id, at).await? {
        KeyRevoked::Revoked => at,
        KeyRevoked::Already(before) => before,
        KeyRevoked::NoSuchKey => {
            return Err(Failure::not_found(format_args!("there is no key {key_id}"))
                .hint("`tagmeter key list EMAIL` shows the keys of an account"));
        }
    };
    let view = Revoked { key_id: key_id.to_string(), revoked_at };
    if json {
        return print_json(&view);
    }
    print_text(format_args!("key {} was revoked at {}", view.key_id, revoked_at.to_rfc3339()))
}
