//! Why an export can't be planned, made in parts or joined.

use std::io;
use std::path::PathBuf;

use crate::export::ExportError;
use crate::media::MediaError;
use crate::media::encode::EncodeError;
use crate::media::h264::Declined;
use crate::media::mux::MuxError;
use crate::media::packet_file::PacketFileError;
use crate::output::OutputError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// What an export fails with.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A file can't be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The MP4 can't be written.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// A part's file can't be read.
    #[error(transparent)]
    Packets(#[from] PacketFileError),
    /// The encoder's parameters can't be stored.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A file can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Parts can't hold region pictures.
    #[error("parts can't hold region pictures; leave --region-pictures out, or export the recording whole")]
    RegionPictures,
    /// A part is to be made confined, and the plan says otherwise.
    #[error(
        "the plan was made without --confined, so its parts may need more than --confined allows; make it with --confined"
    )]
    NotConfined,
    /// The plan is no plan.
    #[error("{path} is no plan that this version can run; make one with `capstan shard plan`")]
    Plan {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The plan is not as it was written.
    #[error("{path} was changed after it was made: its parts would not be those of the plan; make it again")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The plan can't be written as JSON.
    #[error("the plan can't be written as JSON")]
    Json(#[source] serde_json::Error),
    /// Nothing is to be encoded.
    #[error("--encoder none writes nothing, so there is nothing to divide; name an encoder or leave it out")]
    NoEncoder,
    /// A path can't stand in a plan.
    #[error("the name of {path} is not valid Unicode and can't stand in a plan; rename it")]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// The program is another one than that which made the plan.
    #[error(
        "the plan was made by {planned}, and this is {found}: their files may differ; run the plan with the same build everywhere"
    )]
    Tool {
        /// Who made the plan.
        planned: String,
        /// Who runs it.
        found: String,
    },
    /// The recording is another one than the plan's.
    #[error(
        "{path} is not the recording that the plan was made for, or it was changed since ({what}); name the right one with --recording, or make the plan again"
    )]
    Recording {
        /// The folder.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// The plan has no such part.
    #[error("the plan has no part {part}; it has {known}")]
    NoPart {
        /// The one that is asked for.
        part: String,
        /// Those that there are.
        known: String,
    },
    /// Parts are missing or can't be used.
    #[error(
        "{missing} of {parts} parts can't be joined: {list}. {reasons}Run them again: as an array, --array={retry}"
    )]
    Parts {
        /// How many.
        missing: usize,
        /// Of how many.
        parts: usize,
        /// Which.
        list: String,
        /// Why, for those that are there.
        reasons: String,
        /// The same as indices of an array job.
        retry: String,
    },
    /// The joined file is not what the parts make.
    #[error("the joined file is wrong, and is not kept: {0}; please report it with the log")]
    Joined(String),
    /// The joined file can't be looked at.
    #[error("checking the joined file")]
    Look(#[from] MediaError),
    /// The encoder's stream can't be joined.
    #[error("part {part} can't follow the one before it: {reason}; plan with another --encoder")]
    Stream {
        /// Which part.
        part: String,
        /// What in its stream speaks against it.
        reason: Declined,
    },
}
