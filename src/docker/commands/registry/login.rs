//! `docker login` and `logout`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::registry::credentials::{Account, DOCKER_HUB, Kept};
use crate::docker::registry::hub::config::{Choice, chosen};
use crate::docker::registry::{self, account, hostname, hub, prompt};
use crate::exit;
use engine::ErrorKind;
use engine::error::plainly;
use engine::events::{Action, ObjectKind};
use engine::image::remote::Credential;
use engine::oci::reference::DEFAULT_DOMAIN;
use std::io::{self, IsTerminal, Read};

/// Arguments of `docker login`.
#[derive(Debug, clap::Args)]
pub(crate) struct Login {
    /// Password or Personal Access Token (PAT)
    #[arg(short, long, value_name = "string")]
    password: Option<String>,
    /// Take the Password or Personal Access Token (PAT) from stdin
    #[arg(long)]
    password_stdin: bool,
    /// Username
    #[arg(short, long, value_name = "string")]
    username: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Login {
    const ABOUT: &'static str = "Authenticate to a registry.
Defaults to Docker Hub if no server is specified.";
    const USAGE: &'static str = "[OPTIONS] [SERVER]";
    const WORDS: Words = Words::AtMost(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let given = Given::read(&self, ctx)?;
        let (domain, _) = server(self.words.first());
        let account = registry::account(&ctx.env, &domain)?;
        let login = Attempt { domain, account };
        // A file that cannot be updated is reported before the user types a password.
        let known = login.known(ctx)?;
        if given.is_nothing()
            && let Some(known) = &known
            && login.again(ctx, known)?
        {
            return said(ctx);
        }
        let is_hub = login.domain == DEFAULT_DOMAIN;
        if is_hub && given.is_nothing() && io::stdin().is_terminal() && has_browser_login(ctx)? {
            return Err(Failure::Hinted(
                "the login of Docker Hub by a browser is not part of docklings; see docs/limits.md"
                    .to_owned(),
                exit::FAILURE,
                "docker login -u YOUR-DOCKER-ID asks for a password or a personal access token"
                    .to_owned(),
            ));
        }
        let credential = given.complete(ctx, known.as_ref(), is_hub)?;
        login.first(ctx, &credential)
    }
}

/// Whether docker.io offers a browser login.
fn has_browser_login(ctx: &Ctx) -> CommandResult<bool> {
    Ok(chosen(&ctx.env)?.0 == Choice::DockerHub)
}

/// `Login Succeeded`
fn said(ctx: &mut Ctx) -> CommandResult {
    Ok(writeln!(ctx.out, "Login Succeeded")?)
}

/// Name and password, as far as the flags give them.
struct Given {
    username: String,
    password: String,
}

impl Given {
    fn read(args: &Login, ctx: &mut Ctx) -> CommandResult<Self> {
        let refuse = |text: &str| Err(Failure::message(text));
        if args.password_stdin && args.password.is_some() {
            return refuse(
                "conflicting options: cannot specify both --password and --password-stdin",
            );
        }
        if args.username.as_deref() == Some("") {
            return refuse("username is empty");
        }
        if args.password.as_deref() == Some("") {
            return refuse("password is empty");
        }
        if args.password_stdin && args.username.is_none() {
            return refuse("the --password-stdin option requires --username to be set");
        }
        let mut password = args.password.clone().unwrap_or_default();
        if args.password.is_some() {
            let warning =
                "WARNING! Using --password via the CLI is insecure. Use --password-stdin.";
            writeln!(ctx.err, "{warning}")?;
        }
        if args.password_stdin {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|error| {
                Failure::message(format!("cannot read the password: {}", plainly(&error)))
            })?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            password = text.strip_suffix('\r').unwrap_or(text).to_owned();
        }
        Ok(Self {
            username: args.username.clone().unwrap_or_default(),
            password,
        })
    }

    fn is_nothing(&self) -> bool {
        self.username.is_empty() && self.password.is_empty()
    }

    /// Asks for what is missing.
    fn complete(
        self,
        ctx: &mut Ctx,
        known: Option<&Credential>,
        is_hub: bool,
    ) -> CommandResult<Credential> {
        let (mut username, mut password) = (self.username.trim().to_owned(), self.password);
        let is_blank = password.trim().is_empty();
        if (username.is_empty() || is_blank) && !io::stdin().is_terminal() {
            let text = "Error: Cannot perform an interactive login from a non TTY device";
            return Err(Failure::message(text));
        }
        if username.is_empty() {
            if is_hub {
                let invitation = "Log in with your Docker ID or email address to push and pull images from Docker Hub.";
                writeln!(ctx.out, "{invitation}")?;
            }
            let known = known.map_or("", Credential::username);
            let question = match known {
                "" => "Username: ".to_owned(),
                known => format!("Username ({known}): "),
            };
            username = prompt::ask(ctx, &question)?;
            if username.is_empty() {
                username = known.to_owned();
            }
            if username.is_empty() {
                return Err(Failure::message("Error: Non-null Username Required"));
            }
        }
        if is_blank {
            password = prompt::ask_secret(ctx, "Password: ")?;
            if password.is_empty() {
                return Err(Failure::message("Error: Password Required"));
            }
        }
        Ok(Credential::Password { username, password })
    }
}

