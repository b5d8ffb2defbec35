//! Which servers, proxies and tokens requests use; and any answer is parsed or refused.

use super::*;

#[test]
fn a_proxy_is_asked_for_another_machine_and_not_for_this_one() {
    let image = Image::new(&[10]);
    let proxy = Server::new(|_| Reply::new(403));
    let server = Server::new(move |asked| image.answer(asked));
    let mut world = World::new();
    let address = format!("http://{}", proxy.host());
    world.remote.proxies = crate::image::remote::Proxies {
        https: address.clone(),
        http: address,
        none: "intern.example".to_owned(),
    };
    world.pull(&format!("{}/app:1", server.host())).unwrap();
    assert!(proxy.asked().is_empty());
    world.pull("registry.example/app:1").unwrap_err();
    assert_eq!(proxy.count("CONNECT registry.example:443"), 1);
}

proptest::proptest! {
    #[test]
    fn whatever_a_stranger_says_is_read_or_refused(text in ".*", more in "[ -~]*") {
        let base = crate::image::remote::url::Url::parse("https://registry.example/v2/a/").unwrap();
        if let Ok(url) = base.join(&text) {
            // Parsing the result again gives the same URL.
            assert_eq!(crate::image::remote::url::Url::parse(&url.to_string()).unwrap(), url);
            assert!(!url.host().contains('@'));
        }
        drop(base.join(&more));
        for challenge in crate::image::remote::challenge::parse(&text).iter().chain(&crate::image::remote::challenge::parse(&more)) {
            assert!(!challenge.scheme.is_empty());
        }
        drop(crate::image::remote::platform::Wanted::parse(Some(&text)));
        drop(crate::image::remote::problem::Problem::read(404, more.as_bytes()).error());
        drop(crate::image::remote::endpoint::candidates(&Remote::default(), &text));
    }
}

#[test]
fn a_search_asks_the_hub_and_a_registry_that_knows_none_for_its_catalog() {
    let server = Server::new(|asked| match asked.path.as_str() {
        "/v1/search?q=bu%20x&n=2" => Reply::ok(
            r#"{"results":[{"name":"busybox","description":"small","star_count":7,"is_official":true},
                {"name":""},{"name":"b/x","description":null},{"name":"c"}]}"#,
        ),
        "/v2/_catalog?n=1000" => Reply::ok(r#"{"repositories":["a/app","b","c/app"]}"#),
        "/v2/" => Reply::ok("{}"),
        _ => Reply::new(404),
    });
    let mut world = World::new();
    let hub = format!("http://{}", server.host());
    world.remote.hub = Arc::new(move || crate::image::remote::Endpoint::parse(&hub).map(Some));
    let found =
        crate::image::remote::search::search(&world.remote, "docker.io", "bu x", 2).unwrap();
    let first = crate::image::remote::Found {
        name: "busybox".to_owned(),
        description: "small".to_owned(),
        stars: 7,
        official: true,
    };
    assert_eq!(
        (found[0].clone(), found[1].name.as_str(), found.len()),
        (first, "b/x", 2)
    );
    let found =
        crate::image::remote::search::search(&world.remote, &server.host(), "app", 5).unwrap();
    let names: Vec<_> = found.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["a/app", "c/app"]);
}

#[test]
fn a_token_is_asked_for_once_and_again_when_it_has_run_out() {
    let image = Image::new(&[10, 20, 30]);
    let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let server = Server::new(move |asked| {
        let host = asked.header("host").unwrap_or_default();
        if asked.path.starts_with("/token") {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            return Reply::ok(format!(r#"{{"token":"t{number}"}}"#));
        }
        // The first token is valid for the manifest only.
        let good = match asked.path.contains("/manifests/") {
            true => asked.header("authorization") == Some("Bearer t0"),
            false => asked.header("authorization") == Some("Bearer t1"),
        };
        match good {
            true => image.answer(asked),
            false => Reply::new(401).with(
                "www-authenticate",
                format!("Bearer realm=\"http://{host}/token\",service=\"s\""),
            ),
        }
    });
    let mut world = World::new().logged_in();
    world.pull(&format!("{}/app:1", server.host())).unwrap();
    assert_eq!(server.count("GET /token"), 2);
    let first = server
        .asked()
        .into_iter()
        .find(|asked| asked.path.starts_with("/token"))
        .unwrap();
    assert_eq!(
        first.path,
        "/token?service=s&scope=repository:app:pull&account=ann"
    );
    assert_eq!(
        first.header("authorization"),
        Some("Basic YW5uOnNlY3JldA==")
    );
}
