//! Gives an archive to the programs that put images into nodes.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::ImageError;

/// What takes images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// k3s on this machine.
    K3s,
    /// A cluster of kind.
    Kind,
    /// A cluster of minikube.
    Minikube,
    /// containerd on this machine, in Kubernetes' namespace.
    Ctr,
    /// Docker or what answers for it.
    Docker,
}

impl Loader {
    /// All, in the order in which one is chosen.
    pub const ALL: [Self; 5] = [Self::K3s, Self::Kind, Self::Minikube, Self::Ctr, Self::Docker];

    /// The program.
    pub const fn program(self) -> &'static str {
        match self {
            Self::K3s => "k3s",
            Self::Kind => "kind",
            Self::Minikube => "minikube",
            Self::Ctr => "ctr",
            Self::Docker => "docker",
        }
    }

    /// Whether it may only read Docker's archives.
    pub const fn is_docker(self) -> bool {
        matches!(self, Self::Docker | Self::Minikube)
    }

    /// Whether it loads into clusters that have names.
    pub const fn has_clusters(self) -> bool {
        matches!(self, Self::Kind | Self::Minikube)
    }

    /// Its arguments; without a path the archive is its standard input.
    fn arguments(self, archive: &Path, cluster: Option<&str>) -> (Vec<OsString>, bool) {
        let (words, named): (&[&str], bool) = match self {
            Self::K3s => (&["ctr", "images", "import", "-"], false),
            Self::Ctr => (&["-n", "k8s.io", "images", "import", "-"], false),
            Self::Docker => (&["load"], false),
            Self::Kind => (&["load", "image-archive"], true),
            Self::Minikube => (&["image", "load"], true),
        };
        let mut arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        if named {
            arguments.push(archive.into());
        }
        if let Some(cluster) = cluster {
            match self {
                Self::Kind => arguments.extend(["--name".into(), cluster.into()]),
                Self::Minikube => arguments.splice(0..0, ["-p".into(), cluster.into()]).for_each(drop),
                _ => {}
            }
        }
        (arguments, !named)
    }
}

/// Where a program stands on a search path.
pub fn find(program: &str, path: Option<&OsString>) -> Option<PathBuf> {
    std::env::split_paths(path?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Loads an archive, and returns what the program said.
pub fn load(loader: Loader, archive: &Path, cluster: Option<&str>) -> Result<String, ImageError> {
    let (arguments, piped) = loader.arguments(archive, cluster);
    let stdin = if piped { Stdio::from(fs_err::File::open(archive)?.into_file()) } else { Stdio::null() };
    let mut command = Command::new(loader.program());
    command.args(&arguments).stdin(stdin);
    let output = command.output().map_err(|err| match err.kind() {
        io::ErrorKind::NotFound => missing(loader),
        _ => ImageError::Io(err),
    })?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return Ok(said);
    }
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    Err(ImageError::Program {
        line: format!("{} {}", loader.program(), words.join(" ")),
        status: output.status.to_string(),
        said: said.lines().map(|line| format!("\n  {line}")).collect(),
    })
}

/// The program is not there: what then?
pub fn missing(loader: Loader) -> ImageError {
    let help = match loader {
        Loader::Ctr => "it comes with containerd; run this on the node itself, as root",
        Loader::K3s => "run this on the node itself, as root",
        Loader::Kind | Loader::Minikube | Loader::Docker => {
            "install it, or choose another way with `--to`; `image save` writes an archive for any of them"
        }
    };
    ImageError::NoProgram { program: loader.program().into(), help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_named_as_each_program_wants_it() {
        let words = |loader: Loader, cluster| {
            let (arguments, _) = loader.arguments(Path::new("/a.tar"), cluster);
            arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words(Loader::Kind, Some("dev")), "load image-archive /a.tar --name dev");
        assert_eq!(words(Loader::Minikube, Some("dev")), "-p dev image load /a.tar");
        assert_eq!(words(Loader::Ctr, None), "-n k8s.io images import -");
        assert_eq!(words(Loader::K3s, None), "ctr images import -");
    }
}
