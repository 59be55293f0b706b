//! Settings of all pictures that are made.

use lenslet::format::Format;

use crate::support::pictures::{file, sketch};
use crate::support::world::World;

fn world(settings: &[(&str, &str)]) -> World {
    let settings: Vec<(&str, &str)> = [&[("ACCESS", "public")][..], settings].concat();
    World::new(&settings, &[]).with("a.png", "one", &file(&sketch(96, 64), Format::Png, 100))
}

fn body(world: &World, url: &str) -> Vec<u8> {
    let seen = world.get(url);
    assert_eq!(seen.status, 200, "{url}: {}", String::from_utf8_lossy(&seen.body));
    seen.body
}

#[test]
fn variants_of_one_light_are_not_those_of_another() {
    let url = "/image/width=20,format=png/a.png";
    let mut world = world(&[]);
    let stored = body(&world, url);
    let usual = world.config;
    // The same caches, and other settings.
    world.config = self::world(&[("LINEAR_LIGHT", "on")]).config;
    let linear = body(&world, url);
    assert_ne!(linear, stored);
    world.config = usual;
    assert_eq!(body(&world, url), stored);
}

#[test]
#[cfg(feature = "avif")]
fn avifs_are_as_long_as_is_set() {
    let url = "/image/width=96,format=avif/a.png";
    let of = |side: &str| Format::sniff(&body(&world(&[("LONGEST_AVIF_SIDE", side)]), url)).unwrap();
    assert_eq!((of("96"), of("95")), (Format::Avif, Format::Jpeg));
    let wide = "/image/width=1300,height=20,fit=squeeze,format=avif/a.png";
    let made = |settings: &[(&str, &str)]| Format::sniff(&body(&world(settings), wide)).unwrap();
    assert_eq!(made(&[]), Format::Jpeg);
    assert_eq!(made(&[("LONGEST_AVIF_SIDE", "2000")]), Format::Avif);
}
