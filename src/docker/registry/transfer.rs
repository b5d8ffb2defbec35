//! `pull` and `push` with their progress, on the stream that a command chooses.

use crate::ctx::Ctx;
use crate::docker::registry::hub;
use crate::docker::session::Signals;
use crate::env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::term::transfer::{Form, Transfer};
use engine::ErrorKind;
use engine::image::remote::{PullRequest, Pulled, PushRequest, Pushed, Remote, TransferEvent};
use engine::oci::reference::Reference;
use nix::sys::signal::Signal;
use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Where the progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nowhere: `-q`.
    Nowhere,
    /// `docker pull`, `docker push`.
    Out,
    /// `docker run`, whose standard output is the program's.
    Err,
}

/// Ctrl-C during the transfer of layers: unfinished files must be removed, so the first signal is read as data. The
/// next one ends the program at once.
#[derive(Default)]
struct Interruption {
    caught: Mutex<Option<Signals>>,
    /// The signal's number; 0 for none.
    signal: AtomicI32,
}

impl Interruption {
    fn lock(&self) -> MutexGuard<'_, Option<Signals>> {
        self.caught.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// If `is_on`, signals are read as data from now on; otherwise they have their usual effect.
    fn watch(&self, is_on: bool) -> io::Result<()> {
        let mut caught = self.lock();
        match (is_on, caught.is_some()) {
            (true, false) if self.number() == 0 => *caught = Some(Signals::catch(false)?),
            (false, _) => *caught = None,
            _ => {}
        }
        Ok(())
    }

    /// Whether one has arrived.
    fn has_come(&self) -> bool {
        let mut caught = self.lock();
        while let Some(signal) = caught.as_ref().and_then(Signals::next) {
            if signal != Signal::SIGWINCH {
                self.signal.store(signal as i32, Ordering::Relaxed);
                *caught = None;
                return true;
            }
        }
        false
    }

    fn number(&self) -> i32 {
        self.signal.load(Ordering::Relaxed)
    }
}

/// Pulls the image of `request`.
pub(crate) fn pull(
    ctx: &mut Ctx,
    request: &PullRequest,
    shown: Shown,
) -> CommandResult<Vec<Pulled>> {
    let engine = ctx.engine()?;
    let remote = remote(ctx, &request.reference)?;
    let env = ctx.env.clone();
    follow(ctx, shown, remote, |remote, tell| {
        let pulled = engine.pull(request, remote, tell);
        pulled.map_err(|error| hub::missing::explained(&env, error))
    })
}

/// Pushes the image of `request`.
pub(crate) fn push(
    ctx: &mut Ctx,
    request: &PushRequest,
    shown: Shown,
) -> CommandResult<Vec<Pushed>> {
    let engine = ctx.engine()?;
    let remote = remote(ctx, &request.reference)?;
    follow(ctx, shown, remote, |remote, tell| {
        engine.push(request, remote, tell)
    })
}

fn remote(ctx: &Ctx, name: &str) -> CommandResult<Remote> {
    let name = Reference::parse(name)?;
    super::remote(&ctx.env, Some(name.domain()))
}

fn follow<T>(
    ctx: &mut Ctx,
    shown: Shown,
    mut remote: Remote,
    act: impl FnOnce(&Remote, &mut dyn FnMut(TransferEvent)) -> engine::Result<T>,
) -> CommandResult<T> {
    ctx.flush()?;
    let form = match shown {
        Shown::Nowhere => Form::Quiet,
        Shown::Out => form(ctx.out_is_terminal()),
        Shown::Err => form(ctx.err_is_terminal()),
    };
    let out = match shown {
        Shown::Err => &mut ctx.err,
        _ => &mut ctx.out,
    };
    // The names and digests of a transfer are validated, and its output moves the cursor.
    let out = out.raw();
    let begun = Instant::now();
    let mut transfer = Transfer::new(out, form, move || begun.elapsed());
    let interruption = Arc::new(Interruption::default());
    let asked = Arc::clone(&interruption);
    remote.stop = Arc::new(move || asked.has_come());
    if shown != Shown::Nowhere {
        remote.waiting = super::waiting();
    }
    let (mut has_spoken, mut watching) = (false, Ok(()));
    let ended = act(&remote, &mut |event| {
        has_spoken = true;
        // Before its first layer and after its last, a transfer may hang without checking for a stop.
        let is_layer = matches!(event, TransferEvent::Layer { .. });
        if watching.is_ok() {
            watching = interruption.watch(is_layer);
        }
        transfer.tell(&event);
    });
    interruption.watch(false)?;
    transfer.finish()?;
    watching?;
    if interruption.number() != 0 && ended.is_err() {
        writeln!(ctx.err, "context canceled")?;
        return Err(Failure::Code(exit::of_signal(interruption.number())));
    }
    ended.map_err(|error| match error.kind() {
        ErrorKind::Unsupported | ErrorKind::Machine | ErrorKind::Local => error.into(),
        // An error after the first line has no prefix: in Docker, the daemon's response has started by then.
        _ if has_spoken => {
            let hint = error.hint().map(str::to_owned);
            match (error.to_string(), hint) {
                (text, Some(hint)) => Failure::Hinted(text, exit::FAILURE, hint),
                (text, None) => Failure::message(text),
            }
        }
        _ => error.into(),
    })
}

fn form(is_terminal: bool) -> Form {
    let can_move = is_terminal
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        && std::env::var_os(env::PLAIN).is_none_or(|plain| plain != "1");
    match crate::output::terminal_size() {
        Some((rows, columns)) if can_move => Form::Terminal {
            columns: columns.into(),
            rows: rows.into(),
        },
        _ => Form::Plain,
    }
}
