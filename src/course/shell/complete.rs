//! What Tab offers: the shell's words, programs, docker commands and flags, names of existing objects, files.

use super::lexer::{Lexed, Token, TokenKind, lex};
use super::words;
use crate::course::verbs;
use crate::docker::commands;
use std::fs;
use std::path::{Path, PathBuf};

/// The names that can be completed at the moment.
pub(crate) trait Names {
    /// Containers, by name.
    fn containers(&self) -> Vec<String>;
    /// Images, as `name` or `name:tag`.
    fn images(&self) -> Vec<String>;
    /// Volumes.
    fn volumes(&self) -> Vec<String>;
    /// Places of the course, for `go`.
    fn places(&self) -> Vec<String>;
    /// The course's exercises.
    fn exercises(&self) -> Vec<String>;
    /// Programs on PATH.
    fn programs(&self) -> Vec<String>;
    /// The folder that relative file names start from.
    fn folder(&self) -> PathBuf;
}

/// The shells that `completion` has a script for.
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// What the words of a docker command mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Containers,
    /// The first word is a container; then comes a command line.
    Container,
    Images,
    /// The first word is an image; then comes a command line.
    Image,
    ContainersAndImages,
    Volumes,
    /// A file, or a path in a container as `NAME:PATH`.
    Paths,
    Files,
}

/// What the words of the docker command `path` mean.
fn takes(path: &str) -> Takes {
    let (group, verb) = path.split_once(' ').unwrap_or(("", path));
    match (group, verb) {
        ("volume", _) => Takes::Volumes,
        ("image", _) => Takes::Images,
        (_, "run" | "create") => Takes::Image,
        (_, "exec") => Takes::Container,
        (_, "cp") => Takes::Paths,
        (_, "inspect") if group.is_empty() => Takes::ContainersAndImages,
        (_, "rmi" | "tag" | "save" | "history" | "push" | "pull") => Takes::Images,
        (_, "build" | "load" | "import") => Takes::Files,
        _ => Takes::Containers,
    }
}

/// The completions of `line` at byte `at`: where the replaced word begins, and the candidates for it.
pub(crate) fn complete(line: &str, at: usize, names: &dyn Names) -> (usize, Vec<String>) {
    let Lexed { tokens, .. } = lex(&line[..at]);
    let (before, current) = match tokens.last() {
        Some(token) if token.range.end == at && token.kind != TokenKind::Operator => {
            (&tokens[..tokens.len() - 1], Some(token))
        }
        _ => (&tokens[..], None),
    };
    let start = current.map_or(at, |token| token.range.start);
    let typed = current.map_or("", |token| token.text.as_str());
    // `$(docker rm we`: complete inside the substitution as if it stood alone.
    if let Some(inner) = line[start..at].rfind("$(") {
        let from = start + inner + 2;
        let (place, found) = complete(&line[from..at], at - from, names);
        return (from + place, found);
    }
    let command = words_of_command(before);
    let mut found = match &command[..] {
        [] => first_word(typed, before.is_empty(), names),
        _ if follows_redirection(before) => files(typed, &names.folder()),
        [first, rest @ ..] if first == "docker" => docker(rest, typed, names),
        [first] if first == "go" => matching(typed, names.places().iter().map(String::as_str)),
        [first, rest @ ..] if first == "docklings" => docklings(rest, typed, names),
        [first] if first == "show" => matching(typed, ["container", "image", "layer", "layers"]),
        [first, what, ..] if first == "show" => match &**what {
            "image" | "layers" => matching(typed, names.images().iter().map(String::as_str)),
            "container" => matching(typed, names.containers().iter().map(String::as_str)),
            _ => Vec::new(),
        },
        [first, rest @ ..] if first == "explain" && rest.is_empty() => matching(typed, ["docker"]),
        [first, second, rest @ ..] if first == "explain" && second == "docker" => {
            docker(rest, typed, names)
        }
        _ => files(typed, &names.folder()),
    };
    found.sort();
    found.dedup();
    (start, found)
}

/// The words of the command that the cursor is in, without leading assignments.
fn words_of_command(before: &[Token]) -> Vec<String> {
    let begins = before
        .iter()
        .rposition(|token| token.kind == TokenKind::Command && !token.text.contains('='));
    let Some(begins) = begins else {
        return Vec::new();
    };
    let rest = &before[begins..];
    let ended = rest
        .iter()
        .any(|t| t.kind == TokenKind::Operator && !matches!(&*t.text, "<" | ">"));
    if ended {
        return Vec::new();
    }
    rest.iter()
        .filter(|token| token.kind != TokenKind::Operator)
        .map(|token| token.text.clone())
        .collect()
}

fn follows_redirection(before: &[Token]) -> bool {
    before
        .last()
        .is_some_and(|token| token.kind == TokenKind::Operator && matches!(&*token.text, "<" | ">"))
}

