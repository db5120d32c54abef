//! A stand-in for the system's functions that holds their callers to the rules.
//!
//! Each test has a [`World`] of its own, where every object lives with its reference count, lock state and pool. A
//! breach of the rules is written down; what a breach would touch is freed memory, so that AddressSanitizer and
//! valgrind see it too: planes are at a new address with every lock and freed by the unlock. Rows are padded oddly,
//! new buffers hold rubbish, and conversions are the reference formula's, by the session's properties.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use super::{CVPixelBufferRef, CfRef, Constant, FORMAT_BGRA, Property, ReleaseBytes};
use crate::convert::reference;
use crate::frame::{PackedFormat, PackedView, Size, YuvColor, YuvMatrix, YuvRange};

pub(super) mod functions;

/// What goes wrong in a world, and which habits its VideoToolbox has.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Plan {
    /// The call, counted from 1 over all functions that can fail, that fails.
    pub(in super::super) fail_at: Option<u64>,
    /// The symbol that the framework lacks.
    pub(in super::super) missing_symbol: Option<&'static str>,
    /// Whether sessions retain the last source until the next one or their end.
    pub(in super::super) keeps_sources: bool,
}

/// All objects of one test.
pub(in super::super) struct World {
    plan: Plan,
    calls: u64,
    failed: Option<&'static str>,
    objects: BTreeMap<u64, Object>,
    /// The addresses that objects are known by; they stay, so that a stale one is recognised.
    handles: Vec<Arc<Handle>>,
    breaches: Vec<String>,
    wraps: u64,
}

/// What an object's address points to.
struct Handle {
    world: Weak<Mutex<World>>,
    id: u64,
}

struct Object {
    references: usize,
    kind: Kind,
}

enum Kind {
    Number(i32),
    Dictionary(Vec<(CfRef, CfRef)>),
    Pool { size: Size, format: u32 },
    Buffer(Buffer),
    Session(Session),
}

struct Buffer {
    size: Size,
    format: u32,
    pool: Option<u64>,
    planes: Vec<PlaneBytes>,
    locks: Vec<u64>,
    attachments: BTreeMap<Constant, CfRef>,
    wrapped: Option<Memory>,
}

/// The content of a plane, and while locked its copy for the program.
struct PlaneBytes {
    stride: usize,
    bytes: Vec<u8>,
    lent: Option<Vec<u8>>,
}

/// Foreign memory under a buffer.
struct Memory {
    base: *const u8,
    stride: usize,
    release: ReleaseBytes,
    reference: *mut c_void,
}

#[derive(Default)]
struct Session {
    properties: Vec<Property>,
    kept: Option<CVPixelBufferRef>,
    invalid: bool,
}

// SAFETY: the raw pointers are the world's own handles, constants, or memory that its test vouches for; all are used
// under the world's mutex.
unsafe impl Send for World {}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Mutex<World>>>> = const { RefCell::new(None) };
    /// Whether this thread's calls are a test's own looks: none of them fails or counts.
    static LOOKING: Cell<bool> = const { Cell::new(false) };
}

/// Starts a new world for this thread's create functions. Objects know their world, wherever they go.
pub(in super::super) fn enter(plan: Plan) -> Arc<Mutex<World>> {
    let world = Arc::new(Mutex::new(World {
        plan,
        calls: 0,
        failed: None,
        objects: BTreeMap::new(),
        handles: Vec::new(),
        breaches: Vec::new(),
        wraps: 0,
    }));
    CURRENT.with_borrow_mut(|current| *current = Some(Arc::clone(&world)));
    world
}

/// Lets a test look at objects by calls that neither fail nor count.
pub(in super::super) fn look<T>(action: impl FnOnce() -> T) -> T {
    let before = LOOKING.replace(true);
    let found = action();
    LOOKING.set(before);
    found
}

/// Makes the call that is `call` calls ahead fail.
pub(in super::super) fn fail_after(world: &Mutex<World>, call: u64) {
    let mut world = lock(world);
    world.plan.fail_at = Some(world.calls + call);
}

