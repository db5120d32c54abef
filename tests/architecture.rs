//! docs/architecture.md names only what exists.

use std::path::Path;

/// What stands between backticks in `text`, line by line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn document() -> (std::path::PathBuf, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    (root.to_owned(), text)
}

#[test]
fn every_path_exists() {
    let (root, text) = document();
    let mut paths = 0;
    for path in quoted(&text).filter(|name| name.starts_with("src/") || name.starts_with("tests/")) {
        assert!(root.join(path).exists(), "docs/architecture.md names {path}");
        paths += 1;
    }
    assert!(paths > 30, "{paths} paths");
    for link in text.split("](").skip(1) {
        let target = link.split(')').next().unwrap();
        assert!(
            root.join("docs").join(target).exists(),
            "docs/architecture.md links to {target}"
        );
    }
}

/// Types and their variants stand in the source under the names that the page gives them.
#[test]
fn every_name_exists() {
    let (root, text) = document();
    let mut sources = String::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut names = 0;
    for name in quoted(&text).filter(|name| name.starts_with(char::is_uppercase)) {
        for part in name.split("::") {
            let part = part.split('(').next().unwrap();
            let declared = ["struct ", "enum ", "trait ", "fn ", "    "]
                .iter()
                .any(|before| sources.contains(&format!("{before}{part}")));
            assert!(declared, "docs/architecture.md names {name}");
            names += 1;
        }
    }
    assert!(names > 15, "{names} names");
}