fn matching<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let fitting = candidates
        .into_iter()
        .filter(|word| word.starts_with(typed));
    fitting.map(|word| format!("{word} ")).collect()
}

fn first_word(typed: &str, begins_line: bool, names: &dyn Names) -> Vec<String> {
    if typed.contains('/') {
        return files(typed, &names.folder());
    }
    let mut found = Vec::new();
    if begins_line {
        found = matching(typed, words::TABLE.iter().map(|(name, _, _)| *name));
    }
    // An empty line would offer every program on the machine.
    if !typed.is_empty() {
        let programs = names.programs();
        found.extend(matching(typed, programs.iter().map(String::as_str)));
    }
    found.extend(matching(typed, ["docker"]));
    found
}

fn docker(words: &[String], typed: &str, names: &dyn Names) -> Vec<String> {
    let Some((row, path, rest)) = commands::find(words) else {
        return subcommands(words, typed);
    };
    let parser = (row.parser)();
    let own = arguments(&parser, rest);
    if let Some(flag) = own.value_of.as_deref() {
        return flag_values(flag, typed, names);
    }
    let kind = takes(path);
    let inner = matches!(kind, Takes::Image | Takes::Container) && own.words > 0;
    if typed.starts_with('-') && !inner {
        let flags = parser.get_arguments().filter_map(clap::Arg::get_long);
        let flags: Vec<String> = flags.map(|flag| format!("--{flag}")).collect();
        return matching(typed, flags.iter().map(String::as_str));
    }
    let objects = match kind {
        _ if inner => return Vec::new(),
        Takes::Containers | Takes::Container => names.containers(),
        Takes::Images | Takes::Image => names.images(),
        Takes::ContainersAndImages => [names.containers(), names.images()].concat(),
        Takes::Volumes => names.volumes(),
        Takes::Files => return files(typed, &names.folder()),
        Takes::Paths => {
            let containers = names.containers();
            let mut found = files(typed, &names.folder());
            let fitting = containers.iter().filter(|name| name.starts_with(typed));
            found.extend(fitting.map(|name| format!("{name}:")));
            return found;
        }
    };
    // `docker rm a b`: names that are already on the line are not offered again.
    let open = objects.iter().filter(|name| !rest.contains(name));
    matching(typed, open.map(String::as_str))
}

/// The verbs of `docklings`, their flags, and the exercises that they take.
fn docklings(words: &[String], typed: &str, names: &dyn Names) -> Vec<String> {
    let Some((first, rest)) = words.split_first() else {
        let verbs = verbs::VERBS.iter().map(|verb| verb.name);
        return matching(
            typed,
            verbs.chain(["author", "completion", "docker", "explain"]),
        );
    };
    let Some(verb) = verbs::VERBS.iter().find(|verb| verb.name == first) else {
        return match first.as_str() {
            "docker" => docker(rest, typed, names),
            "completion" => matching(typed, SHELLS),
            _ => files(typed, &names.folder()),
        };
    };
    if typed.starts_with('-') {
        return matching(typed, verb.flags.iter().copied());
    }
    if !verb.usage.contains("EXERCISE") {
        return files(typed, &names.folder());
    }
    matching(typed, names.exercises().iter().map(String::as_str))
}

fn subcommands(words: &[String], typed: &str) -> Vec<String> {
    let names = commands::TABLE.iter().flat_map(|row| row.names);
    match words {
        [] => {
            let plain = names.filter(|name| !name.contains(' ')).copied();
            let groups = commands::GROUPS.iter().map(|(group, _)| *group);
            matching(typed, plain.chain(groups))
        }
        [group] => {
            let prefix = format!("{group} ");
            matching(typed, names.filter_map(|name| name.strip_prefix(&*prefix)))
        }
        _ => Vec::new(),
    }
}

/// The arguments of a command up to the cursor.
struct Arguments {
    /// Words that are neither flags nor their values.
    words: usize,
    /// The flag whose value comes next.
    value_of: Option<String>,
}

fn arguments(parser: &clap::Command, rest: &[String]) -> Arguments {
    let mut seen = Arguments {
        words: 0,
        value_of: None,
    };
    for word in rest {
        if seen.value_of.take().is_some() {
            continue;
        }
        if !word.starts_with('-') || word == "-" {
            seen.words += 1;
        } else if seen.words == 0 && !word.contains('=') {
            seen.value_of = flag_with_value(parser, word);
        }
    }
    seen
}

/// The long name of the flag in `word` that takes the next word as its value.
fn flag_with_value(parser: &clap::Command, word: &str) -> Option<String> {
    let long = word.strip_prefix("--");
    let last = word.chars().last();
    parser
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !crate::cli::is_switch(arg))
        .find(|arg| match long {
            Some(name) => arg.get_long() == Some(name),
            None => arg.get_short().is_some() && arg.get_short() == last,
        })
        // Our switches take `=value` only, and need no next word.
        .filter(|arg| !arg.is_require_equals_set())
        .map(|arg| arg.get_long().unwrap_or_default().to_owned())
}

