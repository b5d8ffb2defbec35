//! `docklings author …`: tools for people who write exercises.

mod check;
mod execute;
mod explain;
mod new;
mod oracle;
mod preview;
mod workers;

use crate::failure::{CommandResult, Failure};
use checker::reference;
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
    Nouns {
        /// Only this noun, such as `container`
        noun: Option<String>,
    },
    /// Print the JSON Schema of exercises, for editors, or of `check --json`
    Schema {
        /// For the output of `docklings check --json` instead
        #[arg(long)]
        report: bool,
    },
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
        Verb::Nouns { noun } => nouns(noun.as_deref()),
        Verb::Schema { report } => schema(report),
    }
}

/// A usage error with a hint.
fn usage(text: String, hint: String) -> Failure {
    Failure::Hinted(text, USAGE, hint)
}

/// Prints what a check can ask.
fn nouns(noun: Option<&str>) -> CommandResult {
    let known = reference::nouns();
    if let Some(noun) = noun
        && !known.contains(&noun)
    {
        let hint = match engine::near::nearest(noun, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        return Err(usage(format!("there is no noun `{noun}`"), hint));
    }
    Ok(write!(io::stdout(), "{}", reference::page(noun))?)
}

/// Prints the schema of exercises, or of reports.
fn schema(report: bool) -> CommandResult {
    let schema = match report {
        true => checker::Report::schema(),
        false => checker::schema::exercise(),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(io::Error::from)?;
    Ok(writeln!(io::stdout(), "{text}")?)
}
