//! How each kind of layer is drawn: the draws that a part of a surface needs, and their numbers, as plain data.

pub(in crate::render) mod background;
pub(in crate::render) mod card;
pub(in crate::render) mod grade;
pub(in crate::render) mod lettering;
pub(in crate::render) mod notch;
pub(in crate::render) mod pointer;
pub(in crate::render) mod ripple;
pub(in crate::render) mod shade;
pub(in crate::render) mod smear;
pub(in crate::render) mod sprite;
pub(in crate::render) mod surface;
pub(in crate::render) mod waveform;
pub(in crate::render) mod window;
