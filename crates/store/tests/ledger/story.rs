//! The life of an account, as its owner sees it.

use crate::support::{NOW, account, audited, charge, credits, email, open, request};
use domain::{AccountId, ApiKey, Credits, KeyId, KeyScope, Operation, Timestamp};
use store::accounts::AccountCreated;
use store::keys::{KeyCreated, KeyRevoked, NewKey};
use store::ledger::{Cause, ChargeOutcome, Granted, Movement};
use testkit::{TestStore, on_each_backend};

fn new_key(key: &ApiKey, name: &str) -> NewKey {
    NewKey {
        key_id: key.id(),
        digest: key.digest(),
        name: name.to_owned(),
        requests_per_minute: Some(60),
        scope: KeyScope::Call,
    }
}

fn cause(text: &str) -> Cause {
    text.parse().expect("a cause")
}

on_each_backend! {
    async fn an_account_signs_up_is_granted_spends_and_runs_dry(fixture: &TestStore) {
        let store = fixture.store().clone();
        let id = account(&store, 1, 3).await;
        assert_eq!(
            store.create_account(&email(1), credits(50), NOW).await.expect("an answer"),
            AccountCreated::EmailTaken(id)
        );
        assert_eq!(store.quote(id).await.expect("a quote"), Some(credits(3)));

        let first = store.charge(charge(id, 1, 2)).await.expect("a charge");
        let ChargeOutcome::Paid(receipt) = first else { panic!("{first:?}") };
        assert_eq!((receipt.request_id(), receipt.credits()), (request(1), credits(2)));
        assert_eq!((receipt.balance_after(), receipt.sequence()), (credits(1), 2));
        assert_eq!(store.quote(id).await.expect("a quote"), Some(credits(1)));
        let refused = store.charge(charge(id, 2, 2)).await.expect("an answer");
        assert_eq!(refused, ChargeOutcome::Refused { balance: credits(1) });
        assert_eq!(store.charged(id, request(2)).await.expect("an answer"), None);
        assert_eq!(store.charge(charge(id, 1, 1)).await.expect("an answer"), ChargeOutcome::AlreadyCharged);
        assert_eq!(store.charge(charge(id, 1, 9)).await.expect("an answer"), ChargeOutcome::AlreadyCharged);

        let granted = store.grant(id, credits(10), &cause("2027-01"), NOW).await.expect("a grant");
        assert_eq!(granted, Granted::Granted { balance: credits(11) });
        let again = store.grant(id, credits(99), &cause("2027-01"), NOW).await.expect("an answer");
        assert_eq!(again, Granted::Already { credits: credits(10) });
        let most = credits(domain::credits::CREDITS_MAX);
        assert_eq!(store.grant(id, most, &cause("much"), NOW).await.expect("an answer"), Granted::TooMany);
        assert_eq!(store.quote(id).await.expect("a quote"), Some(credits(11)));

        let seen = store.account_by_email(&email(1)).await.expect("an answer").expect("the account");
        assert_eq!((seen.balance, seen.granted, seen.charged), (credits(11), credits(13), credits(2)));
        assert_eq!(store.account(id).await.expect("an answer"), Some(seen));
        let report = audited(&store).await;
        assert_eq!((report.accounts, report.entries, report.charges), (1, 3, 1));
        assert_eq!((report.credits_granted, report.credits_charged, report.credits_held), (13, 2, 11));
    }

    async fn entries_are_listed_newest_first_in_pages_and_only_to_their_account(fixture: &TestStore) {
        let store = fixture.store().clone();
        let (mine, other) = (account(&store, 1, 100).await, account(&store, 2, 100).await);
        for n in 0..25 {
            store.charge(charge(mine, n, 1)).await.expect("a charge");
            store.charge(charge(other, n, 2)).await.expect("a charge of the same request id of another account");
        }
        let mut sequences = Vec::new();
        let mut before = None;
        loop {
            let page = store.entries(mine, before, 10).await.expect("a page");
            let Some(last) = page.last() else { break };
            before = Some(last.number);
            assert!(page.iter().all(|entry| entry.account_id == mine));
            sequences.extend(page.iter().map(|entry| entry.sequence));
        }
        assert_eq!(sequences, (1..=26).rev().collect::<Vec<_>>());
        assert_eq!(store.entries(other, before, 10).await.expect("nothing"), []);
        let entry = store.charged(mine, request(7)).await.expect("an answer").expect("the charge");
        assert_eq!(entry.movement, Movement::Charge { request_id: request(7), operation: Operation::ChallengeInfoId.number() });
        assert_eq!((entry.sequence, entry.credits, entry.balance_after), (9, credits(1), credits(92)));
        let first = store.entries(mine, None, 99).await.expect("all").pop().expect("the first");
        assert_eq!(first.movement, Movement::Grant { cause: "sign-up".to_owned() });
        audited(&store).await;
    }

    async fn unknown_accounts_differ_from_poor_ones(fixture: &TestStore) {
        let store = fixture.store().clone();
        let nobody = AccountId(7);
        assert_eq!(store.charge(charge(nobody, 1, 1)).await.expect("an answer"), ChargeOutcome::NoSuchAccount);
        let granted = store.grant(nobody, credits(1), &cause("gift"), NOW).await.expect("an answer");
        assert_eq!(granted, Granted::NoSuchAccount);
        assert_eq!(store.quote(nobody).await.expect("an answer"), None);
        assert_eq!(store.balance(nobody).await.expect("an answer"), None);
        let poor = account(&store, 1, 0).await;
        assert_eq!(store.quote(poor).await.expect("an answer"), Some(Credits::ZERO));
        let many: Vec<_> = (2..9).map(email).collect();
        for email in &many {
            store.create_account(email, credits(1), NOW).await.expect("an account");
        }
        let first = store.accounts(None, 3).await.expect("a page");
        let rest = store.accounts(first.last().map(|a| a.account_id), 99).await.expect("a page");
        assert_eq!((first.len(), rest.len()), (3, 5));
        assert_eq!(rest.iter().map(|a| &a.email).collect::<Vec<_>>(), many[2..].iter().collect::<Vec<_>>());
        audited(&store).await;
    }

    async fn another_process_sees_grants_charges_and_revocations_at_once(fixture: &TestStore) {
        let (server, tool) = (fixture.again().await, fixture.again().await);
        let id = account(&tool, 1, 1).await;
        let key = ApiKey::new(KeyId::new(0xab), [7; 16]);
        let version = server.keys_version().await.expect("a version");
        assert_eq!(tool.create_key(id, new_key(&key, "laptop"), NOW).await.expect("a key"), KeyCreated::Created);
        let with_key = server.keys_version().await.expect("a version");
        assert_ne!(with_key, version);
        assert!(matches!(server.charge(charge(id, 1, 1)).await, Ok(ChargeOutcome::Paid(_))));
        assert!(matches!(server.charge(charge(id, 2, 1)).await, Ok(ChargeOutcome::Refused { .. })));
        tool.grant(id, credits(5), &cause("gift"), NOW).await.expect("a grant");
        assert_eq!(server.quote(id).await.expect("a quote"), Some(credits(5)));
        assert!(matches!(server.charge(charge(id, 3, 5)).await, Ok(ChargeOutcome::Paid(_))));
        assert!(matches!(tool.charge(charge(id, 4, 1)).await, Ok(ChargeOutcome::Refused { .. })));

        let later = Timestamp::from_ms(NOW.as_ms() + 1);
        assert_eq!(tool.revoke_key(key.id(), later).await.expect("an answer"), KeyRevoked::Revoked);
        assert_eq!(tool.revoke_key(key.id(), NOW).await.expect("an answer"), KeyRevoked::Already(later));
        assert_eq!(tool.revoke_key(KeyId::new(1), NOW).await.expect("an answer"), KeyRevoked::NoSuchKey);
        assert_ne!(server.keys_version().await.expect("a version"), with_key);
        let stored = server.key(key.id()).await.expect("an answer").expect("the key");
        assert_eq!(
            (stored.account_id, stored.revoked_at, stored.requests_per_minute),
            (id, Some(later), Some(60))
        );
        assert!(stored.digest.matches(&key.digest()));
        audited(&server).await;
    }

    async fn keys_are_listed_and_bad_ones_refused(fixture: &TestStore) {
        let store = fixture.store().clone();
        let id = account(&store, 1, 0).await;
        let key = |n: u32| ApiKey::new(KeyId::new(n), [7; 16]);
        for (n, name) in [(9, "first"), (u32::MAX, "second")] {
            assert_eq!(
                store.create_key(id, new_key(&key(n), name), NOW).await.expect("a key"),
                KeyCreated::Created
            );
        }
        let refused = [
            (id, new_key(&key(9), "again"), KeyCreated::IdTaken),
            (AccountId(99), new_key(&key(1), "whose"), KeyCreated::NoSuchAccount),
            (id, new_key(&key(1), &"x".repeat(101)), KeyCreated::NameTooLong),
        ];
        for (account_id, key, why) in refused {
            assert_eq!(store.create_key(account_id, key, NOW).await.expect("an answer"), why);
        }
        let names: Vec<_> = store.keys(id).await.expect("keys").into_iter().map(|key| key.name).collect();
        assert_eq!(names, ["first", "second"]);
        assert!(store.key(KeyId::new(1)).await.expect("an answer").is_none());
    }
}

#[tokio::test]
async fn no_file_holds_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    let id = account(&store, 1, 5).await;
    let secret = *b"\xa1sixteen-secret\xb2";
    let key = ApiKey::new(KeyId::new(0xab), secret);
    store.create_key(id, new_key(&key, "laptop"), NOW).await.expect("a key");
    let stored = store.key(key.id()).await.expect("an answer");
    assert!(!format!("{stored:?}").contains("sixteen"));
    let text = key.reveal();
    let digits = &text.as_bytes()[16..48];
    let mut looked = 0;
    for file in std::fs::read_dir(folder.path()).expect("the folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("bytes");
        for needle in [&secret[..], digits, text.as_bytes()] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle));
        }
        looked += usize::from(bytes.windows(32).any(|window| window == key.digest().as_bytes()));
    }
    assert!(looked > 0, "the digest at least is there, so the search looked at the right bytes");
}
