//! `docker completion SHELL` and `docklings completion SHELL`: completion in the user's own shell.
//!
//! **What Docker does.** Its scripts call `docker __complete` with the words so far. **What we do.** The same, with the
//! line so far: what Tab offers in the lesson shell is offered there too, names of containers and images included.
//! **Try it.** `eval "$(docklings completion bash)"`

use crate::course::shell::complete::complete;
use crate::course::shell::names::Live;
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::output::Output;
use std::io::Write;

/// The word that asks for a script.
pub(crate) const VERB: &str = "completion";
/// The hidden word of the scripts; the line up to the cursor follows it.
pub(crate) const STAGE: &str = "__complete";

/// bash splits words at `:` and `=`, so the part of the word that stands before the split is cut off again. The first
/// line of the answer is the whole word. Candidates bring their own blank.
const BASH: &str = r#"_PROGRAM_complete() {
    local all one
    mapfile -t all < <("${COMP_WORDS[0]}" __complete "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    local before=${all[0]%"${COMP_WORDS[COMP_CWORD]}"}
    COMPREPLY=()
    for one in "${all[@]:1}"; do
        COMPREPLY+=("${one#"$before"}")
    done
}
complete -o nospace -F _PROGRAM_complete PROGRAM
"#;

const ZSH: &str = r#"#compdef PROGRAM
_PROGRAM_complete() {
    local -a all
    all=("${(@f)$("${words[1]}" __complete "$LBUFFER" 2>/dev/null)}")
    shift all
    (( $#all )) && compadd -Q -U -S '' -- "${all[@]}"
}
compdef _PROGRAM_complete PROGRAM
"#;

const FISH: &str = r#"complete -c PROGRAM -f -a '(PROGRAM __complete (commandline -cp) 2>/dev/null | tail -n +2 | string trim -r)'
"#;

/// Prints the script for a shell. `program` is the name that it completes.
pub(crate) fn run(program: &str, words: &[String]) -> CommandResult {
    let script = match words {
        [shell] if shell == "bash" => BASH,
        [shell] if shell == "zsh" => ZSH,
        [shell] if shell == "fish" => FISH,
        _ => {
            let text = format!("`{program} {VERB}` takes one of bash, zsh and fish");
            let hint = format!("eval \"$({program} {VERB} bash)\" in ~/.bashrc");
            return Err(Failure::Hinted(text, exit::FAILURE, hint));
        }
    };
    Ok(Output::lines().write_all(script.replace("PROGRAM", program).as_bytes())?)
}

/// Prints the word that ends the line, then the candidates for it, one on a line. Nothing is created: without a home
/// there are no names.
pub(crate) fn stage(line: &str) -> CommandResult {
    let env = Env::read()?;
    let exists = env.home.sandboxes().join(&env.sandbox).is_dir();
    let names = Live {
        engine: exists
            .then(|| env.engine(&env.sandbox, VERB).ok())
            .flatten(),
        folder: std::env::current_dir().unwrap_or_default(),
        path: std::env::var_os("PATH"),
    };
    let (start, found) = complete(line, line.len(), &names);
    let mut out = Output::lines();
    writeln!(out, "{}", &line[start..])?;
    for one in found {
        writeln!(out, "{one}")?;
    }
    Ok(())
}
