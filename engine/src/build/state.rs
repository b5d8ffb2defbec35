//! The state of a stage while its instructions are applied: the image's configuration so far, and the variables.
//!
//! Pure: an instruction's `apply` changes this and returns the remaining work ([`Effect`]), which the executor does.

use super::instruction::mount::MountWork;
use super::syntax::error::BuildError;
use super::syntax::source::{Source, Word};
use super::syntax::statement::place;
use super::syntax::words::{Expanded, Expander, Rules};
use crate::oci::config::RunConfig;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Docker's shell unless SHELL says otherwise.
pub(crate) const DEFAULT_SHELL: [&str; 2] = ["/bin/sh", "-c"];
/// Arguments that need no ARG, and that are in no cache key and no history. Source: Dockerfile reference, "Predefined
/// ARGs".
pub(crate) const PREDEFINED: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// The `--build-arg`s of a build, and which of them an ARG declared.
#[derive(Debug, Default)]
pub(crate) struct BuildArgs {
    given: Vec<(String, String)>,
    used: RefCell<BTreeSet<String>>,
}

impl BuildArgs {
    pub(crate) fn new(given: Vec<(String, String)>) -> Self {
        Self {
            given,
            used: RefCell::default(),
        }
    }

    /// The value given for `name`, which is then marked as used.
    pub(crate) fn take(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        self.used.borrow_mut().insert(name.to_owned());
        Some(value)
    }

    fn value(&self, name: &str) -> Option<String> {
        let mut found = self.given.iter().rev();
        found
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.clone())
    }

    /// Proxies that were given without being declared.
    pub(crate) fn proxies(&self) -> Vec<(String, String)> {
        PREDEFINED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.value(name)?)))
            .collect()
    }

    /// Names that no ARG declared.
    pub(crate) fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        let names: BTreeSet<&String> = self.given.iter().map(|(name, _)| name).collect();
        names
            .into_iter()
            .filter(|name| !used.contains(*name) && !PREDEFINED.contains(&name.as_str()))
            .cloned()
            .collect()
    }
}

/// A variable declared by ARG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArgValue {
    pub(crate) name: String,
    /// `None`: declared without a value or a default.
    pub(crate) value: Option<String>,
}

/// A stage in progress.
pub(crate) struct State<'a> {
    /// The image's configuration so far.
    pub(crate) config: RunConfig,
    /// MAINTAINER.
    pub(crate) author: String,
    /// ARGs declared in this stage, in order.
    pub(crate) args: Vec<ArgValue>,
    /// ARGs declared before the first FROM, and the platform arguments.
    pub(crate) globals: &'a [ArgValue],
    /// `--build-arg`.
    pub(crate) build_args: &'a BuildArgs,
    /// A CMD was set in this stage: an ENTRYPOINT keeps it.
    pub(crate) cmd_set: bool,
}

/// The file of an instruction; needed to expand its words and to point at them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) source: &'a Source,
    pub(crate) escape: char,
}

/// The remaining work of an instruction, and its records.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effect {
    /// The entry for `docker history`; `None` for an instruction without one.
    pub(crate) history: Option<String>,
    /// The instruction in canonical form, for the cache key.
    pub(crate) key: String,
    /// The remaining work.
    pub(crate) work: Work,
}

/// Remaining work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// Nothing: only the configuration changed.
    Configured,
    /// Run a command.
    Run(Box<RunWork>),
    /// Copy files.
    Copy(Box<CopyWork>),
    /// Create a directory, if it is missing.
    Directory {
        path: String,
        /// Its owner.
        user: String,
    },
}

/// A command to run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunWork {
    pub(crate) argv: Vec<String>,
    /// `KEY=value`: the image's, then the arguments in scope.
    pub(crate) env: Vec<String>,
    /// Proxies: in the environment, but not in the key.
    pub(crate) proxies: Vec<String>,
    /// Arguments in scope, which are also in `env` unless ENV overrides them.
    pub(crate) args: Vec<(String, String)>,
    pub(crate) user: String,
    pub(crate) working_dir: String,
    pub(crate) network: Option<super::instruction::run::RunNetwork>,
    /// A script that names its own interpreter; `argv` is then its path.
    pub(crate) script: Option<String>,
    /// The mounts while it runs.
    pub(crate) mounts: Vec<MountWork>,
}

/// Files to copy.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CopyWork {
    /// `COPY` or `ADD`.
    pub(crate) keyword: &'static str,
    /// `--from`.
    pub(crate) from: Option<Word>,
    /// In the order written.
    pub(crate) sources: Vec<CopySource>,
    /// Absolute; ends in `/` if it must be a directory.
    pub(crate) destination: String,
    pub(crate) destination_word: Word,
    pub(crate) chown: Option<String>,
    pub(crate) chmod: Option<String>,
    pub(crate) exclude: Vec<String>,
    /// `--parents`.
    pub(crate) parents: bool,
    pub(crate) checksum: Option<String>,
    /// ADD: unpack local archives (`None`), all (`true`), none (`false`).
    pub(crate) unpack: Option<bool>,
}

