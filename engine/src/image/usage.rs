//! `docker system df`: what images take, together and alone.

use super::Image;
use crate::error::Result;
use crate::oci::digest::ImageId;
use crate::paths::Home;
use crate::store::layers;
use std::collections::BTreeMap;

/// What one image takes.
#[derive(Debug, Clone)]
pub struct ImageUsage {
    /// The image.
    pub image: Image,
    /// Bytes in layers that other images have too.
    pub shared: u64,
    /// Bytes in layers that only this image has.
    pub unique: u64,
    /// Containers made from it.
    pub containers: usize,
}

/// What all images take.
#[derive(Debug, Clone, Default)]
pub struct ImagesUsage {
    /// Each image.
    pub images: Vec<ImageUsage>,
    /// Bytes of all their layers, each counted once.
    pub layers_size: u64,
}

/// What `images` take; `users` names the image of each container.
pub fn usage(home: &Home, images: Vec<Image>, users: &[ImageId]) -> Result<ImagesUsage> {
    let mut sizes: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    for chain in images.iter().flat_map(|image| &image.chain) {
        match sizes.get_mut(chain) {
            Some((_, count)) => *count += 1,
            None => {
                let size = layers::read(home, chain)?.size;
                sizes.insert(chain.clone(), (size, 1));
            }
        }
    }
    let rows = images
        .into_iter()
        .map(|image| {
            let shared = image
                .chain
                .iter()
                .filter_map(|chain| sizes.get(chain))
                .filter(|(_, count)| *count > 1)
                .map(|(size, _)| size)
                .sum();
            ImageUsage {
                shared,
                unique: image.size.saturating_sub(shared),
                containers: users.iter().filter(|id| **id == image.id).count(),
                image,
            }
        })
        .collect();
    Ok(ImagesUsage {
        images: rows,
        layers_size: sizes.values().map(|(size, _)| size).sum(),
    })
}
