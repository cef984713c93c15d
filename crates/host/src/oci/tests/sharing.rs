use super::{registry::Fault, *};

async fn slow() -> Registry {
    let registry = Registry::start().await;
    registry.push("1", &component(b"one"));
    registry.fault("/blobs/", Fault::Slow(Duration::from_millis(400)));
    registry
}

#[tokio::test]
async fn fetches_of_one_reference_at_one_time_share_one_pull() {
    let registry = slow().await;
    let (store, name) = (store(None), registry.name(":1"));
    let fetches = (0..20).map(|number| {
        // The policy does not matter to a pull.
        let policy = if number % 2 == 0 { Policy::IfNotPresent } else { Policy::Always };
        let (store, name) = (store.clone(), name.clone());
        tokio::spawn(async move { store.fetch(&name, policy, None).await })
    });
    for outcome in futures::future::join_all(fetches.collect::<Vec<_>>()).await {
        assert_eq!(outcome.unwrap().unwrap().bytes, component(b"one"));
    }
    assert_eq!((registry.manifests(), registry.blobs()), (1, 1));
}

#[tokio::test]
async fn a_failure_is_shared_and_not_kept() {
    let registry = slow().await;
    registry.fault("/manifests/", Fault::StatusTimes(404, 1));
    let (store, name) = (store(None), registry.name(":1"));
    let (a, b) = futures::join!(get(&store, &name), get(&store, &name));
    assert_eq!(a.unwrap_err(), b.unwrap_err());
    assert_eq!(registry.manifests(), 1);
    get(&store, &name).await.unwrap();
}

#[tokio::test]
async fn who_gives_up_leaves_the_pull_to_the_others() {
    let registry = slow().await;
    let (store, name) = (store(None), registry.name(":1"));
    let patient = tokio::spawn({
        let (store, name) = (store.clone(), name.clone());
        async move { get(&store, &name).await }
    });
    // First or second: who gives up may be the one that began.
    let _ = tokio::time::timeout(Duration::from_millis(60), get(&store, &name)).await.unwrap_err();
    assert_eq!(patient.await.unwrap().unwrap().bytes, component(b"one"));
    assert_eq!((registry.manifests(), registry.blobs()), (1, 1));

    let registry = slow().await;
    let (store, name) = (super::store(None), registry.name(":1"));
    let first = tokio::time::timeout(Duration::from_millis(60), get(&store, &name));
    let (first, second) = futures::join!(first, get(&store, &name));
    first.unwrap_err();
    second.unwrap();
    assert_eq!((registry.manifests(), registry.blobs()), (1, 1));
}

#[tokio::test]
async fn when_all_give_up_the_pull_ends_and_nothing_is_kept() {
    let registry = slow().await;
    let (store, name) = (store(None), registry.name(":1"));
    let _ = tokio::time::timeout(Duration::from_millis(60), get(&store, &name)).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(500)).await;
    store.fetch(&name, Policy::Never, None).await.unwrap_err();
    get(&store, &name).await.unwrap();
    assert_eq!(registry.blobs(), 2);
}
