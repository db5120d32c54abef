//! Tells the program which commit and build it is, for the baselines of `capstan bench`.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in ["TARGET", "PROFILE"] {
        let value = std::env::var(name).unwrap_or_else(|_| "unknown".to_owned());
        println!("cargo::rustc-env=CAPSTAN_{name}={value}");
    }
    // In a package from a registry there is no checkout, and the program says so.
    let Some(head) = git(&["rev-parse", "HEAD"]) else {
        return;
    };
    let modified =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    println!("cargo::rustc-env=CAPSTAN_COMMIT={head}");
    println!("cargo::rustc-env=CAPSTAN_MODIFIED={modified}");
    for path in ["HEAD", "logs/HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", path]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=src");
}

/// What git prints; nothing where there is no git or no checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
