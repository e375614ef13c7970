//! Which path leads to which handler. Only documented handlers can be added, and each is reached with and without the
//! last `/` of its path: clients that follow no redirects depend on it.

use crate::app::App;
use crate::contract::{challenge_info_id, challenge_info_name, challenge_posts, search_challenge};
use crate::errors::ErrorCode;
use crate::http::front::Call;
use crate::openapi;
use crate::operations;
use crate::problem::{Problem, Style};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderValue, Response};
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

type Routes = UtoipaMethodRouter<Arc<App>>;

/// Every route and the description of all of them.
pub(crate) fn build() -> (Router<Arc<App>>, OpenApi) {
    let all: [Routes; 8] = [
        routes!(challenge_info_id::handler),
        routes!(challenge_info_name::handler),
        routes!(challenge_posts::handler),
        routes!(search_challenge::handler),
        routes!(operations::healthz::handler),
        routes!(operations::readyz::handler),
        routes!(operations::metrics::handler),
        routes!(operations::openapi_json::handler),
    ];
    let documented = OpenApiRouter::with_openapi(openapi::base());
    let (router, description) = all.into_iter().fold(documented, add).split_for_parts();
    let router = router.method_not_allowed_fallback(method_not_allowed).fallback(unknown_path);
    (router, openapi::finish(description))
}

fn add(router: OpenApiRouter<Arc<App>>, routes: Routes) -> OpenApiRouter<Arc<App>> {
    let bare = routes.1.paths.keys().next().and_then(|path| path.strip_suffix('/')).map(str::to_owned);
    let methods = routes.2.clone();
    let router = router.routes(routes);
    match bare {
        Some(path) => router.route(&path, methods),
        None => router,
    }
}

async fn unknown_path(request: Request) -> Response<Body> {
    let detail = "there is nothing at this path; /openapi.json lists what there is";
    Problem::new(ErrorCode::UnknownPath, detail)
        .into_response(Call::of(request.extensions()).id, Style::Problem)
}

async fn method_not_allowed(request: Request) -> Response<Body> {
    let detail = format!("{} is not answered here; use GET", request.method());
    Problem::new(ErrorCode::MethodNotAllowed, detail)
        .allow(HeaderValue::from_static("GET"))
        .into_response(Call::of(request.extensions()).id, Style::Problem)
}
