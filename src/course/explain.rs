//! `explain`: explains a docker command line word by word, from the tables that also parse it.

mod values;

use crate::cli;
use crate::docker::commands::{self, Row, Words};
use clap::Arg;
use engine::near::nearest;

/// A piece of the line and its meaning.
pub(crate) type Piece = (String, String);

/// Explains `line`, with or without a leading `docker`. Error: why it cannot be explained, as a sentence.
pub(crate) fn explain(line: &str) -> Result<Vec<Piece>, String> {
    let words = shell_words::split(line).map_err(|_| "a quote is not closed".to_owned())?;
    let words = match words.split_first() {
        Some((first, rest)) if first == "docker" => rest,
        _ => &words[..],
    };
    let Some((row, path, rest)) = commands::find(words) else {
        let first = words.first().map(String::as_str).unwrap_or_default();
        let names = commands::TABLE.iter().flat_map(|row| row.names);
        let names: Vec<&str> = names.copied().collect();
        return Err(match nearest(first, names) {
            Some(near) => {
                format!("`{first}` is not a docker command; did you mean `docker {near}`?")
            }
            None => format!("`{first}` is not a docker command; `docker --help` lists them"),
        });
    };
    let parser = Flags {
        parser: (row.parser)(),
        verb: row.via(),
    };
    let mut pieces = vec![(format!("docker {path}"), row.summary().to_owned())];
    let mut rest = rest.iter();
    let mut roles = Roles::of(row);
    while let Some(word) = rest.next() {
        if roles.ends_flags || !word.starts_with('-') || word == "-" {
            let command = roles.next();
            match command {
                Role::Command => {
                    roles.at = usize::MAX;
                    let tail: Vec<String> = std::iter::once(word)
                        .chain(rest.by_ref())
                        .cloned()
                        .collect();
                    let about = match word.starts_with('-') {
                        _ if given_entrypoint(words) => {
                            "the arguments of the entrypoint".to_owned()
                        }
                        true => format!(
                            "WARNING: `{word}` stands behind the image, so the container would run it as a program; \
                             options stand before the image"
                        ),
                        false => "what runs in the container".to_owned(),
                    };
                    pieces.push((shell_words::join(tail), about));
                }
                Role::Name(name) => pieces.push((word.clone(), name)),
            }
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let arg = parser
                .parser
                .get_arguments()
                .find(|arg| arg.get_long() == Some(name));
            pieces.push(parser.flag(&format!("--{name}"), arg, value, &mut rest));
        } else {
            parser.letters(&word[1..], &mut rest, &mut pieces);
        }
    }
    pieces.extend(roles.missing(row).map(|name| {
        let about = format!("WARNING: something is missing: {name}");
        ("…".to_owned(), about)
    }));
    Ok(pieces)
}

/// What follows the image may then be arguments, which can begin with `-`.
fn given_entrypoint(words: &[String]) -> bool {
    words.iter().any(|word| word.starts_with("--entrypoint"))
}

/// The flags of a command.
struct Flags {
    parser: clap::Command,
    /// The command's short name.
    verb: &'static str,
}

impl Flags {
    /// `-it`, `-p8080:80`, `-n x`: reads letters until one takes a value.
    fn letters(
        &self,
        cluster: &str,
        rest: &mut std::slice::Iter<'_, String>,
        pieces: &mut Vec<Piece>,
    ) {
        let mut tail = cluster;
        while let Some(letter) = tail.chars().next() {
            tail = &tail[letter.len_utf8()..];
            let arg = self
                .parser
                .get_arguments()
                .find(|arg| arg.get_short() == Some(letter));
            let takes_value =
                arg.is_some_and(|arg| !cli::is_switch(arg) && !arg.is_require_equals_set());
            let value = match takes_value && !tail.is_empty() {
                true => Some(std::mem::take(&mut tail).trim_start_matches('=').to_owned()),
                false => None,
            };
            pieces.push(self.flag(&format!("-{letter}"), arg, value, rest));
        }
    }

    /// A flag with its value, which may be the next word.
    fn flag(
        &self,
        shown: &str,
        arg: Option<&Arg>,
        value: Option<String>,
        rest: &mut std::slice::Iter<'_, String>,
    ) -> Piece {
        let Some(arg) = arg else {
            let longs = self.parser.get_arguments().filter_map(Arg::get_long);
            let longs: Vec<String> = longs.map(|long| format!("--{long}")).collect();
            let known: Vec<&str> = longs.iter().map(String::as_str).collect();
            let hint = match nearest(shown, known.iter().copied()) {
                Some(near) if shown.starts_with("--") => format!("; did you mean `{near}`?"),
                _ => String::new(),
            };
            return (
                shown.to_owned(),
                format!("not a flag of this command{hint}"),
            );
        };
        let takes_value = !cli::is_switch(arg) && !arg.is_require_equals_set();
        let value = value.or_else(|| {
            rest.as_slice()
                .first()
                .filter(|_| takes_value)
                .map(|_| rest.next().cloned().unwrap_or_default())
        });
        let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let decoded = arg
            .get_long()
            .and_then(|long| values::decoded(self.verb, long, value.as_deref().unwrap_or("")));
        let about = decoded.unwrap_or(about);
        let long = arg.get_long().filter(|_| !shown.starts_with("--"));
        let about = match long {
            Some(long) => format!("{about} (--{long})"),
            None => about,
        };
        let shown = match value {
            Some(value) => format!("{shown} {}", shell_words::quote(&value)),
            None => shown.to_owned(),
        };
        (shown, about)
    }
}

