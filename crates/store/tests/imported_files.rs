//! Imported files are found by size, replaced by size and digest, and cleared once forgetting changes what a file means.

use domain::{Creator, Timestamp, VideoId};
use std::collections::BTreeSet;
use store::imported_files::ImportedFile;
use testkit::TestStore;

fn file(bytes: u64, digest: u8, at: i64) -> ImportedFile {
    let summary = format!("{{\"at\":{at}}}");
    ImportedFile { bytes, digest: [digest; 16], imported_at: Timestamp::from_ms(at), summary }
}

async fn found(stored: &TestStore, sizes: &[u64]) -> Vec<ImportedFile> {
    let mut found = stored.store().imported_files(sizes).await.expect("an answer");
    found.sort_by_key(|file| (file.bytes, file.digest));
    found
}

async fn add(stored: &TestStore, files: &[ImportedFile]) {
    stored.store().add_imported_files(files.to_vec()).await.expect("added");
}

testkit::on_each_backend! {
    async fn files_are_found_by_size_and_replaced_by_digest(stored: &TestStore) {
        assert_eq!(found(stored, &[]).await, []);
        assert_eq!(found(stored, &[1]).await, []);
        add(stored, &[]).await;
        add(stored, &[file(1, 1, 10), file(1, 2, 10), file(2, 1, 10)]).await;
        assert_eq!(found(stored, &[1, 3]).await, [file(1, 1, 10), file(1, 2, 10)]);
        add(stored, &[file(1, 2, 20), file(u64::MAX >> 1, 9, 20)]).await;
        let all = found(stored, &[1, 2, u64::MAX >> 1, u64::MAX]).await;
        assert_eq!(all, [file(1, 1, 10), file(1, 2, 20), file(2, 1, 10), file(u64::MAX >> 1, 9, 20)]);
    }

    async fn forgetting_clears_them(stored: &TestStore) {
        let store = stored.store();
        let video = VideoId::try_from(7).expect("an id");
        let creators = BTreeSet::from([Creator::from_i64(8).expect("an id")]);
        let entries = [file(1, 1, 10)];
        add(stored, &entries).await;
        store.forget_videos(vec![video]).await.expect("forgotten");
        assert_eq!(found(stored, &[1]).await, []);
        add(stored, &entries).await;
        store.forget_creators(&creators).await.expect("forgotten");
        assert_eq!(found(stored, &[1]).await, []);
        add(stored, &entries).await;
        store.allow_again(&[video], &creators).await.expect("allowed");
        assert_eq!(found(stored, &[1]).await, []);
    }
}
