//! What a media file holds, read from its headers.
