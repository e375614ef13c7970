//! Progress bars of imports, migrations, backups and exports, and a spinner: on standard error, only on a
//! terminal, and only after a second.

use crate::terminal::is_dumb;
use catalog::import::ImportProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sources::files::Progress;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time after which a bar is shown.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// Time between two steps of a spinner.
const SPUN_EVERY: Duration = Duration::from_millis(100);

/// A progress bar.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    is_shown: AtomicBool,
}

impl Bar {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            is_shown: AtomicBool::new(false),
        }
    }

    /// Removes the bar from the screen.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Shows copied rows, of all, and their table.
    pub(crate) fn rows(&self, table: &str, rows: u64, total: u64) {
        self.place(table, rows, total, "{prefix:17} {bar:24} {human_pos}/{human_len} rows eta {eta}");
    }

    /// Shows copied bytes, of all.
    pub(crate) fn bytes(&self, doing: &'static str, bytes: u64, total: u64) {
        self.place(doing, bytes, total, "{prefix} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}");
    }

    /// Shows exported hashtags or videos (`noun`), of all.
    pub(crate) fn exported(&self, noun: &str, done: u64, total: u64) {
        let template = format!("{{prefix}} {{bar:24}} {{human_pos}}/{{human_len}} {noun} eta {{eta}}");
        self.place("exporting", done, total, &template);
    }

    /// Adds forgotten videos, of all.
    pub(crate) fn forgotten(&self, more: u64, total: u64) {
        let done = self.bar.position() + more;
        self.place("forgetting", done, total, "{prefix} {bar:24} {human_pos}/{human_len} videos eta {eta}");
    }

    /// Shows windows of days that were read, of all, with a message.
    pub(crate) fn windows(&self, windows: u64, total: u64, message: &str) {
        self.place("backfill", windows, total, "{prefix} {bar:24} {pos}/{len} windows {wide_msg}");
        self.bar.set_message(message.to_owned());
    }

    fn place(&self, prefix: &str, position: u64, length: u64, template: &str) {
        self.show_when_slow();
        if self.bar.length() != Some(length) {
            self.bar.set_length(length);
            let style = ProgressStyle::with_template(template);
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
        if self.bar.prefix() != prefix {
            self.bar.set_prefix(prefix.to_owned());
        }
        self.bar.set_position(position);
    }

    /// indicatif writes to terminals only; elsewhere the bar stays hidden.
    fn show_when_slow(&self) {
        if !self.is_shown.load(Ordering::Relaxed) && self.bar.elapsed() >= SHOWN_AFTER {
            self.is_shown.store(true, Ordering::Relaxed);
            if is_dumb() {
                return;
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Returns the style of an import's bar; without a known length, a spinner.
    fn style(has_length: bool) -> ProgressStyle {
        let template = if has_length {
            "{prefix} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} eta {eta} {wide_msg}"
        } else {
            "{prefix} {spinner} {bytes} {bytes_per_sec} {wide_msg}"
        };
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    }
}

/// Waits for work of unknown length; shows a spinner after a second.
pub(crate) async fn spinning<F: Future>(doing: &'static str, future: F) -> F::Output {
    let mut future = pin!(future);
    if let Ok(done) = tokio::time::timeout(SHOWN_AFTER, &mut future).await {
        return done;
    }
    if is_dumb() {
        return future.await;
    }
    let spinner = ProgressBar::no_length().with_message(doing);
    spinner.enable_steady_tick(SPUN_EVERY);
    let done = future.await;
    spinner.finish_and_clear();
    done
}

impl ImportProgress for Bar {
    fn begin(&self, name: &str, number: usize, files: usize) {
        let short = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let name = crate::output::shortened(&crate::output::printable(short), 32);
        self.bar.set_prefix(if files > 1 { format!("[{}/{files}] {name}", number + 1) } else { name });
        if number == 0 {
            self.bar.set_style(Self::style(false));
        }
    }

    fn advance(&self, progress: Progress, records: u64) {
        self.show_when_slow();
        if let Some(total) = progress.bytes_total
            && self.bar.length().is_none()
        {
            self.bar.set_length(total);
            self.bar.set_style(Self::style(true));
        }
        self.bar.set_position(progress.bytes_read);
        self.bar.set_message(format!("{} records", crate::output::grouped(records)));
    }
}
