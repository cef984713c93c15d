//! Images as one tar file: an OCI layout, and for Docker's sake the list that older Dockers read.

mod read;
mod write;

pub use read::{ANNOTATION_NAME, ANNOTATION_REF, open};
pub use write::{Format, write, write_file};
