//! `/v1/shares`: links that show the report of a campaign or of hashtags.

pub(crate) mod show;

pub(super) mod token;

use super::json_reply::answer;
use super::measured::Pagination;
use super::{campaigns, json_body, json_reply};
use crate::apart::apart;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::admit::presented_key;
use crate::gate::quote::key_of_other_request;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{CreateShareErrors, FreeErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use charts::report::{Accent, Brand, BrandError, Colour, LOGO_BYTES_MAX, Logo};
use domain::{KeyScope, Moment, ShareId, Timestamp};
use http::{Response, StatusCode};
use measure::parameters::{Whole, by};
use measure::{CampaignError, ReportSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sharing::{
    CreatedShare, DAYS_DEFAULT, DAYS_MAX, Repeatable, ShareError, ShareOrder, SharePassword, ShareView,
    Subject,
};
use std::sync::Arc;
use store::idempotency::Fingerprint;
use store::shares::ShareKind;
use utoipa::{IntoParams, ToSchema};

const PATH: &str = "/v1/shares";
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;
/// Most bytes of an order: a logo as base64, and the rest.
const ORDER_BYTES_MAX: usize = LOGO_BYTES_MAX * 4 / 3 + 64 * 1024;

/// Days of a share.
type Days = Whole<1, { DAYS_MAX as u64 }>;

/// State that a share shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = ShareMode)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// The state of now.
    #[default]
    Frozen,
    /// The state of the moment it is opened.
    Live,
}

/// Use of a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = ShareKind)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A page of its own.
    #[default]
    Page,
    /// A frame in other sites.
    Embed,
}

/// A password and the name of whom it is for.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = SharePassword)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordAsked {
    /// Name, for the owner.
    #[schema(example = "client", max_length = 200)]
    name: String,
    /// The password, 8 to 200 bytes. Only its Argon2id digest is stored.
    // Left out of what identifies a repeated order: a plain digest of it would be stored.
    #[serde(skip_serializing)]
    #[schema(example = "correct horse battery", min_length = 8, max_length = 200)]
    password: String,
}

/// The look of a report.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[schema(as = ReportLook)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrandAsked {
    /// Logo: a PNG of at most 512 KiB, as base64.
    logo: Option<String>,
    /// Colour of rules and bars.
    #[schema(example = "#004d40")]
    color: Option<String>,
    /// Colour of the first line of each chart; dark enough for white paper.
    #[schema(example = "#00796b")]
    accent: Option<String>,
    /// Name of the sender.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Example Agency", max_length = 200)]
    sender: String,
}

/// The order for a share.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = NewShare)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareAsked {
    /// Name or id of the campaign; or `hashtags`.
    #[schema(example = "summer")]
    campaign: Option<String>,
    /// Hashtags in place of a campaign, 1 to 10: names, with or without `#`, or ids.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 10, example = json!([]))]
    hashtags: Vec<String>,
    /// Beginning of the report on hashtags: a day (UTC), a moment, or a length of time back from now such as `90d`.
    #[serde(default, deserialize_with = "by::text", skip_serializing)]
    #[schema(value_type = Option<String>)]
    from: Option<Moment>,
    /// End of the report on hashtags, included.
    #[serde(default, deserialize_with = "by::text", skip_serializing)]
    #[schema(value_type = Option<String>)]
    to: Option<Moment>,
    /// Heading of the report. Without it, that of the campaign, or the names of the hashtags.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// `frozen`: the numbers of now, whenever it is opened; `live`: those of the moment it is opened.
    #[serde(default)]
    #[schema(value_type = Option<Mode>, default = "frozen", example = "frozen")]
    mode: Mode,
    /// `page`, or `embed` for a frame in the listed `sites`, which has no passwords.
    #[serde(default)]
    #[schema(value_type = Option<Kind>, default = "page", example = "page")]
    kind: Kind,
    /// Sites that may embed it, 1 to 20 of `embed`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20, example = json!([]))]
    sites: Vec<String>,
    /// Passwords, at most 5; each opens it. Without one the link opens by itself.
    #[serde(default)]
    #[schema(value_type = Option<Vec<PasswordAsked>>, max_items = 5)]
    passwords: Vec<PasswordAsked>,
    /// Days until it expires.
    #[serde(skip_serializing)]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 3_650, default = 90, example = 90)]
    days: Option<Days>,
    /// Look of the report.
    #[serde(default)]
    #[schema(value_type = Option<BrandAsked>)]
    brand: BrandAsked,
}

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct SharesQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(shr_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<ShareId>,
}

answer! {
    /// One share.
    ShareAnswer: ShareView
}
answer! {
    /// Shares, newest first.
    with pages ShareList: Vec<ShareView>
}

/// Converts an error of shares.
pub(super) fn problem(error: ShareError) -> Problem {
    let detail = error.to_string();
    match error {
        ShareError::Measure(error) => super::measured::problem(error),
        ShareError::Campaign(error) => campaigns::problem(error),
        ShareError::Store(error) => error.into(),
        ShareError::Field { field, .. } => Problem::parameter(field, detail),
        ShareError::NotFound => Problem::new(ErrorCode::ShareNotFound, detail),
        ShareError::Revoked => Problem::new(ErrorCode::ShareRevoked, detail),
        ShareError::TooMany => Problem::new(ErrorCode::LimitReached, detail),
        ShareError::TooLarge(_) => Problem::parameter("campaign", detail),
        ShareError::KeyOfOtherRequest => key_of_other_request(),
        ShareError::Busy | ShareError::NoSecret(_) => Problem::unavailable(detail),
        error => Problem::internal(error),
    }
}

