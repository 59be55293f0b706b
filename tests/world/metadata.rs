//! Private metadata leaves where a policy says so, to those who ask for it.

use serde_json::json;

use lenslet::format::Format;

use crate::support::metadata::{holds, laden};
use crate::support::pictures::{file, sketch};
use crate::support::world::World;

const NUMBER: &str = "SECRET body serial";

fn world(policies: &serde_json::Value) -> World {
    let settings = [("ACCESS", "public"), ("POLICIES", &policies.to_string())];
    let photo = laden(&file(&sketch(48, 32), Format::Jpeg, 90));
    World::new(&settings, &[("all", "width=20,metadata=keep")]).with("open/a.jpg", "one", &photo).with(
        "shop/a.jpg",
        "one",
        &photo,
    )
}

fn tells(world: &World, url: &str, what: &str) -> bool {
    let seen = world.get(url);
    assert_eq!(seen.status, 200, "{url}: {}", String::from_utf8_lossy(&seen.body));
    holds(&seen.body, what)
}

#[test]
fn policies_let_private_metadata_leave() {
    let world = world(&json!([{ "path": "open", "private_metadata": true }]));
    for format in ["jpeg", "png", "webp"] {
        let url = |mode: &str, folder: &str| format!("/image/width=24,format={format}{mode}/{folder}/a.jpg");
        assert!(tells(&world, &url(",metadata=keep", "open"), NUMBER));
        assert!(!tells(&world, &url(",metadata=keep", "shop"), NUMBER));
        assert!(tells(&world, &url(",metadata=keep", "shop"), "A lens"));
        for mode in ["", ",metadata=copyright", ",metadata=none"] {
            assert!(!tells(&world, &url(mode, "open"), "SECRET"), "{mode}");
            assert_eq!(tells(&world, &url(mode, "open"), "(c) A. Author"), mode != ",metadata=none");
        }
    }
    assert!(tells(&world, "/image/preset=all/open/a.jpg", NUMBER));
}

#[test]
fn what_was_kept_under_another_policy_is_not_found() {
    let mut lenient = world(&json!([{ "path": "open", "private_metadata": true }]));
    let strict = world(&json!([]));
    let url = "/image/width=24,metadata=keep/open/a.jpg";
    assert!(tells(&lenient, url, NUMBER));
    // The same caches, and other settings.
    lenient.config = strict.config;
    assert!(!tells(&lenient, url, "SECRET"));
}
