//! The pipeline: plan -> stages -> file. The only place where the rooms below meet.
