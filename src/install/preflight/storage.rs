//! Whether somebody makes the volumes that are asked for.

use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};

use crate::cluster::ClusterError;

use super::super::Plan;
use super::Finding;

const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

pub(super) async fn check(client: &Client, plan: &Plan) -> Result<Vec<Finding>, ClusterError> {
    let mut claims: Vec<(String, Option<String>)> = Vec::new();
    for step in &plan.steps {
        let spec = &step.object.value["spec"];
        let own = if step.object.kind == "PersistentVolumeClaim" { Some(spec) } else { None };
        let templates = spec["volumeClaimTemplates"].as_array().into_iter().flatten().map(|claim| &claim["spec"]);
        for claim in own.into_iter().chain(templates) {
            let class = claim["storageClassName"].as_str().map(str::to_owned);
            claims.push((step.title(), class));
        }
    }
    if claims.is_empty() {
        return Ok(vec![Finding::good("storage", "no volume is asked for")]);
    }
    let api: Api<StorageClass> = Api::all(client.clone());
    let classes = match api.list(&ListParams::default()).await {
        Ok(classes) => classes.items,
        Err(kube::Error::Api(status)) if status.code == 403 => {
            return Ok(vec![Finding::unknown(
                "storage",
                "you may not list storage classes",
                "ask whether there is a default one",
            )]);
        }
        Err(err) => return Err(ClusterError::when("list storage classes")(err)),
    };
    let is_default = |class: &&StorageClass| class.annotations().get(DEFAULT).is_some_and(|value| value == "true");
    let known: Vec<String> = classes.iter().map(kube::ResourceExt::name_any).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let one = |(title, class): (String, Option<String>)| match class {
        // An empty name means: no class, a volume made by hand.
        Some(name) if name.is_empty() => {
            Finding::warning("storage", format!("{title} wants volumes of no class"), "make them by hand")
        }
        Some(name) if classes.iter().any(|class| class.name_any() == name) => {
            Finding::good("storage", format!("{title}: there is a storage class {name}"))
        }
        Some(name) => Finding::bad(
            "storage",
            format!("{title} wants the storage class {name}, and there is none (there are: {known})"),
            "name one of those under `storage`",
        ),
        None if classes.iter().any(|class| is_default(&class)) => {
            Finding::good("storage", format!("{title}: there is a default storage class"))
        }
        None => Finding::bad(
            "storage",
            format!("{title} wants a volume of the default storage class, and there is none (there are: {known})"),
            "name a class, or turn its storage off",
        ),
    };
    Ok(claims.into_iter().map(one).collect())
}
