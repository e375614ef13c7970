//! A name that is public when it is checked and internal when it is dialled never leads inside.

use crate::network::{Answers, Authority, Behaviour, Receiver, policy, post, sender};
use notify::dial::{DialError, Resolve};
use notify::send::{Answer, SendError};
use notify::target::{Policy, Target};
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;

/// Tries to lead the connector inside, unless `TAGMETER_REBINDINGS` has another number: none of so many succeeds, so fewer
/// than 3 in 1,000 can (at 95 %).
const TRIES: usize = 1_000;
/// Tries of the twin, each of which succeeds.
const TWIN_TRIES: usize = 100;
const URL: &str = "https://rebind.example/hook";
/// The address that stands for a public one: no test sends anything off this machine.
const PUBLIC: &str = "127.0.0.2";

/// The faulty twin of the connector: it checks what a name resolves to, and then dials the name.
async fn check_then_dial(policy: &Policy, target: &Target, resolver: &dyn Resolve) -> bool {
    let (host, port) = (target.host(), target.port());
    let checked = resolver.resolve(&host, port).await.expect("addresses");
    if checked.iter().any(|address| policy.check(target, address.ip()).is_err()) {
        return false;
    }
    let dialled = resolver.resolve(&host, port).await.expect("addresses");
    TcpStream::connect(dialled[0]).await.is_ok()
}

#[expect(clippy::disallowed_methods, reason = "the number of a long run is for the machine to say")]
fn tries() -> usize {
    std::env::var("TAGMETER_REBINDINGS").ok().and_then(|tries| tries.parse().ok()).unwrap_or(TRIES)
}

/// Starts a receiver at the public address, and a canary at an internal one.
async fn network() -> (Receiver, Receiver, Vec<CertificateDer<'static>>) {
    let authority = Authority::new();
    let answer = Behaviour::Answers("HTTP/1.1 204 No Content\r\n\r\n".to_owned());
    let acceptor = authority.acceptor("rebind.example");
    let public = Receiver::start_at(PUBLIC, answer.clone(), Some(acceptor.clone())).await;
    let canary = Receiver::start_at("127.0.0.1", answer, Some(acceptor)).await;
    (public, canary, authority.certificates())
}

fn is_internal(sent: &Result<Answer, SendError>) -> bool {
    matches!(sent, Err(SendError::Dial(DialError::Internal(_))))
}

#[tokio::test]
async fn a_rebound_name_never_reaches_the_canary() {
    let (public, canary, authorities) = network().await;
    let resolver = Answers::new(vec![vec![public.address], vec![canary.address]]);
    let sender = sender(&[PUBLIC], resolver, &authorities);
    let post = post(&[PUBLIC], URL);
    for _ in 0..tries() {
        let sent = sender.send(&post).await;
        assert!(sent.as_ref().is_ok_and(|answer| answer.status == 204), "{sent:?}");
        let sent = sender.send(&post).await;
        assert!(is_internal(&sent), "{sent:?}");
    }
    assert_eq!((canary.connections().await, public.connections().await), (0, tries()));
}

#[tokio::test]
async fn one_internal_address_among_public_ones_is_enough_to_refuse() {
    let (public, canary, authorities) = network().await;
    let [first, last] = [[canary.address, public.address], [public.address, canary.address]];
    let mapped = SocketAddr::new("::ffff:127.0.0.1".parse().expect("an address"), canary.address.port());
    let many: Vec<_> = std::iter::repeat_n(public.address, 50).chain([canary.address]).collect();
    for answer in [first.to_vec(), last.to_vec(), vec![mapped], vec![public.address, mapped], many] {
        let sender = sender(&[PUBLIC], Answers::new(vec![answer.clone()]), &authorities);
        let sent = sender.send(&post(&[PUBLIC], URL)).await;
        assert!(is_internal(&sent), "{answer:?}: {sent:?}");
        let error = sent.expect_err("refused").to_string();
        assert!(error.contains("webhooks.allow = [\"rebind.example\"]"), "{error}");
        assert!(!error.contains("127.0.0.1"), "{error}");
    }
    assert_eq!((canary.connections().await, public.connections().await), (0, 0));
}

#[tokio::test]
async fn the_twin_that_checks_and_then_dials_reaches_the_canary() {
    let (public, canary, _) = network().await;
    let resolver = Answers::new(vec![vec![public.address], vec![canary.address]]);
    let policy = policy(&[PUBLIC]);
    let target = policy.target(URL).expect("a target");
    for _ in 0..TWIN_TRIES {
        assert!(check_then_dial(&policy, &target, &*Arc::clone(&resolver)).await);
    }
    assert_eq!(canary.connections().await, TWIN_TRIES);
}
