use std::collections::BTreeSet;

use super::Implementation::{Chartwright, Wasmcloud};
use super::Program::{Host, Operator};
use super::*;

const PROGRAMS: [(Program, Implementation); 4] = [
    (Program::Operator, Implementation::Chartwright),
    (Program::Operator, Implementation::Wasmcloud),
    (Program::Host, Implementation::Chartwright),
    (Program::Host, Implementation::Wasmcloud),
];

fn version(text: &str) -> semver::Version {
    text.parse().unwrap()
}

fn upstream_host(at: &str, name: &str) -> Option<&'static Flag> {
    knows(Program::Host, Implementation::Wasmcloud, &version(at), name)
}

#[test]
fn tables_are_sorted_and_every_bound_is_a_known_version() {
    for (program, implementation) in PROGRAMS {
        let known = versions(implementation);
        let table = flags(program, implementation);
        assert!(table.is_sorted_by_key(|flag| (flag.name, version(flag.since))), "{program:?} {implementation:?}");
        for flag in table {
            for bound in [Some(flag.since), flag.until, flag.deprecated].into_iter().flatten() {
                assert!(known.contains(&bound), "{}: {bound}", flag.name);
            }
            assert!(flag.until.is_none_or(|until| version(flag.since) < version(until)), "{}", flag.name);
            assert!(flag.doc.ends_with('.'), "{}", flag.name);
        }
        for bound in
            variables(program, implementation).iter().flat_map(|variable| [Some(variable.since), variable.until])
        {
            assert!(bound.is_none_or(|bound| bound == "0.0.0" || known.contains(&bound)));
        }
    }
}

#[test]
fn in_every_version_a_name_an_alias_and_a_variable_mean_one_flag() {
    for (program, implementation) in PROGRAMS {
        for at in versions(implementation) {
            let at = version(at);
            let mut names = BTreeSet::new();
            let mut environment = BTreeSet::new();
            for flag in flags(program, implementation) {
                if !within(&at, flag.since, flag.until) {
                    continue;
                }
                for name in std::iter::once(&flag.name).chain(flag.aliases) {
                    assert!(names.insert(*name), "{program:?} {implementation:?} {at}: {name} twice");
                    assert_eq!(knows(program, implementation, &at, name), Some(flag));
                }
                assert!(flag.env.is_none_or(|env| environment.insert(env)), "{at}: variable of {} twice", flag.name);
            }
        }
    }
}

#[test]
fn names_are_written_without_dashes_in_front_and_in_small_letters() {
    for (program, implementation) in PROGRAMS {
        for flag in flags(program, implementation) {
            for name in std::iter::once(&flag.name).chain(flag.aliases) {
                assert!(name.starts_with(|first: char| first.is_ascii_lowercase()), "{name}");
                assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
            }
        }
    }
}

#[test]
fn defaults_fit_their_kind() {
    for (program, implementation) in PROGRAMS {
        for flag in flags(program, implementation) {
            let Some(default) = flag.default else { continue };
            let fits = match flag.kind {
                FlagKind::Bool | FlagKind::Switch => ["true", "false"].contains(&default),
                FlagKind::Choice(words) => words.contains(&default),
                FlagKind::Number => default.parse::<u64>().is_ok(),
                FlagKind::Percent => default.parse::<u8>().is_ok_and(|percent| percent <= 100),
                FlagKind::Duration => default.ends_with(['s', 'd']),
                FlagKind::Address => default.contains(':'),
                FlagKind::Size => default.ends_with('i'),
                FlagKind::Url | FlagKind::Value | FlagKind::Path | FlagKind::List { .. } => !default.is_empty(),
            };
            assert!(fits, "{}: {default}", flag.name);
        }
    }
}

#[test]
fn every_flag_of_ours_has_a_variable_named_after_it() {
    for program in [Program::Operator, Program::Host] {
        for flag in flags(program, Implementation::Chartwright) {
            let expected = format!("CHARTWRIGHT_{}", flag.name.to_uppercase().replace('-', "_"));
            assert_eq!(flag.env, Some(expected.as_str()));
        }
    }
}