/// One source of COPY or ADD.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CopySource {
    /// A path or pattern, and its word in the file.
    Path(String, Word),
    /// `http(s)://…`.
    Url(String, Word),
    /// A small file written in the Dockerfile.
    Inline { name: String, content: String },
}

impl Effect {
    /// An instruction that only sets configuration, with the same text in history and key.
    pub(crate) fn configured(history: impl Into<String>) -> Self {
        let history = history.into();
        Self {
            key: history.clone(),
            history: Some(history),
            work: Work::Configured,
        }
    }
}

impl State<'_> {
    /// The value of a variable: ENV wins over ARG.
    pub(crate) fn lookup(&self, name: &str) -> Option<String> {
        self.env(name).or_else(|| {
            let mut args = self.args.iter().rev();
            args.find(|arg| arg.name == name)?.value.clone()
        })
    }

    /// The value of an ENV variable.
    pub(crate) fn env(&self, name: &str) -> Option<String> {
        let env = self.config.env.as_deref().unwrap_or_default();
        env.iter()
            .filter_map(|pair| pair.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
    }

    /// Sets an ENV variable; an existing one keeps its position.
    pub(crate) fn set_env(&mut self, name: &str, value: &str) {
        let env = self.config.env.get_or_insert_default();
        let pair = format!("{name}={value}");
        let known = env
            .iter_mut()
            .find(|known| known.split('=').next() == Some(name));
        match known {
            Some(known) => *known = pair,
            None => env.push(pair),
        }
    }

    /// Expands the variables of `word`, quotes removed.
    pub(crate) fn expand(&self, place: Place<'_>, word: &Word) -> Result<String, BuildError> {
        Ok(self.expanded(place, word, Rules::default())?.text)
    }

    /// Expands `word`; an unquoted variable may expand to several words.
    pub(crate) fn expand_words(
        &self,
        place: Place<'_>,
        word: &Word,
    ) -> Result<Vec<String>, BuildError> {
        Ok(self.expanded(place, word, Rules::default())?.words())
    }

    /// Expands the variables in the text of a file; quotes are kept, and the escape character is always the backslash.
    /// Source: BuildKit, `SupportsSingleWordExpansionRaw`.
    pub(crate) fn expand_text(&self, place: Place<'_>, word: &Word) -> Result<String, BuildError> {
        let rules = Rules {
            whole_text: true,
            ..Rules::default()
        };
        let place = Place {
            escape: '\\',
            ..place
        };
        Ok(self.expanded(place, word, rules)?.text)
    }

    fn expanded(&self, at: Place<'_>, word: &Word, rules: Rules) -> Result<Expanded, BuildError> {
        let lookup = |name: &str| self.lookup(name);
        Expander::new(at.escape, &lookup, rules)
            .expand(&word.text)
            .map_err(|error| {
                let message = format!("failed to process {:?}: {}", word.text, error.message);
                at.source.error(place(word, &error.at), message)
            })
    }

    /// The words before a shell-form command.
    pub(crate) fn shell(&self) -> Vec<String> {
        match &self.config.shell {
            Some(shell) if !shell.is_empty() => shell.clone(),
            _ => DEFAULT_SHELL.map(str::to_owned).to_vec(),
        }
    }

    /// The base of relative paths.
    pub(crate) fn working_dir(&self) -> String {
        match self.config.working_dir.as_str() {
            "" => "/".to_owned(),
            path => path.to_owned(),
        }
    }

    /// `path`, joined to the working directory if relative, without `.`, `..` and doubled slashes.
    pub(crate) fn absolute(&self, path: &str) -> String {
        let joined = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("{}/{path}", self.working_dir()),
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in joined.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Applying instructions in tests.

    use super::*;
    use crate::build::syntax::parse::Dockerfile;

    /// Applies `lines` after a FROM to an image with `config`; returns the new configuration and the last effect.
    pub(crate) fn apply(
        config: RunConfig,
        build_args: &[(&str, &str)],
        lines: &str,
    ) -> Result<(RunConfig, Effect), String> {
        let text = format!("FROM x\n{lines}\n");
        let file = Dockerfile::parse("Dockerfile", text.as_bytes()).map_err(|e| e.message)?;
        let given = build_args
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let build_args = BuildArgs::new(given.collect());
        let mut state = State {
            config,
            author: String::new(),
            args: Vec::new(),
            globals: &[ArgValue {
                name: "GLOBAL".to_owned(),
                value: Some("g".to_owned()),
            }],
            build_args: &build_args,
            cmd_set: false,
        };
        let place = Place {
            source: &file.source,
            escape: file.directives.escape,
        };
        let mut last = Effect::configured("");
        for step in &file.stages[0].steps {
            last = step
                .instruction
                .apply(&mut state, place)
                .map_err(|e| e.message)?;
        }
        Ok((state.config, last))
    }

    /// Checks the history line of the last instruction.
    pub(crate) fn check_history(lines: &str, expected: &str) {
        let found = match apply(RunConfig::default(), &[], lines) {
            Ok((_, effect)) => effect.history.unwrap_or_default(),
            Err(message) => format!("! {message}"),
        };
        assert_eq!(found, expected, "{lines}");
    }
}