/// What a test wants to know of a world afterwards.
pub(in super::super) struct Account {
    /// Kinds of the objects still alive.
    pub(in super::super) alive: Vec<&'static str>,
    /// Rules that were broken.
    pub(in super::super) breaches: Vec<String>,
    /// The function that failed as planned.
    pub(in super::super) failed: Option<&'static str>,
    /// How many frames were wrapped in place.
    pub(in super::super) wraps: u64,
}

/// Takes stock of `world`.
pub(in super::super) fn account(world: &Mutex<World>) -> Account {
    let world = lock(world);
    let alive = world.objects.values().map(|object| object.kind.name()).collect();
    Account {
        alive,
        breaches: world.breaches.clone(),
        failed: world.failed,
        wraps: world.wraps,
    }
}

/// The attachments of a buffer.
pub(in super::super) fn attachments(buffer: CVPixelBufferRef) -> Vec<(Constant, Constant)> {
    with(buffer, |world, id| {
        let Some(buffer) = world.buffer(id, "reading attachments") else {
            return Vec::new();
        };
        buffer
            .attachments
            .iter()
            .filter_map(|(key, value)| Some((*key, constant_at(*value)?)))
            .collect()
    })
}

const CONSTANTS: [Constant; 12] = [
    Constant::PixelFormatType,
    Constant::Width,
    Constant::Height,
    Constant::IoSurfaceProperties,
    Constant::AllocationThreshold,
    Constant::Matrix,
    Constant::Matrix709,
    Constant::Matrix601,
    Constant::Primaries,
    Constant::Primaries709,
    Constant::Transfer,
    Constant::Transfer709,
];
/// Constants are known by the address of their element.
static ADDRESSES: [u8; CONSTANTS.len()] = [0; CONSTANTS.len()];

fn constant_at(address: CfRef) -> Option<Constant> {
    let index = ADDRESSES
        .iter()
        .position(|place| ptr::from_ref(place).cast() == address)?;
    Some(CONSTANTS[index])
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs `action` in this thread's world.
fn here<T>(action: impl FnOnce(&mut World, &Arc<Mutex<World>>) -> T) -> T {
    let world = CURRENT
        .with_borrow(|current| current.clone())
        .expect("a test enters a world first");
    let mut locked = lock(&world);
    action(&mut locked, &world)
}

/// Runs `action` in the world of the object at `address`.
fn with<T>(address: *const c_void, action: impl FnOnce(&mut World, u64) -> T) -> T {
    assert!(!address.is_null(), "a null object was used");
    // SAFETY: addresses of objects are those of handles, which live as long as the world; a test keeps its world to
    // the end.
    let handle = unsafe { &*address.cast::<Handle>() };
    let world = handle
        .world
        .upgrade()
        .expect("an object was used after the end of its test");
    let mut locked = lock(&world);
    action(&mut locked, handle.id)
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Dictionary(_) => "dictionary",
            Self::Pool { .. } => "pool",
            Self::Buffer(_) => "buffer",
            Self::Session(_) => "session",
        }
    }
}

impl World {
    /// Counts a call of a function that can fail; `true` when it is the one that does.
    fn fails(&mut self, function: &'static str) -> bool {
        if LOOKING.get() {
            return false;
        }
        self.calls += 1;
        let fails = self.plan.fail_at == Some(self.calls);
        if fails {
            self.failed = Some(function);
        }
        fails
    }

    fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    fn create(&mut self, shared: &Arc<Mutex<Self>>, kind: Kind) -> *mut c_void {
        let id = self.handles.len() as u64;
        let handle = Arc::new(Handle {
            world: Arc::downgrade(shared),
            id,
        });
        let address = Arc::as_ptr(&handle).cast_mut().cast();
        self.handles.push(handle);
        self.objects.insert(id, Object { references: 1, kind });
        address
    }

    fn retain(&mut self, id: u64) {
        match self.objects.get_mut(&id) {
            Some(object) => object.references += 1,
            None => self.breach(format!("object {id} was retained after its end")),
        }
    }

