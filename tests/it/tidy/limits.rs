//! Refusals by name are explained: compares the tables of the code with the page that they refer to.

use super::source::Source;

/// Names that `code` (`src/docker/commands/limits.rs`) refuses and that `page` (`docs/limits.md`) lacks.
pub(super) fn explained(code: &Source, page: &Source) -> Vec<String> {
    let commands = list(&code.text, "const COMMANDS")
        .into_iter()
        .map(|name| format!("docker {name}`"));
    let flags = ["const GLOBAL", "const FLAGS", "const CREATE"]
        .into_iter()
        .flat_map(|start| list(&code.text, start))
        .filter(|name| !name.is_empty())
        .map(|name| {
            if name.len() == 1 {
                format!("-{name}`")
            } else {
                format!("--{name}`")
            }
        });
    let templates = list(&code.text, "const TEMPLATES")
        .into_iter()
        .map(|word| format!("{{{{{word}}}}}`"));
    commands
        .chain(flags)
        .chain(templates)
        .filter(|wanted| !page.text.contains(wanted.as_str()))
        .map(|wanted| {
            format!(
                "{}: says nothing about `{wanted}, which is refused",
                page.path
            )
        })
        .collect()
}

/// The quoted words of the list after `start`, without those that open a `(command, …)` row.
fn list<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    let Some((_, rest)) = text.split_once(start) else {
        return Vec::new();
    };
    let body = rest.split("\n];").next().unwrap_or(rest);
    let pieces: Vec<&str> = body.split('"').collect();
    pieces
        .chunks(2)
        .filter(|pair| pair.len() == 2 && !pair[0].trim_end().ends_with('('))
        .map(|pair| pair[1])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_the_page_lacks_is_found() {
        let code = Source::planted(
            "limits.rs",
            "const COMMANDS: &[&str] = &[\n    \"swarm\",\n    \"stack\",\n];\nconst FLAGS: X = &[\n    (\"\", GLOBAL),\n    (\"rm\", &[\"link\", \"l\"]),\n];\n",
        );
        let page = Source::planted("limits.md", "`docker swarm`, `rm --link`");
        assert_eq!(
            explained(&code, &page),
            [
                "limits.md: says nothing about `docker stack`, which is refused",
                "limits.md: says nothing about `-l`, which is refused",
            ]
        );
    }
}
