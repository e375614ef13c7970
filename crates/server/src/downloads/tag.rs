//! Entity tags of stored answers: `HASH[-CODING]-ID.NODE`. `HASH` is that of the data, which `If-None-Match`
//! compares; `ID` is that of the call that made the file, and the file's name; `NODE` has the file, so that
//! other nodes can name it.

use crate::encoding::Coding;
use domain::RequestId;
use http::HeaderValue;

/// Length of a request id, in characters.
const ID_LENGTH: usize = 36;

/// Name of a node in entity tags; empty if it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node(String);

/// A strong entity tag, without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileTag(String);

impl Node {
    /// Derives it from the configured name, without characters that have a meaning in headers.
    pub(crate) fn new(name: &str) -> Self {
        Self(name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns it as a header value, or `None` if it is empty.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        if self.0.is_empty() { None } else { HeaderValue::from_str(&self.0).ok() }
    }
}

impl FileTag {
    /// Builds the tag of a file that a call made on a node.
    pub(crate) fn new(hash: &str, coding: Coding, id: RequestId, node: &Node) -> Self {
        let coding = match coding {
            Coding::Identity => String::new(),
            coding => format!("-{}", coding.name()),
        };
        let node = if node.0.is_empty() { String::new() } else { format!(".{}", node.0) };
        Self(format!("{hash}{coding}-{id}{node}"))
    }

    /// Wraps a tag as stored, or as sent by a client.
    pub(crate) fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the value of `ETag`.
    pub(crate) fn etag(&self) -> Option<HeaderValue> {
        format!("\"{}\"", self.0).try_into().ok()
    }

    /// Returns the hash of the data, which is the whole tag of an answer without a file.
    pub(crate) fn hash(&self) -> &str {
        self.0.split(['-', '.']).next().unwrap_or_default()
    }

    /// Returns the id of the call that made the file.
    pub(crate) fn id(&self) -> Option<RequestId> {
        let name = self.0.split('.').next()?;
        RequestId::parse(name.get(name.len().checked_sub(ID_LENGTH)?..)?)
    }

    /// Returns the node that has the file.
    pub(crate) fn node(&self) -> Option<&str> {
        self.0.split_once('.').map(|(_, node)| node)
    }

    /// Returns the node that has the file, if it is not `here`.
    pub(crate) fn elsewhere(&self, here: &Node) -> Option<&str> {
        self.node().filter(|node| *node != here.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn a_tag_names_the_data_the_call_and_the_node() {
        let id = RequestId::new(Timestamp::from_ms(1_700_000_000_000), 7);
        let here = Node::new("no\"d,e-1");
        assert_eq!(here.as_str(), "node-1");
        for coding in [Coding::Identity, Coding::Zstd] {
            let tag = FileTag::new("0af1", coding, id, &here);
            assert_eq!((tag.hash(), tag.id(), tag.elsewhere(&here)), ("0af1", Some(id), None), "{tag:?}");
            assert_eq!(tag.elsewhere(&Node::new("node-2")), Some("node-1"));
        }
        let without_name = FileTag::new("0af1", Coding::Identity, id, &Node::new(""));
        assert_eq!((without_name.id(), without_name.elsewhere(&here)), (Some(id), None));
        assert_eq!(Node::new("").header(), None);
        for text in ["", "0af1", "é", "-", ".", "0af1-gzip"] {
            assert_eq!(FileTag::from_text(text).id(), None, "{text}");
        }
    }
}