    /// Gives up a reference; the callback to run, outside the lock, when foreign memory is freed by it.
    #[must_use]
    fn release(&mut self, id: u64, name: &str) -> Vec<Memory> {
        let Some(object) = self.objects.get_mut(&id) else {
            self.breach(format!("object {id} was released as a {name} after its end"));
            return Vec::new();
        };
        if object.kind.name() != name {
            let kind = object.kind.name();
            self.breach(format!("a {kind} was released as a {name}"));
        }
        let Some(object) = self.objects.get_mut(&id) else {
            return Vec::new();
        };
        object.references -= 1;
        if object.references > 0 {
            return Vec::new();
        }
        let Some(object) = self.objects.remove(&id) else {
            return Vec::new();
        };
        self.end(object.kind)
    }

    fn end(&mut self, kind: Kind) -> Vec<Memory> {
        let mut freed = Vec::new();
        match kind {
            Kind::Dictionary(pairs) => {
                for (_, value) in pairs {
                    if constant_at(value).is_none() {
                        let (id, name) = self.identify(value);
                        freed.extend(self.release(id, name));
                    }
                }
            }
            Kind::Buffer(buffer) => {
                if !buffer.locks.is_empty() && self.failed != Some("CVPixelBufferUnlockBaseAddress") {
                    self.breach("a buffer ended while it was locked");
                }
                freed.extend(buffer.wrapped);
            }
            Kind::Session(session) => {
                if !session.invalid {
                    self.breach("a session ended without being invalidated");
                }
                freed.extend(session.kept.map_or(Vec::new(), |kept| self.release_kept(kept)));
            }
            Kind::Number(_) | Kind::Pool { .. } => {}
        }
        freed
    }

    fn release_kept(&mut self, kept: CVPixelBufferRef) -> Vec<Memory> {
        let (id, name) = self.identify(kept);
        self.release(id, name)
    }

    /// Id and kind of an object of this world.
    fn identify(&self, address: *const c_void) -> (u64, &'static str) {
        let found = self
            .handles
            .iter()
            .find(|handle| Arc::as_ptr(handle).cast() == address);
        let id = found.expect("an object belongs to one world").id;
        (
            id,
            self.objects
                .get(&id)
                .map_or("nothing", |object| object.kind.name()),
        )
    }

    fn buffer(&mut self, id: u64, doing: &str) -> Option<&mut Buffer> {
        match self.objects.get_mut(&id).map(|object| &mut object.kind) {
            Some(Kind::Buffer(_)) => {}
            _ => {
                self.breach(format!("{doing}: object {id} is no living buffer"));
                return None;
            }
        }
        match self.objects.get_mut(&id).map(|object| &mut object.kind) {
            Some(Kind::Buffer(buffer)) => Some(buffer),
            _ => None,
        }
    }

    fn session(&mut self, id: u64, doing: &str) -> Option<&mut Session> {
        match self.objects.get(&id).map(|object| &object.kind) {
            Some(Kind::Session(session)) if !session.invalid => {}
            _ => {
                self.breach(format!("{doing}: object {id} is no living, valid session"));
                return None;
            }
        }
        match self.objects.get_mut(&id).map(|object| &mut object.kind) {
            Some(Kind::Session(session)) => Some(session),
            _ => None,
        }
    }

    /// The number under `key` of the dictionary at `address`.
    fn number(&self, address: CfRef, key: Constant) -> Option<u32> {
        let value = self.entry(address, key)?;
        let (id, _) = self.identify(value);
        match self.objects.get(&id)?.kind {
            Kind::Number(value) => Some(value.cast_unsigned()),
            _ => None,
        }
    }

    fn entry(&self, address: CfRef, key: Constant) -> Option<CfRef> {
        let (id, _) = self.identify(address);
        let Kind::Dictionary(pairs) = &self.objects.get(&id)?.kind else {
            return None;
        };
        pairs
            .iter()
            .find(|(name, _)| constant_at(*name) == Some(key))
            .map(|(_, value)| *value)
    }

