//! `docklings author nouns [NOUN]`: prints what a check can ask.

use super::usage;
use crate::failure::CommandResult;
use checker::reference;
use std::io::{self, Write};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this noun, such as `container`
    noun: Option<String>,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let known = reference::nouns();
    if let Some(noun) = &args.noun
        && !known.contains(&noun.as_str())
    {
        let hint = match engine::near::nearest(noun, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        return Err(usage(format!("there is no noun `{noun}`"), hint));
    }
    write!(io::stdout(), "{}", reference::page(args.noun.as_deref()))?;
    Ok(())
}
