//! FFmpeg itself: start-up, versions, log, errors.
