//! Paths in JSON. A path need not be text, and JSON holds nothing else: what is not UTF-8 is replaced by U+FFFD, so that a
//! result is never cut off in the middle.

/// A path.
pub(crate) mod path {
    use std::path::Path;

    use serde::Serializer;

    pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&path.to_string_lossy())
    }
}

/// A path that may be absent.
pub(crate) mod optional_path {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer, P: AsRef<Path>>(
        path: &Option<P>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = path.as_ref().map(|path| path.as_ref().to_string_lossy());
        text.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        Option::deserialize(deserializer)
    }
}