impl BrandAsked {
    pub(super) fn brand(self) -> Result<Brand, Problem> {
        let wrong = |error: BrandError| Problem::parameter("brand", format!("brand: {error}"));
        let logo = self.logo.map(|text| {
            let bytes = STANDARD.decode(text.trim());
            let bytes =
                bytes.map_err(|error| BrandError::LogoContent(format!("it is no base64: {error}")))?;
            match Logo::read(bytes)? {
                logo if logo.is_png() => Ok(logo),
                // Drawing an SVG may take long; those of strangers are not drawn here.
                _ => Err(BrandError::LogoContent("send a PNG".to_owned())),
            }
        });
        Ok(Brand {
            logo: logo.transpose().map_err(wrong)?,
            colour: self.color.map(|text| text.parse::<Colour>()).transpose().map_err(wrong)?,
            accent: self.accent.map(|text| text.parse::<Accent>()).transpose().map_err(wrong)?,
            sender: self.sender,
        })
    }
}

fn passwords(asked: Vec<PasswordAsked>) -> Vec<SharePassword> {
    asked.into_iter().map(|one| SharePassword { name: one.name, password: one.password }).collect()
}

fn days(asked: Days) -> u16 {
    u16::try_from(asked.get()).unwrap_or(DAYS_MAX)
}

impl ShareAsked {
    fn order(self, now: Timestamp) -> Result<ShareOrder, Problem> {
        let span = ReportSpan {
            from: self.from.map(|from| from.begin(now)),
            to: self.to.map(|to| to.end(now)),
            account_id: None,
        };
        let subject = match self.campaign {
            Some(_) if !self.hashtags.is_empty() => {
                let why = "hashtags: a campaign has its own; give one of the two";
                return Err(Problem::parameter("hashtags", why));
            }
            Some(_) if span != ReportSpan::default() => {
                let why = "from: a campaign has its own time; leave from and to out";
                return Err(Problem::parameter("from", why));
            }
            Some(name) => {
                // A malformed name is as unknown as any other.
                let unknown = |_| problem(ShareError::Campaign(CampaignError::NotFound));
                Subject::Campaign(name.parse().map_err(unknown)?)
            }
            None if self.hashtags.is_empty() => {
                return Err(Problem::parameter("campaign", "campaign: give a campaign or hashtags"));
            }
            None => Subject::Hashtags { names: self.hashtags, span },
        };
        Ok(ShareOrder {
            subject,
            heading: self.title,
            brand: self.brand.brand()?,
            is_live: self.mode == Mode::Live,
            kind: if self.kind == Kind::Embed { ShareKind::Embed } else { ShareKind::Page },
            sites: self.sites,
            passwords: passwords(self.passwords),
            days: self.days.map_or(DAYS_DEFAULT, days),
        })
    }

    /// Returns text that is the same for the same order, with a digest for its passwords and its logo.
    fn identity(&self) -> Result<String, Problem> {
        let order = serde_json::to_vec(self).map_err(Problem::internal)?;
        let digest = base16ct::lower::encode_string(&Sha256::digest(order));
        Ok(format!("POST {PATH} {digest} {:?} {:?} {:?}", self.days.map(days), self.from, self.to))
    }
}

impl AuthenticatedRequest {
    /// Returns the id of the share that the path names.
    fn share_id(&self) -> Result<ShareId, Problem> {
        let id = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed id is as unknown as any other.
        id.parse().map_err(|_| problem(ShareError::NotFound))
    }
}

/// Create a share
///
/// Makes a link that shows the report of a campaign or of hashtags to whoever has it, until it expires or is revoked. The link is
/// in this answer alone; a request repeated with the same API key under its `Idempotency-Key` is answered with the same share
/// and link. Free.
#[utoipa::path(
    post,
    path = "/v1/shares",
    operation_id = "create_share",
    tag = "shares",
    request_body = ShareAsked,
    responses(
        (status = 201, description = "The share with its link; `Location` is its path under `/v1`", body = ShareAnswer),
        CreateShareErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: ShareAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let (app, account_id) = (&request.app, request.caller.key.account_id);
    let fingerprint = Fingerprint::of(asked.identity()?.as_bytes());
    let repeatable = match idempotency_key(&request.parts.headers)? {
        Some(key) => {
            let token =
                token::repeatable(token::SHARES, &presented_key(&request.parts.headers)?, account_id, &key);
            Some(Repeatable { key, fingerprint, token })
        }
        None => None,
    };
    let (sharing, order) = (app.sharing.clone(), asked.order(app.clock.now())?);
    let made =
        apart(app, async move { sharing.create(account_id, order, repeatable).await.map_err(problem) });
    let CreatedShare { share, path } = made.await?;
    let (url, id) = (path.map(|path| request.call.public_url.link(&path)), share.id);
    let view = ShareView::of(&share, url, app.clock.now()).map_err(problem)?;
    json_reply::created(StatusCode::CREATED, &view, &request.call.public_url, &format!("{PATH}/{id}"))
}

/// List shares
///
/// Returns the account's shares, newest first, 20 per page, also expired and revoked ones. Free.
#[utoipa::path(
    get,
    path = "/v1/shares",
    operation_id = "list_shares",
    tag = "shares",
    params(SharesQuery),
    responses((status = 200, description = "The shares", body = ShareList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let SharesQuery { cursor } = request.query()?;
        let page = request.app.sharing.list(request.caller.key.account_id, cursor).await.map_err(problem)?;
        let now = request.app.clock.now();
        let views: Result<Vec<ShareView>, ShareError> =
            page.shares.iter().map(|share| ShareView::of(share, None, now)).collect();
        json_reply::page(&views.map_err(problem)?, Pagination::new(page.next.map(|id| id.to_string())))
    })
    .await
}