fn flag_values(flag: &str, typed: &str, names: &dyn Names) -> Vec<String> {
    match flag {
        "volume" => {
            let volumes = names.volumes();
            let mut found = files(typed, &names.folder());
            let fitting = volumes.iter().filter(|name| name.starts_with(typed));
            found.extend(fitting.map(|name| format!("{name}:")));
            found
        }
        "volumes-from" => matching(typed, names.containers().iter().map(String::as_str)),
        "network" => matching(typed, ["bridge", "host", "none"]),
        "restart" => matching(typed, ["no", "always", "unless-stopped", "on-failure"]),
        "name" | "env" | "publish" | "hostname" | "label" | "format" | "filter" | "tag" => {
            Vec::new()
        }
        _ => files(typed, &names.folder()),
    }
}

/// Files below `folder` whose names start with `typed`. A folder ends in `/`, so that the learner can go on typing.
fn files(typed: &str, folder: &Path) -> Vec<String> {
    let (parent, begin) = match typed.rsplit_once('/') {
        Some((parent, begin)) => (format!("{parent}/"), begin),
        None => (String::new(), typed),
    };
    let place = match parent.strip_prefix("~/") {
        Some(rest) => match std::env::var_os("HOME") {
            Some(home) => Path::new(&home).join(rest),
            None => return Vec::new(),
        },
        None => folder.join(&parent),
    };
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(begin) || (name.starts_with('.') && !begin.starts_with('.')) {
            continue;
        }
        let end = if entry.path().is_dir() { "/" } else { " " };
        found.push(format!("{parent}{}{end}", quoted(&name)));
    }
    found
}

/// `name`, quoted so that the shell reads it as one word.
fn quoted(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if " \t'\"\\$`&|;<>()*?[]#!{}".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(PathBuf);

    impl Names for Fake {
        fn places(&self) -> Vec<String> {
            ["box", "first-run", "free"].map(str::to_owned).into()
        }
        fn containers(&self) -> Vec<String> {
            vec!["web".into(), "web2".into(), "job".into()]
        }
        fn images(&self) -> Vec<String> {
            vec!["busybox".into(), "hello-world".into()]
        }
        fn volumes(&self) -> Vec<String> {
            vec!["data".into()]
        }
        fn exercises(&self) -> Vec<String> {
            vec!["hello".into(), "first-image".into()]
        }
        fn programs(&self) -> Vec<String> {
            vec!["docker".into(), "nano".into(), "nl".into()]
        }
        fn folder(&self) -> PathBuf {
            self.0.clone()
        }
    }

    fn check(line: &str, expected: (usize, &[&str])) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Dockerfile"), "").unwrap();
        fs::write(folder.path().join("my notes"), "").unwrap();
        fs::create_dir(folder.path().join("app")).unwrap();
        fs::write(folder.path().join("app/main.py"), "").unwrap();
        let names = Fake(folder.path().to_owned());
        let (start, found) = complete(line, line.len(), &names);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!((start, &found[..]), expected, "{line:?}");
    }

    #[test]
    fn the_first_word_is_a_course_word_or_a_program() {
        check("ne", (0, &["next "]));
        check("n", (0, &["nano ", "next ", "nl "]));
        check("go f", (3, &["first-run ", "free "]));
        check("true | n", (7, &["nano ", "nl "]));
        check("dock", (0, &["docker "]));
        check("./D", (0, &["./Dockerfile "]));
    }

    #[test]
    fn verbs_of_docklings_have_their_flags_and_exercises() {
        check("docklings chec", (10, &["check "]));
        check("docklings check f", (16, &["first-image "]));
        check("docklings reset --a", (16, &["--all "]));
        check("docklings images add D", (21, &["Dockerfile "]));
        check("docklings docker stop j", (22, &["job "]));
        check("docklings completion z", (21, &["zsh "]));
    }

    #[test]
    fn files_are_offered_with_shell_quoting() {
        check("cat D", (4, &["Dockerfile "]));
        check("cat a", (4, &["app/"]));
        check("cat app/", (4, &["app/main.py "]));
        check("cat m", (4, &["my\\ notes "]));
        check("docker ps > D", (12, &["Dockerfile "]));
    }

    #[test]
    fn docker_commands_and_names_are_offered_where_they_fit() {
        check("docker stop we", (12, &["web ", "web2 "]));
        check("docker stop web we", (16, &["web2 "]));
        check("docker rm $(docker stop j", (24, &["job "]));
        check("docker run bu", (11, &["busybox "]));
        check("docker run -it bu", (15, &["busybox "]));
        check("docker run --name bu", (18, &[]));
        check("docker run --name x bu", (20, &["busybox "]));
        check("docker run busybox bu", (19, &[]));
    }
}
