//! The functions themselves, with the signatures of the system's.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex};

use super::super::{
    CVPixelBufferPoolRef, CVPixelBufferRef, CVReturn, CfRef, Constant, FORMAT_BGRA, LOCK_READ_ONLY, OSStatus,
    Property, ReleaseBytes, VTPixelTransferSessionRef, WOULD_EXCEED_ALLOCATION_THRESHOLD,
};
use super::{
    ADDRESSES, Buffer, CONSTANTS, Kind, Memory, Session, World, constant_at, give_back, here, planes, with,
};
use crate::frame::Size;

const SUCCESS: CVReturn = 0;
const ERROR: CVReturn = -6660;
const ALLOCATION_FAILED: CVReturn = -6662;
const INVALID_ATTRIBUTES: CVReturn = -6682;

pub(crate) fn constant(name: Constant) -> CfRef {
    let index = CONSTANTS.iter().position(|constant| *constant == name);
    ptr::from_ref(&ADDRESSES[index.expect("every constant is listed")]).cast()
}

pub(crate) fn CFNumberCreateInt(value: i32) -> CfRef {
    here(|world, shared| match world.fails("CFNumberCreate") {
        true => ptr::null(),
        false => world.create(shared, Kind::Number(value)),
    })
}

pub(crate) unsafe fn CFDictionaryCreatePairs(pairs: &[(CfRef, CfRef)]) -> CfRef {
    here(|world, shared| {
        if world.fails("CFDictionaryCreate") {
            return ptr::null();
        }
        for (_, value) in pairs {
            if constant_at(*value).is_none() {
                let (id, _) = world.identify(*value);
                world.retain(id);
            }
        }
        world.create(shared, Kind::Dictionary(pairs.to_vec()))
    })
}

pub(crate) unsafe fn CFRelease(object: CfRef) {
    let freed = with(object, |world, id| {
        let (_, name) = world.identify(object);
        world.release(id, name)
    });
    give_back(freed);
}

pub(crate) unsafe fn CVPixelBufferPoolCreate(attributes: CfRef, out: &mut CVPixelBufferPoolRef) -> CVReturn {
    here(|world, shared| {
        if world.fails("CVPixelBufferPoolCreate") {
            return ALLOCATION_FAILED;
        }
        let number = |key| world.number(attributes, key);
        let (Some(format), Some(width), Some(height)) = (
            number(Constant::PixelFormatType),
            number(Constant::Width),
            number(Constant::Height),
        ) else {
            return INVALID_ATTRIBUTES;
        };
        if world.entry(attributes, Constant::IoSurfaceProperties).is_none() {
            world.breach("a pool without IOSurface backing");
        }
        let size = Size::new(width, height);
        *out = world.create(shared, Kind::Pool { size, format });
        SUCCESS
    })
}

pub(crate) unsafe fn CVPixelBufferPoolRelease(pool: CVPixelBufferPoolRef) {
    let freed = with(pool, |world, id| world.release(id, "pool"));
    give_back(freed);
}

pub(crate) unsafe fn CVPixelBufferPoolCreatePixelBufferWithAuxAttributes(
    pool: CVPixelBufferPoolRef,
    auxiliary: CfRef,
    out: &mut CVPixelBufferRef,
) -> CVReturn {
    with_shared(pool, |world, shared, id| {
        if world.fails("CVPixelBufferPoolCreatePixelBufferWithAuxAttributes") {
            return ALLOCATION_FAILED;
        }
        let Some(Kind::Pool { size, format }) = world.objects.get(&id).map(|object| &object.kind) else {
            world.breach("a buffer was taken from a dead pool");
            return ERROR;
        };
        let (size, format) = (*size, *format);
        let out_of_pool =
            |object: &&super::Object| matches!(&object.kind, Kind::Buffer(buffer) if buffer.pool == Some(id));
        let threshold = world.number(auxiliary, Constant::AllocationThreshold);
        let taken = world.objects.values().filter(out_of_pool).count();
        if threshold.is_none_or(|threshold| taken >= threshold as usize) {
            return WOULD_EXCEED_ALLOCATION_THRESHOLD;
        }
        let buffer = Buffer {
            size,
            format,
            pool: Some(id),
            planes: planes(size, format),
            locks: Vec::new(),
            attachments: [].into(),
            wrapped: None,
        };
        *out = world.create(shared, Kind::Buffer(buffer));
        SUCCESS
    })
}

