//! Control and data plane on servers that take one kind of connection, with the permissions of the roles.

use chartwright_contract::flags::Implementation;
use chartwright_contract::nats::NatsOptions;
use chartwright_contract::nats::permissions::{Permissions, Role, for_implementation};
use nkeys::KeyPair;
use serde::Serialize;
use serde_json::json;

use crate::certificates::Authority;
use crate::jwt::Operator;
use crate::server::{Server, free_port};

/// Who connects as whom, and what must not be seen of it.
pub(crate) struct Planes {
    pub(crate) operator: NatsOptions,
    pub(crate) host: NatsOptions,
    pub(crate) data: NatsOptions,
    /// A program of a user on the data plane, which speaks to the workloads of the host.
    pub(crate) application: NatsOptions,
    pub(crate) secrets: Vec<String>,
    /// Whether permissions keep the data plane away from the control plane's subjects. Otherwise the two are not one server.
    pub(crate) by_permissions: bool,
    /// They end with the planes.
    pub(crate) servers: Vec<Server>,
}

pub(crate) const ROLES: [Role; 3] = [Role::Operator, Role::HostControl, Role::HostData];

pub(crate) const OURS: Implementation = Implementation::Chartwright;

pub(crate) fn name(role: Role) -> &'static str {
    match role {
        Role::Operator => "operator",
        Role::HostControl => "host",
        Role::HostData => "data",
    }
}

/// The options of a role before it says who it is.
pub(crate) fn plain(role: Role, url: &str) -> NatsOptions {
    NatsOptions {
        flags: match role {
            Role::Operator => "nats",
            Role::HostControl => "scheduler-nats",
            Role::HostData => "data-nats",
        }
        .to_owned(),
        inbox_prefix: role.inbox_prefix(OURS).to_owned(),
        ..crate::options(url)
    }
}

/// Two accounts with the users of the roles. `user` says who one is: the fields of a user in a server's configuration.
pub(crate) fn accounts<P: Serialize>(user: impl Fn(Role) -> String, permissions: impl Fn(Role) -> P) -> String {
    let one = |role: Role| format!("{{ {}, permissions: {} }}", user(role), json!(permissions(role)));
    format!(
        "accounts {{\n CONTROL {{ users: [ {}, {} ] }}\n DATA {{ users: [ {} ] }}\n}}",
        one(Role::Operator),
        one(Role::HostControl),
        one(Role::HostData)
    )
}

fn ours(role: Role) -> Permissions {
    for_implementation(role, OURS)
}

fn password(role: Role) -> String {
    format!("planted-{}-password", name(role))
}

/// A user and a password for each role.
pub(crate) fn user(role: Role) -> String {
    format!("user: {}, password: \"{}\"", name(role), password(role))
}

/// The options of a role that has a user and a password.
pub(crate) fn with_password(server: &Server, role: Role, base: NatsOptions) -> NatsOptions {
    let file = |what: &str, content: &str| Some(server.file(&format!("{}-{what}", name(role)), content));
    NatsOptions { user_file: file("user", name(role)), password_file: file("password", &password(role)), ..base }
}

impl Planes {
    /// Each role as these options have it; the application is one more connection like the host's.
    fn new(servers: Vec<Server>, options: impl Fn(&[Server], Role) -> NatsOptions) -> Self {
        let [operator, host, data] = ROLES.map(|role| options(&servers, role));
        let secrets = ROLES.map(password).to_vec();
        Self { operator, host, application: data.clone(), data, secrets, by_permissions: true, servers }
    }

    /// Users with passwords on a server that is reached by these options.
    fn with_passwords(server: Server, base: impl Fn(&Server, Role) -> NatsOptions) -> Self {
        Self::new(vec![server], |servers, role| with_password(&servers[0], role, base(&servers[0], role)))
    }

    pub(crate) fn anonymous() -> Option<Self> {
        let permissions = json!(ours(Role::HostData));
        let guest = format!(
            "accounts {{ DATA {{ users: [ {{ user: guest, password: planted-guest, permissions: {permissions} }} ] }} }}\n\
             no_auth_user: guest"
        );
        let servers = vec![Server::up("")?, Server::up(&guest)?];
        Some(Self::new(servers, |servers, role| plain(role, &servers[usize::from(role == Role::HostData)].url("nats"))))
    }

