//! Where fonts are: what the font database will read when the first text is set.

use std::env;
use std::path::{Path, PathBuf};

use fontconfig_parser::FontConfig;

/// Folders of fonts, and fontconfig's files. Those that the configuration names are found as the font database (fontdb) finds
/// them.
pub(super) fn places() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let variable = |name, otherwise: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .or_else(|| Some(home.as_ref()?.join(otherwise)))
    };
    let mut places = vec![PathBuf::from("/etc/fonts"), "/usr/share/fontconfig".into()];
    let mut config = FontConfig::default();
    // A file that is missing or wrong is passed over here as it is there.
    let mut merge = |file: &Path| drop(config.merge_config(file));
    if let Some(file) = env::var_os("FONTCONFIG_FILE").map(PathBuf::from) {
        merge(&file);
        places.push(file);
    } else {
        if let Some(own) = variable("XDG_CONFIG_HOME", ".config") {
            merge(&own.join("fontconfig/fonts.conf"));
            places.push(own.join("fontconfig"));
        }
        merge(Path::new("/etc/fonts/local.conf"));
        merge(Path::new("/etc/fonts/fonts.conf"));
    }
    places.extend(
        config
            .dirs
            .into_iter()
            .filter_map(|dir| match dir.path.strip_prefix("~") {
                Ok(below) => Some(home.as_ref()?.join(below)),
                Err(_) => Some(dir.path),
            }),
    );
    // Where fonts are without a configuration.
    places.extend(["/usr/share/fonts", "/usr/local/share/fonts"].map(PathBuf::from));
    places.extend(
        home.iter()
            .flat_map(|home| [home.join(".fonts"), home.join(".fonts.conf")]),
    );
    places.extend(variable("XDG_DATA_HOME", ".local/share").map(|data| data.join("fonts")));
    places
}
