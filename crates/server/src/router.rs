//! Maps paths to handlers. Only documented handlers can be added, and each is reached with and without a
//! trailing `/`: clients that follow no redirects depend on it.

use crate::app::App;
use crate::contract::{challenge_info_id, challenge_info_name, challenge_posts, search_challenge};
use crate::errors::ErrorCode;
use crate::http::middleware::Call;
use crate::http::routes::{allow, method_not_allowed, options, other_form};
use crate::openapi;
use crate::operations;
use crate::problem::{Problem, Style};
use crate::v1::hashtags::{self, benchmark, creators, history, history_chart, related, show, videos};
use crate::v1::question::{self, OfHashtag};
use crate::v1::{
    alerts, annotations, balance, campaigns, compare, export, feeds, imports, me, metrics, schedules, shares,
    status, trackers, trending, usage, walks, webhooks,
};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::Response;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

type Routes = UtoipaMethodRouter<Arc<App>>;

/// Builds every route and their description.
pub(crate) fn build() -> (Router<Arc<App>>, OpenApi) {
    let all = [
        routes!(challenge_info_id::handler),
        routes!(challenge_info_name::handler),
        routes!(challenge_posts::handler),
        routes!(search_challenge::handler),
        question::routes::<hashtags::Hashtags>(),
        question::routes::<OfHashtag<show::Show>>(),
        question::routes::<OfHashtag<videos::Videos>>(),
        question::routes::<OfHashtag<history::History>>(),
        routes!(history_chart::svg),
        routes!(history_chart::png),
        question::routes::<OfHashtag<benchmark::Benchmark>>(),
        question::routes::<OfHashtag<related::Related>>(),
        question::routes::<OfHashtag<creators::Creators>>(),
        question::routes::<trending::Trending>(),
        question::routes::<compare::Compare>(),
        routes!(export::handler),
        routes!(me::handler),
        routes!(balance::handler),
        routes!(usage::handler),
        routes!(metrics::handler),
        routes!(status::handler),
        routes!(imports::create, imports::list),
        routes!(imports::show, imports::cancel),
        routes!(walks::create, walks::list),
        routes!(walks::show, walks::cancel),
        routes!(trackers::create, trackers::list),
        routes!(trackers::show::show, trackers::show::change, trackers::show::delete),
        routes!(trackers::hashtags::handler),
        routes!(trackers::candidates::handler),
        routes!(trackers::gaps::handler),
        routes!(trackers::series::handler),
        routes!(trackers::videos::handler),
        routes!(trackers::run::handler),
        routes!(alerts::create, alerts::list),
        routes!(alerts::show::show, alerts::show::change, alerts::show::delete),
        routes!(alerts::events::handler),
        routes!(alerts::preview::handler),
        routes!(alerts::templates::handler),
        routes!(webhooks::create, webhooks::list),
        routes!(webhooks::show::show, webhooks::show::change, webhooks::show::delete),
        routes!(webhooks::rotate::handler),
        routes!(webhooks::test::handler),
        routes!(webhooks::deliveries::handler),
        routes!(webhooks::replay::handler),
        routes!(annotations::create, annotations::list),
        routes!(annotations::show::show, annotations::show::change, annotations::show::delete),
        routes!(campaigns::create, campaigns::list),
        routes!(campaigns::show::show, campaigns::show::change, campaigns::show::delete),
        routes!(campaigns::report::handler),
        routes!(shares::create, shares::list),
        routes!(shares::show::show, shares::show::change, shares::show::revoke),
        routes!(schedules::create, schedules::list),
        routes!(schedules::show::show, schedules::show::change, schedules::show::delete),
        routes!(schedules::run::handler),
        routes!(feeds::create, feeds::list),
        routes!(feeds::show::show, feeds::show::change, feeds::show::revoke),
        routes!(feeds::rotate::handler),
        routes!(operations::healthz::handler),
        routes!(operations::readyz::handler),
        routes!(operations::metrics::handler),
        routes!(operations::openapi_json::handler),
        routes!(operations::openapi_json::older),
        routes!(operations::mute::show, operations::mute::mute),
        routes!(operations::unsubscribe::show, operations::unsubscribe::leave),
        routes!(operations::status::handler),
        routes!(operations::share::show, operations::share::enter),
        routes!(operations::feed::handler),
    ];
    let documented = OpenApiRouter::with_openapi(openapi::base());
    let (router, description) = all.into_iter().fold(documented, add).split_for_parts();
    (router.fallback(unknown_path), openapi::finish(description))
}

/// Adds a route in both forms of its path. `OPTIONS` and unsupported methods are answered with the supported
/// ones.
fn add(router: OpenApiRouter<Arc<App>>, (schemas, paths, methods): Routes) -> OpenApiRouter<Arc<App>> {
    let (path, item) = paths.paths.iter().next().expect("a route has a path");
    let (other, allow) = (other_form(path), allow(item));
    let allowed = allow.clone();
    let methods = methods.options(async || options(allowed)).fallback(async move |request: Request| {
        method_not_allowed(request.method(), allow, &Call::of(request.extensions()))
    });
    let router = router.routes((schemas, paths, methods.clone()));
    match other {
        Some(path) => router.route(&path, methods),
        None => router,
    }
}

async fn unknown_path(request: Request) -> Response<Body> {
    let call = Call::of(request.extensions());
    let detail = format!("no endpoint has this path; {} lists all", call.public_url.link("/openapi.json"));
    Problem::new(ErrorCode::UnknownPath, detail).into_response(&call, Style::Problem)
}
