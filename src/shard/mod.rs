//! One export in parts that are made anywhere, more than once and in any order, and joined without encoding.
//!
//! A [`ShardPlan`] is all that the parts share: the recording by its fingerprint, the settings as resolved, the encoder with its
//! exact options, and which frames each part makes. [`run()`] makes one part into a file that is there whole or not at all.
//! [`join()`] makes an MP4 of the parts and checks it. Who runs the parts, where, and again after a failure, is left to engines that
//! people have: Slurm, HyperQueue, Kubernetes, GNU parallel.

mod check;
mod cost;
mod cut;
mod error;
mod fingerprint;
mod join;
mod part;
mod plan;
mod retry;
mod run;
#[cfg(test)]
mod tests;
mod tool;

pub use check::JoinedFacts;
pub use cut::cut;
pub use error::ShardError;
pub use join::{JoinReport, join};
pub use part::PartId;
pub use plan::{FORMAT, MadePlan, PartPlan, PlanRequest, ShardPlan, SoundPlan, plan};
pub use run::{PartReport, PartRequest, run};
pub use tool::Tool;
