//! The command line's part of registries: stored logins, insecure registries, the stand-in for docker.io, and a
//! practice registry.
//!
//! The engine requests all of it through [`Remote`] when it needs it: a command that stays on the machine reads no
//! password and starts no hub.

mod config_file;
pub(crate) mod credentials;
pub(crate) mod hub;
mod program;
pub(crate) mod prompt;
mod settings;
pub(crate) mod transfer;

use crate::env::{self, Env};
use crate::failure::{CommandResult, Failure};
use credentials::{Account, DOCKER_HUB};
use engine::image::remote::{Remote, Waiting};
use engine::oci::reference::DEFAULT_DOMAIN;
use hub::config::Choice;
use nix::sys::resource::{Resource, getrlimit};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use config_file::hostname;
pub(crate) use settings::insecure_shown;

/// The maximum number of open descriptors of this process.
pub(crate) fn descriptors() -> u64 {
    let limit = getrlimit(Resource::RLIMIT_NOFILE);
    // The minimum that POSIX guarantees.
    limit.map_or(20, |(soft, _)| soft)
}

/// The place for the login at `domain`, such as `docker.io` or `localhost:5000`. Only docker.io depends on the chosen
/// hub. Error: the configuration is invalid.
pub(crate) fn account(env: &Env, domain: &str) -> CommandResult<Account> {
    let own = env::docker_config_folder();
    let own = own.unwrap_or_else(|| env.home.root().join(".docker"));
    let own = own.join("config.json");
    if domain != DEFAULT_DOMAIN {
        return Ok(Account {
            file: own,
            key: domain.to_owned(),
        });
    }
    let (hub, _) = hub::config::chosen(env)?;
    let practice = env.home.sandbox(&env.sandbox)?.logins();
    Ok(account_of_hub(&hub, own, practice))
}

/// The place for the login at docker.io, which is `hub`: in the user's `config.json`, or in the file `practice`.
pub(crate) fn account_of_hub(hub: &Choice, own: PathBuf, practice: PathBuf) -> Account {
    let (file, key) = match hub {
        Choice::Practice => (practice, DOCKER_HUB.to_owned()),
        Choice::DockerHub => (own, DOCKER_HUB.to_owned()),
        Choice::Class(endpoint) => (own, hostname(&endpoint.to_string()).to_owned()),
    };
    Account { file, key }
}

/// Prints at a terminal which registry we are waiting for, for commands that have drawn nothing yet.
pub(crate) fn waiting() -> Arc<Waiting> {
    Arc::new(|registry| {
        let mut err = io::stderr();
        if err.is_terminal() {
            // The wait goes on if the note cannot be printed.
            let _ = writeln!(err, "waiting for {registry} to answer");
        }
    })
}

/// The engine's access to registries for a command. If the command is about one registry, `domain`, its login is looked
/// up and the hub is started at once: after we have become root of a namespace, a credential helper may not work for
/// us, and the hub must outlive the namespace.
pub(crate) fn remote(env: &Env, domain: Option<&str>) -> CommandResult<Remote> {
    let warned = AtomicBool::new(false);
    let own = env.clone();
    let look_up = move |domain: &str| -> CommandResult<_> {
        Ok(account(&own, domain)?.get().unwrap_or_else(|why| {
            // As in Docker: an operation that needs no login continues without one.
            if !warned.swap(true, Ordering::Relaxed) {
                let _ = writeln!(io::stderr(), "WARNING: {why}");
            }
            None
        }))
    };
    let known = match domain {
        Some(domain) => Some((domain.to_owned(), look_up(domain)?)),
        None => None,
    };
    let credentials = move |asked: &str| match &known {
        Some((domain, known)) if domain == asked => Ok(known.clone()),
        _ => look_up(asked).map_err(Failure::into_error),
    };
    let own = env.clone();
    // The hub is looked up again if it has ended meanwhile, so the first result cannot be reused.
    let hub = move || {
        let (choice, _) = hub::config::chosen(&own).map_err(Failure::into_error)?;
        hub::endpoint(&own, &choice)
    };
    if domain == Some(DEFAULT_DOMAIN) {
        hub()?;
    }
    let own = env.clone();
    let beyond =
        move |name: Option<&_>| hub::beyond::beyond(&own, name).map_err(Failure::into_error);
    Ok(Remote {
        credentials: Arc::new(credentials),
        hub: Arc::new(hub),
        beyond: Arc::new(beyond),
        insecure: settings::insecure(&settings::files(), &mut |why| {
            let _ = writeln!(io::stderr(), "WARNING: {why}");
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
        let check = |hub: Choice, file: &str, key: &str| {
            let expected = Account {
                file: file.into(),
                key: key.to_owned(),
            };
            assert_eq!(
                account_of_hub(&hub, "own".into(), "practice".into()),
                expected
            );
        };
        check(Choice::DockerHub, "own", DOCKER_HUB);
        check(Choice::Practice, "practice", DOCKER_HUB);
        let class = Choice::Class(Endpoint::parse("http://class:5000").unwrap());
        check(class, "own", "class:5000");
    }
}
