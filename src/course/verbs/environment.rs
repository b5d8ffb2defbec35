//! `docklings env`: prints shell lines that set up the learner's own terminal.

use super::words::{Words, sandbox_of};
use crate::course::state::{self, Course};
use crate::course::steps::link_commands;
use crate::env::{self, Env};
use crate::failure::CommandResult;
use lessons::session::exercise_sandbox;
use std::io::{self, IsTerminal, Write};

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let course = state::open(&env)?;
    let (sandbox, folder) = if words.names.is_empty() {
        let at = course.progress.at.as_ref();
        let folder = at.map(|at| match &at.exercise {
            Some(id) => env.home.workspace(id),
            None => env.home.workspace(&at.sandbox()),
        });
        say_where(&course)?;
        (env::COURSE.to_owned(), folder)
    } else {
        let sandbox = sandbox_of(words, &env, &course)?;
        let id = sandbox.strip_prefix(&exercise_sandbox(""));
        let folder = id.map(|id| env.home.workspace(id));
        (sandbox, folder)
    };
    let bin = link_commands(&env.home)?;
    let fish = std::env::var("SHELL").is_ok_and(|shell| shell.ends_with("/fish"));
    io::stdout().write_all(lines(&env, &sandbox, &bin.to_string_lossy(), fish).as_bytes())?;
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        let folder = folder.to_string_lossy().into_owned();
        writeln!(
            io::stdout(),
            "# its files: cd {}",
            shell_words::quote(&folder)
        )?;
    }
    Ok(())
}

/// For people: `eval` hides the output.
fn say_where(course: &Course) -> CommandResult {
    if io::stdout().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let place = place_of_course(course);
    Ok(writeln!(
        io::stderr(),
        "`docker` works where the course is, now {place}, and follows it."
    )?)
}

/// The place where the course is, in a few words.
pub(super) fn place_of_course(course: &Course) -> String {
    let at = course.progress.at.as_ref();
    let Some(at) = at.filter(|at| !at.free) else {
        return "in the playground".to_owned();
    };
    let lessons = &course.catalog.lessons;
    let lesson = lessons.iter().find(|lesson| lesson.slug == at.lesson);
    match (&at.exercise, lesson, &at.page) {
        (Some(id), _, _) => format!("at the exercise `{id}`"),
        (None, Some(lesson), Some(title)) => {
            let page = lesson.pages.iter().position(|page| page.title == *title);
            format!(
                "in lesson {}, page {}",
                lesson.number,
                page.unwrap_or(0) + 1
            )
        }
        (None, _, _) => format!("in the lesson `{}`", at.lesson),
    }
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
