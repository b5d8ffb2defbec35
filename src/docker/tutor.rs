//! Hints for the classic mistakes on docker's command line: one row each.
//!
//! Docker says what is wrong; the hint says what was probably meant. People at a terminal see it, scripts do not.

use crate::failure::Failure;

/// A failed command.
struct Failed<'a> {
    /// The words after `docker`.
    words: &'a [String],
    /// The message.
    said: &'a str,
}

/// The rows, each of which recognises one mistake. The first that does gives the hint.
const ROWS: [fn(&Failed<'_>) -> Option<String>; 11] = [
    without_the_dot,
    flag_after_the_image,
    no_bash,
    quoted_command,
    load_without_i,
    terminal_for_a_pipe,
    names_with_commas,
    prune_of_what,
    folder_that_cannot_be_made,
    compose,
    placeholder,
];

/// `failure` with a better hint, if it is one of the classic mistakes.
pub(super) fn advised(words: &[String], failure: Failure) -> Failure {
    let Some(said) = failure.text() else {
        return failure;
    };
    let failed = Failed { words, said: &said };
    match ROWS.iter().find_map(|row| row(&failed)) {
        Some(hint) => Failure::Hinted(said, failure.code(), hint),
        None => failure,
    }
}

impl Failed<'_> {
    /// The program that was not found in the container.
    fn missing_program(&self) -> Option<&str> {
        let (_, rest) = self.said.split_once("exec: \"")?;
        let (program, rest) = rest.split_once("\": ")?;
        let is_missing = rest.starts_with("executable file not found") || rest.starts_with("stat ");
        is_missing.then_some(program)
    }

    fn line(&self, words: &[&str]) -> String {
        format!("docker {}", words.join(" "))
    }
}

fn without_the_dot(failed: &Failed<'_>) -> Option<String> {
    let is_it = failed.said.contains("build' requires 1 argument") && failed.words.len() > 1;
    is_it.then(|| {
        let line = shell_words::join(failed.words);
        format!("the last word is the folder to build from, and `.` is this one: docker {line} .")
    })
}

fn flag_after_the_image(failed: &Failed<'_>) -> Option<String> {
    let program = failed.missing_program().filter(|it| it.starts_with('-'))?;
    let at = failed.words.iter().position(|word| word == program)?;
    let (image, verb) = (failed.words.get(at.checked_sub(1)?)?, &failed.words[0]);
    let words: [&str; 4] = [verb, program, "…", image];
    Some(format!(
        "options stand before the image, and what follows it runs in the container: {}",
        failed.line(&words)
    ))
}

fn no_bash(failed: &Failed<'_>) -> Option<String> {
    let program = failed.missing_program()?;
    matches!(program, "bash" | "/bin/bash")
        .then(|| "there is no bash in this image; its shell is `sh`".to_owned())
}

fn quoted_command(failed: &Failed<'_>) -> Option<String> {
    let program = failed.missing_program()?;
    let (first, _) = program.split_once(' ')?;
    Some(format!(
        "in quotes, `{program}` is the name of one program; without them, it is the program `{first}` and its arguments"
    ))
}

fn load_without_i(failed: &Failed<'_>) -> Option<String> {
    let is_it = failed.said.contains("load' accepts no arguments");
    let file = failed.words.iter().skip(1).find(|word| *word != "load")?;
    is_it.then(|| format!("docker load -i {file}"))
}

fn terminal_for_a_pipe(failed: &Failed<'_>) -> Option<String> {
    (failed.said == "the input device is not a TTY")
        .then(|| "`-t` wants a terminal as input; for a pipe or a file, `-i` alone".to_owned())
}

fn names_with_commas(failed: &Failed<'_>) -> Option<String> {
    let is_it = failed.said.contains("No such ") || failed.said.contains("invalid reference");
    let word = failed.words.iter().find(|word| word.contains(','))?;
    let verb = &failed.words[0];
    (is_it && !word.contains('=')).then(|| {
        format!(
            "blanks separate names: docker {verb} {}",
            word.replace(',', " ")
        )
    })
}

