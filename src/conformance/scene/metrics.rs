//! Metrics of the release's programs, read.

use kube::ResourceExt as _;

use super::{Stage, pod_address, socket};
use crate::cluster::main;
use crate::conformance::check::{Stop, hold};

/// One sample: its name, its labels as they stand there, its value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::conformance) struct Sample {
    pub name: String,
    pub labels: String,
    pub value: f64,
}

/// A page of them.
#[derive(Clone, Debug, Default)]
pub(in crate::conformance) struct Metrics(pub Vec<Sample>);

impl Metrics {
    /// Reads the text format, or says which line is none.
    pub(in crate::conformance) fn parse(text: &str) -> Result<Self, String> {
        let mut samples = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let wrong = || format!("`{line}` is no sample");
            let (head, labels, rest) = match line.split_once('{') {
                Some((head, rest)) => {
                    let (labels, rest) = rest.rsplit_once('}').ok_or_else(wrong)?;
                    (head, labels, rest)
                }
                None => line.split_once(' ').map(|(head, rest)| (head, "", rest)).ok_or_else(wrong)?,
            };
            let value = rest.split_whitespace().next().and_then(|value| value.parse().ok()).ok_or_else(wrong)?;
            samples.push(Sample { name: head.trim().to_owned(), labels: labels.to_owned(), value });
        }
        Ok(Self(samples))
    }

    /// The values of a name.
    pub(in crate::conformance) fn all(&self, name: &str) -> Vec<f64> {
        self.0.iter().filter(|sample| sample.name == name).map(|sample| sample.value).collect()
    }

    /// The sum of a name's values whose labels contain a text.
    pub(in crate::conformance) fn sum(&self, name: &str, label: &str) -> f64 {
        self.0.iter().filter(|one| one.name == name && one.labels.contains(label)).map(|one| one.value).sum()
    }
}

impl Stage {
    /// The text that each Pod of a part answers at a path of one of its ports, by the name of the port.
    pub(in crate::conformance) async fn pages(
        &self,
        part: &str,
        port: &str,
        path: &str,
    ) -> Result<Vec<(String, u16, String)>, Stop> {
        let mut pages = Vec::new();
        for pod in self.pods_now(part).await? {
            let name = pod.name_any();
            let ports =
                pod.spec.as_ref().and_then(main).and_then(|container| container.ports.clone()).unwrap_or_default();
            let Some(number) = ports.iter().find(|one| one.name.as_deref() == Some(port)).map(|one| one.container_port)
            else {
                return Err(Stop::skipped(format!("{name} has no port `{port}`")));
            };
            let address = socket(pod_address(&pod).unwrap_or_default(), u16::try_from(number).unwrap_or_default());
            let request = crate::conformance::probe::Http {
                whole: true,
                address: address.clone(),
                host: Some(address),
                path: path.into(),
                ..Default::default()
            };
            let answer = self.ask_as_it_is(request).await?;
            pages.push((name, answer.status, answer.body));
        }
        hold!(!pages.is_empty(), "there is no Pod of the {part}");
        Ok(pages)
    }

    /// The metrics of each Pod of a part.
    pub(in crate::conformance) async fn metrics(&self, part: &str) -> Result<Vec<(String, Metrics)>, Stop> {
        let mut all = Vec::new();
        for (pod, status, text) in self.pages(part, "metrics", "/metrics").await? {
            hold!(status == 200, "{pod} answers /metrics with {status}");
            let metrics = Metrics::parse(&text).map_err(|err| Stop::failed(format!("{pod}: {err}")))?;
            hold!(!metrics.0.is_empty(), "{pod}: the page is empty");
            all.push((pod, metrics));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_labels_and_values() {
        let text = "# HELP a b\na_total{x=\"1\",y=\"}\"} 2.5\na_total{x=\"2\"} 1 1700000000\nb 0\n# EOF\n";
        let metrics = Metrics::parse(text).unwrap();
        assert_eq!(metrics.all("a_total"), [2.5, 1.0]);
        assert!((metrics.sum("a_total", "x=\"2\"") - 1.0).abs() < 1e-9);
        assert_eq!(metrics.all("b"), [0.0]);
    }

    #[test]
    fn what_is_no_sample_is_named() {
        assert!(Metrics::parse("<html>").unwrap_err().contains("<html>"));
        assert!(Metrics::parse("a many").unwrap_err().contains("a many"));
    }
}
