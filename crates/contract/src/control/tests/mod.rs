//! The messages say what upstream's say, and read what upstream's and other writers of protobuf's JSON write.

mod lenient;
mod peers;
mod secrets;
mod written;

use super::{
    Component, HostHeartbeat, ImagePullPolicy, ImagePullSecret, LocalResources, Secret, Service, Volume, VolumeMount,
    VolumeSource, WitInterface, WitWorld, Workload, WorkloadStartRequest,
};

/// A host, with every field set.
fn heartbeat() -> HostHeartbeat {
    HostHeartbeat {
        id: "9be1f0a2-7c44-4f0e-8d55-1f6a0b3c2d4e".to_owned(),
        hostname: "10.244.3.8".to_owned(),
        friendly_name: "wasm-host-7d9c".to_owned(),
        version: "2.7.0".to_owned(),
        labels: [("hostgroup".to_owned(), "blue".to_owned())].into(),
        started_at: Some("2026-10-03T14:30:09.125Z".parse().unwrap()),
        os_arch: "x86_64".to_owned(),
        os_name: "linux".to_owned(),
        os_kernel: "unix".to_owned(),
        system_cpu_usage: 12.25,
        system_memory_total: 16_658_735_104,
        system_memory_free: 9_007_199_254_740_993,
        component_count: 5,
        workload_count: 4,
        imports: vec![WitInterface {
            namespace: "wasi".to_owned(),
            package: "blobstore".to_owned(),
            version: "0.2.0-draft".to_owned(),
            interfaces: vec!["blobstore".to_owned(), "container".to_owned()],
            ..WitInterface::default()
        }],
        exports: vec![WitInterface {
            namespace: "wasmcloud".to_owned(),
            package: "messaging".to_owned(),
            version: "0.2.0".to_owned(),
            interfaces: vec!["handler".to_owned()],
            ..WitInterface::default()
        }],
        http_port: 8000,
        environment: "harbour".to_owned(),
    }
}

/// A workload, with every field of 2.7 set.
fn start() -> WorkloadStartRequest {
    let resources = LocalResources {
        memory_limit_mb: 64,
        cpu_limit: 2,
        config: [("subscriptions", "ships.in,ships.out")].into_iter().collect(),
        environment: [("TZ", "Europe/Berlin")].into_iter().collect(),
        volume_mounts: vec![VolumeMount { name: "logbook".to_owned(), mount_path: "/log".to_owned(), read_only: true }],
        allowed_hosts: vec!["https://*.example.org".to_owned()],
        allowed_ip_name_lookups: vec!["db.harbour.svc".to_owned()],
        allowed_host_loopback_ports: vec!["6379/tcp".to_owned()],
    };
    let component = Component {
        image: "reg.example/harbour/berths:2.1".to_owned(),
        local_resources: Some(resources),
        pool_size: 3,
        max_invocations: 500,
        image_pull_secret: Some(ImagePullSecret {
            username: "crane".to_owned(),
            password: Secret::new("planted-pull-password"),
        }),
        name: "berths".to_owned(),
        image_pull_policy: ImagePullPolicy::Always,
        max_concurrency: 4,
        ..Component::default()
    };
    WorkloadStartRequest {
        workload_id: "4f7a9c10-3b2d-4e6f-9a8b-7c6d5e4f3a2b".to_owned(),
        workload: Some(Workload {
            namespace: "harbour".to_owned(),
            name: "berths-5f6d8-x2k4p".to_owned(),
            annotations: [("runtime.wasmcloud.dev/generation".to_owned(), "9c1b".to_owned())].into(),
            service: Some(Service {
                image: "reg.example/harbour/clock:0.9".to_owned(),
                local_resources: Some(LocalResources::default()),
                max_restarts: 7,
                image_pull_secret: None,
                image_pull_policy: ImagePullPolicy::IfNotPresent,
            }),
            wit_world: Some(WitWorld {
                components: vec![component],
                host_interfaces: vec![WitInterface {
                    namespace: "wasi".to_owned(),
                    package: "keyvalue".to_owned(),
                    version: "0.2.0-draft".to_owned(),
                    interfaces: vec!["store".to_owned()],
                    config: [("url", "redis://:planted-redis-password@r:6379")].into_iter().collect(),
                    name: "crews".to_owned(),
                }],
            }),
            volumes: vec![
                Volume { name: "logbook".to_owned(), source: VolumeSource::EmptyDir },
                Volume { name: "charts".to_owned(), source: VolumeSource::HostPath("/srv/charts".to_owned()) },
            ],
        }),
    }
}
