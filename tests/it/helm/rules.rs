//! Each rule refuses: `tests/helm/rules/<code>.yaml` is the least that it refuses, its first line the path it names.

use std::path::Path;

use chartwright::validate::refusals;

use super::{
    Ask, Version,
    compare::{self, NAMESPACE, RELEASE, Verdict},
};

#[test]
fn each_rule_refuses_natively_and_in_helm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm/rules");
    let (mut codes, mut sets, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for rule in refusals::rules() {
        let code = rule.code.0;
        let Ok(text) = fs_err::read_to_string(folder.join(format!("{code}.yaml"))) else {
            wrong.push(format!("{code} has no file"));
            continue;
        };
        let path = text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        match compare::judge(&text) {
            Ok(Verdict::Refused { findings, .. }) => {
                if !findings.iter().any(|(found, at, _)| found == code && at == path) {
                    wrong.push(format!("{code} is not found at `{path}`: {findings:?}"));
                }
            }
            Ok(Verdict::Accepted(..)) => wrong.push(format!("{code}: accepted")),
            Err(err) => wrong.push(format!("{code} stumbles: {err}")),
        }
        codes.push(code);
        sets.push(compare::read(&text));
    }
    for version in Version::ALL {
        let Some(helm) = compare::chart(version) else { continue };
        // A few rules say once more, with better words, what the schema refuses: the templates alone have to hold too.
        let alone = Ask { skip_schema: true, ..Ask::default() };
        for (code, answer) in codes.iter().zip(helm.ask(RELEASE, NAMESPACE, &sets, alone)) {
            if !answer.result.as_ref().is_err_and(|err| err.contains(code)) {
                wrong.push(format!("{code} in {version:?}: {:?}", answer.result.map(|_| "rendered")));
            }
        }
        for (code, answer) in codes.iter().zip(helm.render(RELEASE, NAMESPACE, &sets)) {
            if answer.result.is_ok() {
                wrong.push(format!("{code} in {version:?}: rendered"));
            }
        }
    }
    compare::none(&wrong, "rules");
}
