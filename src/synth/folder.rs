//! Lays out the files of a `.cap` folder beside its tracks.

use std::fs;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbaImage};
use serde_json::Value;

use super::canvas::{Area, Canvas};
use super::{SynthError, io_error, pointer};
use crate::frame::Size;

/// Name of the description of a recording.
pub const META: &str = "recording-meta.json";
/// Name of the configuration of a recording.
pub const CONFIG: &str = "project-config.json";

/// A recording that is being made.
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder with its parents.
    ///
    /// # Errors
    /// [`SynthError`] when `root` exists and is not an empty folder, or cannot be made.
    pub fn create(root: &Path) -> Result<Self, SynthError> {
        if root.exists() {
            let empty = fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none());
            if !empty {
                return Err(SynthError::Exists { path: root.into() });
            }
        }
        fs::create_dir_all(root).map_err(io_error("make the folder", root))?;
        Ok(Self { root: root.into() })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `relative` is, after making the folders above it.
    ///
    /// # Errors
    /// [`SynthError`] when a folder cannot be made.
    pub fn place(&self, relative: &str) -> Result<PathBuf, SynthError> {
        let path = self.root.join(relative);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io_error("make the folder", parent))?;
        }
        Ok(path)
    }

    /// Writes a JSON file, such as [`META`], [`CONFIG`] or a segment's `cursor.json`.
    ///
    /// # Errors
    /// [`SynthError`] when the file cannot be written.
    pub fn json(&self, relative: &str, value: &Value) -> Result<(), SynthError> {
        let path = self.place(relative)?;
        fs::write(&path, format!("{value:#}\n")).map_err(io_error("write", &path))
    }

    /// Writes the pointer images: `content/cursors/cursor_0.png`, an arrow with its hotspot at (0, 0), and
    /// `cursor_1.png`, a text beam with its hotspot in the middle.
    ///
    /// # Errors
    /// [`SynthError`] when a file cannot be written.
    pub fn pointer_images(&self) -> Result<(), SynthError> {
        for (id, art) in [pointer::arrow(), pointer::beam()].into_iter().enumerate() {
            let path = self.place(&format!("content/cursors/cursor_{id}.png"))?;
            image::save_buffer(&path, &art.pixels, art.width, art.height, image::ColorType::Rgba8)
                .map_err(|source| SynthError::Image { path, source })?;
        }
        Ok(())
    }

    /// Writes a picture of `size` that serves as a background: hills at dusk.
    ///
    /// # Errors
    /// [`SynthError`] when the file cannot be written.
    pub fn background(&self, relative: &str, size: Size) -> Result<(), SynthError> {
        let (w, h) = (size.width as i32, size.height as i32);
        let mut canvas = Canvas::new(size, [0; 3]);
        canvas.gradient(Area::new(0, 0, w, h), [255, 183, 120], [94, 60, 120]);
        canvas.ellipse(Area::new(w * 3 / 5, h / 4, h / 3, h / 3), [255, 236, 179]);
        canvas.ellipse(Area::new(-w / 4, h * 11 / 20, w, h), [74, 58, 107]);
        canvas.ellipse(Area::new(w / 3, h * 13 / 20, w, h), [48, 43, 84]);
        let path = self.place(relative)?;
        let frame = canvas.into_frame();
        let picture = RgbaImage::from_raw(size.width, size.height, frame.data).unwrap_or_default();
        image::DynamicImage::from(picture)
            .to_rgb8()
            .save_with_format(&path, ImageFormat::Jpeg)
            .map_err(|source| SynthError::Image { path, source })
    }
}