    pub(crate) fn passwords() -> Option<Self> {
        let server = Server::up(&accounts(user, ours))?;
        Some(Self::with_passwords(server, |server, role| plain(role, &server.url("nats"))))
    }

    /// Without any wildcard of everything: a data plane for some subjects of applications.
    pub(crate) fn lists() -> Option<Self> {
        let permissions = |role| match role {
            Role::HostData => {
                let own = ["harbour.>", "_INBOX_data.>"];
                json!({ "publish": { "allow": own }, "subscribe": { "allow": own } })
            }
            role => json!(ours(role)),
        };
        let server = Server::up(&accounts(user, permissions))?;
        Some(Self::with_passwords(server, |server, role| plain(role, &server.url("nats"))))
    }

    pub(crate) fn tokens() -> Option<Self> {
        let server = |plane: &str| Server::up(&format!("authorization {{ token: \"planted-{plane}-token\" }}"));
        let mut planes = Self::new(vec![server("control")?, server("data")?], |servers, role| {
            let (server, plane) = if role == Role::HostData { (&servers[1], "data") } else { (&servers[0], "control") };
            let file = server.file("token", &format!("planted-{plane}-token"));
            NatsOptions { token_file: Some(file), ..plain(role, &server.url("nats")) }
        });
        planes.by_permissions = false;
        planes.secrets = vec!["planted-control-token".to_owned(), "planted-data-token".to_owned()];
        Some(planes)
    }

    pub(crate) fn nkeys() -> Option<Self> {
        let keys = ROLES.map(|role| (role, KeyPair::new_user()));
        let key = |role: Role| &keys.iter().find(|(other, _)| *other == role).unwrap().1;
        let server = Server::up(&accounts(|role| format!("nkey: {}", key(role).public_key()), ours))?;
        let mut planes = Self::new(vec![server], |servers, role| {
            let file = servers[0].file(&format!("{}.seed", name(role)), &key(role).seed().unwrap());
            NatsOptions { nkey: Some(file), ..plain(role, &servers[0].url("nats")) }
        });
        planes.secrets = keys.iter().map(|(_, key)| key.seed().unwrap()).collect();
        Some(planes)
    }

    pub(crate) fn credentials() -> Option<Self> {
        let operator = Operator::of(&[json!({}), json!({})]);
        let server = Server::up(&operator.configuration)?;
        Some(Self::with_credentials(server, &operator, |server, role| plain(role, &server.url("nats"))))
    }

    fn with_credentials(server: Server, operator: &Operator, base: impl Fn(&Server, Role) -> NatsOptions) -> Self {
        let texts = ROLES.map(|role| operator.user(usize::from(role == Role::HostData), Some(ours(role)), None));
        let mut planes = Self::new(vec![server], |servers, role| {
            let text = &texts[ROLES.iter().position(|other| *other == role).unwrap()];
            let file = servers[0].file(&format!("{}.creds", name(role)), text);
            NatsOptions { creds: Some(file), ..base(&servers[0], role) }
        });
        let lines = texts.iter().flat_map(|text| text.lines());
        planes.secrets = lines.filter(|line| line.len() > 50 && !line.starts_with('-')).map(str::to_owned).collect();
        planes
    }

    pub(crate) fn client_certificates() -> Option<Self> {
        let authority = Authority::new();
        let user = |role: Role| format!("user: \"CN={}\"", name(role));
        let more = accounts(user, ours);
        let server = crate::tls::secured(&authority, &["localhost"], "verify_and_map: true", &more)?;
        let identities = ROLES.map(|role| authority.client(name(role)));
        let mut planes = Self::new(vec![server], |servers, role| {
            let identity = &identities[ROLES.iter().position(|other| *other == role).unwrap()];
            let (cert, key) = identity.write(&servers[0], name(role));
            NatsOptions { tls_cert: Some(cert), tls_key: Some(key), ..with_ca(&servers[0], role, "tls") }
        });
        let lines = identities.iter().flat_map(|identity| identity.key.lines());
        planes.secrets = lines.filter(|line| !line.starts_with('-')).map(str::to_owned).collect();
        Some(planes)
    }

    pub(crate) fn tls_first() -> Option<Self> {
        let authority = Authority::new();
        let server = crate::tls::secured(&authority, &["localhost"], "handshake_first: true", &accounts(user, ours))?;
        Some(Self::with_passwords(server, |server, role| NatsOptions {
            tls_first: true,
            ..with_ca(server, role, "nats")
        }))
    }

