//! Rules about EXPOSE.

use super::{Found, Rule};
use crate::build::instruction::Instruction;

pub(super) fn check(found: &mut Found<'_>) {
    let file = found.file;
    for step in file.stages.iter().flat_map(|stage| &stage.steps) {
        let Instruction::Expose(expose) = &step.instruction else {
            continue;
        };
        for word in &expose.ports {
            let text = word.text.trim_matches(['"', '\'']);
            let protocol = text.split_once('/').map(|(_, protocol)| protocol);
            if protocol.is_some_and(|name| !name.contains('$') && name.to_lowercase() != name) {
                found.add(
                    Rule::ExposeProtoCasing,
                    word.span,
                    format!("Defined protocol '{text}' in EXPOSE instruction should be lowercase"),
                );
            }
            // `${PORT:-80}` also has a colon.
            if !text.contains('$') && text.contains(':') {
                found.add(
                    Rule::ExposeInvalidFormat,
                    word.span,
                    format!(
                        "EXPOSE instruction should not define an IP address or host-port mapping, found '{text}'"
                    ),
                );
            }
        }
    }
}
