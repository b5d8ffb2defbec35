//! What one line passes on to the next: the folder, the environment, variables, the exit code.
//!
//! Each line runs in its own `sh`. At its end, that shell writes down its folder and variables, and the next line's
//! shell starts from there. So `cd`, `export`, `alias` and `ID=$(docker ps -lq)` work as in any terminal; shell
//! functions and `set -o` options last for one line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Separates the exported variables, all variables and the aliases.
const MARK: &str = "-- docklings --";

/// Variables that a shell sets by itself; they are not the learner's.
const OWN: [&str; 28] = [
    "COLUMNS",
    "DIRSTACK",
    "FUNCNAME",
    "GROUPS",
    "HOSTTYPE",
    "LINES",
    "MACHTYPE",
    "OSTYPE",
    "PIPESTATUS",
    "_",
    "IFS",
    "LINENO",
    "OPTIND",
    "OPTARG",
    "OPTERR",
    "PPID",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PWD",
    "OLDPWD",
    "UID",
    "EUID",
    "SHELLOPTS",
    "SHLVL",
    "HOSTNAME",
    "MAILCHECK",
];

/// The most bytes of all unexported variables, quoted: they precede the next line, in one argument of `sh -c`. The
/// kernel accepts arguments of up to 128 KiB; see execve(2), `MAX_ARG_STRLEN`.
const MOST: usize = 64 << 10;
/// The most bytes of an exported variable, which is a separate argument.
const MOST_EXPORTED: usize = 127 << 10;

/// The state of the learner's shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carry {
    /// The working folder.
    pub(crate) folder: PathBuf,
    /// The exported variables.
    pub(crate) environment: BTreeMap<OsString, OsString>,
    /// Variables that are not exported.
    pub(crate) variables: BTreeMap<String, String>,
    /// The shell is bash.
    pub(crate) is_bash: bool,
    /// The aliases.
    pub(crate) aliases: BTreeMap<String, String>,
    /// The last line's exit code: `$?`.
    pub(crate) code: i32,
}

impl Carry {
    /// A state in `folder` with `environment`.
    pub(crate) fn new(
        folder: PathBuf,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        Self {
            folder,
            environment: environment.into_iter().collect(),
            variables: BTreeMap::new(),
            is_bash: false,
            aliases: BTreeMap::new(),
            code: 0,
        }
    }

    /// The text for `sh -c` that restores this state, runs `line`, and at its end writes the new state to the file
    /// `account`.
    pub(crate) fn script(&self, line: &str, account: &Path) -> String {
        let account = account.to_string_lossy();
        let account = shell_words::quote(&account);
        let at_end = format!(
            "{{ pwd; export -p; echo {mark}; set; echo {mark}; alias; }} >{account} 2>/dev/null",
            mark = shell_words::quote(MARK)
        );
        let mut script = format!("trap {} 0; ", shell_words::quote(&at_end));
        for (name, value) in &self.variables {
            script.push_str(&format!("{name}={}; ", shell_words::quote(value)));
        }
        let line = match self.code != 0 && line.contains("$?") {
            true => format!("(exit {}); {line}", self.code),
            false => line.to_owned(),
        };
        if self.aliases.is_empty() && !self.is_bash {
            // On the same line, so that line 1 in the shell's own messages is the learner's.
            script.push_str(&line);
            return script;
        }
        if self.is_bash {
            // In scripts, it does not use aliases by default.
            script.push_str("shopt -s expand_aliases; ");
        }
        for (name, value) in &self.aliases {
            script.push_str(&format!("alias {name}={}; ", shell_words::quote(value)));
        }
        // A shell reads a line with the aliases that it had before that line, and bash shows the line of a syntax error.
        script.push_str(&format!("eval {}", shell_words::quote(&line)));
        script
    }