#[test]
fn both_planes_of_our_host_take_the_same_connection_flags_and_the_operator_takes_them_too() {
    let of = |program, prefix: &str| -> BTreeSet<String> {
        flags(program, Implementation::Chartwright)
            .iter()
            .filter_map(|flag| flag.name.strip_prefix(prefix).map(str::to_owned))
            .filter(|rest| !rest.starts_with("jetstream"))
            .collect()
    };
    let data = of(Program::Host, "data-nats-");
    assert_eq!(data, of(Program::Host, "scheduler-nats-"));
    assert_eq!(data, of(Program::Operator, "nats-"));
    assert!(data.contains("tls-required") && data.contains("creds") && data.contains("token-file"));
}

#[test]
fn our_operator_takes_every_argument_of_upstreams_that_is_not_about_its_own_log_library() {
    let ours = version("0.1.0");
    for flag in flags(Program::Operator, Implementation::Wasmcloud) {
        let known = knows(Program::Operator, Implementation::Chartwright, &ours, flag.name).is_some();
        let go_only = flag.name.starts_with("zap-") || ["json-log", "enable-http2", "kubeconfig"].contains(&flag.name);
        assert!(known != go_only, "{}", flag.name);
    }
}

#[test]
fn what_our_host_leaves_out_of_upstreams_is_on_this_list() {
    let ours = version("0.1.0");
    let left_out: Vec<_> = flags(Program::Host, Implementation::Wasmcloud)
        .iter()
        .filter(|flag| flag.until.is_none() && flag.deprecated.is_none())
        .map(|flag| flag.name)
        .filter(|name| knows(Program::Host, Implementation::Chartwright, &ours, name).is_none())
        .collect();
    let expected = [
        // Of the laptop tool that `wash` also is.
        "help-markdown",
        // Plugins that are components.
        "host-plugin",
        "host-plugin-registry-password",
        "host-plugin-registry-user",
        "non-interactive",
        "output",
        // Plugins that we do not have.
        "postgres-url",
        "user-config",
        "verbose",
        "wasi-webgpu",
        // Replaced by `max-in-flight` and `max-in-flight-per-workload`, which count requests too.
        "wasmcloud-messaging-max-in-flight",
        "wasmcloud-messaging-max-in-flight-per-component",
        "wasmcloud-nats-url",
    ];
    assert_eq!(left_out, expected);
}

#[test]
fn a_flag_is_known_from_the_version_that_brought_it_to_the_one_that_dropped_it() {
    for (name, before, since) in [
        ("tls-cert-path", "2.0.3", "2.0.4"),
        ("environment", "2.0.7", "2.1.0"),
        ("host-plugin", "2.5.2", "2.6.0"),
        ("oci-ca-path", "2.6.1", "2.7.0"),
        ("max-guest-memory", "2.7.0", "2.8.0"),
        ("probe-addr", "2.7.0", "2.9.0"),
        ("drain-delay", "2.8.0", "2.9.0"),
        ("nats-connect-timeout", "2.8.0", "2.9.0"),
        ("http-local-routing", "2.9.0", "2.10.0"),
        ("http-client-cert-path", "2.9.0", "2.10.0"),
    ] {
        assert_eq!(upstream_host(before, name), None, "{name}");
        assert_eq!(upstream_host(since, name).map(|flag| flag.since), Some(since), "{name}");
        assert!(upstream_host("2.10.3", name).is_some(), "{name}");
    }
    assert!(upstream_host("2.4.0", "wasip3").is_some());
    assert_eq!(upstream_host("2.5.0", "wasip3"), None);
    assert_eq!(upstream_host("2.9.0", "enable-meters").and_then(|flag| flag.deprecated), Some("2.9.0"));
}

