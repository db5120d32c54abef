//! Changes the speed of sound, with or without its pitch.
