//! `docklings config hub`: which registry stands in for docker.io.

use super::words::Words;
use crate::docker::registry::hub::{
    self,
    config::{self, Choice, Said},
};
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::output::Output;

/// The words after the verb.
pub(super) const USAGE: &str =
    "hub [practice | docker.io | HOST[:PORT] | URL] [--insecure] [--unset] [--forget [--yes]]";
/// Its flags.
pub(super) const FLAGS: &[&str] = &["--insecure", "--unset", "--forget", "--yes"];

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let names: Vec<&str> = words.names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["hub"] if words.has("--forget") => return forget(&env, words),
        ["hub"] if words.has("--unset") => config::write(&env, None)?,
        ["hub"] => {}
        ["hub", hub] if !words.has("--unset") => {
            config::write(&env, Some(&Choice::parse(hub, words.has("--insecure"))?))?
        }
        [] => return Err(usage("say what to configure")),
        ["hub", ..] => return Err(usage("one hub at most")),
        [word, ..] => return Err(usage(&format!("unexpected word `{word}`"))),
    }
    let (choice, said) = config::chosen(&env)?;
    Ok(writeln!(Output::lines(), "{}", shown(&choice, &said))?)
}

fn forget(env: &Env, words: &Words) -> CommandResult {
    let sandbox = &env.sandbox;
    let question = format!(
        "The practice hub will forget the accounts of the sandbox `{sandbox}` and everything that was pushed there. Continue?"
    );
    if words.agreed(&question)? {
        hub::forget(env)?;
        writeln!(
            Output::lines(),
            "the practice hub of `{sandbox}` is empty again"
        )?;
    }
    Ok(())
}

fn usage(said: &str) -> Failure {
    Failure::Hinted(
        said.to_owned(),
        exit::USAGE,
        format!("usage: docklings config {USAGE}"),
    )
}

/// A line for people. Its first word can be passed back to `config hub`.
pub(super) fn shown(choice: &Choice, said: &Said) -> String {
    let about = match choice {
        Choice::Practice => "the practice hub of this machine, which needs no network",
        Choice::DockerHub => "Docker Hub",
        Choice::Class(_) => "names without a registry go there",
    };
    let by = match said {
        Said::Variable => format!(", as `{}` says", crate::env::HUB),
        Said::File(path) => format!(", as `{}` says", path.display()),
        Said::Exercise => ", as in every exercise".to_owned(),
        Said::Nobody => String::new(),
    };
    format!("{choice}  ({about}{by})")
}
