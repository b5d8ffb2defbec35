//! `docklings author …`: tools for people who write exercises.

mod check;
mod execute;
mod explain;
mod new;
mod nouns;
mod oracle;
mod preview;
mod schema;
mod workers;

use crate::failure::{CommandResult, Failure};
use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::path::PathBuf;

/// The exit code for wrong usage.
const USAGE: u8 = 2;

/// Write exercises, and prove that they can be failed, can be solved, and reject the mistakes that learners make
#[derive(Debug, Parser)]
#[command(name = "docklings author")]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start an exercise: a file that loads, with places to fill in
    New(new::Args),
    /// Try every exercise in scratch sandboxes, and report everything that is wrong with it. Its commands run as you
    Check(check::Args),
    /// Show an exercise as a learner sees it
    Preview(preview::Args),
    /// Print what a check can ask, as Markdown: all nouns, or one
    Nouns(nouns::Args),
    /// Print the JSON Schema of exercises, for editors, or of `check --json`
    Schema(schema::Args),
}

/// The folder of exercises, for every verb.
#[derive(Debug, clap::Args)]
struct Folder {
    /// The folder that holds the exercises
    #[arg(long, value_name = "FOLDER", default_value = "exercises")]
    dir: PathBuf,
}

/// Runs `docklings author words…`.
pub(crate) fn run(words: &[String]) -> CommandResult {
    let name = "docklings author".to_owned();
    let args = match Args::try_parse_from(std::iter::once(&name).chain(words)) {
        Ok(args) => args,
        Err(error) if error.exit_code() == 0 => {
            io::stdout().write_all(error.render().to_string().as_bytes())?;
            return Ok(());
        }
        Err(error) => {
            let text = error.render().to_string();
            return Err(Failure::Message(text.trim_end().to_owned(), USAGE));
        }
    };
    match args.verb {
        Verb::New(args) => new::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Preview(args) => preview::run(&args),
        Verb::Nouns(args) => nouns::run(&args),
        Verb::Schema(args) => schema::run(&args),
    }
}

/// A usage error with a hint.
fn usage(text: String, hint: String) -> Failure {
    Failure::Hinted(text, USAGE, hint)
}
