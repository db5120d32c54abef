//! Mixing, gains, speed: plain maths on samples.
