//! The exported chart in both Helms: whatever we render they render, and whatever we refuse they refuse.

mod compare;
mod dialect;
mod generate;
mod generated_sets;
mod goldens;
mod nulls;
mod programs;
mod rules;

pub(crate) use programs::{Ask, Helm, Objects, Version, coalesce, differences, named, objects, read_yaml};
