//! `docker build`.

use super::check;
use super::context;
use super::destination::Destination;
use super::secret;
use super::shown::{Kind, follow};
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::registry::hub;
use crate::docker::values::{self, pairs};
use clap::ArgAction;
use engine::build::observe::BuildOutcome;
use engine::build::request::{BuildRequest, Reach};
use engine::oci::reference::Reference;
use engine::store::containers::NetworkMode;
use engine::{Error, ErrorKind};
use std::fs;
use std::io;

/// Arguments of `docker build`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Add a custom host-to-IP mapping ("host:ip")
    #[arg(long, value_name = "list", value_parser = pairs::host)]
    add_host: Vec<String>,
    /// Set build-time variables
    #[arg(long, value_name = "list", value_parser = pairs::env)]
    build_arg: Vec<String>,
    /// Check the Dockerfile instead of building it
    #[arg(long)]
    check: bool,
    /// Say of every step why it ran, or that it was cached
    #[arg(long)]
    explain: bool,
    /// Name of the Dockerfile (Default is "PATH/Dockerfile")
    #[arg(short, long, value_name = "string")]
    file: Option<String>,
    /// Accepted: nothing is ever left behind
    #[arg(long, hide = true)]
    force_rm: bool,
    /// Write the image ID to the file
    #[arg(long, value_name = "string")]
    iidfile: Option<String>,
    /// Set metadata for an image
    #[arg(long, value_name = "list", value_parser = pairs::label)]
    label: Vec<String>,
    /// Accepted: what is built is here already
    #[arg(long, hide = true)]
    load: bool,
    /// Set the networking mode for the RUN instructions during build
    #[arg(long, value_name = "string", default_value = "default")]
    network: String,
    /// Do not use cache when building the image
    #[arg(long)]
    no_cache: bool,
    /// Output destination (format: "type=local,dest=path")
    #[arg(short, long, value_name = "stringArray")]
    output: Vec<String>,
    /// Set platform if server is multi-platform capable
    #[arg(long, value_name = "string", value_parser = values::own_platform)]
    platform: Option<String>,
    /// Set type of progress output ("auto", "plain", "tty", "quiet")
    #[arg(long, value_name = "string", default_value = "auto")]
    progress: String,
    /// Always attempt to pull a newer version of the image
    #[arg(long)]
    pull: bool,
    /// Suppress the build output and print image ID on success
    #[arg(short, long)]
    quiet: bool,
    /// Accepted: nothing is ever left behind
    #[arg(long, hide = true, default_value = "true", action = ArgAction::Set)]
    rm: bool,
    /// Secret to expose to the build (format: "id=mysecret[,src=/local/secret]")
    #[arg(long, value_name = "stringArray")]
    secret: Vec<String>,
    /// Name and optionally a tag in the "name:tag" format
    #[arg(short, long, value_name = "list", value_parser = tag)]
    tag: Vec<String>,
    /// Set the target build stage to build.
    #[arg(long, value_name = "string")]
    target: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Build an image from a Dockerfile";
    const USAGE: &'static str = "[OPTIONS] PATH | URL | -";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let shown = Kind::choose(&self.progress, self.quiet, ctx.err_is_terminal())
            .ok_or_else(|| Failure::message(format!("invalid progress mode {}", self.progress)))?;
        let destinations = self.output.iter().map(|text| Destination::parse(text));
        let destinations = destinations.collect::<CommandResult<Vec<_>>>()?;
        if let Some(path) = &self.iidfile {
            forget(path)?;
        }
        let mut request = self.request(!destinations.is_empty())?;
        let env = ctx.env.clone();
        request.reach = Some(Reach::new(move || {
            crate::docker::registry::remote(&env, None).map_err(Failure::into_error)
        }));
        let engine = ctx.engine()?;
        if self.check {
            let report = engine
                .check_build(request)
                .map_err(|error| failed(&error))?;
            return check::tell(ctx, &report);
        }
        ctx.flush()?;
        // A result that goes elsewhere is not recorded here, so nothing else protects its layers.
        let _kept = engine.keep_content()?;
        let env = ctx.env.clone();
        let outcome = follow(ctx, shown, |observer| {
            let built = engine.build(request, observer);
            built.map_err(|error| failed(&hub::missing::explained(&env, error)))
        })??;
        for destination in &destinations {
            destination.bring(ctx, &engine, &outcome)?;
        }
        // Nothing may follow a result on standard output.
        let is_piped = |one: &Destination| matches!(one, Destination::File(None));
        match destinations.iter().any(is_piped) && shown == Kind::Quiet {
            true => Ok(()),
            false => self.told(ctx, &outcome, shown),
        }
    }
}

