//! Everything is denied but the published lists: they suffice for what each role does, and for nothing else.

use std::time::Duration;

use async_nats::jetstream::{self, kv, object_store};
use chartwright_contract::control::subjects::{Command, HEARTBEATS, HostId};
use chartwright_contract::flags::Implementation;
use chartwright_contract::nats::permissions::{Capability, Role, for_implementation};
use chartwright_contract::nats::{Connection, NatsOptions, connect};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::json;

use crate::planes::{OURS, accounts, name, plain, user, with_password};
use crate::{Server, connected, logs, proofs, until};

const BOTH: [Implementation; 2] = [Implementation::Chartwright, Implementation::Wasmcloud];

async fn connection(server: &Server, role: Role, implementation: Implementation) -> Connection {
    let inbox_prefix = role.inbox_prefix(implementation).to_owned();
    let base = NatsOptions { inbox_prefix, ..plain(role, &server.url("nats")) };
    let connection = connect(&with_password(server, role, base)).await.unwrap();
    until(&connection, chartwright_contract::nats::NatsState::is_connected).await;
    connection
}

#[tokio::test]
async fn the_lists_carry_the_control_plane_of_any_two_programs_and_nothing_else() {
    logs::captured();
    for operators in BOTH {
        for hosts in BOTH {
            let permissions = |role| for_implementation(role, if role == Role::Operator { operators } else { hosts });
            let Some(server) = Server::up(&accounts(user, permissions)) else { return };
            let operator = connection(&server, Role::Operator, operators).await;
            let host = connection(&server, Role::HostControl, hosts).await;
            let id = HostId::new(format!("list-{operators:?}-{hosts:?}").to_lowercase()).unwrap();
            proofs::control(&operator, &host, &id, operators == OURS && hosts == OURS).await;

            let other = HostId::new(format!("{id}-other")).unwrap();
            for (connection, subject) in [
                // A host commands nobody, and reports under no other plane's subjects.
                (&host, other.command(Command::Start)),
                (&host, other.own_command("probe")),
                (&host, format!("orders.{id}")),
                // The operator speaks for no host, and to nobody but hosts.
                (&operator, other.heartbeat()),
                (&operator, other.own_report("probe")),
                (&operator, format!("$JS.API.STREAM.LIST.{id}")),
            ] {
                connection.client().publish(subject.clone(), "planted-command".into()).await.unwrap();
                proofs::objected(&format!("for publish to \"{subject}\"")).await;
            }
            for (connection, subject) in [
                (&host, HEARTBEATS.to_owned()),
                (&host, format!("_INBOX.{id}.>")),
                (&host, format!("_INBOX_operator.{id}.>")),
                (&operator, id.commands()),
                (&operator, id.own_commands()),
                (&operator, format!("_INBOX_host.{id}.>")),
            ] {
                let mut forbidden = connection.client().subscribe(subject.clone()).await.unwrap();
                proofs::objected(&format!("for subscription to \"{subject}\"")).await;
                assert!(forbidden.next().now_or_never().flatten().is_none());
            }
        }
    }
}

/// A host on the data plane without the wildcard: the applications' own subjects, and what the capabilities need.
#[tokio::test]
async fn the_lists_of_capabilities_suffice_for_messages_buckets_and_stores() {
    logs::captured();
    let Some(mut server) = Server::prepared() else { return };
    let lists = [
        Capability::Messaging.publishes_for(""),
        Capability::KeyValue.publishes_for("carts"),
        Capability::BlobStore.publishes_for("maps"),
    ];
    let mut publish = lists.concat();
    // The application listens on the host's own inbox here.
    publish.extend(["harbour.>", "_INBOX_data.>"].map(str::to_owned));
    let list = json!({ "publish": { "allow": publish }, "subscribe": { "allow": ["harbour.>", "_INBOX_data.>"] } });
    server.start(&format!(
        "jetstream {{ store_dir: \"store\" }}\n\
         accounts {{ DATA {{ jetstream: enabled, users: [ {{ {}, permissions: {list} }} ] }} }}",
        user(Role::HostData)
    ));
    let options = with_password(&server, Role::HostData, plain(Role::HostData, &server.url("nats")));
    let connection = connected(&options).await;
    proofs::data(&connection, &connection).await;

    let jetstream = jetstream::new(connection.client().clone());
    let bucket = kv::Config { bucket: "carts".to_owned(), history: 3, ..kv::Config::default() };
    let carts = jetstream.create_key_value(bucket).await.unwrap();
    carts.put("k1", "one".into()).await.unwrap();
    let revision = carts.create("k2", "two".into()).await.unwrap();
    carts.update("k2", "three".into(), revision).await.unwrap();
    assert_eq!(carts.get("k2").await.unwrap().unwrap(), "three");
    let mut keys: Vec<_> = carts.keys().await.unwrap().map(Result::unwrap).collect().await;
    keys.sort();
    assert_eq!(keys, ["k1", "k2"]);
    carts.delete("k1").await.unwrap();
    assert_eq!(jetstream.get_key_value("carts").await.unwrap().get("k1").await.unwrap(), None);

    let store = object_store::Config { bucket: "maps".to_owned(), ..object_store::Config::default() };
    let maps = jetstream.create_object_store(store).await.unwrap();
    maps.put("quay", &mut &vec![7_u8; 300_000][..]).await.unwrap();
    let mut content = Vec::new();
    let mut object = maps.get("quay").await.unwrap();
    tokio::io::AsyncReadExt::read_to_end(&mut object, &mut content).await.unwrap();
    assert_eq!(content.len(), 300_000);
    assert_eq!(maps.list().await.unwrap().count().await, 1);
    maps.delete("quay").await.unwrap();
    assert_eq!(jetstream.get_object_store("maps").await.unwrap().list().await.unwrap().count().await, 0);
    jetstream.delete_object_store("maps").await.unwrap();

    // Anything else is denied, other buckets among it.
    let other = kv::Config { bucket: "other".to_owned(), ..kv::Config::default() };
    let created = tokio::time::timeout(Duration::from_secs(1), jetstream.create_key_value(other)).await;
    assert!(!matches!(created, Ok(Ok(_))));
    proofs::objected("for publish to \"$JS.API.STREAM.CREATE.KV_other\"").await;
    proofs::denied(&connection, &format!("list-{}", name(Role::HostData))).await;
}
