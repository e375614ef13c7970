//! Single flight: concurrent requests for the same thing share one call and its answer. The call continues
//! after all callers have left, since its answer is stored.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

type Landed<T> = watch::Receiver<Option<T>>;

/// Calls under way, by key.
pub(super) struct Flights<K, T>(Arc<Mutex<HashMap<K, Landed<T>>>>);

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

fn lock<K, T>(flights: &Mutex<HashMap<K, Landed<T>>>) -> MutexGuard<'_, HashMap<K, Landed<T>>> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes a flight from the list when it ends, also by a panic.
struct Ending<K: Eq + Hash, T>(Arc<Mutex<HashMap<K, Landed<T>>>>, K);

impl<K: Eq + Hash, T> Drop for Ending<K, T> {
    fn drop(&mut self) {
        lock(&self.0).remove(&self.1);
    }
}

impl<K, T> Flights<K, T>
where
    K: Eq + Hash + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the flight for `key`, or begins it. `None` if it ended by a panic, without an answer.
    pub(super) async fn join<F>(&self, key: K, work: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut landed = {
            let mut flights = lock(&self.0);
            match flights.get(&key) {
                Some(landed) => landed.clone(),
                None => {
                    let (land, landed) = watch::channel(None);
                    flights.insert(key.clone(), landed.clone());
                    let (ending, work) = (Ending(Arc::clone(&self.0), key), work());
                    tokio::spawn(async move {
                        let answer = work.await;
                        // Removed first: later callers find the stored answer.
                        drop(ending);
                        land.send_replace(Some(answer));
                    });
                    landed
                }
            }
        };
        let answer = landed.wait_for(Option::is_some).await;
        answer.ok().and_then(|answer| answer.clone())
    }

    /// Returns the number of calls under way.
    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_callers_share_one_flight() {
        let (flights, begun) = (Arc::new(Flights::default()), Arc::new(AtomicUsize::new(0)));
        let go = Arc::new(Semaphore::new(0));
        let callers: Vec<_> = (0..1_000)
            .map(|_| {
                let (flights, begun, go) = (Arc::clone(&flights), Arc::clone(&begun), Arc::clone(&go));
                tokio::spawn(async move {
                    flights
                        .join("cat", || async move {
                            begun.fetch_add(1, Ordering::Relaxed);
                            let _ = go.acquire().await;
                            7
                        })
                        .await
                })
            })
            .collect();
        while begun.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        // Later callers would begin a new flight, so all must have joined before it lands.
        tokio::task::yield_now().await;
        go.add_permits(1_000);
        for caller in callers {
            assert_eq!(caller.await.expect("a caller"), Some(7));
        }
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn it_lands_after_all_callers_have_left() {
        let flights = Arc::new(Flights::default());
        let (done, is_done) = tokio::sync::oneshot::channel();
        let go = Arc::new(Semaphore::new(0));
        let call = tokio::spawn({
            let (flights, go) = (Arc::clone(&flights), Arc::clone(&go));
            async move {
                flights
                    .join("cat", || async move {
                        let _ = go.acquire().await;
                        let _ = done.send(());
                    })
                    .await
            }
        });
        while flights.len() == 0 {
            tokio::task::yield_now().await;
        }
        call.abort();
        go.add_permits(1);
        is_done.await.expect("it continued");
    }

    #[tokio::test]
    async fn one_that_panics_lets_everybody_go() {
        let flights: Flights<&str, u32> = Flights::default();
        assert_eq!(flights.join("cat", || async { panic!("on purpose") }).await, None);
        assert_eq!(flights.join("cat", || async { 1 }).await, Some(1));
    }
}