    pub(crate) fn private_authority() -> Option<Self> {
        let server = crate::tls::secured(&Authority::new(), &["localhost"], "", &accounts(user, ours))?;
        Some(Self::with_passwords(server, |server, role| with_ca(server, role, "tls")))
    }

    /// Only for a process that was told which authorities its system trusts: the server's is made one of them.
    pub(crate) fn system_authorities() -> Option<Self> {
        let authority = Authority::new();
        fs_err::write(std::env::var_os(crate::matrix::SYSTEM).unwrap(), &authority.pem).unwrap();
        let server = crate::tls::secured(&authority, &["localhost"], "", &accounts(user, ours))?;
        Some(Self::with_passwords(server, |server, role| plain(role, &server.url("tls"))))
    }

    pub(crate) fn websockets() -> Option<Self> {
        let authority = Authority::new();
        let mut server = Server::prepared()?;
        let (cert, key) = authority.server(&["localhost"]).write(&server, "server");
        server.file("ca.crt", &authority.pem);
        let port = free_port();
        server.start(&format!(
            "websocket {{ listen: \"127.0.0.1:{port}\", tls {{ cert_file: \"{}\", key_file: \"{}\" }} }}\n{}",
            cert.display(),
            key.display(),
            accounts(user, ours)
        ));
        Some(Self::with_passwords(server, |server, role| NatsOptions {
            url: vec![format!("wss://localhost:{port}")],
            ..with_ca(server, role, "wss")
        }))
    }

    /// The host on a leaf node, everybody else on the hub.
    pub(crate) fn leaf() -> Option<Self> {
        let port = free_port();
        let hub = format!(
            "leafnodes {{ listen: \"127.0.0.1:{port}\", authorization {{ users: [\n\
             {{ user: leaf-control, password: planted-leaf, account: CONTROL }},\n\
             {{ user: leaf-data, password: planted-leaf, account: DATA }} ] }} }}\n{}",
            accounts(user, ours)
        );
        let remote = |plane: &str, account: &str| {
            format!("{{ url: \"nats-leaf://leaf-{plane}:planted-leaf@127.0.0.1:{port}\", account: {account} }}")
        };
        let leaf = format!(
            "leafnodes {{ reconnect: 1, remotes: [ {}, {} ] }}\n{}",
            remote("control", "CONTROL"),
            remote("data", "DATA"),
            accounts(user, ours)
        );
        let servers = vec![Server::up(&hub)?, Server::up(&leaf)?];
        let mut planes = Self::new(servers, |servers, role| {
            let server = &servers[usize::from(role != Role::Operator)];
            with_password(server, role, plain(role, &server.url("nats")))
        });
        let hub = &planes.servers[0];
        planes.application = with_password(hub, Role::HostData, plain(Role::HostData, &hub.url("nats")));
        Some(planes)
    }

    pub(crate) fn several_addresses() -> Option<Self> {
        let server = Server::up(&accounts(user, ours))?;
        let dead = format!("nats://127.0.0.1:{}", free_port());
        Some(Self::with_passwords(server, |server, role| NatsOptions {
            url: vec![dead.clone(), server.url("nats")],
            ..plain(role, "")
        }))
    }

    /// As Synadia Cloud: TLS, credentials, a JetStream domain, and no stream without a size.
    pub(crate) fn with_quota() -> Option<Self> {
        let quota = json!({
            "mem_storage": 0, "disk_storage": 64 << 20, "streams": -1, "consumer": -1, "max_ack_pending": -1,
            "mem_max_stream_bytes": 0, "disk_max_stream_bytes": 16 << 20, "max_bytes_required": true,
        });
        let operator = Operator::of(&[json!({}), quota]);
        // Beside the configuration, by whose folder a relative path goes: the server's working one is its own folder.
        let more = format!("{}\njetstream {{ store_dir: \"store\", domain: harbour }}", operator.configuration);
        let server = crate::tls::secured(&Authority::new(), &["localhost"], "", &more)?;
        Some(Self::with_credentials(server, &operator, |server, role| NatsOptions {
            jetstream_domain: (role == Role::HostData).then(|| "harbour".to_owned()),
            ..with_ca(server, role, "tls")
        }))
    }
}

fn with_ca(server: &Server, role: Role, scheme: &str) -> NatsOptions {
    NatsOptions { tls_ca: crate::tls::with_ca(server, scheme).tls_ca, ..plain(role, &server.url(scheme)) }
}
