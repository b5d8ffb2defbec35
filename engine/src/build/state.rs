//! The state of a stage while its instructions are applied: the image's configuration so far, and the variables.
//!
//! Pure: an instruction's `apply` changes this and returns the remaining work, which the executor does.

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
    use crate::build::work::Effect;

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
