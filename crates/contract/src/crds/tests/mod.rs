//! The definitions say what the contract says, and the types read and write what users bring along.

mod definitions;
mod objects;
