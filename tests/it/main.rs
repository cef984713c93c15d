//! The tool as a user runs it.
