//! `docklings config hub`: which registry stands in for docker.io. `docklings config upstream`: which one has what the
//! practice hub lacks.

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
pub(super) const USAGE: &str = "hub [practice | docker.io | HOST[:PORT] | URL] [--insecure] [--unset] [--forget [--yes]], or upstream [docker.io | HOST[:PORT] | URL | none] [--insecure] [--unset]";
/// Its flags.
pub(super) const FLAGS: &[&str] = &["--insecure", "--unset", "--forget", "--yes"];

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let names: Vec<&str> = words.names.iter().map(String::as_str).collect();
    let insecure = words.has("--insecure");
    match names.as_slice() {
        ["hub"] if words.has("--forget") => return forget(&env, words),
        [field @ ("hub" | "upstream")] if words.has("--unset") => config::write(&env, field, None)?,
        ["hub" | "upstream"] => {}
        ["hub", hub] if !words.has("--unset") => {
            let choice = Choice::parse(hub, insecure)?;
            config::write(&env, config::HUB, Some(choice.to_string()))?;
        }
        ["upstream", upstream] if !words.has("--unset") => {
            let choice = config::parse_upstream(upstream, insecure)?;
            let text = config::upstream_text(choice.as_ref());
            config::write(&env, config::UPSTREAM, Some(text))?;
        }
        [] => return Err(usage("say what to configure")),
        ["hub", ..] => return Err(usage("one hub at most")),
        ["upstream", ..] => return Err(usage("one upstream at most")),
        [word, ..] => return Err(usage(&format!("unexpected word `{word}`"))),
    }
    let (hub, said) = config::chosen(&env)?;
    let line = match names.first() {
        Some(&"upstream") => upstream_shown(&env, &hub)?,
        _ => shown(&hub, &said),
    };
    Ok(writeln!(Output::lines(), "{line}")?)
}

/// As [`shown`], for the upstream.
fn upstream_shown(env: &Env, hub: &Choice) -> CommandResult<String> {
    let (choice, said) = config::upstream(env)?;
    let about = match &choice {
        _ if *hub != Choice::Practice => format!("not used: names without a registry go to {hub}"),
        None => "only the images of this machine".to_owned(),
        Some(_) => "asked for what the practice hub lacks".to_owned(),
    };
    let text = config::upstream_text(choice.as_ref());
    Ok(format!("{text}  ({about}{})", by(&said)))
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
    format!("{choice}  ({about}{})", by(said))
}

/// The source of a choice.
fn by(said: &Said) -> String {
    match said {
        Said::Variable(name) => format!(", as `{name}` says"),
        Said::File(path) => format!(", as `{}` says", path.display()),
        Said::Exercise => ", as in every exercise".to_owned(),
        Said::Default => String::new(),
    }
}
