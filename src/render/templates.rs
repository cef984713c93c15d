//! The templates of `chart-templates/`, in the binary.

include!(concat!(env!("OUT_DIR"), "/chart_templates.rs"));
