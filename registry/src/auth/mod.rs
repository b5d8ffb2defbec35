//! Authorization. The rules are one pure function; the identity comes from a password or a token.
//!
//! **What Docker's registries do.** A private registry asks for a password for everything (Basic). Docker Hub lets
//! everyone read; a push shows a token, issued for exactly that push by the endpoint named in the challenge (Bearer).
//! **What we do.** Both: Basic where everything needs a password, Bearer where reading is free, since a client sends no
//! password to a registry that did not ask for one first. Either way a password is also accepted directly.
//! Source: RFC 7617, RFC 6750; Docker Registry v2 token authentication (distribution, `docs/spec/auth/token.md`).

mod accounts;
mod htpasswd;
mod passwords;
mod tokens;

pub use accounts::{Accounts, is_account_name};
pub use htpasswd::{Htpasswd, set_password};
pub use tokens::{Grant, Scope};

use crate::answer::{Answer, Request};
use crate::error::{Code, Fault, Result};
use crate::names::{OFFICIAL, Repository};
use crate::routes::{Route, Start};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;
use tokens::Tokens;

/// Where passwords come from.
#[derive(Debug)]
pub enum Access {
    /// No password is needed.
    Open,
    /// The users in a password file; with `free_reading`, everyone may read.
    Htpasswd {
        /// The file.
        file: Htpasswd,
        /// Whether reading needs no password.
        free_reading: bool,
    },
    /// As on Docker Hub: everyone reads what exists, and an account writes below its own name. A missing repository is
    /// refused rather than reported missing, so that its existence stays private. The first login of a new name creates
    /// the account.
    Accounts(Accounts),
}

/// What a request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Need<'a> {
    /// Correct credentials, if any are sent.
    Login,
    /// To read something outside any repository.
    Look,
    /// To read a repository.
    Read(&'a Repository),
    /// To change a repository.
    Write(&'a Repository),
}

/// The sender, as far as known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Identity {
    Anonymous,
    User(String),
    Bearer(Grant),
}

/// Whether the repository exists.
pub type Exists<'a> = dyn Fn(&Repository) -> bool + 'a;

/// Admits or refuses requests.
#[derive(Debug)]
pub struct Gate {
    access: Access,
    read_only: bool,
    official_closed: bool,
    tokens: Tokens,
}

impl Gate {
    /// With `read_only`, every change is refused.
    pub fn new(access: Access, read_only: bool) -> Self {
        Self {
            access,
            read_only,
            official_closed: false,
            tokens: Tokens::default(),
        }
    }

    /// The same, with the namespace `library` closed to pushes by everyone.
    #[must_use]
    pub fn with_official_closed(mut self) -> Self {
        self.official_closed = true;
        self
    }

    /// Whether the request may go on. Errors: `UNAUTHORIZED`, `DENIED`, with a challenge where one helps.
    pub fn admit(&self, route: &Route, request: &Request, exists: &Exists<'_>) -> Result<()> {
        let need = need(route);
        if self.read_only && matches!(need, Need::Write(_)) {
            return Err(Fault::saying(Code::Denied, "this registry is read-only"));
        }
        if let Need::Write(name) = &need
            && self.official_closed
            && name.namespace() == OFFICIAL
        {
            return Err(Fault::saying(
                Code::Denied,
                "`library/` has the images that this registry was started with: push below another name",
            ));
        }
        if matches!(
            (&self.access, route),
            (Access::Open, _) | (_, Route::Token(_))
        ) {
            return Ok(());
        }
        let identity = self.identify(request, matches!(need, Need::Login))?;
        if self.allows(&identity, &need, exists) {
            return Ok(());
        }
        Err(self.refusal(&identity, &need, request))
    }

    /// Answers a token request with as much of `scopes` as the sender is allowed.
    pub fn token(
        &self,
        scopes: &[String],
        request: &Request,
        exists: &Exists<'_>,
    ) -> Result<Answer> {
        if !self.is_bearer() {
            return Err(Fault::new(Code::Unsupported).status(404));
        }
        let identity = self.identify(request, scopes.is_empty())?;
        let user = match &identity {
            Identity::User(name) => Some(name.clone()),
            Identity::Anonymous | Identity::Bearer(_) => None,
        };
        let mut granted = Vec::new();
        for asked in scopes
            .iter()
            .flat_map(|text| text.split(' '))
            .filter_map(Scope::parse)
        {
            granted.push(Scope {
                pull: asked.pull && self.allows(&identity, &Need::Read(&asked.repository), exists),
                push: asked.push
                    && !self.read_only
                    && self.allows(&identity, &Need::Write(&asked.repository), exists),
                ..asked
            });
        }
        let token = self.tokens.issue(Grant {
            user,
            scopes: granted,
        })?;
        let value =
            json!({ "token": token, "access_token": token, "expires_in": tokens::LIFE.as_secs() });
        Ok(Answer::json(200, &value).header("cache-control", "no-store"))
    }

    /// Whether reading is free, so that the client needs a challenge to fetch a token.
    fn is_bearer(&self) -> bool {
        matches!(
            self.access,
            Access::Accounts(_)
                | Access::Htpasswd {
                    free_reading: true,
                    ..
                }
        )
    }

