//! What a run reads and writes, and which names it may therefore write to.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::OutputError;
use super::folder_of;
use super::identity::{FileId, has_other_names, holds, recording_around, same_name};
use super::partial::OutputFile;

/// What a run reads and writes.
#[derive(Debug, Default)]
pub struct Door {
    overwrite: bool,
    inputs: Vec<(PathBuf, &'static str)>,
    recordings: Vec<PathBuf>,
    claims: Vec<Claim>,
}

/// A file that is going to be written.
#[derive(Debug)]
struct Claim {
    path: PathBuf,
    what: &'static str,
    /// The folder that it will lie in.
    folder: Option<FileId>,
    name: OsString,
    opened: bool,
}

impl Door {
    /// A door through which nothing has gone yet. Files that exist are replaced only when `overwrite` is set.
    pub fn new(overwrite: bool) -> Self {
        Self {
            overwrite,
            ..Self::default()
        }
    }

    /// Notes a recording that the run reads, or makes.
    ///
    /// # Errors
    /// When a file that is going to be written lies in it.
    pub fn reads_recording(&mut self, folder: &Path) -> Result<(), OutputError> {
        self.recordings.push(folder.to_owned());
        for claim in &self.claims {
            self.outside(&claim.path, claim.what)?;
        }
        Ok(())
    }

    /// Notes a recording that the run makes.
    ///
    /// # Errors
    /// When it would lie in another recording.
    pub fn makes_recording(&mut self, folder: &Path) -> Result<(), OutputError> {
        self.outside(folder, "the recording")?;
        self.reads_recording(folder)
    }

    /// Notes a file that the run reads; `input` says as what, such as "the configuration".
    ///
    /// # Errors
    /// When it is going to be written as well.
    pub fn reads(&mut self, file: &Path, input: &'static str) -> Result<(), OutputError> {
        for claim in &self.claims {
            if same_file(&claim.path, file) {
                return Err(OutputError::Input {
                    what: claim.what,
                    path: claim.path.clone(),
                    input,
                });
            }
        }
        self.inputs.push((file.to_owned(), input));
        Ok(())
    }

    /// Checks that `path` may be written, as `what`, and keeps every other output off it. Nothing is written yet.
    ///
    /// # Errors
    /// When it may not.
    pub fn claim(&mut self, path: &Path, what: &'static str) -> Result<(), OutputError> {
        if self
            .claims
            .iter()
            .any(|claim| claim.path == path && claim.what == what)
        {
            return Ok(());
        }
        if is_device(path) {
            return Ok(());
        }
        let io = |source| OutputError::Io {
            action: "write",
            what,
            path: path.to_owned(),
            source,
        };
        let named_folder = path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let Some(name) = path.file_name().filter(|_| !named_folder) else {
            return Err(OutputError::Folder {
                what,
                path: path.to_owned(),
                example: example(what).into(),
            });
        };
        let folder = folder_of(path).canonicalize().map_err(io)?;
        self.outside(path, what)?;
        for (input, input_is) in &self.inputs {
            if same_file(path, input) {
                return Err(OutputError::Input {
                    what,
                    path: path.to_owned(),
                    input: input_is,
                });
            }
        }
        let folder_id = FileId::of(&folder);
        for claim in &self.claims {
            let same_place = claim.folder == folder_id && same_name(&folder, &claim.name, name);
            if same_place || same_file(&claim.path, path) {
                return Err(OutputError::Twice {
                    what,
                    path: path.to_owned(),
                    other: claim.what,
                });
            }
        }
        match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
            Ok(_) if !self.overwrite => {
                return Err(OutputError::Exists {
                    what,
                    path: path.to_owned(),
                });
            }
            Ok(_) if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) => {
                return Err(OutputError::Special {
                    what,
                    path: path.to_owned(),
                });
            }
            Ok(_) => {}
        }
        self.claims.push(Claim {
            path: path.to_owned(),
            what,
            folder: folder_id,
            name: name.to_owned(),
            opened: false,
        });
        Ok(())
    }

    /// Opens `path` to be written as `what` and to appear when it is complete. What a killed run left of it is removed.
    ///
    /// # Errors
    /// When it may not be written (see [`claim`](Self::claim)), or the folder can't be written to.
    pub fn open(&mut self, path: &Path, what: &'static str) -> Result<OutputFile, OutputError> {
        self.claim(path, what)?;
        if is_device(path) {
            return OutputFile::device(path, what);
        }
        let claim = self.claims.iter_mut().find(|claim| claim.path == path);
        if claim.is_some_and(|claim| std::mem::replace(&mut claim.opened, true)) {
            return Err(OutputError::Twice {
                what,
                path: path.to_owned(),
                other: what,
            });
        }
        OutputFile::create(path, what, self.overwrite)
    }

    /// Opens `path` to be read while it is written, as a log is. It has its name from the beginning; a file that is there is
    /// replaced, not emptied.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_log(&mut self, path: &Path, what: &'static str) -> Result<File, OutputError> {
        self.open(path, what)?.into_log()
    }

    /// Makes a folder for outputs with those around it, where they are not there. It may lie in no recording.
    ///
    /// # Errors
    /// When it would lie in a recording, or can't be made.
    pub fn make_folder(&self, folder: &Path, what: &'static str) -> Result<(), OutputError> {
        // The nearest one that exists says where the new ones would lie.
        let around = folder.ancestors().find(|around| around.is_dir());
        self.outside(&around.unwrap_or(Path::new(".")).join("new"), what)?;
        fs::create_dir_all(folder).map_err(|source| OutputError::Io {
            action: "make",
            what,
            path: folder.to_owned(),
            source,
        })
    }

    /// Checks that `path` lies in no recording, under any of its names.
    fn outside(&self, path: &Path, what: &'static str) -> Result<(), OutputError> {
        let inside = |recording| OutputError::InsideRecording {
            what,
            path: path.to_owned(),
            recording,
        };
        if let Some(recording) = recording_around(folder_of(path), &self.recordings) {
            return Err(inside(recording));
        }
        // A link that leads into a recording. It would be replaced, not followed, but hardly on purpose.
        if let Ok(target) = path.canonicalize()
            && let Some(recording) = recording_around(folder_of(&target), &self.recordings)
        {
            return Err(inside(recording));
        }
        if has_other_names(path)
            && let Some(id) = FileId::of(path)
            && let Some(recording) = self.recordings.iter().find(|recording| holds(recording, &id))
        {
            return Err(inside(recording.clone()));
        }
        Ok(())
    }
}

