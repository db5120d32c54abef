//! Tries to break out of the walls of `--confined` from inside.
//!
//! Walls stand around the thread that puts them up and those that it starts, so each attempt needs a process that has one
//! thread yet. Rust's test harness starts a thread for every test; this file has a `main` of its own, which starts itself again
//! as the process to be confined. Each attempt is made twice: free, where it must succeed, or it would prove nothing; and
//! confined, where it must be refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]
#![allow(clippy::print_stdout, reason = "what a harness prints")]

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: the walls are built of parts of Linux");
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::io::{self, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::os::unix::process::parent_id;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::{env, fs, thread};

    use capstan::confine::{Bounds, Confinement, Guard, enter, trial};
    use serde_json::{Value, json};

    /// Says what the process that this program starts again is to do.
    const ROLE: &str = "CAPSTAN_BREAKOUT";
    /// Where it finds [`Place`].
    const PLACE: &str = "CAPSTAN_BREAKOUT_PLACE";

    type Test = (&'static str, fn());

    const TESTS: [Test; 4] = [
        ("every_attempt_to_break_out_is_refused", every_attempt_is_refused),
        ("what_an_export_needs_is_let_through", what_an_export_needs),
        ("threads_that_were_there_before_are_told_of", threads_before),
        ("a_trial_leaves_the_process_free", a_trial),
    ];

    pub(super) fn main() {
        match env::var(ROLE).as_deref() {
            Ok("noop") => return,
            Ok(role) => return confined(role),
            Err(_) => {}
        }
        let args: Vec<String> = env::args().skip(1).collect();
        let has = |flag: &str| args.iter().any(|arg| arg == flag);
        let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
        let wanted = TESTS.iter().filter(|(name, _)| {
            filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
        });
        if has("--list") {
            wanted.for_each(|(name, _)| println!("{name}: test"));
            return;
        }
        if has("--ignored") {
            return;
        }
        for (name, test) in wanted {
            test();
            println!("test {name} ... ok");
        }
    }

    /// A recording, a folder for outputs, and what lies around them.
    struct Place {
        root: PathBuf,
    }

    impl Place {
        fn make(root: &Path) -> Self {
            let root = root.canonicalize().unwrap();
            let place = Self { root };
            for folder in ["a.cap", "out", "outside"] {
                fs::create_dir(place.at(folder)).unwrap();
            }
            fs::write(place.at("a.cap/track"), "track").unwrap();
            fs::write(place.at("outside/secret"), "secret").unwrap();
            fs::write(place.at("outside/old"), "old").unwrap();
            fs::write(place.at("out/mine"), "mine").unwrap();
            symlink(place.at("outside/secret"), place.at("a.cap/link")).unwrap();
            fs::copy(env::current_exe().unwrap(), place.at("out/program")).unwrap();
            place
        }

        fn at(&self, name: &str) -> PathBuf {
            self.root.join(name)
        }

        fn bounds(&self) -> Bounds {
            Bounds {
                reads: vec![self.at("a.cap")],
                writes: vec![self.at("out")],
            }
        }
    }

    /// Starts this program again in `role` and returns the line that it prints.
    fn start(role: &str, place: &Path, more: &[(&str, String)]) -> Value {
        let output = Command::new(env::current_exe().unwrap())
            .env(ROLE, role)
            .env(PLACE, place)
            .envs(more.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let (said, complained) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{role}: {said}\n{complained}");
        serde_json::from_str(said.lines().last().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{role}: {error}: {said}\n{complained}"))
    }

    /// The process that is started again.
    fn confined(role: &str) {
        let place = Place {
            root: env::var_os(PLACE).unwrap().into(),
        };
        // What a memory file will hold, and who is looked at, while it can still be asked.
        let program = fs::read(env::current_exe().unwrap()).unwrap();
        if role == "late" {
            thread::spawn(thread::park);
        }
        let confinement = (role != "free").then(|| enter(&place.bounds()));
        let mut outcomes = BTreeMap::new();
        match role {
            "needs" => needs(&place, &mut outcomes),
            "late" => {}
            _ => {
                attempts(&place, &program, "", &mut outcomes);
                // A thread that is started inside has the same walls around it.
                let elsewhere = thread::spawn(move || {
                    let mut outcomes = BTreeMap::new();
                    attempts(&place, &program, " (another thread)", &mut outcomes);
                    outcomes
                });
                outcomes.extend(elsewhere.join().unwrap());
            }
        }
        println!("{}", json!({ "confinement": confinement, "outcomes": outcomes }));
    }

    type Outcomes = BTreeMap<String, Result<(), String>>;

    fn attempts(place: &Place, program: &[u8], thread: &str, outcomes: &mut Outcomes) {
        let mut attempt = |name: &str, outcome: io::Result<()>| {
            outcomes.insert(
                format!("{name}{thread}"),
                outcome.map_err(|error| error.to_string()),
            );
        };
        let secret = place.at("outside/secret");
        let nothing = |_| ();

        attempt("read a file", fs::read(&secret).map(nothing));
        attempt(
            "read through a link of the recording",
            fs::read(place.at("a.cap/link")).map(nothing),
        );
        let round = Path::new("/proc/self/root").join(secret.strip_prefix("/").unwrap());
        attempt("read through /proc", fs::read(round).map(nothing));
        attempt("list a folder", fs::read_dir(place.at("outside")).map(|_| ()));
        attempt("list /", fs::read_dir("/").map(|_| ()));
        attempt("read accounts", fs::read("/etc/passwd").map(nothing));

        let new = place.at("outside/new");
        attempt("make a file", fs::write(&new, "x"));
        let _ = fs::remove_file(&new);
        attempt("write over a file", fs::write(place.at("outside/old"), "x"));
        attempt(
            "empty a file",
            nix::unistd::truncate(&place.at("outside/old"), 0).map_err(Into::into),
        );
        attempt("change a track", fs::write(place.at("a.cap/track"), "x"));
        let inside = place.at("a.cap/new");
        attempt("make a file in the recording", fs::write(&inside, "x"));
        let _ = fs::remove_file(&inside);
        let doomed = place.at("outside/doomed");
        attempt(
            "remove a file",
            fs::write(&doomed, "").and_then(|()| fs::remove_file(&doomed)),
        );
        let moved = place.at("out/moved");
        attempt("move a file here", fs::rename(place.at("outside/old"), &moved));
        let _ = fs::rename(&moved, place.at("outside/old"));
        let linked = place.at("out/linked");
        attempt("link a file here", fs::hard_link(&secret, &linked));
        attempt("link to a file", symlink(&secret, place.at("out/to")));
        for made in [linked, place.at("out/to")] {
            let _ = fs::remove_file(made);
        }
        attempt(
            "change the rights of a file",
            fs::set_permissions(place.at("outside/old"), fs::Permissions::from_mode(0o600)),
        );

        let port = env::var("PORT").unwrap();
        attempt(
            "connect",
            TcpStream::connect(format!("127.0.0.1:{port}")).map(|_| ()),
        );
        attempt("listen", TcpListener::bind("127.0.0.1:0").map(|_| ()));
        let datagram = || {
            UdpSocket::bind("127.0.0.1:0")?
                .send_to(b"x", "127.0.0.1:9")
                .map(|_| ())
        };
        attempt("send a datagram", datagram());
        attempt(
            "connect to another program",
            UnixStream::connect(place.at("outside/socket")).map(|_| ()),
        );

        attempt("run a program", ran(Path::new("/bin/true")));
        attempt(
            "run a program of the output's folder",
            ran(&place.at("out/program")),
        );
        attempt("run a program of the memory", in_memory(program));

        let parent = parent_id();
        attempt(
            "read another process' environment",
            fs::read(format!("/proc/{parent}/environ")).map(nothing),
        );
        let parent = nix::unistd::Pid::from_raw(parent.cast_signed());
        attempt(
            "signal another process",
            nix::sys::signal::kill(parent, None).map_err(Into::into),
        );
    }

    fn ran(program: &Path) -> io::Result<()> {
        let status = Command::new(program).env(ROLE, "noop").status()?;
        assert!(status.success(), "{}", program.display());
        Ok(())
    }

    /// Runs a program from a file that has no name and lies on no disk.
    fn in_memory(program: &[u8]) -> io::Result<()> {
        use nix::sys::memfd::{MFdFlags, memfd_create};
        let mut file = fs::File::from(memfd_create("program", MFdFlags::empty())?);
        file.write_all(program)?;
        ran(Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd())))
    }

    /// What an export does.
    fn needs(place: &Place, outcomes: &mut Outcomes) {
        let mut need = |name: &str, outcome: io::Result<()>| {
            outcomes.insert(name.to_owned(), outcome.map_err(|error| error.to_string()));
        };
        need("read a track", fs::read(place.at("a.cap/track")).map(|_| ()));
        need("list the recording", fs::read_dir(place.at("a.cap")).map(|_| ()));
        let partial = place.at("out/.a.mp4.partial");
        need("write beside the output", fs::write(&partial, "x"));
        need("read it back", fs::read(&partial).map(|_| ()));
        need("give it its name", fs::rename(&partial, place.at("out/a.mp4")));
        need(
            "replace a file",
            fs::write(&partial, "y").and_then(|()| fs::rename(&partial, place.at("out/mine"))),
        );
        need("remove a file", fs::remove_file(place.at("out/a.mp4")));
        need(
            "start a thread",
            thread::Builder::new()
                .spawn(|| ())
                .map(|thread| thread.join().unwrap()),
        );
        need("know the processors", thread::available_parallelism().map(|_| ()));
        need("write to nowhere", fs::write("/dev/null", "x"));
        need(
            "signal itself",
            nix::sys::signal::raise(nix::sys::signal::SIGURG).map_err(Into::into),
        );
        for folder in [
            "/usr/share/fonts",
            "/usr/share/vulkan",
            "/sys/devices",
            "/proc/self",
        ] {
            if Path::new(folder).exists() {
                need(folder, fs::read_dir(folder).map(|_| ()));
            }
        }
    }

    /// Why the walls don't stand here.
    fn gap(answer: &Value) -> Option<String> {
        let confinement: Confinement = serde_json::from_value(answer["confinement"].clone()).unwrap();
        let stands = confinement.landlock.stands && confinement.seccomp.stands;
        (!stands).then(|| format!("skipped: {:?}", confinement.missing))
    }

    fn outcomes(answer: &Value) -> Outcomes {
        serde_json::from_value(answer["outcomes"].clone()).unwrap()
    }

    fn every_attempt_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        // As many connections as there are attempts fit into the queue; nobody answers them.
        let answers = ["free", "confined"].map(|role| {
            let folder = tempfile::tempdir().unwrap();
            let place = Place::make(folder.path());
            let _socket = UnixListener::bind(place.at("outside/socket")).unwrap();
            let answer = start(role, &place.root, &[("PORT", port.clone())]);
            if role == "confined" && gap(&answer).is_none() {
                assert_eq!(fs::read(place.at("outside/secret")).unwrap(), b"secret");
                assert_eq!(fs::read(place.at("outside/old")).unwrap(), b"old");
                assert_eq!(fs::read(place.at("a.cap/track")).unwrap(), b"track");
            }
            answer
        });
        let [free, confined] = &answers;
        for (name, outcome) in outcomes(free) {
            assert_eq!(
                outcome,
                Ok(()),
                "{name}: an attempt that fails anyway proves nothing"
            );
        }
        if let Some(reason) = gap(confined) {
            println!("{reason}");
            return;
        }
        assert_eq!(
            confined["confinement"]["refused"],
            json!(Guard::ALL),
            "{confined:#}"
        );
        let refused = outcomes(confined);
        assert_eq!(refused.len(), outcomes(free).len());
        assert!(refused.len() > 40, "{}", refused.len());
        for (name, outcome) in refused {
            let error = outcome.expect_err(&name);
            // Moving and linking between folders is refused as if they lay on two disks.
            let words = [
                "Permission denied",
                "Operation not permitted",
                "EACCES",
                "EPERM",
                "cross-device link",
            ];
            assert!(words.iter().any(|word| error.contains(word)), "{name}: {error}");
        }
    }

    fn what_an_export_needs() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::make(folder.path());
        let answer = start("needs", &place.root, &[]);
        if let Some(reason) = gap(&answer) {
            println!("{reason}");
        }
        let outcomes = outcomes(&answer);
        assert!(outcomes.len() > 10);
        for (name, outcome) in outcomes {
            assert_eq!(outcome, Ok(()), "{name}");
        }
    }

    fn threads_before() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::make(folder.path());
        let answer = start("late", &place.root, &[]);
        let confinement: Confinement = serde_json::from_value(answer["confinement"].clone()).unwrap();
        assert_eq!(confinement.refused, [], "{confinement:?}");
        let of_threads = |guard| {
            confinement
                .missing
                .iter()
                .any(|missing| missing.guard == guard && missing.why.contains("threads"))
        };
        assert!(Guard::ALL.into_iter().all(of_threads), "{confinement:?}");
    }

    fn a_trial() {
        let found = trial();
        let answer = json!({ "confinement": found });
        if let Some(reason) = gap(&answer) {
            println!("{reason}");
        }
        // Here is no wall.
        fs::read_dir("/").unwrap();
        TcpListener::bind("127.0.0.1:0").unwrap();
        ran(&env::current_exe().unwrap()).unwrap();
    }
}