    /// The sender of the request. Error: the password or the token is wrong.
    fn identify(&self, request: &Request, is_login: bool) -> Result<Identity> {
        let Some(header) = &request.authorization else {
            return Ok(Identity::Anonymous);
        };
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            let grant = self.tokens.find(rest.trim());
            return grant.map(Identity::Bearer).ok_or_else(|| {
                self.challenged(
                    Fault::new(Code::Unauthorized),
                    request,
                    None,
                    Some("invalid_token"),
                )
            });
        }
        let known = match basic(header) {
            Some((name, password)) => {
                let right = match &self.access {
                    Access::Open => true,
                    Access::Htpasswd { file, .. } => file.knows(&name, &password)?,
                    Access::Accounts(accounts) => accounts.knows(&name, &password, is_login)?,
                };
                right.then_some(name)
            }
            None => None,
        };
        known.map(Identity::User).ok_or_else(|| {
            let wrong = Fault::saying(Code::Unauthorized, "incorrect username or password");
            self.challenged(wrong, request, None, None)
        })
    }

    fn allows(&self, identity: &Identity, need: &Need<'_>, exists: &Exists<'_>) -> bool {
        let user = match identity {
            Identity::Anonymous => None,
            Identity::User(name) => Some(name),
            Identity::Bearer(grant) => match need {
                Need::Read(name) => {
                    return grant
                        .scopes
                        .iter()
                        .any(|scope| scope.pull && scope.repository == **name);
                }
                Need::Write(name) => {
                    return grant
                        .scopes
                        .iter()
                        .any(|scope| scope.push && scope.repository == **name);
                }
                Need::Login => return true,
                Need::Look => grant.user.as_ref(),
            },
        };
        let owns = |name: &Repository| user.is_some_and(|user| user == name.namespace());
        match (&self.access, need) {
            (Access::Open, _) => true,
            (Access::Htpasswd { free_reading, .. }, Need::Look | Need::Read(_)) => {
                *free_reading || user.is_some()
            }
            (Access::Accounts(_), Need::Look) => true,
            (Access::Accounts(_), Need::Read(name)) => exists(name) || owns(name),
            (Access::Accounts(_), Need::Write(name)) => owns(name),
            (Access::Htpasswd { .. }, _) | (Access::Accounts(_), Need::Login) => user.is_some(),
        }
    }

    /// The reason for a refusal, in the words that clients print.
    fn refusal(&self, identity: &Identity, need: &Need<'_>, request: &Request) -> Fault {
        let (scope, denied) = match need {
            Need::Login | Need::Look => (None, false),
            Need::Read(name) => (
                Some(format!("repository:{name}:pull")),
                matches!(self.access, Access::Accounts(_)),
            ),
            Need::Write(name) => (Some(format!("repository:{name}:pull,push")), true),
        };
        match identity {
            // Another password would not help.
            Identity::User(_) => Fault::new(Code::Denied),
            _ if self.is_bearer() && denied => {
                let error = matches!(identity, Identity::Bearer(_)).then_some("insufficient_scope");
                let fault = Fault::new(Code::Denied).status(401);
                self.challenged(fault, request, scope, error)
            }
            _ => self.challenged(Fault::new(Code::Unauthorized), request, scope, None),
        }
    }

    /// With the header that says how to authenticate.
    fn challenged(
        &self,
        fault: Fault,
        request: &Request,
        scope: Option<String>,
        error: Option<&str>,
    ) -> Fault {
        if !self.is_bearer() {
            return fault.header("www-authenticate", r#"Basic realm="docklings registry""#);
        }
        let host: String = request
            .host
            .chars()
            .filter(|c| !matches!(c, '"' | '\\' | ' '))
            .collect();
        let mut text =
            format!(r#"Bearer realm="http://{host}/token",service="docklings registry""#);
        if let Some(scope) = scope {
            text += &format!(r#",scope="{scope}""#);
        }
        if let Some(error) = error {
            text += &format!(r#",error="{error}""#);
        }
        fault.header("www-authenticate", text)
    }
}

/// The one table of what each request needs.
fn need(route: &Route) -> Need<'_> {
    match route {
        Route::Base | Route::Token(_) => Need::Login,
        Route::Catalog(_) | Route::Search(..) => Need::Look,
        Route::Tags(name, _)
        | Route::Referrers(name, ..)
        | Route::GetManifest(name, _)
        | Route::GetBlob(name, _) => Need::Read(name),
        Route::StartUpload(name, Start::Empty | Start::Whole(_) | Start::Mount(..))
        | Route::PutManifest(name, _)
        | Route::DeleteManifest(name, _)
        | Route::DeleteBlob(name, _)
        | Route::GetUpload(name, _)
        | Route::AppendUpload(name, _)
        | Route::FinishUpload(name, ..)
        | Route::CancelUpload(name, _) => Need::Write(name),
    }
}

/// Name and password of `Authorization: Basic`; `None` if the header has another form. Source: RFC 7617, RFC 4648 § 4.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests;
