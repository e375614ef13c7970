//! The routes: methods, query parameters and metrics of each path.
//!
//! Derived from the API description, so that a route cannot be added without its methods and parameters.

use super::middleware::Call;
use crate::errors::ErrorCode;
use crate::negotiation::{self, Strictness};
use crate::problem::{Problem, Style};
use crate::query::shown;
use axum::body::Body;
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// Prefix of paths outside the contract, which refuse unknown query parameters.
pub(crate) const V1: &str = "/v1/";
/// Similarity from which a known name is suggested for an unknown one.
const NEAR_ENOUGH: f64 = 0.7;

/// The parameter that names a moment, of the questions that are answered as of one.
const AS_OF: &str = "as_of";
/// The refusal of [`AS_OF`] by other paths.
const NO_AS_OF: &str = "as_of is not accepted here: this path answers from what is stored for the present alone; \
    hashtags, their history, videos, benchmark and creators, comparisons and campaigns are answered as of a moment";

/// A path of the description.
#[derive(Debug)]
pub(crate) struct Route {
    /// Path as documented.
    template: String,
    /// Index among the paths of the description.
    number: usize,
    /// Query parameters by method.
    parameters: Vec<(Method, Vec<String>)>,
    /// Media types of its answer, if it needs no key; other paths check `Accept` after the key.
    open_media_types: Vec<String>,
}

impl Route {
    fn new(number: usize, template: &str, item: &PathItem) -> Self {
        let parameters = operations(item).map(|(method, operation)| (method, query_of(operation))).collect();
        let open =
            item.get.as_ref().filter(|operation| operation.security.as_ref().is_none_or(Vec::is_empty));
        let open_media_types = open.map(media_types_of).unwrap_or_default();
        Self { template: template.to_owned(), number, parameters, open_media_types }
    }

    /// Returns its index among the paths of the description.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Returns its path as documented.
    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    /// Returns true if it is under `/v1`.
    pub(crate) fn is_v1(&self) -> bool {
        self.template.starts_with(V1)
    }

    /// Refuses an `Accept` header that excludes the media types of an open path.
    pub(crate) fn check_accept(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let media_types: Vec<&str> = self.open_media_types.iter().map(String::as_str).collect();
        negotiation::check(headers, &media_types, Strictness::Excluded)
    }

    /// Refuses unknown and repeated parameters.
    pub(crate) fn check_query(&self, method: &Method, query: &str) -> Result<(), Problem> {
        if query.is_empty() {
            return Ok(());
        }
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let known = self.parameters.iter().find(|(one, _)| one == method).map_or(&[][..], |(_, names)| names);
        let mut given = HashSet::new();
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            if name.is_empty() {
                continue;
            }
            if !known.iter().any(|one| *one == name) {
                return Err(unknown(&name, known));
            }
            if !given.insert(name.clone()) {
                return Err(Problem::field(
                    name.to_string(),
                    format!("{name} is given more than once; give it once"),
                ));
            }
        }
        Ok(())
    }
}

fn unknown(name: &str, known: &[String]) -> Problem {
    let detail = match (nearest(name, known), known.is_empty()) {
        _ if name == AS_OF => NO_AS_OF.to_owned(),
        (Some(near), _) => format!("there is no parameter {}; did you mean {near}?", shown(name)),
        (None, false) => {
            format!("there is no parameter {}; the parameters are {}", shown(name), known.join(", "))
        }
        (None, true) => format!("there is no parameter {}; this path takes none", shown(name)),
    };
    Problem::field(name.chars().take(40).collect(), detail)
}

/// Returns the known name most similar to an unknown one.
fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let likeness = |one: &String| strsim::jaro_winkler(&name.to_lowercase(), &one.to_lowercase());
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= NEAR_ENOUGH).then_some(best)
}

/// All routes, each by its path with and without a trailing `/`.
#[derive(Debug)]
pub(crate) struct Routes {
    matcher: matchit::Router<Arc<Route>>,
}

