//! The form for the password of a share.

use super::{find, page};
use crate::app::App;
use crate::http::bodies::read_small;
use crate::http::middleware::Call;
use crate::problem::Problem;
use crate::share_access::COOKIE_SECONDS;
use axum::body::Body;
use axum::extract::Request;
use domain::Timestamp;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response};
use sharing::OpenShare;

pub(super) async fn enter(app: &App, request: Request, call: &Call) -> Result<Response<Body>, Problem> {
    let (parts, body) = request.into_parts();
    let body = read_small(body, app.options.header_timeout).await?;
    let found = find(app, parts.uri.path()).await?;
    let Some(open) = found.filter(OpenShare::has_password) else { return Ok(page::nothing()) };
    let now = app.clock.now();
    if !app.share_tries.take(open.id(), now) {
        return Ok(page::blocked());
    }
    let mut fields = form_urlencoded::parse(&body);
    let entered = fields.find(|(name, _)| name == "password").map(|(_, value)| value.into_owned());
    let (entered, tried) = (entered.unwrap_or_default(), open.clone());
    let room = app.passwords.acquire().await.map_err(Problem::internal)?;
    let is_right = tokio::task::spawn_blocking(move || tried.is_password(&entered)).await;
    drop(room);
    if !is_right.map_err(Problem::internal)? {
        return Ok(page::form(true));
    }
    app.share_tries.give_back(open.id());
    let until = Timestamp::from_ms(now.as_ms() + COOKIE_SECONDS * 1_000);
    let value = app.share_cookies.value(open.id(), &open.password_mark(), until);
    let secure = if app.options.public_url.as_str().starts_with("https:") { "; Secure" } else { "" };
    // Without a path it is sent to the links of this slug, also where a proxy serves them under a prefix.
    let cookie = format!("{}={value}; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}", name(&open));
    let mut response = page::see_other();
    response.headers_mut().insert(LOCATION, header(call.public_url.link(parts.uri.path()))?);
    response.headers_mut().insert(SET_COOKIE, header(cookie)?);
    Ok(response)
}

/// Returns true if a request has the cookie of a share.
pub(super) fn has_cookie(app: &App, open: &OpenShare, headers: &HeaderMap) -> bool {
    let (name, mark, now) = (name(open), open.password_mark(), app.clock.now());
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = cookies.flat_map(|value| value.split(';')).filter_map(|cookie| {
        let (given, value) = cookie.trim().split_once('=')?;
        (given == name).then_some(value)
    });
    ours.any(|value| app.share_cookies.opens(open.id(), &mark, value, now))
}

fn name(open: &OpenShare) -> String {
    format!("tagmeter_{}", open.id())
}

fn header(value: String) -> Result<HeaderValue, Problem> {
    value.try_into().map_err(|error: http::header::InvalidHeaderValue| Problem::internal(error))
}
