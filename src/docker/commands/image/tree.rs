//! `docker images --tree`: images, and under each its layers and containers; shared layers are marked.

use crate::ctx::Ctx;
use crate::docker::rows::View;
use crate::docker::rows::container::status;
use crate::docker::tree::{Shown, images};
use crate::failure::CommandResult;
use crate::term::markdown::Layout;
use engine::image::{Image, Listed};
use engine::store::layers;
use engine::{Engine, Result};

/// Prints `chosen`; layers are shared with any of `all`.
pub(super) fn show(ctx: &mut Ctx, all: &[Image], chosen: Vec<Listed>) -> CommandResult {
    let with_config = |listed: Listed| {
        let config = all.iter().find(|one| one.id == listed.id)?.config.clone();
        Some(Image { listed, config })
    };
    let chosen: Vec<Image> = chosen.into_iter().filter_map(with_config).collect();
    let engine = ctx.engine()?;
    let view = ctx.view(true)?;
    let layout = Layout {
        // Output to a file is not cut.
        width: match ctx.out_is_terminal() {
            true => ctx.width(),
            false => usize::MAX,
        },
        plain: false,
    };
    let text = draw(&engine, (all, &chosen), &view, layout)?;
    Ok(write!(ctx.out, "{text}")?)
}

/// Draws `chosen` of `all` images.
pub(crate) fn draw(
    engine: &Engine,
    (all, chosen): (&[Image], &[Image]),
    view: &View,
    layout: Layout,
) -> CommandResult<String> {
    let containers = engine.containers()?;
    let mut shown = Vec::with_capacity(chosen.len());
    for image in chosen {
        let sizes = image
            .chain
            .iter()
            .map(|chain| Ok(layers::read(engine.home(), chain)?.size));
        let of_image = containers
            .iter()
            .filter(|container| container.config.image == image.id);
        shown.push(Shown {
            image,
            sizes: sizes.collect::<Result<_>>()?,
            containers: of_image
                .map(|one| (one.config.name.clone(), status(one, view)))
                .collect(),
        });
    }
    Ok(images(&shown, all, layout))
}
