//! Baseline of the benchmarks: plain axum, one route, constant bytes; no key, limit, charge or store.
//! `bare_handler ADDRESS FILE` answers every request with the file's bytes.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use std::error::Error;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bare_handler ADDRESS FILE".into());
    };
    let body = Bytes::from(std::fs::read(file)?);
    let router: Router =
        Router::new().fallback(async move || ([(CONTENT_TYPE, "application/json")], body.clone()));
    axum::serve(TcpListener::bind(address).await?, router).await?;
    Ok(())
}
