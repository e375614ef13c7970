//! Which path leads to which handler. Only documented handlers can be added, and each is reached with and without the
//! last `/` of its path: clients that follow no redirects depend on it.

use crate::app::App;
use crate::contract::{challenge_info_id, challenge_info_name, challenge_posts, search_challenge};
use crate::errors::ErrorCode;
use crate::http::front::Call;
use crate::openapi;
use crate::operations;
use crate::problem::{Problem, Style};
use crate::v1::hashtags::{self, benchmark, creators, history, history_chart, related, show, videos};
use crate::v1::{balance, compare, export, imports, me, metrics, trending, usage, walks};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderValue, Response};
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

type Routes = UtoipaMethodRouter<Arc<App>>;

/// What is not of the contract, and more than `GET`.
const V1: &str = "/v1/";

/// Every route and the description of all of them.
pub(crate) fn build() -> (Router<Arc<App>>, OpenApi) {
    let all: [Routes; 29] = [
        routes!(challenge_info_id::handler),
        routes!(challenge_info_name::handler),
        routes!(challenge_posts::handler),
        routes!(search_challenge::handler),
        routes!(hashtags::handler),
        routes!(show::handler),
        routes!(videos::handler),
        routes!(history::handler),
        routes!(history_chart::svg),
        routes!(history_chart::png),
        routes!(benchmark::handler),
        routes!(related::handler),
        routes!(creators::handler),
        routes!(trending::handler),
        routes!(compare::handler),
        routes!(export::handler),
        routes!(me::handler),
        routes!(balance::handler),
        routes!(usage::handler),
        routes!(metrics::handler),
        routes!(imports::create, imports::list),
        routes!(imports::show, imports::cancel),
        routes!(walks::create, walks::list),
        routes!(walks::show, walks::cancel),
        routes!(operations::healthz::handler),
        routes!(operations::readyz::handler),
        routes!(operations::metrics::handler),
        routes!(operations::openapi_json::handler),
        routes!(operations::openapi_json::older),
    ];
    let documented = OpenApiRouter::with_openapi(openapi::base());
    let (router, description) = all.into_iter().fold(documented, add).split_for_parts();
    let router = router.method_not_allowed_fallback(method_not_allowed).fallback(unknown_path);
    (router, openapi::finish(description))
}

fn add(router: OpenApiRouter<Arc<App>>, routes: Routes) -> OpenApiRouter<Arc<App>> {
    let other = routes.1.paths.keys().next().and_then(|path| match path.strip_suffix('/') {
        None if path.starts_with(V1) => Some(format!("{path}/")),
        bare => bare.map(str::to_owned),
    });
    let methods = routes.2.clone();
    let router = router.routes(routes);
    match other {
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
    if request.uri().path().starts_with(V1) {
        // The router names those that are.
        let detail = format!("{} is not answered here; `Allow` names what is", request.method());
        return Problem::new(ErrorCode::MethodNotAllowed, detail)
            .into_response(Call::of(request.extensions()).id, Style::Problem);
    }
    let detail = format!("{} is not answered here; use GET", request.method());
    Problem::new(ErrorCode::MethodNotAllowed, detail)
        .allow(HeaderValue::from_static("GET"))
        .into_response(Call::of(request.extensions()).id, Style::Problem)
}