    /// Takes over what the line's shell wrote. A shell that ended without writing (`exec`, a signal) changes nothing.
    /// Returns the names of variables that are too long for the next line and are dropped.
    pub(crate) fn take_over(&mut self, account: &str) -> Vec<String> {
        let Some((folder, rest)) = account.split_once('\n') else {
            return Vec::new();
        };
        let mark = format!("{MARK}\n");
        let Some((exported, rest)) = rest.split_once(&mark) else {
            return Vec::new();
        };
        let (all, aliases) = rest.rsplit_once(&mark).unwrap_or((rest, ""));
        self.aliases = assignments(aliases);
        let environment = assignments(exported);
        if folder.starts_with('/') {
            self.folder = PathBuf::from(folder);
        }
        let variables = assignments(all);
        // For `cd -`; not every shell exports it.
        let previous = variables.get("OLDPWD").cloned();
        self.variables = variables
            .into_iter()
            .filter(|(name, _)| !environment.contains_key(name) && is_theirs(name))
            .collect();
        let (kept, long): (Vec<_>, Vec<_>) = environment
            .into_iter()
            .filter(|(name, _)| name != "_" && name != "PWD")
            .chain(previous.map(|folder| ("OLDPWD".to_owned(), folder)))
            .partition(|(name, value)| name.len() + value.len() < MOST_EXPORTED);
        self.environment = kept
            .into_iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect();
        let mut forgotten: Vec<String> = long.into_iter().map(|(name, _)| name).collect();
        forgotten.extend(self.forget_longest());
        forgotten
    }

    /// Drops the longest variables until the others fit in front of a line; returns the names of the dropped ones.
    fn forget_longest(&mut self) -> Vec<String> {
        let length =
            |(name, value): (&String, &String)| name.len() + shell_words::quote(value).len();
        let mut all: usize = self.variables.iter().map(length).sum();
        let mut forgotten = Vec::new();
        while all > MOST {
            let longest = self.variables.iter().max_by_key(|one| length(*one));
            let Some((name, size)) = longest.map(|one| (one.0.clone(), length(one))) else {
                break;
            };
            self.variables.remove(&name);
            forgotten.push(name);
            all -= size;
        }
        forgotten
    }
}

fn is_theirs(name: &str) -> bool {
    !OWN.contains(&name) && !name.starts_with("BASH") && !name.starts_with("DOCKLINGS_")
}

/// Reads the output of `set` and `export -p`: lines of `NAME=value`, perhaps after `export` (dash, busybox) or `declare
/// -x` (bash). The value is quoted in the shell's own way and may hold newlines. Other lines are skipped.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = rest.split('\n').next().unwrap_or(rest);
        let bare = ["export ", "alias "]
            .iter()
            .find_map(|word| line.strip_prefix(word))
            .unwrap_or(line);
        let bare = match bare.strip_prefix("declare -") {
            Some(flags) => flags.split_once(' ').map_or("", |(_, bare)| bare),
            None => bare,
        };
        let name = bare.split('=').next().unwrap_or_default();
        let valid =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !valid || name.len() == bare.len() {
            rest = rest.get(line.len() + 1..).unwrap_or("");
            continue;
        }
        let begins = line.len() - bare.len() + name.len() + 1;
        let (value, length) = unquoted(&rest[begins..]);
        read.insert(name.to_owned(), value);
        rest = rest.get(begins + length + 1..).unwrap_or("");
    }
    read
}