fn prune_of_what(failed: &Failed<'_>) -> Option<String> {
    (failed.words == ["prune"]).then(|| {
        "docker container prune, docker image prune or docker volume prune; docker system prune for several of them"
            .to_owned()
    })
}

fn folder_that_cannot_be_made(failed: &Failed<'_>) -> Option<String> {
    failed
        .said
        .contains("while creating mount source path '/")
        .then(|| {
            "Docker would make this folder of the machine as root; `./NAME` is one of your own: -v ./data:/data"
                .to_owned()
        })
}

fn compose(failed: &Failed<'_>) -> Option<String> {
    (failed.words.first()? == "compose").then(|| {
        "Compose starts the containers of a `compose.yaml`; here, start each with docker run"
            .to_owned()
    })
}

fn placeholder(failed: &Failed<'_>) -> Option<String> {
    let is_it = |word: &&String| word.starts_with('[') && word.ends_with(']');
    let word = failed.words.iter().find(is_it)?;
    Some(format!(
        "`{word}` stands for a value of yours: write that, without the brackets"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, said: &str, expected: Option<&str>) {
        let words = shell_words::split(line).unwrap();
        let failure = advised(&words, Failure::Message(said.to_owned(), 125));
        assert_eq!(
            (failure.text().as_deref(), failure.code()),
            (Some(said), 125)
        );
        assert_eq!(failure.hint(), expected, "{line}");
    }

    fn not_found(program: &str) -> String {
        format!(
            "docker: Error response from daemon: exec: \"{program}\": executable file not found in $PATH"
        )
    }

    #[test]
    fn each_classic_mistake_gets_its_hint() {
        check(
            "build -t greeter",
            "docker: 'docker build' requires 1 argument",
            Some(
                "the last word is the folder to build from, and `.` is this one: docker build -t greeter .",
            ),
        );
        check("build", "docker: 'docker build' requires 1 argument", None);
        check(
            "run busybox -d sleep 5",
            &not_found("-d"),
            Some(
                "options stand before the image, and what follows it runs in the container: docker run -d … busybox",
            ),
        );
        check(
            "run -it busybox bash",
            &not_found("bash"),
            Some("there is no bash in this image; its shell is `sh`"),
        );
        check(
            "run -it busybox /bin/bash",
            "docker: exec: \"/bin/bash\": stat /bin/bash: no such file or directory",
            Some("there is no bash in this image; its shell is `sh`"),
        );
        check(
            "run busybox 'echo hi'",
            &not_found("echo hi"),
            Some(
                "in quotes, `echo hi` is the name of one program; without them, it is the program `echo` and its arguments",
            ),
        );
        check("run busybox nonsense", &not_found("nonsense"), None);
        check(
            "load parcel.tar",
            "docker: 'docker load' accepts no arguments",
            Some("docker load -i parcel.tar"),
        );
        check(
            "run -it busybox cat",
            "the input device is not a TTY",
            Some("`-t` wants a terminal as input; for a pipe or a file, `-i` alone"),
        );
        check(
            "rm a,b",
            "Error response from daemon: No such container: a,b",
            Some("blanks separate names: docker rm a b"),
        );
        check(
            "rm a",
            "Error response from daemon: No such container: a",
            None,
        );
        check(
            "prune",
            "docker: unknown command: docker prune",
            Some(
                "docker container prune, docker image prune or docker volume prune; docker system prune for several of them",
            ),
        );
        check(
            "run -v /host/path:/x busybox",
            "docker: Error response from daemon: error while creating mount source path '/host/path': permission denied",
            Some(
                "Docker would make this folder of the machine as root; `./NAME` is one of your own: -v ./data:/data",
            ),
        );
        check(
            "compose up",
            "`docker compose` is not part of docklings; see docs/limits.md",
            Some(
                "Compose starts the containers of a `compose.yaml`; here, start each with docker run",
            ),
        );
        check(
            "run -p [port]:[port] [imageID]",
            "invalid containerPort: [port]",
            Some("`[port]:[port]` stands for a value of yours: write that, without the brackets"),
        );
    }
}
