//! What libraries and drivers read, and the devices that they talk to.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Libraries, and what is installed with them.
const INSTALLED: [&str; 15] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/share",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/local/share",
    // NixOS and Guix.
    "/nix/store",
    "/gnu/store",
    "/run/opengl-driver",
    "/run/opengl-driver-32",
    "/run/current-system/profile",
];

/// Configuration of the dynamic loader and of drivers.
const CONFIGURED: [&str; 9] = [
    "/etc/ld.so.cache",
    "/etc/vulkan",
    "/etc/xdg/vulkan",
    "/etc/glvnd",
    "/etc/egl",
    "/etc/drirc",
    "/etc/nvidia",
    "/etc/libva.conf",
    "/etc/OpenCL",
];

/// What the kernel tells. Of other processes Landlock shows only what everybody may know: their memory, environment and open
/// files are refused.
const KERNEL: [&str; 2] = ["/proc", "/sys"];

/// Variables that name files or folders of drivers, several separated by colons.
const NAMED: [&str; 14] = [
    "LD_LIBRARY_PATH",
    "LIBGL_DRIVERS_PATH",
    "LIBVA_DRIVERS_PATH",
    "GBM_BACKENDS_PATH",
    "VK_ICD_FILENAMES",
    "VK_DRIVER_FILES",
    "VK_ADD_DRIVER_FILES",
    "VK_LAYER_PATH",
    "VK_ADD_LAYER_PATH",
    "VK_IMPLICIT_LAYER_PATH",
    "VK_ADD_IMPLICIT_LAYER_PATH",
    "__EGL_VENDOR_LIBRARY_FILENAMES",
    "__EGL_VENDOR_LIBRARY_DIRS",
    "NIX_LD_LIBRARY_PATH",
];

/// Folders of Vulkan's drivers and layers, below a folder of data or configuration.
const VULKAN: &str = "vulkan";
/// Where Vulkan's loader looks for drivers.
const DRIVERS: &str = "vulkan/icd.d";

/// Files and folders that are read and named by no recording.
pub(super) fn system() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = INSTALLED
        .iter()
        .chain(&CONFIGURED)
        .chain(&KERNEL)
        .map(PathBuf::from)
        .collect();
    // For the names of functions in a report of a defect.
    places.extend(env::current_exe());
    places.extend(loaded_libraries());
    places.extend(["/dev/urandom", "/dev/random", "/dev/zero"].map(PathBuf::from));
    for name in NAMED {
        places.extend(
            env::var_os(name)
                .iter()
                .flat_map(env::split_paths)
                .filter(|path| path.is_absolute()),
        );
    }
    let bases = bases();
    for base in &bases {
        places.extend([VULKAN, "drirc.d", "glvnd"].map(|name| base.join(name)));
    }
    places.extend(env::home_dir().map(|home| home.join(".drirc")));
    let manifests = bases.iter().map(|base| base.join(DRIVERS)).flat_map(manifests);
    let libraries = manifests
        .chain(named_manifests())
        .filter_map(|manifest| library_of(&manifest));
    places.extend(libraries);
    places
}

/// Devices of drivers, and those that swallow or give nothing.
pub(super) fn devices() -> Vec<PathBuf> {
    let mut devices: Vec<PathBuf> = ["/dev/null", "/dev/dri", "/dev/dxg", "/dev/nvidia-caps"]
        .map(PathBuf::from)
        .into();
    let listed = fs::read_dir("/dev").into_iter().flatten().flatten();
    devices.extend(
        listed
            .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"nvidia"))
            .map(|entry| entry.path()),
    );
    devices
}

/// Folders of data and configuration of the system and of the user (XDG base directories).
fn bases() -> Vec<PathBuf> {
    let home = env::home_dir();
    let own = |name, otherwise: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .or_else(|| Some(home.as_ref()?.join(otherwise)))
    };
    let of_all = |name, otherwise: &str| -> Vec<PathBuf> {
        let paths = env::var_os(name).unwrap_or_else(|| otherwise.into());
        env::split_paths(&paths).collect()
    };
    let mut bases = of_all("XDG_DATA_DIRS", "/usr/local/share:/usr/share");
    bases.extend(of_all("XDG_CONFIG_DIRS", "/etc/xdg"));
    bases.push("/etc".into());
    bases.extend(own("XDG_DATA_HOME", ".local/share"));
    bases.extend(own("XDG_CONFIG_HOME", ".config"));
    bases.retain(|base| base.is_absolute());
    bases
}

/// Folders of the libraries that are loaded: FFmpeg may be installed anywhere.
fn loaded_libraries() -> Vec<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut folders: Vec<PathBuf> = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().contains(".so"))
        })
        .filter_map(Path::parent)
        .filter(|folder| *folder != Path::new("/"))
        .map(Path::to_path_buf)
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Vulkan's driver manifests in a folder.
fn manifests(folder: PathBuf) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).into_iter().flatten().flatten();
    listed.map(|entry| entry.path()).collect()
}

/// Vulkan's driver manifests that a variable names.
fn named_manifests() -> impl Iterator<Item = PathBuf> {
    ["VK_ICD_FILENAMES", "VK_DRIVER_FILES", "VK_ADD_DRIVER_FILES"]
        .into_iter()
        .filter_map(env::var_os)
        .flat_map(|paths| env::split_paths(&paths).collect::<Vec<_>>())
}

/// The folder of the library that a driver's manifest names by an absolute path.
fn library_of(manifest: &Path) -> Option<PathBuf> {
    let text = fs::read(manifest).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let library = Path::new(manifest["ICD"]["library_path"].as_str()?);
    library
        .parent()
        .filter(|_| library.is_absolute())
        .map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_loaded_libraries_are_among_the_places() {
        let libraries = loaded_libraries();
        assert!(
            libraries
                .iter()
                .any(|folder| folder.join("libavcodec.so").exists()
                    || fs::read_dir(folder)
                        .unwrap()
                        .flatten()
                        .any(|entry| { entry.file_name().to_string_lossy().starts_with("libavcodec.so") })),
            "{libraries:?}"
        );
        assert!(!libraries.contains(&PathBuf::from("/")));
    }

    #[test]
    fn a_manifest_tells_where_a_driver_is() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("icd.json");
        for (library, expected) in [
            ("/opt/driver/libvulkan_x.so", Some("/opt/driver")),
            ("libvulkan_x.so", None),
        ] {
            let text = serde_json::json!({ "ICD": { "library_path": library } });
            fs::write(&manifest, text.to_string()).unwrap();
            assert_eq!(library_of(&manifest), expected.map(PathBuf::from));
        }
        fs::write(&manifest, "{").unwrap();
        assert_eq!(library_of(&manifest), None);
    }

    /// Neither the whole system nor a user's own files are let in with the drivers.
    #[test]
    fn no_place_is_too_wide() {
        let home = env::home_dir().unwrap_or_default();
        for place in system().into_iter().chain(devices()) {
            let wide = [
                "/", "/etc", "/home", "/root", "/usr", "/dev", "/run", "/var", "/tmp", "/opt",
            ];
            assert!(
                !wide.iter().any(|wide| place == Path::new(wide)),
                "{}",
                place.display()
            );
            assert!(place.is_absolute() && place != home, "{}", place.display());
        }
    }
}
