//! The API description that the binary serves is the reviewed one: the server's snapshots have every byte of
//! it.

use crate::binary::{Place, Serving};

/// Returns the text of a snapshot, without its header.
fn reviewed(snapshot: &str) -> &str {
    let (_, text) =
        snapshot.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("a snapshot");
    text.trim_end()
}

#[test]
fn the_description_that_is_served_is_the_one_that_was_reviewed() {
    let place = Place::new();
    let demo = Serving::start(place.command(&["demo", "--listen", "127.0.0.1:0"]));
    let (newest, older) = (
        include_str!(
            "../../../server/src/openapi/snapshots/server__openapi__tests__the_whole_description.snap"
        ),
        include_str!(
            "../../../server/src/openapi/snapshots/server__openapi__tests__the_whole_description_in_3_0.snap"
        ),
    );
    for (path, snapshot) in [("/openapi.json", newest), ("/openapi-3.0.json", older)] {
        let (status, served) = demo.get_text(path, "");
        assert_eq!(status, 200, "{path}");
        // The whole difference may be thousands of lines long: the first line that differs is enough.
        let differs =
            served.lines().zip(reviewed(snapshot).lines()).find(|(served, reviewed)| served != reviewed);
        assert_eq!(differs, None, "{path}");
        assert_eq!(served.len(), reviewed(snapshot).len(), "{path}");
        assert!(served.contains(concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"")), "{path}");
    }
}