pub(crate) unsafe fn CVPixelBufferCreateWithBytes(
    (width, height): (usize, usize),
    format: u32,
    base: *mut c_void,
    stride: usize,
    release: ReleaseBytes,
    reference: *mut c_void,
    out: &mut CVPixelBufferRef,
) -> CVReturn {
    here(|world, shared| {
        if world.fails("CVPixelBufferCreateWithBytes") {
            return ERROR;
        }
        if format != FORMAT_BGRA || stride < width * 4 || !base.addr().is_multiple_of(16) {
            world.breach("memory was wrapped that does not fit");
        }
        world.wraps += 1;
        let buffer = Buffer {
            size: Size::new(width as u32, height as u32),
            format,
            pool: None,
            planes: Vec::new(),
            locks: Vec::new(),
            attachments: [].into(),
            wrapped: Some(Memory {
                base: base.cast(),
                stride,
                release,
                reference,
            }),
        };
        *out = world.create(shared, Kind::Buffer(buffer));
        SUCCESS
    })
}

pub(crate) unsafe fn CVPixelBufferRetain(buffer: CVPixelBufferRef) {
    with(buffer, World::retain);
}

pub(crate) unsafe fn CVPixelBufferRelease(buffer: CVPixelBufferRef) {
    let freed = with(buffer, |world, id| world.release(id, "buffer"));
    give_back(freed);
}

pub(crate) unsafe fn CVPixelBufferLockBaseAddress(buffer: CVPixelBufferRef, flags: u64) -> CVReturn {
    with(buffer, |world, id| {
        if world.fails("CVPixelBufferLockBaseAddress") {
            return ERROR;
        }
        let Some(buffer) = world.buffer(id, "locking") else {
            return ERROR;
        };
        if buffer.locks.is_empty() {
            for plane in &mut buffer.planes {
                plane.lent = Some(plane.bytes.clone());
            }
        }
        buffer.locks.push(flags);
        SUCCESS
    })
}

pub(crate) unsafe fn CVPixelBufferUnlockBaseAddress(buffer: CVPixelBufferRef, flags: u64) -> CVReturn {
    with(buffer, |world, id| {
        if world.fails("CVPixelBufferUnlockBaseAddress") {
            return ERROR;
        }
        let Some(buffer) = world.buffer(id, "unlocking") else {
            return ERROR;
        };
        let Some(at) = buffer.locks.iter().rposition(|held| *held == flags) else {
            world.breach("a buffer was unlocked that was not locked so");
            return ERROR;
        };
        buffer.locks.remove(at);
        let mut changed = false;
        if buffer.locks.is_empty() {
            for plane in &mut buffer.planes {
                let lent = plane.lent.take().unwrap_or_default();
                changed |= lent != plane.bytes;
                plane.bytes = lent;
            }
        }
        if changed && flags == LOCK_READ_ONLY {
            world.breach("a buffer was written to under a read-only lock");
        }
        SUCCESS
    })
}

/// The address and stride of a plane; the address only under a lock.
fn plane(buffer: CVPixelBufferRef, index: usize) -> (*mut u8, usize) {
    with(buffer, |world, id| {
        let Some(buffer) = world.buffer(id, "finding a plane") else {
            return (ptr::null_mut(), 0);
        };
        let Some(plane) = buffer.planes.get_mut(index) else {
            world.breach(format!("plane {index} of a buffer that has none such"));
            return (ptr::null_mut(), 0);
        };
        let stride = plane.stride;
        let address = plane.lent.as_mut().map(|bytes| bytes.as_mut_ptr());
        (address.unwrap_or(ptr::null_mut()), stride)
    })
}

fn address(buffer: CVPixelBufferRef, index: usize, function: &'static str) -> *mut u8 {
    if with(buffer, |world, _| world.fails(function)) {
        return ptr::null_mut();
    }
    let (address, _) = plane(buffer, index);
    if address.is_null() {
        with(buffer, |world, _| {
            world.breach("a base address was asked for outside a lock")
        });
    }
    address
}

fn stride(buffer: CVPixelBufferRef, index: usize, function: &'static str) -> usize {
    match with(buffer, |world, _| world.fails(function)) {
        true => 0,
        false => plane(buffer, index).1,
    }
}