/// A name that a file of this kind may have.
fn example(what: &str) -> &'static str {
    match what {
        "the MP4" => "out.mp4",
        "the log file" => "log.txt",
        "the plan" => "plan.json",
        "the page" => "page.html",
        "the contact sheet" => "sheet.png",
        _ => "out.json",
    }
}

/// Whether both names are of one file that exists, or lead to one place.
fn same_file(one: &Path, other: &Path) -> bool {
    match (FileId::of(one), FileId::of(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Whether `path` is a device such as /dev/null or a terminal, which is written to and never replaced.
fn is_device(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_char_device())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        /// A folder with a recording of one track and an image beside it.
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            fs::create_dir_all(place.at("a.cap/content")).unwrap();
            for file in [
                "a.cap/recording-meta.json",
                "a.cap/content/display.mp4",
                "image.png",
            ] {
                fs::write(place.at(file), file).unwrap();
            }
            place
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn door(&self, overwrite: bool) -> Door {
            let mut door = Door::new(overwrite);
            door.reads_recording(&self.at("a.cap")).unwrap();
            door.reads(&self.at("image.png"), "the background").unwrap();
            door
        }
    }

    #[test]
    fn nothing_goes_into_a_recording_whatever_it_is_called() {
        let place = Place::new();
        fs::create_dir_all(place.at("b.cap")).unwrap();
        fs::write(place.at("b.cap/recording-meta.json"), "").unwrap();
        let mut inside = vec![
            "a.cap/x.json",
            "a.cap/content/display.mp4",
            "a.cap/content/../x",
            "b.cap/x",
        ];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(place.at("a.cap"), place.at("door")).unwrap();
            std::os::unix::fs::symlink(place.at("a.cap/content/display.mp4"), place.at("link")).unwrap();
            fs::hard_link(place.at("a.cap/content/display.mp4"), place.at("hard")).unwrap();
            inside.extend(["door/x", "link", "hard"]);
        }
        for name in inside {
            let error = place.door(true).claim(&place.at(name), "the trace").unwrap_err();
            assert!(
                matches!(error, OutputError::InsideRecording { .. }),
                "{name}: {error}"
            );
        }
        assert!(
            place
                .door(true)
                .makes_recording(&place.at("a.cap/b.cap"))
                .is_err()
        );
        place.door(true).makes_recording(&place.at("new.cap")).unwrap();
        // The order in which both are told does not matter.
        let mut door = Door::new(true);
        fs::remove_file(place.at("a.cap/recording-meta.json")).unwrap();
        door.claim(&place.at("a.cap/x"), "the trace").unwrap();
        assert!(door.reads_recording(&place.at("a.cap")).is_err());
    }

    #[test]
    fn an_input_is_never_an_output() {
        let place = Place::new();
        let mut names = vec!["image.png", "./image.png"];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("image.png", place.at("link")).unwrap();
            fs::hard_link(place.at("image.png"), place.at("hard")).unwrap();
            names.extend(["link", "hard"]);
        }
        for name in names {
            let error = place.door(true).claim(&place.at(name), "the trace").unwrap_err();
            assert!(matches!(error, OutputError::Input { .. }), "{name}: {error}");
            let mut door = Door::new(true);
            door.claim(&place.at(name), "the trace").unwrap();
            assert!(
                door.reads(&place.at("image.png"), "the background").is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn two_outputs_are_two_files() {
        let place = Place::new();
        fs::write(place.at("old.mp4"), "").unwrap();
        let mut pairs = vec![
            ("new.mp4", "new.mp4"),
            ("new.mp4", "./new.mp4"),
            ("old.mp4", "a.cap/../old.mp4"),
        ];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("old.mp4", place.at("link")).unwrap();
            std::os::unix::fs::symlink(".", place.at("here")).unwrap();
            pairs.extend([
                ("old.mp4", "link"),
                ("link", "old.mp4"),
                ("new.mp4", "here/new.mp4"),
            ]);
        }
        for (one, other) in pairs {
            let mut door = place.door(true);
            door.claim(&place.at(one), "the MP4").unwrap();
            let error = door.claim(&place.at(other), "the trace").unwrap_err();
            assert!(
                matches!(error, OutputError::Twice { .. }),
                "{one} {other}: {error}"
            );
            // Claiming the same again is what opening it does.
            door.open(&place.at(one), "the MP4").unwrap();
            let error = door.open(&place.at(one), "the MP4").unwrap_err();
            assert!(matches!(error, OutputError::Twice { .. }), "{error}");
        }
        let mut door = place.door(false);
        door.claim(&place.at("new.mp4"), "the MP4").unwrap();
        door.claim(&place.at("new.json"), "the trace").unwrap();
    }

    #[test]
    fn existing_files_folders_and_missing_folders_are_refused() {
        let place = Place::new();
        fs::write(place.at("mine"), "mine").unwrap();
        let claim = |overwrite, name: &str| place.door(overwrite).claim(&place.at(name), "the trace");
        assert!(matches!(claim(false, "mine"), Err(OutputError::Exists { .. })));
        claim(true, "mine").unwrap();
        for folder in ["", ".", "..", "a.cap/..", "new/"] {
            let error = claim(true, folder).unwrap_err();
            assert!(matches!(error, OutputError::Folder { .. }), "{folder}: {error}");
        }
        let error = claim(true, "no/such").unwrap_err();
        assert!(
            matches!(error, OutputError::Io { .. }) && !error.is_usage(),
            "{error}"
        );
        let long = claim(true, &"n".repeat(256)).unwrap_err();
        assert!(matches!(long, OutputError::Io { .. }), "{long}");
        assert_eq!(fs::read(place.at("mine")).unwrap(), b"mine");
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_written_to_and_never_replaced() {
        use std::os::unix::fs::FileTypeExt;
        let mut door = Door::new(true);
        for what in ["the trace", "the log file"] {
            door.open(Path::new("/dev/null"), what)
                .unwrap()
                .write(b"x")
                .unwrap();
        }
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let place = Place::new();
        let made = std::process::Command::new("mkfifo")
            .arg(place.at("pipe"))
            .status()
            .unwrap();
        assert!(made.success());
        let error = place
            .door(true)
            .claim(&place.at("pipe"), "the trace")
            .unwrap_err();
        assert!(matches!(error, OutputError::Special { .. }), "{error}");
    }

    #[test]
    fn a_log_has_its_name_at_once_and_empties_nothing() {
        use std::io::Write;
        let place = Place::new();
        let log = place.at("log.txt");
        let mut file = place.door(false).open_log(&log, "the log file").unwrap();
        file.write_all(b"line").unwrap();
        assert_eq!(fs::read(&log).unwrap(), b"line");
        assert!(place.door(false).open_log(&log, "the log file").is_err());
        assert_eq!(fs::read(&log).unwrap(), b"line");
        #[cfg(unix)]
        {
            fs::hard_link(&log, place.at("other name")).unwrap();
            place.door(true).open_log(&log, "the log file").unwrap();
            assert_eq!(fs::read(&log).unwrap(), b"");
            assert_eq!(
                fs::read(place.at("other name")).unwrap(),
                b"line",
                "replaced, not emptied"
            );
        }
    }
}
