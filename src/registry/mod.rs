//! Registries, as far as the command line has to know of them: who is logged in where, which of them may be spoken to in
//! the clear, which one plays docker.io, and one of our own to try things with.
//!
//! The engine asks for all of it through [`Remote`], when it needs it: a command that never leaves the machine reads no
//! password and starts no hub.

mod config_file;
pub(crate) mod credentials;
pub(crate) mod hub;
mod program;
pub(crate) mod prompt;
pub(crate) mod serve;
mod settings;
pub(crate) mod transfer;

use crate::ctx::Ctx;
use crate::env;
use crate::failure::CommandResult;
use credentials::{Account, DOCKER_HUB};
use engine::image::remote::Remote;
use engine::oci::reference::DEFAULT_DOMAIN;
use hub::config::Choice;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use config_file::hostname;
pub(crate) use settings::insecure_shown;

/// Where the logins of one command are.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    hub: Choice,
    /// The user's own `config.json`.
    own: PathBuf,
    /// The file of the practice hub's logins.
    practice: PathBuf,
}

impl Accounts {
    /// Those of `ctx`. Error: what was configured cannot be understood.
    pub(crate) fn of(ctx: &Ctx) -> CommandResult<Self> {
        let own = env::docker_config_folder();
        let own = own.unwrap_or_else(|| ctx.env.home.root().join(".docker"));
        let (hub, _) = hub::config::chosen(&ctx.env)?;
        Ok(Self {
            hub,
            own: own.join("config.json"),
            practice: ctx.env.home.sandbox(&ctx.env.sandbox)?.logins(),
        })
    }

    /// Which registry plays docker.io.
    pub(crate) fn hub(&self) -> &Choice {
        &self.hub
    }

    /// Whether docker.io offers a login by a browser.
    pub(crate) fn has_browser_login(&self) -> bool {
        self.hub == Choice::DockerHub
    }

    /// The place for the login at `domain`, such as `docker.io` or `localhost:5000`.
    pub(crate) fn at(&self, domain: &str) -> Account {
        let (file, key) = match (&self.hub, domain) {
            (Choice::Practice, DEFAULT_DOMAIN) => (&self.practice, DOCKER_HUB.to_owned()),
            (Choice::DockerHub, DEFAULT_DOMAIN) => (&self.own, DOCKER_HUB.to_owned()),
            (Choice::Class(endpoint), DEFAULT_DOMAIN) => {
                (&self.own, hostname(&endpoint.to_string()).to_owned())
            }
            _ => (&self.own, domain.to_owned()),
        };
        let file = file.clone();
        Account { file, key }
    }
}

/// What the engine is told of registries for a command. If the command is about one registry, `domain`, then its login is
/// looked up and the hub is started at once: a program that keeps passwords may not know us any more when we have become
/// root of a namespace, and the hub lives longer than one.
pub(crate) fn remote(ctx: &Ctx, domain: Option<&str>) -> CommandResult<Remote> {
    let accounts = Accounts::of(ctx)?;
    let (env, choice) = (ctx.env.clone(), accounts.hub.clone());
    let warned = AtomicBool::new(false);
    let look_up = move |domain: &str| {
        accounts.at(domain).get().unwrap_or_else(|why| {
            // As Docker: what needs no login goes on without one.
            if !warned.swap(true, Ordering::Relaxed) {
                let _ = writeln!(std::io::stderr(), "WARNING: {why}");
            }
            None
        })
    };
    let known = domain.map(|domain| (domain.to_owned(), look_up(domain)));
    let credentials = move |asked: &str| {
        Ok(match &known {
            Some((domain, known)) if domain == asked => known.clone(),
            _ => look_up(asked),
        })
    };
    let hub = match domain {
        Some(DEFAULT_DOMAIN) => Some(hub::endpoint(&env, &choice)?),
        _ => None,
    };
    let hub = move || match &hub {
        Some(endpoint) => Ok(endpoint.clone()),
        None => hub::endpoint(&env, &choice),
    };
    Ok(Remote {
        credentials: Arc::new(credentials),
        hub: Arc::new(hub),
        insecure: settings::insecure(&settings::files(), &mut |why| {
            let _ = writeln!(std::io::stderr(), "WARNING: {why}");
        }),
        certificates: settings::certificates(),
        proxies: settings::proxies(&|name| std::env::var(name).ok()),
        ..Remote::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::image::remote::Endpoint;

    #[test]
    fn a_login_of_the_hub_is_kept_by_what_plays_it() {
        let check = |hub: Choice, domain: &str, file: &str, key: &str| {
            let accounts = Accounts {
                hub,
                own: "own".into(),
                practice: "practice".into(),
            };
            let expected = Account {
                file: file.into(),
                key: key.to_owned(),
            };
            assert_eq!(accounts.at(domain), expected);
        };
        let class = |text: &str| Choice::Class(Endpoint::parse(text).unwrap());
        check(Choice::DockerHub, "docker.io", "own", DOCKER_HUB);
        check(Choice::Practice, "docker.io", "practice", DOCKER_HUB);
        check(class("http://class:5000"), "docker.io", "own", "class:5000");
        for hub in [Choice::DockerHub, Choice::Practice, class("https://class")] {
            check(hub, "localhost:5000", "own", "localhost:5000");
        }
    }
}
