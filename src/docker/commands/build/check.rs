//! `docker build --check`: a report on a Dockerfile instead of a build.

use crate::ctx::Ctx;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::build::check::{Finding, Report};

/// Prints the findings. With findings, the exit code is 1.
pub(super) fn tell(ctx: &mut Ctx, report: &Report) -> CommandResult {
    write!(ctx.out, "{}", text(report))?;
    match report.findings.is_empty() {
        true => Ok(()),
        false => Err(Failure::Code(exit::FAILURE)),
    }
}

/// The findings, each with the page of its rule and its place.
fn text(report: &Report) -> String {
    let count = match report.findings.len() {
        0 => return "Check complete, no warnings found.\n".to_owned(),
        1 => "1 warning has been found!".to_owned(),
        count => format!("{count} warnings have been found!"),
    };
    let mut text = format!("Check complete, {count}\n");
    for Finding {
        rule,
        message,
        excerpt,
        ..
    } in &report.findings
    {
        text.push_str(&format!(
            "\nWARNING: {} - {}\n{message}\n{excerpt}\n",
            rule.name(),
            rule.page()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::build::check::Rule;

    #[test]
    fn findings_have_a_page_and_a_place() {
        let finding = Finding {
            rule: Rule::StageNameCasing,
            message: "Stage name 'A' should be lowercase".to_owned(),
            line: 3,
            excerpt: " --> Dockerfile:3:11".to_owned(),
        };
        let report = Report {
            findings: vec![finding],
            is_error: false,
        };
        assert_eq!(
            text(&report),
            "Check complete, 1 warning has been found!\n\n\
             WARNING: StageNameCasing - docs/checks/StageNameCasing.md\n\
             Stage name 'A' should be lowercase\n --> Dockerfile:3:11\n"
        );
        assert_eq!(
            text(&Report::default()),
            "Check complete, no warnings found.\n"
        );
    }
}
