//! `docker images --tree`: images, and under each its layers and containers; shared layers are marked.

use crate::ctx::Ctx;
use crate::failure::CommandResult;
use crate::render::markdown::Layout;
use crate::render::rows::container::status;
use crate::render::tree::{Shown, images};
use engine::Result;
use engine::image::Image;
use engine::store::layers;

/// Prints `chosen`; layers are shared with any of `all`.
pub(super) fn show(ctx: &mut Ctx, all: &[Image], chosen: &[Image]) -> CommandResult {
    let engine = ctx.engine()?;
    let view = ctx.view(true)?;
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
                .map(|one| (one.config.name.clone(), status(one, &view)))
                .collect(),
        });
    }
    let layout = Layout {
        // What goes into a file is not cut.
        width: if ctx.out_is_terminal() {
            ctx.width()
        } else {
            usize::MAX
        },
        plain: false,
    };
    Ok(write!(ctx.out, "{}", images(&shown, all, layout))?)
}
