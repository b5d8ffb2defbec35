//! `docker images`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Failure, Words};
use crate::docker::rows::image::{COLUMNS, COLUMNS_WITH_DIGEST, rows};
use crate::docker::select::Filters;
use crate::docker::select::images::{Query, select};
use crate::docker::values::pairs;
use engine::events::{Action, ObjectKind};
use engine::image::Listed;
use engine::oci::reference::Reference;
use jiff::tz::TimeZone;

/// The most unnamed images for which the cause is shown.
const NAMED: usize = 3;

/// Arguments of `docker images`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show all images (default hides intermediate images)
    #[arg(short, long)]
    all: bool,
    /// Show digests
    #[arg(long)]
    digests: bool,
    /// Filter output based on conditions provided
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Don't truncate output
    #[arg(long)]
    no_trunc: bool,
    /// Only show image IDs
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "List images";
    const USAGE: &'static str = "[OPTIONS] [REPOSITORY[:TAG]]";
    const WORDS: Words = Words::AtMost(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let mut filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        if let Some(name) = self.words.first().filter(|name| !name.is_empty()) {
            filters.push("reference", name);
        }
        let query = Query {
            all: self.all,
            filters,
        };
        let find = |name: &str| engine.image(name);
        let chosen = select(
            engine.listed_images()?,
            &query,
            engine.now(),
            &TimeZone::system(),
            &find,
        )?;
        engine.record(&engine.event(ObjectKind::Image, Action::List, ""));
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        let columns = if self.digests {
            COLUMNS_WITH_DIGEST
        } else {
            COLUMNS
        };
        let view = ctx.view(!self.no_trunc)?;
        let digests = self.digests || format.is_some_and(|format| format.contains(".Digest"));
        let rows = chosen
            .iter()
            .flat_map(|image| rows(image, &view, None, digests));
        let text = columns.render(format, self.quiet, rows)?;
        write!(ctx.out, "{text}")?;
        if format.is_none() && !self.quiet && ctx.err_is_terminal() {
            ctx.flush()?;
            write!(ctx.err, "{}", causes(&chosen))?;
        }
        Ok(())
    }
}

/// Why images have no name, for a terminal; empty if all have one.
fn causes(images: &[Listed]) -> String {
    let unnamed = || images.iter().filter(|image| !image.has_tag());
    let mut text = String::new();
    for image in unnamed().take(NAMED) {
        let id = image.id.short();
        text += &match was(image) {
            Some(was) => format!("hint: {id} was {was}, and another image has that name now\n"),
            None => format!("hint: {id} never had a name, or it was taken away\n"),
        };
    }
    match unnamed().count().saturating_sub(NAMED) {
        0 => {}
        more => text += &format!("hint: so {more} more\n"),
    }
    if !text.is_empty() {
        text += "hint: docker image prune removes images without a name that nobody uses\n";
    }
    text
}

/// The former names of `image` that another image has now: the reason why it dangles.
pub(crate) fn was(image: &Listed) -> Option<String> {
    let names: Vec<String> = image.lost.iter().map(Reference::familiar).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples;

    #[test]
    fn an_image_without_a_name_says_which_it_had() {
        let mut image = samples::image().listed;
        assert_eq!(causes(std::slice::from_ref(&image)), "");
        image.references.clear();
        let id = image.id.short().to_owned();
        assert!(causes(std::slice::from_ref(&image)).contains("never had a name"));
        image.lost = vec![Reference::parse("app:1").unwrap()];
        let text = causes(&vec![image; 5]);
        assert!(
            text.starts_with(&format!(
                "hint: {id} was app:1, and another image has that name now\n"
            )),
            "{text}"
        );
        assert!(
            text.ends_with("hint: so 2 more\nhint: docker image prune removes images without a name that nobody uses\n"),
            "{text}"
        );
    }
}
