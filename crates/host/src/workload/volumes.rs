//! Folders that the parts of a workload can share.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use chartwright_contract::control::{Volume, VolumeMount, VolumeSource};
use tempfile::TempDir;

/// A folder as a component sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is.
    pub folder: PathBuf,
    /// Where the component sees it.
    pub path: String,
    /// Whether writing to it fails.
    pub read_only: bool,
}

/// The volumes of a workload that runs. Empty ones go with it.
#[derive(Debug, Default)]
pub struct Volumes {
    folders: BTreeMap<String, PathBuf>,
    /// Removed, with all that is in them, when dropped.
    empty: Vec<TempDir>,
}

impl Drop for Volumes {
    fn drop(&mut self) {
        let empty = std::mem::take(&mut self.empty);
        // A large folder takes its time, which is not that of requests.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !empty.is_empty() => _ = runtime.spawn_blocking(move || drop(empty)),
            _ => {}
        }
    }
}

impl Volumes {
    /// Makes empty folders, and looks whether the host's own are there.
    pub fn make(volumes: &[Volume]) -> Result<Self, String> {
        let mut made = Self::default();
        for Volume { name, source } in volumes {
            let folder = match source {
                VolumeSource::HostPath(path) => {
                    let folder = fs_err::canonicalize(path).map_err(|err| format!("volume `{name}`: {err}"))?;
                    if !folder.is_dir() {
                        return Err(format!("volume `{name}`: `{path}` of the host is no folder"));
                    }
                    folder
                }
                VolumeSource::EmptyDir => {
                    let folder = tempfile::Builder::new().prefix("chartwright-volume-").tempdir();
                    let folder = folder.map_err(|err| {
                        let place = std::env::temp_dir();
                        format!("volume `{name}`: no empty folder can be made below {}: {err}", place.display())
                    })?;
                    let path = folder.path().to_owned();
                    made.empty.push(folder);
                    path
                }
            };
            made.folders.insert(name.clone(), folder);
        }
        Ok(made)
    }

    /// What a component sees of them.
    pub fn mounts(&self, mounts: &[VolumeMount]) -> Vec<Mount> {
        let mount = |mount: &VolumeMount| {
            let folder = self.folders.get(&mount.name)?.clone();
            Some(Mount { folder, path: mount.mount_path.clone(), read_only: mount.read_only })
        };
        mounts.iter().filter_map(mount).collect()
    }
}

/// What is wrong with volumes before any is made.
pub(super) fn check(volumes: &[Volume], faults: &mut Vec<String>) {
    let mut names = HashSet::new();
    for Volume { name, source } in volumes {
        if !names.insert(name) {
            faults.push(format!("two volumes are called `{name}`"));
        }
        if let VolumeSource::HostPath(path) = source
            && !Path::new(path).is_absolute()
        {
            faults.push(format!("volume `{name}`: the path `{path}` on the host does not begin with `/`"));
        }
    }
}

/// What is wrong with a component's mounts.
pub(super) fn check_mounts(component: &str, mounts: &[VolumeMount], volumes: &[Volume], faults: &mut Vec<String>) {
    let mut paths = HashSet::new();
    for VolumeMount { name, mount_path, .. } in mounts {
        if !volumes.iter().any(|volume| volume.name == *name) {
            faults
                .push(format!("component `{component}` mounts the volume `{name}`, which the workload does not have"));
        }
        if !mount_path.starts_with('/') {
            faults.push(format!("component `{component}`: the mount path `{mount_path}` does not begin with `/`"));
        } else if !paths.insert(mount_path) {
            faults.push(format!("component `{component}` mounts two volumes at `{mount_path}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(name: &str, source: VolumeSource) -> Volume {
        Volume { name: name.to_owned(), source }
    }

    #[test]
    fn an_empty_folder_goes_with_its_workload() {
        let volumes = Volumes::make(&[volume("scratch", VolumeSource::EmptyDir)]).unwrap();
        let mount = VolumeMount { name: "scratch".into(), mount_path: "/data".into(), ..VolumeMount::default() };
        let mounts = volumes.mounts(&[mount]);
        fs_err::write(mounts[0].folder.join("file"), "text").unwrap();
        drop(volumes);
        assert!(!mounts[0].folder.exists());
    }

    #[test]
    fn a_folder_of_the_host_must_be_there() {
        let missing = Volumes::make(&[volume("seed", VolumeSource::HostPath("/no/such/folder".into()))]).unwrap_err();
        assert!(missing.contains("volume `seed`") && missing.contains("/no/such/folder"), "{missing}");
    }

    #[test]
    fn mounts_name_volumes_that_exist() {
        let mut faults = Vec::new();
        let volumes = [volume("a", VolumeSource::EmptyDir), volume("a", VolumeSource::HostPath("data".into()))];
        check(&volumes, &mut faults);
        let mount = |name: &str, path: &str| VolumeMount {
            name: name.into(),
            mount_path: path.into(),
            ..VolumeMount::default()
        };
        check_mounts("api", &[mount("a", "/x"), mount("b", "/x"), mount("a", "x")], &volumes, &mut faults);
        assert_eq!(faults.len(), 5, "{faults:?}");
    }
}
