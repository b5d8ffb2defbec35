//! `docker images --tree`: images, and under each its layers, shared ones marked.

use crate::ctx::Ctx;
use crate::failure::CommandResult;
use crate::render::human;
use engine::image::Image;
use std::collections::BTreeMap;

/// Prints `chosen`; layers are shared with any of `all`.
pub(super) fn show(ctx: &mut Ctx, all: &[Image], chosen: &[Image]) -> CommandResult {
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    for layer in all.iter().flat_map(|image| &image.chain) {
        *users.entry(layer).or_default() += 1;
    }
    for image in chosen {
        write!(ctx.out, "{}", branch(image, &users))?;
    }
    Ok(())
}

fn branch(image: &Image, users: &BTreeMap<&str, usize>) -> String {
    let names: Vec<String> = image
        .references
        .iter()
        .map(|name| name.familiar())
        .collect();
    let name = match names.is_empty() {
        true => "<none>".to_owned(),
        false => names.join(", "),
    };
    let mut text = format!(
        "{name}  {}  {}\n",
        image.id.short(),
        human::size(image.size)
    );
    let count = image.chain.len();
    for (at, layer) in image.chain.iter().enumerate() {
        let line = if at + 1 == count { "└─" } else { "├─" };
        let others = users.get(layer.as_str()).map_or(0, |users| users - 1);
        let shared = match others {
            0 => String::new(),
            1 => "  shared with 1 other image".to_owned(),
            n => format!("  shared with {n} other images"),
        };
        text += &format!("{line} {}{shared}\n", &layer[..layer.len().min(12)]);
    }
    text
}
