//! `docker system prune`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::commands::prune::{all_well, choice, confirm, tell, tell_space};
use crate::docker::commands::{builder, container, image, volume};
use crate::docker::select::Filters;
use crate::docker::values::pairs;
use crate::failure::{CommandResult, Failure};

/// Arguments of `docker system prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove all unused images not just dangling ones
    #[arg(short, long)]
    all: bool,
    /// Provide filter values (e.g. "label=<key>=<value>")
    #[arg(long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    /// Do not prompt for confirmation
    #[arg(short, long)]
    force: bool,
    /// Prune anonymous volumes
    #[arg(long)]
    volumes: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Remove unused data";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let choice = choice(&self.filter, &["until", "label", "label!"], engine.now())?;
        if !self.force && !confirm(ctx, &self.warning())? {
            return Ok(());
        }
        // What one kind of thing cannot give up keeps no other from going.
        let (mut space, mut failures) = container::prune::prune(&engine, &choice)
            .and_then(|pruned| pruned.tell(ctx, "Deleted Containers:"))
            .unwrap_or_else(|failure| (0, vec![failure]));
        if self.volumes {
            let (bytes, more) = volume::prune::prune(&engine, &choice, false)
                .and_then(|pruned| pruned.tell(ctx, "Deleted Volumes:"))
                .unwrap_or_else(|failure| (0, vec![failure]));
            space += bytes;
            failures.extend(more);
        }
        match image::prune::prune(&engine, &self.filter, self.all) {
            Ok((images, bytes)) => {
                tell(ctx, "Deleted Images:", &images)?;
                space += bytes;
            }
            Err(failure) => failures.push(failure),
        }
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        // A step has no labels, so none is chosen by them.
        if filters.values("label").next().is_some() {
            tell_space(ctx, space)?;
            return all_well(failures);
        }
        let options = builder::prune::options(&engine, &filters, self.all)?;
        failures.extend(builder::prune::prune(ctx, &engine, options, space).err());
        all_well(failures)
    }
}

impl Args {
    fn warning(&self) -> String {
        let mut what = vec!["all stopped containers"];
        if self.volumes {
            what.push("all anonymous volumes not used by at least one container");
        }
        what.push(match self.all {
            true => "all images without at least one container associated to them",
            false => "all dangling images",
        });
        what.push("unused build cache");
        let list: String = what.iter().map(|line| format!("  - {line}\n")).collect();
        format!("WARNING! This will remove:\n{list}")
    }
}
