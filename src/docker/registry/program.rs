//! `docker-credential-…`: credential helpers, which store secrets for Docker's command line.
//!
//! A helper is started for each request: its argument is `get`, `store` or `erase`, its input the registry or the whole
//! entry, and its output the result or the error.
//!
//! Source: docker-credential-helpers `client/client.go`, and its README, "Development".

use engine::image::remote::Credential;
use serde_json::{Value as Json, json};
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

/// The name that marks an identity token instead of a password.
const TOKEN: &str = "<token>";
/// The output of a helper that has no entry. It also fails.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The credential of the registry `key` in the helper `name`. Error: Docker's sentence.
pub(crate) fn get(name: &str, key: &str) -> Result<Option<Credential>, String> {
    let said = match run(name, "get", key) {
        Ok(said) => said,
        Err(Failed { output, .. }) if output == NOT_FOUND => return Ok(None),
        Err(failed) => return Err(failed.told("getting")),
    };
    // The output may be the secret, so it is not part of the message.
    let answer: Json = serde_json::from_str(&said).map_err(|_| {
        format!("error getting credentials - `docker-credential-{name}` did not answer in JSON")
    })?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let (username, secret) = (text("Username"), text("Secret"));
    Ok(match username.as_str() {
        TOKEN => Some(Credential::IdentityToken {
            username: String::new(),
            token: secret,
        }),
        "" => None,
        _ => Some(Credential::Password {
            username,
            password: secret,
        }),
    })
}

/// Stores `credential` for the registry `key` in the helper `name`.
pub(crate) fn store(name: &str, key: &str, credential: &Credential) -> Result<(), String> {
    let (username, secret) = match credential {
        Credential::Password { username, password } => (username.as_str(), password),
        Credential::IdentityToken { token, .. } => (TOKEN, token),
    };
    let entry = json!({ "ServerURL": key, "Username": username, "Secret": secret }).to_string();
    run(name, "store", &entry).map_err(|failed| failed.told("storing"))?;
    Ok(())
}

/// Removes the registry `key` from the helper `name`.
pub(crate) fn erase(name: &str, key: &str) -> Result<(), String> {
    run(name, "erase", key).map_err(|failed| failed.told("erasing"))?;
    Ok(())
}

struct Failed {
    cause: String,
    output: String,
}

impl Failed {
    fn told(&self, doing: &str) -> String {
        let Self { cause, output } = self;
        format!("error {doing} credentials - err: {cause}, out: `{output}`")
    }
}

fn run(name: &str, action: &str, input: &str) -> Result<String, Failed> {
    let program = format!("docker-credential-{name}");
    let failed = |cause: String| Failed {
        cause,
        output: String::new(),
    };
    let started = Command::new(&program)
        .arg(action)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|error| {
        failed(match error.kind() {
            ErrorKind::NotFound => {
                format!("exec: \"{program}\": executable file not found in $PATH")
            }
            _ => format!("exec: \"{program}\": {error}"),
        })
    })?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input reports the result by its exit code.
        let _ = stdin.write_all(input.as_bytes());
    }
    let ended = child.wait_with_output();
    let ended = ended.map_err(|error| failed(error.to_string()))?;
    let output = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
    match ended.status.code() {
        Some(0) => Ok(output),
        Some(code) => Err(Failed {
            cause: format!("exit status {code}"),
            output,
        }),
        None => Err(Failed {
            cause: ended.status.to_string(),
            output,
        }),
    }
}
