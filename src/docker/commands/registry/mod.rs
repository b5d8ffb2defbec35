//! Commands about registries themselves, a file for each verb.

pub(super) mod login;
pub(super) mod search;

use crate::docker::registry::credentials::DOCKER_HUB;
use crate::docker::registry::hostname;
use engine::oci::reference::DEFAULT_DOMAIN;

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