/// A login at one registry.
struct Attempt {
    domain: String,
    account: Account,
}

impl Attempt {
    /// The stored login. Error: the file cannot be updated afterwards.
    fn known(&self, ctx: &mut Ctx) -> CommandResult<Option<Credential>> {
        self.account.check()?;
        match self.account.get() {
            Ok(known) => Ok(known),
            Err(why) => {
                writeln!(ctx.err, "WARNING: {why}")?;
                Ok(None)
            }
        }
    }

    /// Tries the stored login; returns whether it was accepted.
    fn again(&self, ctx: &mut Ctx, known: &Credential) -> CommandResult<bool> {
        let name = known.username();
        writeln!(
            ctx.err,
            "Authenticating with existing credentials... [Username: {name}]\n\n \
             Info -> To login with a different account, run 'docker logout' followed by 'docker login'\n\n"
        )?;
        match self.tried(ctx, known) {
            Ok(()) => Ok(true),
            Err(Failure::Engine(error)) if error.kind() == ErrorKind::Invalid => {
                writeln!(ctx.err, "Stored credentials invalid or expired")?;
                Ok(false)
            }
            Err(failure) => {
                let why = failure.text().unwrap_or_default();
                writeln!(ctx.err, "Attempt did not succeed, error: {why}")?;
                Ok(false)
            }
        }
    }

    /// Tries a new login, and stores it.
    fn first(&self, ctx: &mut Ctx, credential: &Credential) -> CommandResult {
        self.tried(ctx, credential)?;
        said(ctx)
    }

    /// Asks the registry, and stores the credential that it returns.
    fn tried(&self, ctx: &mut Ctx, credential: &Credential) -> CommandResult {
        let engine = ctx.engine()?;
        let mut remote = registry::remote(&ctx.env, None)?;
        remote.waiting = registry::waiting();
        let logged_in = engine
            .registry_login(&remote, &self.domain, credential)
            .map_err(|error| hub::refused(&ctx.env, &self.domain, credential.username(), error))?;
        if self.account.put(&logged_in.credential)? == Kept::InFile {
            let file = self.account.file.display();
            ctx.flush()?;
            writeln!(
                ctx.err,
                "\nWARNING! Your credentials are stored unencrypted in '{file}'.\n\
                 Configure a credential helper to remove this warning. See\n\
                 https://docs.docker.com/go/credential-store/\n"
            )?;
        }
        Ok(())
    }
}

/// Arguments of `docker logout`.
#[derive(Debug, clap::Args)]
pub(crate) struct Logout {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Logout {
    const ABOUT: &'static str = "Log out from a registry.
If no server is specified, the default is defined by the daemon.";
    const USAGE: &'static str = "[SERVER]";
    const WORDS: Words = Words::AtMost(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let (domain, shown) = server(self.words.first());
        let account = account(&ctx.env, &domain)?;
        // A file that cannot be changed is reported instead.
        let problems = account.erase()?;
        let engine = ctx.engine()?;
        let event = engine.event(ObjectKind::Registry, Action::Logout, domain.as_str());
        engine.record(&event.with("registry", domain.as_str()));
        writeln!(ctx.out, "Removing login credentials for {shown}")?;
        if !problems.is_empty() {
            ctx.flush()?;
            writeln!(ctx.err, "WARNING: could not erase credentials:")?;
            for problem in problems {
                writeln!(ctx.err, "{problem}")?;
            }
        }
        Ok(())
    }
}

/// The registry that the argument of `login` or `logout` names, and its name in messages.
fn server(word: Option<&String>) -> (String, String) {
    match word.map(String::as_str) {
        None | Some("" | DEFAULT_DOMAIN | DOCKER_HUB) => {
            (DEFAULT_DOMAIN.to_owned(), DOCKER_HUB.to_owned())
        }
        Some(address) => {
            let host = hostname(address).to_owned();
            (host.clone(), host)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_registry_by_its_host() {
        let check = |word: Option<&str>, domain: &str, shown: &str| {
            let word = word.map(str::to_owned);
            let expected = (domain.to_owned(), shown.to_owned());
            assert_eq!(server(word.as_ref()), expected, "{word:?}");
        };
        for word in [
            None,
            Some(""),
            Some("docker.io"),
            Some("https://index.docker.io/v1/"),
        ] {
            check(word, "docker.io", "https://index.docker.io/v1/");
        }
        check(Some("localhost:5000"), "localhost:5000", "localhost:5000");
        check(
            Some("https://reg.example/v2/"),
            "reg.example",
            "reg.example",
        );
        check(Some("http://reg:5000"), "reg:5000", "reg:5000");
    }
}
