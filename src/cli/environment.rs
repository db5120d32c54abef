//! Environment variables that keep drivers quiet and safe, set before anything else runs.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Room that the cache of compiled shaders must have, bytes.
#[cfg(target_os = "linux")]
const CACHE_ROOM: u64 = 16 << 20;

/// Sets what drivers are to be told.
///
/// # Safety
/// The process has no other thread yet: none can read or write the environment meanwhile.
pub unsafe fn prepare_environment() {
    for name in wanted() {
        let value = if name == NO_SHADER_CACHE { "true" } else { "1" };
        // SAFETY: by the caller's promise.
        unsafe { env::set_var(name, value) };
    }
}

/// Has drivers keep what they compile in `cache`, or nowhere, and look for no display: a confined process has no connection to
/// one.
///
/// # Safety
/// As [`prepare_environment`].
pub(super) unsafe fn confine(cache: Option<&Path>) {
    let mut settings: Vec<(&str, &OsStr)> = vec![("NODEVICE_SELECT", OsStr::new("1"))];
    match cache {
        Some(cache) if has_room(cache) => {
            let cache = cache.as_os_str();
            settings.extend([
                ("MESA_SHADER_CACHE_DIR", cache),
                ("__GL_SHADER_DISK_CACHE_PATH", cache),
            ]);
        }
        _ => settings.push((NO_SHADER_CACHE, OsStr::new("true"))),
    }
    for (name, value) in settings {
        // SAFETY: by the caller's promise.
        unsafe { env::set_var(name, value) };
    }
}

/// Mesa's switch for its cache of compiled shaders.
const NO_SHADER_CACHE: &str = "MESA_SHADER_CACHE_DISABLE";

fn wanted() -> Vec<&'static str> {
    let mut names = Vec::new();
    #[cfg(target_os = "linux")]
    {
        // Mesa's Vulkan layer that puts the display's GPU first asks a Wayland server for it, and libwayland prints an error
        // when there is no `XDG_RUNTIME_DIR` to find one in (a container, a service, ssh). Without a display the layer has
        // nothing to say unless the user chose a GPU through it, so it is left out then.
        let asked_for = ["DRI_PRIME", "MESA_VK_DEVICE_SELECT", "NODEVICE_SELECT"];
        if !is_set("XDG_RUNTIME_DIR") && !asked_for.into_iter().any(is_set) {
            names.push("NODEVICE_SELECT");
        }
        // Mesa maps the index of its shader cache into memory without reserving room for it. On a full disk, writing to it
        // ends the process (SIGBUS).
        if !is_set(NO_SHADER_CACHE)
            && !is_set("MESA_GLSL_CACHE_DISABLE")
            && shader_cache().is_some_and(|folder| !has_room(&folder))
        {
            names.push(NO_SHADER_CACHE);
        }
    }
    names
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some()
}

/// Where Mesa keeps compiled shaders.
fn shader_cache() -> Option<PathBuf> {
    let folder = |name| {
        env::var_os(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let folder = folder("MESA_SHADER_CACHE_DIR")
        .or_else(|| folder("MESA_GLSL_CACHE_DIR"))
        .or_else(|| folder("XDG_CACHE_HOME"))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(folder.join("mesa_shader_cache"))
}

/// Whether the cache can be written to without running out of room. A folder that can't be looked at is left to Mesa.
#[cfg(target_os = "linux")]
fn has_room(folder: &Path) -> bool {
    use nix::errno::Errno;
    use nix::fcntl::{FallocateFlags, fallocate};
    use nix::sys::statvfs::statvfs;

    let existing = folder.ancestors().find(|folder| folder.is_dir());
    let room = existing.and_then(|folder| statvfs(folder).ok()).map(|disk| {
        // The types differ between platforms.
        #[allow(clippy::useless_conversion, reason = "the types differ between platforms")]
        let (blocks, size) = (
            u64::from(disk.blocks_available()),
            u64::from(disk.fragment_size()),
        );
        blocks.saturating_mul(size)
    });
    if room.is_some_and(|room| room < CACHE_ROOM) {
        return false;
    }
    // The index may have been made without room for it while there was some. Reserving what it has costs nothing.
    let Ok(index) = std::fs::File::options().write(true).open(folder.join("index")) else {
        return true;
    };
    let length = index.metadata().map_or(0, |metadata| metadata.len());
    let length = libc::off_t::try_from(length).unwrap_or(0);
    length == 0
        || !matches!(
            fallocate(&index, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length),
            Err(Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG)
        )
}