impl Args {
    fn request(&self, unrecorded: bool) -> CommandResult<BuildRequest> {
        let source = context::read(&self.words[0], self.file.as_deref(), io::stdin())?;
        let network = match self.network.as_str() {
            "default" | "bridge" | "" => NetworkMode::Bridge,
            "none" => NetworkMode::None,
            "host" => NetworkMode::Host,
            other => {
                let message = format!("network mode {other:?} not supported by buildkit");
                return Err(failed(
                    &Error::unsupported(message)
                        .with_hint("`--network` takes `default`, `none` or `host`"),
                ));
            }
        };
        let own = |name: &str| std::env::var(name).ok();
        let build_args = self
            .build_arg
            .iter()
            .filter_map(|text| match text.split_once('=') {
                Some((name, value)) => Some((name.to_owned(), value.to_owned())),
                None => own(text).map(|value| (text.clone(), value)),
            });
        Ok(BuildRequest {
            context: source.context,
            dockerfile: source.dockerfile,
            tags: self.tag.clone(),
            unrecorded,
            build_args: build_args.collect(),
            target: self.target.clone().filter(|target| !target.is_empty()),
            no_cache: self.no_cache,
            secrets: secret::read(&self.secret)?,
            labels: self.label.iter().map(|pair| pairs::split(pair)).collect(),
            network,
            platform: self
                .platform
                .clone()
                .filter(|platform| !platform.is_empty()),
            extra_hosts: self.add_host.clone(),
            reach: None,
            pull: self.pull,
        })
    }

    /// Prints the result of a successful build.
    fn told(&self, ctx: &mut Ctx, outcome: &BuildOutcome, shown: Kind) -> CommandResult {
        if let Some(path) = &self.iidfile {
            fs::write(path, outcome.id.as_str()).map_err(|error| {
                Failure::message(crate::docker::values::files::open_error(path, &error))
            })?;
        }
        if shown == Kind::Quiet {
            return Ok(writeln!(ctx.out, "{}", outcome.id)?);
        }
        if self.explain {
            for step in &outcome.steps {
                let verdict = match (&step.reason, step.cached) {
                    (Some(reason), _) => format!("ran: {reason}"),
                    (None, true) => "cached".to_owned(),
                    (None, false) => continue,
                };
                writeln!(ctx.err, "{}  ({verdict})", step.title())?;
            }
        }
        let findings = &outcome.findings;
        if !findings.is_empty() {
            let plural = if findings.len() == 1 { "" } else { "s" };
            writeln!(
                ctx.err,
                "\n {} warning{plural} found (docker build --check tells more):",
                findings.len()
            )?;
        }
        for finding in findings {
            let (rule, message, line) = (finding.rule.name(), &finding.message, finding.line);
            writeln!(ctx.err, " - {rule}: {message} (line {line})")?;
        }
        for warning in &outcome.warnings {
            writeln!(ctx.err, "WARNING: {warning}")?;
        }
        if let Some(advice) = &outcome.advice {
            writeln!(ctx.err, "hint: {advice}")?;
        }
        Ok(())
    }
}

/// Removes the image id of an earlier build from `path`: it does not belong to this build.
fn forget(path: &str) -> CommandResult {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::message(format!(
            "removing image ID file: {}",
            crate::docker::values::files::open_error(path, &error)
        ))),
        _ => Ok(()),
    }
}

/// The error of a failed build, after the output of the failing step. Suggestions belong to it, even in a script's log.
fn failed(error: &Error) -> Failure {
    let text = match error.kind() {
        ErrorKind::Machine | ErrorKind::Unsupported => format!("ERROR: failed to build: {error}"),
        _ => format!("ERROR: failed to build: failed to solve: {error}"),
    };
    Failure::message(match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    })
}

/// `-t`: a name, checked before anything is built.
fn tag(text: &str) -> Result<String, String> {
    match Reference::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::commands::find;
    use clap::FromArgMatches as _;
    use engine::build::request::DockerfileAt;

    fn args(line: &[&str]) -> Args {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let (row, _, rest) = find(&words).unwrap();
        let matches = (row.parser)().try_get_matches_from(rest).unwrap();
        Args::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn flags_become_a_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let line = [
            "build",
            "-t",
            "a:1",
            "-ta:2",
            "--build-arg",
            "X=1=2",
            "--build-arg=NOT_SET_ANYWHERE",
            "--target",
            "one",
            "--no-cache",
            "--label",
            "k=v",
            "--network=none",
            path,
        ];
        let request = args(&line).request(false).unwrap();
        assert_eq!(request.tags, ["a:1", "a:2"]);
        assert_eq!(request.build_args, [("X".to_owned(), "1=2".to_owned())]);
        assert_eq!(request.target.as_deref(), Some("one"));
        assert!(request.no_cache && request.labels["k"] == "v");
        assert_eq!(request.network, NetworkMode::None);
        assert_eq!(request.dockerfile, DockerfileAt::Default);
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        assert!(tag("team/app:v1").is_ok());
        assert_eq!(
            tag("UPPER").unwrap_err(),
            "invalid reference format: repository name (library/UPPER) must be lowercase"
        );
    }
}
