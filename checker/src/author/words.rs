//! The docker commands in a shell line, parsed well enough for the rules that read them.

/// The words of each command in `line`: split at `;`, `&&`, `||`, `|`, `&` and newlines outside quotes.
pub(crate) fn commands(line: &str) -> Vec<Vec<String>> {
    let (mut parts, mut current, mut quote) = (Vec::new(), String::new(), None);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                current.push(c);
            }
            (Some(open), _) if c == open => {
                quote = None;
                current.push(c);
            }
            (_, '\\') => {
                current.push(c);
                current.extend(chars.next());
            }
            // `2>&1` does not separate commands.
            (None, '&') if current.ends_with('>') => current.push(c),
            (None, ';' | '|' | '&' | '\n' | '(' | ')') => parts.push(std::mem::take(&mut current)),
            _ => current.push(c),
        }
    }
    parts.push(current);
    parts
        .iter()
        .filter_map(|part| shell_words::split(part).ok())
        .map(|words| {
            // `VAR=value docker …` and `exec docker …` run docker too.
            let skip = words
                .iter()
                .take_while(|word| {
                    word.contains('=') && !word.starts_with('-') || word.as_str() == "exec"
                })
                .count();
            words[skip..].to_vec()
        })
        .filter(|words| !words.is_empty())
        .collect()
}

/// The docker commands of `line`, without the word `docker`, and `docker container run` as `run`.
pub(crate) fn docker(line: &str) -> Vec<Vec<String>> {
    commands(line)
        .into_iter()
        .filter(|words| words[0] == "docker")
        .map(|words| {
            let own = &words[1..];
            match own.first().map(String::as_str) {
                Some("container") => own[1..].to_vec(),
                Some("image") => match own.get(1).map(String::as_str) {
                    Some(
                        "build" | "history" | "import" | "load" | "pull" | "push" | "save" | "tag",
                    ) => own[1..].to_vec(),
                    _ => own.to_vec(),
                },
                _ => own.to_vec(),
            }
        })
        .filter(|words| !words.is_empty())
        .collect()
}

/// Flags of `run` and `create` that take no value. Any other flag without `=` takes the next word.
const ALONE: &[&str] = &[
    "-d",
    "--detach",
    "-i",
    "--interactive",
    "-t",
    "--tty",
    "--rm",
    "-P",
    "--publish-all",
    "--privileged",
    "--read-only",
    "--init",
    "-q",
    "--quiet",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--sig-proxy",
];

/// The image that `docker run …` or `docker create …` names; `words` begin with `run` or `create`.
pub(crate) fn image_of_run(words: &[String]) -> Option<&str> {
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        if word == "--" {
            return rest.next().map(String::as_str);
        }
        if !word.starts_with('-') {
            return Some(word);
        }
        let letters = word.strip_prefix('-').unwrap_or("");
        let alone = word.contains('=')
            || ALONE.contains(&word.as_str())
            // Combined letters, as in `-it`: the last one decides.
            || (!letters.starts_with('-')
                && letters.len() > 1
                && letters.chars().all(|c| matches!(c, 'd' | 'i' | 't' | 'P' | 'q')))
            // A value attached to its letter, as in `-p8080:80`.
            || (!letters.starts_with('-')
                && letters.len() > 1
                && letters.starts_with(['p', 'e', 'v', 'u', 'w', 'l', 'm', 'h', 'a']));
        if !alone {
            rest.next();
        }
    }
    None
}

/// `line` with the whole word `name` replaced by `other`; `web` does not occur in `web2` or `my-web`.
pub(crate) fn replace_name(line: &str, name: &str, other: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let (mut done, mut at) = (String::with_capacity(line.len()), 0);
    while let Some(found) = line[at..].find(name) {
        let (start, end) = (at + found, at + found + name.len());
        let before = line[..start].chars().next_back();
        let mut after = line[end..].chars();
        let (next, second) = (after.next(), after.next());
        // A full stop may end a sentence, or continue a file name.
        let goes_on = match next {
            Some('.') => second.is_some_and(is_part),
            Some(next) => is_part(next),
            None => false,
        };
        done.push_str(&line[at..start]);
        done.push_str(if before.is_some_and(is_part) || goes_on {
            name
        } else {
            other
        });
        at = end;
    }
    done.push_str(&line[at..]);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_commands_are_found_in_a_line() {
        let found = docker(
            "cd x && docker run -d a; echo 'docker rm' | docker image tag a b 2>&1 & A=1 docker container ls",
        );
        let found: Vec<String> = found.iter().map(|words| words.join(" ")).collect();
        assert_eq!(found, ["run -d a", "tag a b 2>&1", "ls"]);
    }

    #[track_caller]
    fn image(line: &str, expected: Option<&str>) {
        let words = docker(line);
        assert_eq!(
            words.first().and_then(|words| image_of_run(words)),
            expected,
            "{line}"
        );
    }

    #[test]
    fn the_image_comes_after_the_flags_and_their_values() {
        image("docker run busybox ls", Some("busybox"));
        image("docker run -it --rm busybox", Some("busybox"));
        image(
            "docker run -d --name web -p 8080:80 -e A=1 app:v1",
            Some("app:v1"),
        );
        image("docker run -dp 8080:80 app", Some("app"));
        image("docker run --name=web app x --name y", Some("app"));
        image("docker create -v data:/x app", Some("app"));
        image("docker run -d", None);
    }

    #[test]
    fn a_name_is_replaced_as_a_whole_word() {
        let line = "docker rm web web2 my-web /web/ web:v1 web.txt; echo web.";
        assert_eq!(
            replace_name(line, "web", "X"),
            "docker rm X web2 my-web /X/ X:v1 web.txt; echo X."
        );
    }
}
