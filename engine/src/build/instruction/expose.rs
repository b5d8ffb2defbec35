//! EXPOSE: records which ports the program listens on. It publishes nothing: that is `docker run -p`, or `-P`.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;
use serde_json::Map;
use std::net::IpAddr;

const HINT: &str = "a port is a number, such as `80`, `53/udp` or `8000-8010`";

/// EXPOSE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expose {
    /// As written: `80`, `53/udp`, `8000-8010`, `$PORT`.
    pub ports: Vec<Word>,
}

impl Form for Expose {
    const KEYWORD: &str = "EXPOSE";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let ports = statement.plain_words();
        if ports.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        for port in &ports {
            statement.check_word(port)?;
            if !port.text.contains('$') {
                let unquoted = port.text.trim_matches(['"', '\'']);
                ranges(unquoted)
                    .map_err(|message| statement.error(port.span, message).with_hint(HINT))?;
            }
        }
        Ok(Self { ports })
    }

    /// Records the ports.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mut named = Vec::new();
        for word in &self.ports {
            for text in state.expand_words(at, word)? {
                let ports = ranges(&text)
                    .map_err(|message| at.source.error(word.span, message).with_hint(HINT))?;
                named.extend(ports);
            }
        }
        named.sort();
        named.dedup();
        let shown: Vec<String> = named.iter().map(|port| format!("{port}:{{}}")).collect();
        let exposed = state.config.exposed_ports.get_or_insert_default();
        exposed.extend(named.into_iter().map(|port| (port, Map::new())));
        Ok(Effect::configured(format!(
            "EXPOSE map[{}]",
            shown.join(" ")
        )))
    }
}

/// The ports that `text` names, as `80/tcp`. In `[address:][port:]port`, the form of `docker run -p`, which Docker
/// still accepts, the last port counts. Error: a sentence.
pub(crate) fn ranges(text: &str) -> Result<Vec<String>, String> {
    let (numbers, protocol) = match text.split_once('/') {
        Some((numbers, protocol)) if !protocol.is_empty() => {
            (numbers, protocol.to_ascii_lowercase())
        }
        _ => (text.trim_end_matches('/'), "tcp".to_owned()),
    };
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return Err(format!("invalid proto: {protocol}"));
    }
    let wrong = || Err(format!("invalid containerPort: {numbers}"));
    let numbers = match numbers.rsplit_once(':') {
        Some((published, own)) if is_published(published) => own,
        Some(_) => return wrong(),
        None => numbers,
    };
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let number = |text: &str| text.parse::<u16>().ok();
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first..=last)
            .map(|port| format!("{port}/{protocol}"))
            .collect()),
        _ => wrong(),
    }
}

/// `[address:][port[-port]]`, the text before the last colon.
fn is_published(text: &str) -> bool {
    let (address, ports) = match text.rsplit_once(':') {
        Some((address, ports)) => (Some(address.trim_matches(['[', ']'])), ports),
        None => (None, text),
    };
    let mut ports = ports.split('-');
    address.is_none_or(|address| address.parse::<IpAddr>().is_ok())
        && ports.all(|port| port.is_empty() || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_or_ranges_with_a_protocol() {
        assert_eq!(ranges("80").unwrap(), ["80/tcp"]);
        assert_eq!(ranges("80/").unwrap(), ["80/tcp"]);
        assert_eq!(ranges("0").unwrap(), ["0/tcp"]);
        assert_eq!(ranges("53/UDP").unwrap(), ["53/udp"]);
        assert_eq!(ranges("1-3").unwrap(), ["1/tcp", "2/tcp", "3/tcp"]);
        for mapped in [
            "8080:80",
            "127.0.0.1:80:80",
            "127.0.0.1::80",
            "[::1]:1:80",
            ":80",
        ] {
            assert_eq!(ranges(mapped).unwrap(), ["80/tcp"], "{mapped}");
        }
        for bad in [
            "",
            "70000",
            "a",
            "3-1",
            "80/x",
            "x:80",
            "1.2.3.4.5:1:80",
            "80:",
            "-1",
        ] {
            assert!(ranges(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn history_shows_the_ports_sorted() {
        use crate::build::state::testing::check_history;
        check_history("EXPOSE 80 443/udp", "EXPOSE map[443/udp:{} 80/tcp:{}]");
        check_history("ENV P=\"1 2\"\nEXPOSE $P", "EXPOSE map[1/tcp:{} 2/tcp:{}]");
        check_history("ENV P=x\nEXPOSE $P", "! invalid containerPort: x");
    }
}