#[test]
fn a_flag_that_learned_to_take_a_value_is_another_one_before() {
    let name = "deny-special-ranges";
    let argument = |at| upstream_host(at, name).unwrap().argument(Style::Gnu, "false");
    assert_eq!(argument("2.8.0"), None);
    assert_eq!(argument("2.9.0").as_deref(), Some("--deny-special-ranges=false"));
}

#[test]
fn candidates_and_variants_know_what_their_release_knows_and_the_future_what_the_newest_does() {
    for at in ["2.10.0-rc.1", "2.10.0-all-features", "2.11.0", "3.0.0"] {
        assert!(upstream_host(at, "http-local-routing").is_some(), "{at}");
    }
    assert_eq!(upstream_host("2.8.9-rc.1", "probe-addr"), None);
    assert_eq!(newest(Implementation::Wasmcloud), version("2.10.3"));
}

#[test]
fn variables_are_found_whether_they_set_a_flag_or_stand_alone() {
    let at = |text, name| knows_variable(Program::Host, Implementation::Wasmcloud, &version(text), name);
    for name in ["WASH_DEFAULT_HEAP_MEMORY", "WASH_CORE_INSTANCES", "WASH_HOST_MAX_GUEST_MEMORY"] {
        assert_eq!(at("2.7.0", name), None, "{name}");
        assert_eq!(at("2.8.0", name).map(|variable| variable.since), Some("2.8.0"), "{name}");
    }
    for name in ["WASH_GUEST_MEMORY_MODE", "WASH_MAX_CONCURRENT_STARTS"] {
        assert_eq!(at("2.8.0", name), None, "{name}");
        assert_eq!(at("2.9.0", name).map(|variable| variable.since), Some("2.9.0"), "{name}");
    }
    assert!(at("2.7.0", "WASMTIME_POOLING_TOTAL_MEMORIES").is_some());
    assert!(at("2.7.0", "OTEL_EXPORTER_OTLP_ENDPOINT").is_some());
    assert_eq!(at("2.10.3", "WASH_MADE_UP"), None);
    assert_eq!(at("2.5.0", "WASH_WASIP3"), None);
}

#[test]
fn arguments_are_written_as_their_program_reads_them() {
    let written = |program, implementation, at: &str, name, value| {
        let flag = knows(program, implementation, &version(at), name)?;
        flag.argument(style(program, implementation), value)
    };
    assert_eq!(
        written(Operator, Wasmcloud, "2.7.0", "nats-url", "nats://a,nats://b").as_deref(),
        Some("-nats-url=nats://a,nats://b")
    );
    assert_eq!(written(Operator, Wasmcloud, "2.7.0", "leader-elect", "true").as_deref(), Some("-leader-elect=true"));
    assert_eq!(written(Host, Wasmcloud, "2.7.0", "wasi-otel", "true").as_deref(), Some("--wasi-otel"));
    assert_eq!(written(Host, Wasmcloud, "2.7.0", "wasi-otel", "false"), None);
    assert_eq!(written(Host, Chartwright, "0.1.0", "wasi-otel", "true").as_deref(), Some("--wasi-otel=true"));
    assert_eq!(
        written(Operator, Chartwright, "0.1.0", "nats-client-cert", "/c.pem").as_deref(),
        Some("--nats-tls-cert=/c.pem")
    );
}

#[test]
fn only_what_holds_a_password_itself_is_secret_and_has_a_variable_instead() {
    let secret: Vec<_> = PROGRAMS
        .iter()
        .flat_map(|(program, implementation)| flags(*program, *implementation))
        .filter(|flag| flag.secret)
        .collect();
    assert_eq!(
        secret.iter().map(|flag| flag.name).collect::<Vec<_>>(),
        ["host-plugin-registry-password", "postgres-url"]
    );
    assert!(secret.iter().all(|flag| flag.env.is_some()));
}

#[test]
fn implementations_are_called_as_values_files_call_them() {
    assert_eq!(serde_json::to_value(Implementation::Chartwright).unwrap(), "chartwright");
    assert_eq!(serde_json::from_value::<Implementation>("wasmcloud".into()).unwrap(), Implementation::Wasmcloud);
}
