//! `docklings author schema`: prints the schema that editors need to complete and check an exercise.

use crate::failure::CommandResult;
use std::io::{self, Write};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// For the output of `docklings check --json` instead
    #[arg(long)]
    report: bool,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let schema = if args.report {
        checker::Report::schema()
    } else {
        checker::schema::exercise()
    };
    let text = serde_json::to_string_pretty(&schema).map_err(io::Error::from)?;
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}
