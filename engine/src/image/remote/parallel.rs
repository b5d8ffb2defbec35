//! Layers that are transferred at the same time.

use super::event::LayerStatus;
use super::transport::Wires;
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// A report of a worker about its job.
pub(super) enum News<T> {
    /// What is happening.
    Status(LayerStatus),
    /// The result.
    Done(T),
}

/// Does `work` for each of `jobs`, in this order, on up to `at_once` threads; `news` is called on this thread. All threads
/// have ended when this returns: the code that follows may need a single-threaded process.
///
/// # Errors
/// The first error, which ends all other jobs; or the user has cancelled.
pub(super) fn each<J: Sync, T: Send>(
    wires: &Wires,
    jobs: &[J],
    at_once: usize,
    work: impl Fn(&J, &dyn Fn(LayerStatus)) -> Result<T> + Sync,
    mut news: impl FnMut(&J, News<T>) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let worker = |sender: mpsc::Sender<(usize, Result<News<T>>)>| {
        while !wires.is_given_up() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { return };
            // The receiver outlives all workers.
            let tell = |status| drop(sender.send((index, Ok(News::Status(status)))));
            let done = work(job, &tell);
            let failed = done.is_err();
            let _ = sender.send((index, done.map(News::Done)));
            if failed {
                return;
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once.min(jobs.len()))
            .map(|_| {
                let (worker, sender) = (&worker, sender.clone());
                scope.spawn(move || worker(sender))
            })
            .collect();
        drop(sender);
        let mut listen = || -> Result<()> {
            while let Some((index, one)) = wires.next(&receiver)? {
                news(&jobs[index], one?)?;
            }
            Ok(())
        };
        let result = listen();
        if result.is_err() {
            wires.give_up();
        }
        // Each is joined explicitly: a thread that is not joined may live a moment longer.
        let ends = workers.into_iter().map(thread::ScopedJoinHandle::join);
        match ends.filter(|end| end.is_err()).count() {
            0 => result,
            _ => result.and(Err(Error::internal("the transfer of a layer failed"))),
        }
    })
}
