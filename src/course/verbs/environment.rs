//! `docklings env`: prints shell lines that set up the learner's own terminal.

use super::words::{Words, sandbox_of};
use crate::course::state;
use crate::course::workspace::link_commands;
use crate::env::{self, Env};
use crate::failure::CommandResult;
use lessons::session::exercise_sandbox;
use std::io::{self, Write};

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let sandbox = match sandbox_of(words, &env, &state::open(&env)?) {
        Ok(sandbox) => sandbox,
        // Without an exercise, use the playground. A wrong name is an error.
        Err(_) if words.names.is_empty() => env::FREE.to_owned(),
        Err(failure) => return Err(failure),
    };
    let bin = link_commands(&env.home)?;
    let fish = std::env::var("SHELL").is_ok_and(|shell| shell.ends_with("/fish"));
    let folder = sandbox
        .strip_prefix(&exercise_sandbox(""))
        .map(|id| env.home.workspace(id));
    io::stdout().write_all(lines(&env, &sandbox, &bin.to_string_lossy(), fish).as_bytes())?;
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        let folder = folder.to_string_lossy().into_owned();
        writeln!(
            io::stdout(),
            "# the exercise's files: cd {}",
            shell_words::quote(&folder)
        )?;
    }
    Ok(())
}

fn lines(env: &Env, sandbox: &str, bin: &str, fish: bool) -> String {
    let home = env.home.root().to_string_lossy();
    let (home, bin) = (shell_words::quote(&home), shell_words::quote(bin));
    if fish {
        return format!(
            "set -gx {} {home};\nset -gx {} {sandbox};\nset -gx PATH {bin} $PATH;\n# to use it: docklings env | source\n",
            env::HOME,
            env::SANDBOX
        );
    }
    format!(
        "export {}={home}\nexport {}={sandbox}\nexport PATH={bin}:\"$PATH\"\n# to use it: eval \"$(docklings env)\"\n",
        env::HOME,
        env::SANDBOX
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::network::outbound::Allowed;
    use engine::paths::Home;
    use std::process::Command;

    #[test]
    fn a_shell_reads_the_lines_correctly() {
        let env = Env {
            home: Home::new("/it's home", "/r"),
            sandbox: "free".to_owned(),
            outbound: Allowed::Any,
            hub: None,
            upstream: None,
        };
        let script = lines(&env, "ex-one", "/b in", false)
            + "echo \"$DOCKLINGS_HOME|$DOCKLINGS_SANDBOX|$PATH\"";
        let output = Command::new("/bin/sh")
            .args(["-c", &script])
            .env("PATH", "/x")
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "/it's home|ex-one|/b in:/x\n"
        );
    }
}
