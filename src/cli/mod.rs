//! One file a subcommand; the only place that prints to people.
