//! `chart export` and `chart package`.

use crate::tool::{command, folder, run_in};

#[test]
fn a_package_is_the_same_bytes_each_time() {
    let folder = folder(&[]);
    let digest = |into: &str, epoch: Option<&str>| {
        let mut command = command(folder.path());
        if let Some(epoch) = epoch {
            command.env("SOURCE_DATE_EPOCH", epoch);
        }
        let output = command.args(["chart", "package", "--destination", into]).output().unwrap();
        assert!(output.status.success());
        let path = String::from_utf8(output.stdout).unwrap();
        crate::registry::sha256(&fs_err::read(folder.path().join(path.trim())).unwrap())
    };
    assert_eq!(digest("a", None), digest("b", None));
    assert_ne!(digest("a", None), digest("c", Some("1700000000")));
}

#[test]
fn an_export_is_a_whole_chart_and_never_overwrites_unasked() {
    let folder = folder(&[]);
    let run = run_in(folder.path(), &["chart", "export", "chart", "--image-registry", "registry.example/mirror"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for file in
        ["Chart.yaml", "values.yaml", "values.schema.json", "README.md", ".helmignore", "templates/NOTES.txt", "crds"]
    {
        assert!(folder.path().join("chart").join(file).exists(), "{file}");
    }
    let values = fs_err::read_to_string(folder.path().join("chart/values.yaml")).unwrap();
    assert!(values.contains("registry: \"registry.example/mirror\""));
    let again = run_in(folder.path(), &["chart", "export", "chart"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(run_in(folder.path(), &["chart", "export", "chart", "--force"]).code, 0);
}

#[test]
fn a_layout_is_addressed_by_digests() {
    let folder = folder(&[]);
    let run = run_in(folder.path(), &["chart", "package", "--oci-layout"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let layout = folder.path().join(run.stdout.trim());
    assert!(layout.join("oci-layout").exists() && layout.join("index.json").exists());
    for blob in fs_err::read_dir(layout.join("blobs/sha256")).unwrap() {
        let path = blob.unwrap().path();
        let digest = crate::registry::sha256(&fs_err::read(&path).unwrap());
        assert_eq!(format!("sha256:{}", path.file_name().unwrap().to_str().unwrap()), digest);
    }
}