/// What a word that is not a flag means.
enum Role {
    /// It stands for this name of the usage line.
    Name(String),
    /// It and everything after it is the container's own command line.
    Command,
}

/// The placeholders of a usage line, in order.
struct Roles {
    names: Vec<String>,
    at: usize,
    /// How many words precede the container's own command line.
    command_at: Option<usize>,
    ends_flags: bool,
}

impl Roles {
    fn of(row: &Row) -> Self {
        let words = row
            .usage
            .split_whitespace()
            .map(|word| word.trim_matches(['[', ']']));
        let names: Vec<String> = words
            .filter(|word| *word != "OPTIONS" && *word != "|")
            .map(|word| word.trim_end_matches("...").to_owned())
            .collect();
        let command_at = names.iter().position(|name| name == "COMMAND");
        Self {
            names,
            at: 0,
            command_at,
            ends_flags: false,
        }
    }

    /// The first name that the command needs and has not been given.
    fn missing(&self, row: &Row) -> Option<&str> {
        let least = match row.words {
            Words::Exactly(count) | Words::AtLeast(count) | Words::Between(count, _) => count,
            Words::None | Words::AtMost(_) => 0,
        };
        let name = self.names.get(self.at).or(self.names.last());
        let name = name.map_or("a name", String::as_str);
        (self.at < least).then_some(match (row.via(), name) {
            ("build", _) => "the folder to build from; `.` is this one",
            (_, name) => name,
        })
    }

    fn next(&mut self) -> Role {
        if self.command_at == Some(self.at) {
            return Role::Command;
        }
        // Flags after the image belong to the container's command.
        self.ends_flags = self.command_at.is_some();
        let name = self.names.get(self.at).or(self.names.last());
        let name = name.map_or("one word too many", |name| match name.as_str() {
            "CONTAINER" => "the container",
            "IMAGE" => "the image",
            "VOLUME" => "the volume",
            "PATH" => "the folder with the files that COPY may take",
            other => other,
        });
        self.at += 1;
        Role::Name(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[(&str, &str)]) {
        let pieces = explain(line).unwrap();
        assert_eq!(pieces.len(), expected.len(), "{line}: {pieces:?}");
        for ((shown, about), (text, part)) in pieces.iter().zip(expected) {
            assert_eq!(shown, text, "{line}");
            assert!(about.contains(part), "{line}: {shown}: {about}");
        }
    }

    #[test]
    fn every_flag_is_explained_also_in_a_cluster() {
        check(
            "docker run -it --name web -p8080:80 busybox sh -c 'echo -n hi'",
            &[
                ("docker run", "Create and run"),
                ("-i", "what you type reaches it (--interactive)"),
                ("-t", "a terminal"),
                ("--name web", "names the container `web`"),
                ("-p 8080:80", "port 8080 of your machine leads to port 80"),
                ("busybox", "the image"),
                ("sh -c 'echo -n hi'", "what runs"),
            ],
        );
        check(
            "exec box ls -l",
            &[
                ("docker exec", ""),
                ("box", "the container"),
                ("ls -l", "what runs"),
            ],
        );
        check(
            "docker rm -f a b",
            &[
                ("docker rm", ""),
                ("-f", "in use"),
                ("a", "the container"),
                ("b", "the container"),
            ],
        );
        check(
            "docker run --rmm busybox",
            &[
                ("docker run", ""),
                ("--rmm", "did you mean `--rm`"),
                ("busybox", "the image"),
            ],
        );
    }

    #[test]
    fn a_line_that_does_not_do_what_was_meant_gets_a_warning() {
        check(
            "docker run busybox -it sh",
            &[
                ("docker run", ""),
                ("busybox", "the image"),
                ("-it sh", "WARNING: `-it` stands behind the image"),
            ],
        );
        check(
            "docker run --entrypoint ls busybox -l",
            &[
                ("docker run", ""),
                ("--entrypoint ls", ""),
                ("busybox", ""),
                ("-l", "the arguments of the entrypoint"),
            ],
        );
        check(
            "docker build -t shop",
            &[
                ("docker build", ""),
                ("-t shop", "the name `shop`"),
                ("…", "the folder to build from; `.` is this one"),
            ],
        );
        check(
            "docker rm -f",
            &[("docker rm", ""), ("-f", ""), ("…", "missing: CONTAINER")],
        );
    }

    #[test]
    fn an_unknown_command_is_reported() {
        assert!(
            explain("docker rnu")
                .unwrap_err()
                .contains("did you mean `docker run`")
        );
        assert!(explain("docker 'x").unwrap_err().contains("quote"));
        assert!(explain("").is_err());
    }
}
