//! Notes that owners write on trackers and campaigns.

/// Longest notes, in characters.
pub const NOTES_LENGTH_MAX: usize = 2_000;

/// Why a text is not taken as notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give at most {NOTES_LENGTH_MAX} characters and no control characters but line breaks")]
pub struct NotesError;

/// Returns a text that fits as notes.
///
/// # Errors
/// It is longer than [`NOTES_LENGTH_MAX`], or has control characters other than line breaks.
pub fn checked_notes(notes: String) -> Result<String, NotesError> {
    let is_wrong = |c: char| c.is_control() && c != '\n';
    if notes.chars().count() > NOTES_LENGTH_MAX || notes.chars().any(is_wrong) {
        return Err(NotesError);
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_have_line_breaks_and_an_end() {
        let longest = "é".repeat(NOTES_LENGTH_MAX);
        for fits in ["", "for a client\nsecond line", longest.as_str()] {
            assert_eq!(checked_notes(fits.to_owned()), Ok(fits.to_owned()));
        }
        for wrong in [format!("{longest}x"), "a\tb".to_owned(), "\u{7f}".to_owned()] {
            assert_eq!(checked_notes(wrong), Err(NotesError));
        }
    }
}