    /// Converts `source` into `destination` as the session says; a result code.
    fn transfer(&mut self, session: u64, source: CVPixelBufferRef, destination: u64) -> i32 {
        const PARAMETER: i32 = -12902;
        let (source_id, _) = self.identify(source);
        let Some(properties) = self
            .session(session, "transferring")
            .map(|s| s.properties.clone())
        else {
            return PARAMETER;
        };
        let Some(from) = self.buffer(source_id, "transferring from") else {
            return PARAMETER;
        };
        let (size, format) = (from.size, from.format);
        let tagged = from.attachments.contains_key(&Constant::Primaries)
            && from.attachments.contains_key(&Constant::Transfer);
        let (pixels, stride) = match &from.wrapped {
            // SAFETY: whoever wrapped the memory vouched for `height` rows of `stride` bytes until the release.
            Some(memory) => unsafe {
                let length = memory.stride * size.height as usize;
                (
                    std::slice::from_raw_parts(memory.base, length).to_vec(),
                    memory.stride,
                )
            },
            None => (from.planes[0].bytes.clone(), from.planes[0].stride),
        };
        if !tagged {
            self.breach("a source was transferred without primaries and transfer function");
        }
        let Some(to) = self.buffer(destination, "transferring to") else {
            return PARAMETER;
        };
        if format != FORMAT_BGRA || to.planes.len() != 2 || to.size != size || !to.locks.is_empty() {
            return -12905;
        }
        let mut color = YuvColor {
            matrix: YuvMatrix::Bt2020,
            range: match to.format {
                super::FORMAT_420F => YuvRange::Full,
                _ => YuvRange::Limited,
            },
        };
        let mut average = false;
        to.attachments.clear();
        for property in properties {
            let (key, value) = match property {
                Property::DestinationMatrix(value) => {
                    color.matrix = match value {
                        Constant::Matrix709 => YuvMatrix::Bt709,
                        _ => YuvMatrix::Bt601,
                    };
                    (Constant::Matrix, value)
                }
                Property::DestinationPrimaries(value) => (Constant::Primaries, value),
                Property::DestinationTransfer(value) => (Constant::Transfer, value),
                Property::AverageDownsampling => {
                    average = true;
                    continue;
                }
            };
            to.attachments.insert(key, functions::constant(value));
        }
        let view = PackedView {
            size,
            stride,
            format: PackedFormat::Bgra,
            data: &pixels,
        };
        let Ok(converted) = reference::convert(view, color) else {
            return PARAMETER;
        };
        let [luma, chroma] = &mut to.planes[..] else {
            return PARAMETER;
        };
        let rows = [
            (luma, &converted.y, converted.y_stride),
            (chroma, &converted.uv, converted.uv_stride),
        ];
        for (plane, bytes, stride) in rows {
            for (target, source) in plane.bytes.chunks_mut(plane.stride).zip(bytes.chunks(stride)) {
                let length = target.len().min(source.len());
                target[..length].copy_from_slice(&source[..length]);
            }
        }
        if !average {
            chroma_of_no_use(&mut to.planes[1].bytes);
        }
        0
    }
}

/// What decimated chroma is to a test that expects the mean: wrong.
fn chroma_of_no_use(bytes: &mut [u8]) {
    bytes.fill(0);
}

/// Rubbish-filled planes of a buffer, their rows padded by odd amounts.
fn planes(size: Size, format: u32) -> Vec<PlaneBytes> {
    let plane = |row: u32, rows: u32, padding: usize| {
        let stride = row as usize + padding;
        PlaneBytes {
            stride,
            bytes: vec![0xCD; stride * rows as usize],
            lent: None,
        }
    };
    let chroma = size.chroma_420();
    match format {
        FORMAT_BGRA => vec![plane(size.width * 4, size.height, 7)],
        _ => vec![
            plane(size.width, size.height, 5),
            plane(chroma.width * 2, chroma.height, 3),
        ],
    }
}

/// Calls back for foreign memory that is free again.
fn give_back(freed: Vec<Memory>) {
    for memory in freed {
        (memory.release)(memory.reference, memory.base.cast());
    }
}
