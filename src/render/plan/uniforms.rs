//! The uniform blocks that a frame's draws read.

/// Distance between uniform blocks: no adapter asks for more.
const UNIFORM_ALIGNMENT: usize = 256;

/// Uniform blocks of a frame, one behind the other.
#[derive(Debug, Default)]
pub(in crate::render) struct UniformBlocks {
    /// The blocks, each at a multiple of the alignment.
    pub(in crate::render) bytes: Vec<u8>,
}

impl UniformBlocks {
    /// Adds a block and returns its offset.
    pub(in crate::render) fn push(&mut self, block: &[u8]) -> u32 {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(block);
        self.bytes
            .resize(self.bytes.len().next_multiple_of(UNIFORM_ALIGNMENT), 0);
        offset as u32
    }
}
