//! `docker logout`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::registry::account;
use crate::failure::CommandResult;
use engine::events::{Action, ObjectKind};

/// Arguments of `docker logout`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Log out from a registry.
If no server is specified, the default is defined by the daemon.";
    const USAGE: &'static str = "[SERVER]";
    const WORDS: Words = Words::AtMost(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let (domain, shown) = super::server(self.words.first());
        let account = account(&ctx.env, &domain)?;
        // A file that cannot be changed is told instead.
        let problems = account.erase()?;
        let engine = ctx.engine()?;
        let event = engine.event(ObjectKind::Registry, Action::Logout, domain.as_str());
        engine.record(&event.with("registry", domain.as_str()));
        writeln!(ctx.out, "Removing login credentials for {shown}")?;
        if !problems.is_empty() {
            ctx.flush()?;
            writeln!(ctx.err, "WARNING: could not erase credentials:")?;
            for problem in problems {
                writeln!(ctx.err, "{problem}")?;
            }
        }
        Ok(())
    }
}
