//! Keys that have another name since a version. Two versions later the old one goes, and its line here with it.

use crate::source::Rename;

/// All that are taken under both names.
pub const ALL: &[Rename] = &[
    // As the cache of a host calls it.
    Rename { from: "nats.server.jetstream.volume.emptyDirSizeLimit", to: "sizeLimit", until: (0, 3) },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Path;
    use crate::values::reference;

    #[test]
    fn the_new_name_is_a_key_the_old_one_is_none_and_its_time_is_not_over() {
        let number = |text: &str| text.parse::<u32>().unwrap();
        let now = (number(env!("CARGO_PKG_VERSION_MAJOR")), number(env!("CARGO_PKG_VERSION_MINOR")));
        for Rename { from, to, until } in ALL {
            let old = Path::parse(from).unwrap();
            assert!(reference::exists(&old.parent().unwrap().key(*to).to_string()), "{from}: {to} is no key");
            assert!(!reference::exists(from), "{from} is still a key");
            assert!(now < *until, "{from}: take its line away, this is {now:?}");
        }
    }
}
