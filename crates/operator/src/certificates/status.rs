//! What certificates there are, and how long they last: for people and for programs.

use std::collections::BTreeSet;

use chartwright_contract::crds::names;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::jiff::{Timestamp, ToSpan as _};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use serde::Serialize;

use super::config::List;
use super::material::Certificate;
use super::pass::left;
use super::state::{AUTHORITY, CERTIFICATE, NAMESPACES};
use super::store::{MANAGED_BY, in_time};
use crate::cluster::MANAGER;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Where it is.
    pub namespace: String,
    /// The Secret.
    pub secret: String,
    /// Names and addresses it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Days until it ends; negative: since it ended.
    pub days_left: i64,
    /// When it ends.
    pub ends: String,
    /// When it is to be replaced.
    pub renewal: String,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Row {
    /// Of a Secret in which nothing was read.
    fn empty(namespace: &str, secret: String) -> Self {
        Self {
            namespace: namespace.to_owned(),
            secret,
            names: Vec::new(),
            issuer: "-".into(),
            days_left: 0,
            ends: "-".into(),
            renewal: "-".into(),
            problem: None,
        }
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Each.
    pub certificates: Vec<Row>,
}

impl Status {
    /// Whether none has ended, is overdue, or ends within so many days.
    pub fn is_well(&self) -> bool {
        self.certificates.iter().all(|row| row.problem.is_none())
    }

    /// A table.
    pub fn table(&self) -> String {
        let head = ["NAMESPACE", "SECRET", "NAMES", "ISSUER", "DAYS", "RENEWAL"].map(str::to_owned);
        let rows = self.certificates.iter().map(|row| {
            let names = match row.names.as_slice() {
                [] => "-".to_owned(),
                [name] => name.clone(),
                [name, more @ ..] => format!("{name} +{}", more.len()),
            };
            let day = row.renewal.get(..10).unwrap_or(&row.renewal).to_owned();
            [row.namespace.clone(), row.secret.clone(), names, row.issuer.clone(), row.days_left.to_string(), day]
        });
        let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
        let mut widths = [0; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let problems = std::iter::once(None).chain(self.certificates.iter().map(|row| row.problem.as_deref()));
        let mut text = String::new();
        for (row, problem) in rows.iter().zip(problems) {
            let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let line = format!("{}  {}", cells.join("  "), problem.unwrap_or_default());
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Finds the certificates whose authorities are in this namespace.
pub(super) async fn collect(client: &Client, own: &str, now: Timestamp, within: Option<i64>) -> Result<Status, String> {
    let authorities = list(client, own).await?;
    let mut namespaces = BTreeSet::from([own.to_owned()]);
    for secret in &authorities {
        let listed = secret.annotations().get(NAMESPACES).map_or("", String::as_str);
        namespaces.extend(listed.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
    }
    let mut status = Status::default();
    for namespace in &namespaces {
        let secrets = if namespace == own { authorities.clone() } else { list(client, namespace).await? };
        let ours = secrets.iter().filter(|secret| match secret.annotations().get(AUTHORITY) {
            Some(by) => by.split_once('/').is_some_and(|(namespace, _)| namespace == own),
            None => namespace == own,
        });
        status.certificates.extend(ours.map(|secret| row(namespace, secret, now, within)));
    }
    let listed = wanted(client, own).await?;
    let missing = listed.into_iter().filter(|(namespace, secret)| {
        !status.certificates.iter().any(|row| row.namespace == *namespace && row.secret == *secret)
    });
    let missing: Vec<Row> = missing
        .map(|(namespace, secret)| Row {
            problem: Some(
                "the release wants it, and there is none of ours: see the logs of who makes certificates".into(),
            ),
            ..Row::empty(&namespace, secret)
        })
        .collect();
    status.certificates.extend(missing);
    Ok(status)
}

/// Namespace and Secret of each certificate that releases of this namespace list.
async fn wanted(client: &Client, own: &str) -> Result<BTreeSet<(String, String)>, String> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), own);
    let found = in_time(api.list(&ListParams::default())).await;
    let found = found.map_err(|why| format!("the ConfigMaps of {own} cannot be listed: {why}"))?;
    let mut wanted = BTreeSet::new();
    for map in &found.items {
        let Some(text) = map.data.as_ref().and_then(|data| data.get(names::CERTIFICATES)) else { continue };
        let list = List::parse(text, own).map_err(|why| format!("ConfigMap {own}/{}: {why}", map.name_any()))?;
        wanted.insert((own.to_owned(), list.ca));
        for certificate in list.certificates {
            let places = certificate.namespaces.into_iter().map(|namespace| (namespace, certificate.secret.clone()));
            wanted.extend(places);
        }
    }
    Ok(wanted)
}

async fn list(client: &Client, namespace: &str) -> Result<Vec<Secret>, String> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let ours = ListParams::default().labels(&format!("{MANAGED_BY}={MANAGER}"));
    let found = in_time(api.list(&ours)).await;
    Ok(found.map_err(|why| format!("the Secrets of {namespace} cannot be listed: {why}"))?.items)
}

fn row(namespace: &str, secret: &Secret, now: Timestamp, within: Option<i64>) -> Row {
    let data = secret.data.as_ref().and_then(|data| data.get(CERTIFICATE));
    let read = Certificate::bundle(data.map_or(&[], |data| &data.0));
    let first = read.and_then(|all| all.into_iter().next().ok_or_else(|| "there is no certificate in it".to_owned()));
    let mut row = Row::empty(namespace, secret.name_any());
    match first {
        Err(why) => row.problem = Some(why),
        Ok(certificate) => {
            row.problem = problem(&certificate, now, within);
            row.days_left = left(&certificate, now);
            row.ends = certificate.ends.to_string();
            row.renewal = certificate.due().to_string();
            row.names =
                certificate.dns.iter().cloned().chain(certificate.ips.iter().map(ToString::to_string)).collect();
            // The subject's first: it is what people call it.
            if let Some(at) = row.names.iter().position(|name| *name == certificate.subject) {
                let first = row.names.remove(at);
                row.names.insert(0, first);
            } else if row.names.is_empty() {
                row.names.push(certificate.subject);
            }
            row.issuer = certificate.issuer;
        }
    }
    row
}

fn problem(certificate: &Certificate, now: Timestamp, within: Option<i64>) -> Option<String> {
    if now >= certificate.ends {
        return Some("it has ended: see the logs of who renews certificates, or run `chartwright certs renew`".into());
    }
    // An authority is replaced over days, and counts as late when what it signs could not be renewed in full any more.
    let late = certificate.due().checked_add(24.hours()).unwrap_or(Timestamp::MAX);
    if now > late && !certificate.authority {
        return Some("its renewal is late: see the logs of who renews certificates".into());
    }
    within.filter(|days| left(certificate, now) < *days).map(|days| format!("it ends in less than {days} days"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::authority::{authority, leaf};
    use super::super::config::{Usage, Wanted};
    use super::super::material::after;
    use super::*;

    #[test]
    fn a_row_says_what_people_look_for() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let ca = authority(now, Duration::from_hours(43_800)).unwrap();
        let wanted = Wanted {
            secret: "nats".into(),
            namespaces: BTreeSet::new(),
            dns_names: vec!["wasmcloud-nats".into(), "localhost".into()],
            ip_addresses: vec![],
            usages: BTreeSet::from([Usage::Server]),
        };
        let made = leaf(&ca, &wanted, now, Duration::from_hours(2160)).unwrap();
        let data = std::collections::BTreeMap::from([(
            CERTIFICATE.to_owned(),
            k8s_openapi::ByteString(made.certificate.pem().into_bytes()),
        )]);
        let mut secret = Secret { data: Some(data), ..Secret::default() };
        secret.metadata.name = Some("nats".into());
        let at = |days: u64| row("ns", &secret, after(now, Duration::from_hours(24 * days)), Some(10));
        assert_eq!(at(0).problem, None);
        assert_eq!((at(0).days_left, at(89).days_left, at(91).days_left), (90, 1, -2));
        assert_eq!(at(0).names, ["wasmcloud-nats", "localhost"]);
        assert!(at(0).issuer.starts_with("chartwright CA 2027-01-15"), "{}", at(0).issuer);
        assert_eq!(at(57).problem, None, "a day late is not late");
        assert!(at(58).problem.unwrap().contains("late"));
        assert!(at(91).problem.unwrap().contains("has ended"));
        let status = Status { certificates: vec![at(0), at(91)] };
        assert!(!status.is_well());
        let table = status.table();
        assert_eq!(table.lines().count(), 3);
        assert!(table.contains("wasmcloud-nats +1"), "{table}");
        secret.data = None;
        assert!(row("ns", &secret, now, None).problem.unwrap().contains("no certificate"));
    }
}