pub(crate) unsafe fn CVPixelBufferGetBaseAddress(buffer: CVPixelBufferRef) -> *mut u8 {
    address(buffer, 0, "CVPixelBufferGetBaseAddress")
}

pub(crate) unsafe fn CVPixelBufferGetBytesPerRow(buffer: CVPixelBufferRef) -> usize {
    stride(buffer, 0, "CVPixelBufferGetBytesPerRow")
}

pub(crate) unsafe fn CVPixelBufferGetBaseAddressOfPlane(buffer: CVPixelBufferRef, plane: usize) -> *mut u8 {
    address(buffer, plane, "CVPixelBufferGetBaseAddressOfPlane")
}

pub(crate) unsafe fn CVPixelBufferGetBytesPerRowOfPlane(buffer: CVPixelBufferRef, plane: usize) -> usize {
    stride(buffer, plane, "CVPixelBufferGetBytesPerRowOfPlane")
}

pub(crate) unsafe fn CVBufferSetAttachment(buffer: CVPixelBufferRef, key: CfRef, value: CfRef) {
    with(buffer, |world, id| {
        let Some(key) = constant_at(key) else {
            return world.breach("an attachment under an unknown key");
        };
        if let Some(buffer) = world.buffer(id, "attaching") {
            buffer.attachments.insert(key, value);
        }
    });
}

/// What is used of VideoToolbox.
#[derive(Clone, Copy)]
pub(crate) struct VideoToolbox;

impl VideoToolbox {
    pub(crate) fn load() -> Result<Self, String> {
        match here(|world, _| world.plan.missing_symbol) {
            Some(name) => Err(format!("this system's VideoToolbox has no {name}")),
            None => Ok(Self),
        }
    }

    pub(crate) fn VTPixelTransferSessionCreate(self, out: &mut VTPixelTransferSessionRef) -> OSStatus {
        here(|world, shared| {
            if world.fails("VTPixelTransferSessionCreate") {
                return -12907;
            }
            *out = world.create(shared, Kind::Session(Session::default()));
            SUCCESS
        })
    }

    pub(crate) unsafe fn VTPixelTransferSessionInvalidate(self, session: VTPixelTransferSessionRef) {
        let freed = with(session, |world, id| {
            let Some(session) = world.session(id, "invalidating") else {
                return Vec::new();
            };
            session.invalid = true;
            let kept = session.kept.take();
            kept.map_or(Vec::new(), |kept| world.release_kept(kept))
        });
        give_back(freed);
    }

    pub(crate) unsafe fn VTPixelTransferSessionTransferImage(
        self,
        session: VTPixelTransferSessionRef,
        source: CVPixelBufferRef,
        destination: CVPixelBufferRef,
    ) -> OSStatus {
        let (status, freed) = with(session, |world, id| {
            if world.fails("VTPixelTransferSessionTransferImage") {
                return (-12905, Vec::new());
            }
            let (destination, _) = world.identify(destination);
            let status = world.transfer(id, source, destination);
            if !world.plan.keeps_sources {
                return (status, Vec::new());
            }
            let (source_id, _) = world.identify(source);
            world.retain(source_id);
            let before = world
                .session(id, "keeping")
                .and_then(|session| session.kept.replace(source));
            (
                status,
                before.map_or(Vec::new(), |before| world.release_kept(before)),
            )
        });
        give_back(freed);
        status
    }

    pub(crate) unsafe fn VTSessionSetProperty(
        self,
        session: VTPixelTransferSessionRef,
        property: Property,
    ) -> OSStatus {
        with(session, |world, id| {
            if world.fails("VTSessionSetProperty") {
                return -12900;
            }
            if let Some(session) = world.session(id, "setting a property") {
                session.properties.push(property);
            }
            SUCCESS
        })
    }
}

/// As [`with`], for functions that create.
fn with_shared<T>(
    address: *const c_void,
    action: impl FnOnce(&mut World, &Arc<Mutex<World>>, u64) -> T,
) -> T {
    assert!(!address.is_null(), "a null object was used");
    // SAFETY: as in `with`.
    let handle = unsafe { &*address.cast::<super::Handle>() };
    let world = handle
        .world
        .upgrade()
        .expect("an object was used after the end of its test");
    let mut locked = super::lock(&world);
    action(&mut locked, &world, handle.id)
}
