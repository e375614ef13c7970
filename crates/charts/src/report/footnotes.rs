//! Numbers the footnotes of a report: each text once, in the order of its first mention.

use crate::report::{Report, Section};
use std::collections::HashMap;

/// The footnotes of a report, from 1.
#[derive(Debug, Default)]
pub struct Footnotes<'a> {
    texts: Vec<&'a str>,
    numbers: HashMap<&'a str, usize>,
}

impl<'a> Footnotes<'a> {
    /// Returns the footnotes of a report in reading order. Empty texts have no number.
    pub fn of(report: &'a Report) -> Self {
        let mut all = Self::default();
        for text in report.sections.iter().flat_map(mentioned) {
            if !text.trim().is_empty() && !all.numbers.contains_key(text.as_str()) {
                all.texts.push(text);
                all.numbers.insert(text, all.texts.len());
            }
        }
        all
    }

    /// Returns the texts; the first is number 1.
    pub fn texts(&self) -> &[&'a str] {
        &self.texts
    }

    /// Returns the numbers of these texts.
    pub fn numbers(&self, texts: &[String]) -> Vec<usize> {
        texts.iter().filter_map(|text| self.numbers.get(text.as_str()).copied()).collect()
    }
}

/// Iterates over the footnotes of a section in the order of its parts on the page.
fn mentioned(section: &Section) -> impl Iterator<Item = &String> {
    let of_figures = section.figures.iter().flat_map(|figure| &figure.footnotes);
    let of_statements = section.statements.iter().flat_map(|statement| &statement.footnotes);
    let of_tables = section.tables.iter().flat_map(|table| &table.footnotes);
    of_figures.chain(of_statements).chain(&section.chart_footnotes).chain(of_tables)
}
