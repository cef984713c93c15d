//! The table of permissions for users.

use chartwright_contract::flags::Implementation;
use chartwright_contract::nats::permissions::{Capability, Role, Subjects, for_implementation};

use crate::page;

fn list(subjects: &[&str]) -> String {
    if subjects.is_empty() {
        return "—".to_owned();
    }
    subjects.iter().map(|subject| format!("`{subject}`")).collect::<Vec<_>>().join(" ")
}

fn cell(subjects: Subjects) -> String {
    let denied = if subjects.deny.is_empty() { String::new() } else { format!(" but {}", list(subjects.deny)) };
    format!("{}{denied}", list(subjects.allow))
}

#[test]
fn the_page_has_the_permissions_of_every_role() {
    let mut table = "| connection | program | inbox | publish | subscribe |\n|---|---|---|---|---|\n".to_owned();
    for (role, name) in
        [(Role::Operator, "operator"), (Role::HostControl, "host, control plane"), (Role::HostData, "host, data plane")]
    {
        for (implementation, program) in
            [(Implementation::Chartwright, "ours"), (Implementation::Wasmcloud, "wasmCloud's")]
        {
            let permissions = for_implementation(role, implementation);
            table.push_str(&format!(
                "| {name} | {program} | `{}` | {} | {} |\n",
                role.inbox_prefix(implementation),
                cell(permissions.publish),
                cell(permissions.subscribe),
            ));
        }
    }
    page::holds("permissions", &table);

    let mut table = "| workloads that use | publish |\n|---|---|\n".to_owned();
    for (capability, name) in [
        (Capability::Messaging, "`wasmcloud:messaging`"),
        (Capability::KeyValue, "`wasi:keyvalue`"),
        (Capability::BlobStore, "`wasi:blobstore`"),
    ] {
        table.push_str(&format!("| {name} | {} |\n", list(capability.publishes())));
    }
    page::holds("capabilities", &table);
}
