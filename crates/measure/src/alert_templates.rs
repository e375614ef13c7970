//! Templates of alerts: six rules in plain words, each with its preview for a hashtag.

use crate::alert_coverage::too_few;
use crate::alert_parameters::{Threshold, Wait};
use crate::alert_preview::preview_of;
use crate::parameters::TagText;
use crate::{AlertPreviewQuery, AlertPreviewView, Measure, MeasureError};
use clap::Args;
use domain::Hashtag;
use domain::alerts::{Watch, Watched};
use domain::metrics::{Reading, TrendWindow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Episodes of the preview of a template: the newest.
const EPISODES_MAX: usize = 3;

/// Question: the templates for a hashtag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
pub struct AlertTemplatesQuery {
    /// Name of the hashtag, with or without #, or an id.
    #[arg(value_name = "NAME|ID")]
    #[param(inline, value_type = TagText, example = "cat")]
    pub hashtag: String,
}

/// A template.
struct Template {
    name: &'static str,
    title: &'static str,
    text: &'static str,
    rule: Watched,
    window: TrendWindow,
    /// Threshold, or else how often it should fire.
    wish: Result<&'static str, &'static str>,
    /// Time above the threshold before it fires; empty for none.
    pending_for: &'static str,
    cooldown: &'static str,
}

/// All templates, from the most general to the most special.
static TEMPLATES: [Template; 6] = [
    Template {
        name: "busy_week",
        title: "A busy week",
        text: "Says about once a week that the hashtag grows faster than usual.",
        rule: Watched::Growth,
        window: TrendWindow::Week,
        wish: Err("1/week"),
        pending_for: "",
        cooldown: "1d",
    },
    Template {
        name: "best_of_month",
        title: "The best days of a month",
        text: "Says about once a month that the views of a day are among the highest.",
        rule: Watched::Velocity,
        window: TrendWindow::Day,
        wish: Err("1/month"),
        pending_for: "",
        cooldown: "1w",
    },
    Template {
        name: "lasting_rise",
        title: "A rise that lasts",
        text: "Says about once a month that the hashtag has grown faster than usual for a whole day.",
        rule: Watched::Growth,
        window: TrendWindow::Week,
        wish: Err("1/month"),
        pending_for: "1d",
        cooldown: "1w",
    },
    Template {
        name: "breakout",
        title: "A breakout",
        text: "Says when the views of a week are three deviations above the weeks before.",
        rule: Watched::Breakout,
        window: TrendWindow::Week,
        wish: Ok("3"),
        pending_for: "",
        cooldown: "1w",
    },
    Template {
        name: "fast_month",
        title: "30 percent in a month",
        text: "Says when the views grow by more than 1 percent a day over 30 days.",
        rule: Watched::Growth,
        window: TrendWindow::Month,
        wish: Ok("1"),
        pending_for: "",
        cooldown: "1w",
    },
    Template {
        name: "views_lost",
        title: "Views were lost",
        text: "Says when the total fell and stayed low, as after videos were removed.",
        rule: Watched::Fell,
        window: TrendWindow::Week,
        wish: Ok("0"),
        pending_for: "",
        cooldown: "1w",
    },
];

/// The templates for a hashtag.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertTemplates)]
pub struct AlertTemplatesView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// Six templates.
    pub templates: Vec<AlertTemplateView>,
}

/// A rule in plain words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertTemplate)]
pub struct AlertTemplateView {
    /// Its name.
    #[schema(example = "busy_week")]
    pub name: &'static str,
    /// Its title.
    #[schema(example = "A busy week")]
    pub title: &'static str,
    /// A sentence that says when it fires.
    pub text: &'static str,
    /// Body of `POST /v1/alerts/preview` that asks for the whole preview.
    pub request: AlertTemplateRequest,
    /// Its preview, with the newest 3 episodes; `null` for the reason in `missing`.
    pub preview: Option<AlertPreviewView>,
    /// Reason for a missing preview.
    #[schema(example = json!(null))]
    pub missing: Option<String>,
}

/// Parameters of a preview.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlertTemplateRequest {
    /// The hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// The number that it watches.
    #[schema(example = "growth")]
    pub rule: &'static str,
    /// Its threshold; `null` with `about`.
    #[schema(example = json!(null))]
    pub above: Option<f64>,
    /// Frequency at which it should fire; `null` with `above`.
    #[schema(example = "1/week")]
    pub about: Option<String>,
    /// Time above the threshold before it fires.
    #[serde(rename = "for")]
    #[schema(example = json!(null))]
    pub pending_for: Option<String>,
    /// Time after a message without another.
    #[schema(example = "1d")]
    pub cooldown: Option<String>,
    /// Its window.
    #[schema(example = "7d")]
    pub window: &'static str,
}

impl Template {
    fn query(&self, hashtag: &str) -> AlertPreviewQuery {
        let wait = |text: &str| text.parse::<Wait>().ok();
        AlertPreviewQuery {
            rule: self.rule,
            window: self.window,
            above: self.wish.ok().and_then(|text| text.parse::<Threshold>().ok()),
            about: self.wish.err().and_then(|text| text.parse().ok()),
            pending_for: wait(self.pending_for),
            cooldown: wait(self.cooldown),
            ..AlertPreviewQuery::on(hashtag)
        }
    }

    fn view(&self, hashtag: &Hashtag, readings: &[Reading]) -> Result<AlertTemplateView, MeasureError> {
        let query = self.query(hashtag.tag.name());
        let (preview, missing) = match preview_of(hashtag, readings, None, &query) {
            Ok(mut preview) => {
                preview.fired.drain(..preview.fired.len().saturating_sub(EPISODES_MAX));
                (Some(preview), None)
            }
            Err(MeasureError::InsufficientHistory(why)) => (None, Some(why)),
            Err(error) => return Err(error),
        };
        Ok(AlertTemplateView {
            name: self.name,
            title: self.title,
            text: self.text,
            request: AlertTemplateRequest {
                hashtag: query.hashtag,
                rule: self.rule.name(),
                above: query.above.map(Threshold::get),
                about: query.about.map(|about| about.to_string()),
                pending_for: query.pending_for.map(|wait| wait.to_string()),
                cooldown: query.cooldown.map(|wait| wait.to_string()),
                window: self.window.name(),
            },
            preview,
            missing,
        })
    }
}

impl Measure {
    /// Returns the templates with their previews for a hashtag.
    ///
    /// # Errors
    ///
    /// The hashtag has fewer than 14 readings.
    pub async fn alert_templates(&self, hashtag: &Hashtag) -> Result<AlertTemplatesView, MeasureError> {
        let readings = self.readings_of_views(hashtag).await?;
        let watch = Watch::of_stored(Watched::default(), TrendWindow::default(), &readings);
        let name = hashtag.tag.name();
        if let Some(why) = too_few(name, &readings, watch.as_ref()) {
            return Err(MeasureError::InsufficientHistory(why));
        }
        let templates = TEMPLATES.iter().map(|template| template.view(hashtag, &readings));
        Ok(AlertTemplatesView { hashtag: name.to_owned(), templates: templates.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_a_question() {
        for template in &TEMPLATES {
            let query = template.query("cat");
            assert!(query.above.is_some() != query.about.is_some(), "{}", template.name);
            assert_eq!(query.pending_for.is_some(), !template.pending_for.is_empty(), "{}", template.name);
            assert!(query.cooldown.is_some(), "{}", template.name);
            assert_eq!(TEMPLATES.iter().filter(|other| other.name == template.name).count(), 1);
        }
    }
}
