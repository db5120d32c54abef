//! The device and what lives on it from frame to frame: pipelines, surfaces, numbers.

pub(in crate::render) mod copies;
pub(in crate::render) mod device;
pub(in crate::render) mod numbers;
pub(in crate::render) mod pipeline;
pub(in crate::render) mod surfaces;