/// The quoted value at the start of `text`, up to the end of its line, and how many bytes it takes there.
fn unquoted(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (None, '\n') => return (value, at),
            (None, '\'') if value.ends_with('$') && text[..at].ends_with('$') => {
                value.pop();
                quote = Some('$');
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some('$'), '\'') => quote = None,
            (Some(open @ ('\'' | '"')), _) if open == character => quote = None,
            (Some('$'), '\\') => {
                if let Some((_, next)) = characters.next() {
                    value.push(match next {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'a' => '\u{7}',
                        'b' => '\u{8}',
                        'e' | 'E' => '\u{1b}',
                        'f' => '\u{c}',
                        'v' => '\u{b}',
                        digit @ '0'..='3' => {
                            let more = characters.by_ref().take(2);
                            let digits: String =
                                std::iter::once(digit).chain(more.map(|(_, c)| c)).collect();
                            u8::from_str_radix(&digits, 8).map_or('\u{fffd}', char::from)
                        }
                        other => other,
                    });
                }
            }
            (None, '\\') => value.extend(characters.next().map(|(_, next)| next)),
            (Some('"'), '\\') => match characters.next() {
                Some((_, next @ ('"' | '\\' | '$' | '`'))) => value.push(next),
                Some((_, next)) => value.extend(['\\', next]),
                None => {}
            },
            (_, other) => value.push(other),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Runs `lines` in turn in real shells and returns their output.
    fn run(shell: &[&str], lines: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let account = folder.path().join("it's the account");
        let path = (OsString::from("PATH"), std::env::var_os("PATH").unwrap());
        let mut carry = Carry::new(folder.path().to_owned(), [path]);
        carry.is_bash = shell[0] == "bash";
        let mut printed = String::new();
        for line in lines {
            let output = Command::new(shell[0])
                .args(&shell[1..])
                .args(["-c", &carry.script(line, &account)])
                .env_clear()
                .envs(&carry.environment)
                .current_dir(&carry.folder)
                .output()
                .unwrap();
            carry.code = output.status.code().unwrap_or(137);
            let long = carry.take_over(&std::fs::read_to_string(&account).unwrap_or_default());
            for name in long {
                printed.push_str(&format!("<{name} is too long>"));
            }
            printed.push_str(&String::from_utf8_lossy(&output.stdout));
        }
        let top = folder.path().display().to_string();
        printed.replace(&top, "TOP")
    }

    fn check(lines: &[&str], expected: &str) {
        for shell in [
            &["sh"][..],
            &["bash", "--posix"],
            &["bash"],
            &["busybox", "sh"],
        ] {
            if Command::new(shell[0]).arg("--help").output().is_err() {
                continue;
            }
            assert_eq!(run(shell, lines), expected, "{shell:?} {lines:?}");
        }
    }

    #[test]
    fn a_line_passes_its_state_to_the_next() {
        check(&["mkdir -p 'a b' && cd 'a b'", "pwd"], "TOP/a b\n");
        check(
            &["export X='it'\\''s \"1\"'", "sh -c 'echo \"$X\"'"],
            "it's \"1\"\n",
        );
        check(&["X=$(echo one; echo two)", "echo \"$X\""], "one\ntwo\n");
        check(&["X=1", "sh -c 'echo \"[$X]\"'"], "[]\n");
        check(&["export X=1", "unset X", "echo \"[$X]\""], "[]\n");
        check(&["false", "echo $?"], "1\n");
        check(
            &["alias say='echo \"said\"'", "true", "say it"],
            "said it\n",
        );
        check(
            &["alias say='echo said'", "unalias say", "say it || echo no"],
            "no\n",
        );
        check(&["alias say='echo said'", "false", "say $?"], "said 1\n");
        check(&["cd /", "exit 3", "echo $?; pwd"], "3\n/\n");
        check(&["mkdir a && cd a", "cd /", "cd -"], "TOP/a\n");
        check(&["echo 'a\nb'"], "a\nb\n");
        check(&["X='$HOME `x` \\'", "printf '%s' \"$X\""], "$HOME `x` \\");
    }

    #[test]
    fn variables_too_long_for_a_line_are_dropped_and_the_rest_is_kept() {
        let long = "$(head -c 200000 /dev/zero | tr '\\0' a)";
        check(
            &[
                &format!("X={long}; Y=kept; export Z={long}; export W=kept"),
                "echo \"${#X} $Y ${#Z} $W\"",
            ],
            "<Z is too long><X is too long>0 kept 0 kept\n",
        );
    }

    #[test]
    fn a_line_that_is_not_valid_shell_changes_nothing() {
        check(&["X=1", "echo 'open", "echo $X"], "1\n");
        check(&["X=1", "exec true", "echo $X"], "1\n");
        check(&["X=1", "kill -9 $$", "echo $X"], "1\n");
    }
}
