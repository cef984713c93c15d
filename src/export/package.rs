//! The chart as `<name>-<version>.tgz`: the same bytes on every machine.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::ChartFiles;
use crate::oci::Epoch;

/// The name of the package's file.
pub fn package_name(chart: &ChartFiles) -> String {
    format!("{}-{}.tgz", chart.name, chart.version)
}

/// Packs the chart.
///
/// Entries stand in Helm's order (metadata, values, schema, templates, the rest), each part sorted by path; mode 0644,
/// owner 0, one time for all; nothing in the gzip header depends on the machine.
pub fn package(chart: &ChartFiles, epoch: Epoch) -> io::Result<Vec<u8>> {
    let mut files: Vec<_> = chart.files.iter().collect();
    files.sort_by(|a, b| (rank(&a.path), &a.path).cmp(&(rank(&b.path), &b.path)));
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    let mut tar = Builder::new(gzip);
    for file in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(epoch.0);
        header.set_size(file.content.len() as u64);
        tar.append_data(&mut header, format!("{}/{}", chart.name, file.path), file.content.as_slice())?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    gzip.finish()
}

fn rank(path: &str) -> u8 {
    match path {
        "Chart.yaml" => 0,
        "values.yaml" => 1,
        "values.schema.json" => 2,
        _ if path.starts_with("templates/") => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::{
        export::{Contents, chart_of},
        render::Engine,
    };

    #[test]
    fn two_packages_are_equal_and_begin_with_the_metadata() {
        let engine = Engine::compile(&[("a/b.yaml.j2", "")]).unwrap();
        let crds = vec![("x.yaml".to_owned(), "kind: X\n".to_owned())];
        let chart = chart_of(&engine, &Contents { crds, ..Contents::default() }).unwrap();
        let first = package(&chart, Epoch::default()).unwrap();
        assert_eq!(first, package(&chart, Epoch::default()).unwrap());
        assert_ne!(first, package(&chart, Epoch(1)).unwrap());
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(first.as_slice()));
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!((entry.header().mode().unwrap(), entry.header().mtime().unwrap()), (0o644, 0));
            names.push(entry.path().unwrap().to_string_lossy().into_owned());
            entry.read_to_end(&mut Vec::new()).unwrap();
        }
        assert_eq!(names[..3], ["chartwright/Chart.yaml", "chartwright/values.yaml", "chartwright/values.schema.json"]);
        assert!(names.contains(&"chartwright/crds/x.yaml".to_owned()));
        assert_eq!(package_name(&chart), "chartwright-0.1.0.tgz");
    }
}