impl Routes {
    /// Collects the routes of a finished description.
    pub(crate) fn new(description: &OpenApi) -> Self {
        let mut matcher = matchit::Router::new();
        for (number, (template, item)) in description.paths.paths.iter().enumerate() {
            let route = Arc::new(Route::new(number, template, item));
            for path in [Some(template.clone()), other_form(template)].into_iter().flatten() {
                matcher.insert(path, Arc::clone(&route)).expect("documented paths do not overlap");
            }
        }
        Self { matcher }
    }

    /// Returns the route of a path as sent.
    pub(crate) fn find(&self, path: &str) -> Option<Arc<Route>> {
        self.matcher.at(path).ok().map(|found| Arc::clone(found.value))
    }
}

/// Returns the path with or without a trailing `/`, if it is answered in that form too: clients that follow no
/// redirects depend on it.
pub(crate) fn other_form(path: &str) -> Option<String> {
    match path.strip_suffix('/') {
        None if path.starts_with(V1) => Some(format!("{path}/")),
        bare => bare.filter(|bare| !bare.is_empty()).map(str::to_owned),
    }
}

/// Returns the value of `Allow`: the methods of a path.
pub(crate) fn allow(item: &PathItem) -> HeaderValue {
    let mut names: Vec<&str> = Vec::new();
    let methods: Vec<Method> = operations(item).map(|(method, _)| method).collect();
    for method in &methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.push("OPTIONS");
    names.join(", ").try_into().expect("names of methods are a header value")
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn query_of(operation: &Operation) -> Vec<String> {
    let all = operation.parameters.iter().flatten();
    all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    })
    .collect()
}

/// Returns the media types of its 200, without parameters.
fn media_types_of(operation: &Operation) -> Vec<String> {
    match operation.responses.responses.get("200") {
        Some(RefOr::T(response)) => response
            .content
            .keys()
            .map(|kind| kind.split(';').next().unwrap_or_default().trim().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// Builds the answer to `OPTIONS`.
pub(crate) fn options(allow: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// Builds the answer to a method that a path does not have.
pub(crate) fn method_not_allowed(method: &Method, allow: HeaderValue, call: &Call) -> Response<Body> {
    let methods = allow.to_str().unwrap_or_default();
    let detail = format!("{method} is not answered here; use {methods}");
    Problem::new(ErrorCode::MethodNotAllowed, detail).allow(allow).into_response(call, Style::Problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &str, query: &str) -> (Option<String>, String) {
        let (_, description) = crate::router::build();
        let route = Routes::new(&description).find(path).expect("a route");
        let problem = route.check_query(&Method::GET, query).expect_err("a refusal");
        (problem.field_name().map(str::to_owned), problem.detail().to_owned())
    }

    #[test]
    fn unknown_and_repeated_parameters_are_named() {
        let (name, detail) = refused("/v1/hashtags/cat/history", "metric=views&setp=day");
        assert_eq!(
            (name.as_deref(), detail.contains("did you mean step?")),
            (Some("setp"), true),
            "{detail}"
        );
        let (name, detail) = refused("/v1/hashtags/cat/", "zzz=1");
        assert_eq!(name.as_deref(), Some("zzz"));
        assert!(detail.contains("the parameters are "), "{detail}");
        let (_, detail) = refused("/v1/me", "a=1");
        assert!(detail.contains("takes none"), "{detail}");
        let (name, detail) = refused("/v1/trending", "sort=growth&sort=growth");
        assert_eq!((name.as_deref(), detail.contains("more than once")), (Some("sort"), true));
        let (name, _) = refused("/v1/trending", "%73ort=growth&sort=growth");
        assert_eq!(name.as_deref(), Some("sort"));
    }

    #[test]
    fn both_forms_of_every_path_are_one_route() {
        let (_, description) = crate::router::build();
        let routes = Routes::new(&description);
        for template in description.paths.paths.keys() {
            let path = template.replace("{ref}", "cat").replace("{id}", "job_1");
            let found = routes.find(&path).expect("a route");
            assert_eq!(found.template, *template);
            if let Some(other) = other_form(&path) {
                assert_eq!(routes.find(&other).expect("a route").number(), found.number());
            }
        }
        assert!(routes.find("/nothing").is_none() && routes.find("/healthz/").is_none());
    }
}
