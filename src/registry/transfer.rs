//! `pull` and `push` with their progress, on whichever stream a command shows it.

use crate::ctx::{self, Ctx};
use crate::env;
use crate::failure::{CommandResult, Failure};
use crate::registry::hub;
use crate::render::transfer::{Form, Transfer};
use engine::ErrorKind;
use engine::image::remote::{PullRequest, Pulled, PushRequest, Pushed, Remote, TransferEvent};
use engine::oci::reference::Reference;
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

/// Pulls what `request` asks for.
pub(crate) fn pull(
    ctx: &mut Ctx,
    request: &PullRequest,
    shown: Shown,
) -> CommandResult<Vec<Pulled>> {
    let engine = ctx.engine()?;
    let remote = remote(ctx, &request.reference)?;
    let env = ctx.env.clone();
    follow(ctx, shown, |tell| {
        let pulled = engine.pull(request, &remote, tell);
        pulled.map_err(|error| hub::explained(&env, error))
    })
}

/// Pushes what `request` asks for.
pub(crate) fn push(
    ctx: &mut Ctx,
    request: &PushRequest,
    shown: Shown,
) -> CommandResult<Vec<Pushed>> {
    let engine = ctx.engine()?;
    let remote = remote(ctx, &request.reference)?;
    follow(ctx, shown, |tell| engine.push(request, &remote, tell))
}

fn remote(ctx: &Ctx, name: &str) -> CommandResult<Remote> {
    let name = Reference::parse(name)?;
    super::remote(ctx, Some(name.domain()))
}

fn follow<T>(
    ctx: &mut Ctx,
    shown: Shown,
    act: impl FnOnce(&mut dyn FnMut(TransferEvent)) -> engine::Result<T>,
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
    let begun = Instant::now();
    let mut transfer = Transfer::new(out, form, move || begun.elapsed());
    let mut has_spoken = false;
    let ended = act(&mut |event| {
        has_spoken = true;
        transfer.tell(&event);
    });
    transfer.finish()?;
    ended.map_err(|error| match error.kind() {
        ErrorKind::Unsupported | ErrorKind::Machine | ErrorKind::Local => error.into(),
        // What fails after the first line comes without the prefix: in Docker, the daemon's answer has begun by then.
        _ if has_spoken => {
            let hint = error.hint().map(str::to_owned);
            match (error.to_string(), hint) {
                (text, Some(hint)) => Failure::Hinted(text, crate::exit::FAILURE, hint),
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
    match ctx::terminal_size() {
        Some((rows, columns)) if can_move => Form::Terminal {
            columns: columns.into(),
            rows: rows.into(),
        },
        _ => Form::Plain,
    }
}
