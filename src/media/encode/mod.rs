//! H.264 and AAC encoders: choice, self-test, options.
