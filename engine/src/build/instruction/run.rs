//! RUN: a command whose changes become a layer.
//!
//! `RUN text for the shell` · `RUN ["program", "word"]` · `RUN <<EOF … EOF`, a small script. Its variables are not
//! expanded here: the shell sees them in its environment.

use super::Form;
use super::command_line::CommandLine;
use super::mount::Mount;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::heredoc::{self, Heredoc};
use crate::build::syntax::statement::{FlagKind, Statement};
use crate::build::work::{Effect, RunNetwork, RunWork, Work};

/// RUN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// The command.
    pub command: CommandLine,
    /// The heredocs after it.
    pub heredocs: Vec<Heredoc>,
    /// `--network=none|host|default`.
    pub network: Option<RunNetwork>,
    /// `--mount`, in order.
    pub mounts: Vec<Mount>,
}

impl Form for Run {
    const KEYWORD: &str = "RUN";
    const CHANGES_FILES: bool = true;

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let flags = statement.flags(&[
            ("network", FlagKind::Value),
            ("security", FlagKind::Value),
            ("mount", FlagKind::Values),
            ("device", FlagKind::Values),
        ])?;
        let mounts = flags
            .values("mount")
            .iter()
            .map(|word| Mount::parse(statement, word))
            .collect::<Result<Vec<_>, _>>()?;
        for (name, allowed) in [("device", ""), ("security", "sandbox")] {
            if let Some(value) = flags.value(name).filter(|value| value.text != allowed) {
                let message = format!("`RUN --{name}` is not part of docklings");
                return Err(statement
                    .error(value.span, message)
                    .with_hint("see docs/limits.md"));
            }
        }
        let network = match flags.value("network") {
            None => None,
            Some(value) => Some(match value.text.as_str() {
                "default" => RunNetwork::Default,
                "none" => RunNetwork::None,
                "host" => RunNetwork::Host,
                other => {
                    return Err(statement
                        .error(value.span, format!("invalid network mode {other:?}"))
                        .with_hint("`--network` takes `default`, `none` or `host`"));
                }
            }),
        };
        let command = CommandLine::parse(statement)?;
        if command.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        Ok(Self {
            command,
            heredocs: statement.heredocs().to_vec(),
            network,
            mounts,
        })
    }

    /// Plans the command. Its variables are not expanded.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mounts = self.mounts.iter().map(|mount| mount.work(state, at));
        let mounts = mounts.collect::<Result<Vec<_>, _>>()?;
        let script = self.script();
        let argv = match &script {
            Some(_) => {
                let mut argv = state.shell();
                argv.push(SCRIPT.to_owned());
                argv
            }
            None => self.argv(&state.shell()),
        };
        let args: Vec<(String, String)> = state
            .args
            .iter()
            .map(|arg| {
                let value = state.lookup(&arg.name).unwrap_or_default();
                (arg.name.clone(), value)
            })
            .collect();
        let mut env = state.config.env.clone().unwrap_or_default();
        for arg in &state.args {
            if let (None, Some(value)) = (state.env(&arg.name), &arg.value) {
                env.push(format!("{}={value}", arg.name));
            }
        }
        let history = format!("RUN {} # buildkit", shown(&argv, &args));
        let mut key = self.text(&argv, script.as_deref());
        if let Some(network) = self.network {
            key.push_str(&format!(" --network={network:?}"));
        }
        for mount in &mounts {
            key.push_str(&format!(" --mount={}", mount.text));
        }
        Ok(Effect {
            history: Some(history),
            key,
            work: Work::Run(Box::new(RunWork {
                argv,
                env,
                proxies: proxies(state),
                args,
                user: state.config.user.clone(),
                working_dir: state.working_dir(),
                network: self.network,
                script,
                mounts,
            })),
        })
    }
}

impl Run {
    /// The words to execute; `shell` precedes the shell form.
    ///
    /// A single here-document is the script itself; its first line can name the interpreter, which then reads the
    /// script from [`Run::script`]. Anything else is passed to the shell as written.
    pub(crate) fn argv(&self, shell: &[String]) -> Vec<String> {
        let CommandLine::Shell(text) = &self.command else {
            return self.command.argv(shell);
        };
        let full = match (self.heredocs.as_slice(), heredoc::mark(&text.text)) {
            ([], _) => text.text.clone(),
            ([script], Some(_)) => script.text(),
            (heredocs, _) => {
                let mut full = text.text.clone();
                for heredoc in heredocs {
                    full.push('\n');
                    full.push_str(&heredoc.content);
                    full.push_str(&heredoc.name);
                }
                full
            }
        };
        let mut argv = shell.to_vec();
        argv.push(full);
        argv
    }

    /// The script that names its own interpreter (`#!`), if RUN is a single here-document with one.
    pub(crate) fn script(&self) -> Option<String> {
        let CommandLine::Shell(text) = &self.command else {
            return None;
        };
        match self.heredocs.as_slice() {
            [script] if heredoc::mark(&text.text).is_some() => {
                Some(script.text()).filter(|text| text.starts_with("#!"))
            }
            _ => None,
        }
    }
}

/// The path of a script with its own interpreter while it runs.
pub(crate) const SCRIPT: &str = "/.heredoc/EOF";

impl Run {
    fn text(&self, argv: &[String], script: Option<&str>) -> String {
        let words = serde_json::to_string(argv).unwrap_or_default();
        format!("RUN {words}{}", script.unwrap_or_default())
    }
}

/// The words, preceded by the arguments in scope: `|1 V=2 /bin/sh -c echo $V`.
fn shown(argv: &[String], args: &[(String, String)]) -> String {
    let mut words = Vec::new();
    if !args.is_empty() {
        words.push(format!("|{}", args.len()));
        words.extend(args.iter().map(|(name, value)| format!("{name}={value}")));
    }
    words.extend_from_slice(argv);
    words.join(" ")
}

/// Proxies given with `--build-arg` without a declaration: the command sees them, the key does not contain them.
fn proxies(state: &State<'_>) -> Vec<String> {
    let given = state.build_args.proxies().into_iter();
    given
        .filter(|(name, _)| state.lookup(name).is_none())
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::state::testing::{apply, check_history};
    use crate::oci::config::RunConfig;

    #[test]
    fn history_is_what_buildkit_writes() {
        check_history("RUN echo hi", "RUN /bin/sh -c echo hi # buildkit");
        check_history("RUN [\"a\", \"b c\"]", "RUN a b c # buildkit");
        check_history(
            "ARG V=1\nARG W\nRUN x",
            "RUN |2 V=1 W= /bin/sh -c x # buildkit",
        );
        check_history("SHELL [\"sh\", \"-ec\"]\nRUN x", "RUN sh -ec x # buildkit");
    }

    #[test]
    fn a_run_sees_env_then_args_then_proxies() {
        let given = [("http_proxy", "p"), ("V", "2"), ("A", "no")];
        let (_, effect) =
            apply(RunConfig::default(), &given, "ENV A=e\nARG V\nARG A\nRUN x").unwrap();
        let Work::Run(run) = effect.work else {
            panic!("not a RUN");
        };
        assert_eq!(run.env, ["A=e", "V=2"]);
        assert_eq!(run.proxies, ["http_proxy=p"]);
        assert!(!effect.history.unwrap().contains("proxy"));
    }
}
