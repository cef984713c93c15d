//! Every ordered pair of tool and operation: what one of us, Helm 3 and Helm 4 wrote, the others read, upgrade, roll back and
//! uninstall. The table of the docs is printed here.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::scene::{PROFILE, Scene};
use crate::tool::Run;

/// Who does it.
#[derive(Clone, Debug)]
enum Tool {
    Ours,
    Helm(&'static str, PathBuf),
}

const NAME: &str = "wasmcloud";

impl Tool {
    fn name(&self) -> &'static str {
        match self {
            Self::Ours => "chartwright",
            Self::Helm(name, _) => name,
        }
    }

    /// An operation, with `replicas` as the value that changes.
    fn run(&self, scene: &Scene, operation: &str, replicas: u32) -> Run {
        let set = format!("hostDefaults.replicas={replicas}");
        let values: Vec<&str> = [PROFILE.as_slice(), &["--set", &set]].concat();
        match (self, operation) {
            (Self::Ours, "install") => scene.ours(&[&["install", "--wait=false"], values.as_slice()].concat()),
            (Self::Ours, "upgrade") => {
                scene.ours(&[&["upgrade", "--wait=false", "--reuse-values"], values.as_slice()].concat())
            }
            (Self::Ours, "rollback") => scene.ours(&["rollback", "--wait=false"]),
            (Self::Ours, "get") => scene.ours(&["get", "manifest"]),
            (Self::Ours, other) => scene.ours(&[other]),
            (Self::Helm(_, program), operation) => {
                let chart = scene.chart().display().to_string();
                let profile = scene.chart().with_file_name("minimal.yaml").display().to_string();
                fs_err::write(&profile, chartwright::values::profiles::Profile::Minimal.text()).unwrap();
                let values = ["-f", &profile, "--set", &set];
                match operation {
                    "install" => {
                        scene.helm(program, &[&["install", NAME, &chart, "--no-hooks"], values.as_slice()].concat())
                    }
                    "upgrade" => {
                        scene.helm(program, &["upgrade", NAME, &chart, "--no-hooks", "--reuse-values", "--set", &set])
                    }
                    // Nobody runs the chart's Jobs here.
                    "rollback" | "uninstall" => scene.helm(program, &[operation, NAME, "--no-hooks"]),
                    "get" => scene.helm(program, &["get", "manifest", NAME]),
                    "list" => scene.helm(program, &["list"]),
                    other => scene.helm(program, &[other, NAME]),
                }
            }
        }
    }
}

/// The replicas that the hosts' Deployment wants; none when it is not there.
async fn replicas(scene: &Scene) -> Option<u64> {
    let deployment = scene.get("apps/v1", "Deployment", "wasmcloud-hosts-default").await?;
    deployment["spec"]["replicas"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_did_what_the_next_one_goes_on() {
    let helm = |name, variable: &str| std::env::var_os(variable).map(|path| Tool::Helm(name, path.into()));
    let (Some(three), Some(four)) = (helm("helm 3", "CHARTWRIGHT_HELM3"), helm("helm 4", "CHARTWRIGHT_HELM4")) else {
        eprintln!("skipped: CHARTWRIGHT_HELM3 or CHARTWRIGHT_HELM4 names no program");
        return;
    };
    let tools = [Tool::Ours, three, four];
    let mut table = String::from(
        "| installed by | then | list | status | history | get | upgrade | rollback | uninstall |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut faults = Vec::new();
    for first in &tools {
        for second in &tools {
            let Some(scene) = Scene::new("interop").await else { return };
            let mut row = format!("| {} | {} |", first.name(), second.name());
            let installed = first.run(&scene, "install", 2);
            assert_eq!(installed.code, 0, "{first:?}: {}", installed.stderr);
            for (operation, expected) in [
                ("list", Some(2)),
                ("status", Some(2)),
                ("history", Some(2)),
                ("get", Some(2)),
                ("upgrade", Some(3)),
                ("rollback", Some(2)),
                ("uninstall", None),
            ] {
                let run = second.run(&scene, operation, 3);
                let says = match operation {
                    "list" | "history" => run.stdout.contains("chartwright-") && run.stdout.contains("deployed"),
                    "get" => run.stdout.contains("kind: StatefulSet"),
                    "status" => run.stdout.contains("deployed"),
                    _ => true,
                };
                // Nothing runs here, so our `status` answers no; it must have read the release all the same.
                let good =
                    says && (run.code == 0 || operation == "status" && second.name() == "chartwright" && run.code == 1);
                let there = replicas(&scene).await;
                let right = good && there == expected;
                row.push_str(if right { " yes |" } else { " **no** |" });
                if !right {
                    faults.push(format!(
                        "{} after {}: {operation}: {there:?}, {}{}",
                        second.name(),
                        first.name(),
                        run.stdout,
                        run.stderr
                    ));
                }
            }
            let _ = writeln!(table, "{row}");
            scene.close().await;
        }
    }
    assert!(faults.is_empty(), "{}\n{table}", faults.join("\n"));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/helm.md");
    let text = fs_err::read_to_string(page).unwrap();
    assert!(text.contains(&table), "docs/helm.md should hold this table:\n{table}");
}
