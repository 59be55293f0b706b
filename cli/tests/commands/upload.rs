//! `lenslet upload`: what is sent arrives as it was, once, whatever happens on the way.

use super::server::{PART_BYTES, Server, TOKEN};
use super::support::{Folder, Said};

/// A file that begins like a JPEG.
fn picture(bytes: usize, seed: u8) -> Vec<u8> {
    let rest = (0..bytes).map(|index| u8::try_from(index % 251).unwrap() ^ seed);
    [0xFF, 0xD8, 0xFF].into_iter().chain(rest).take(bytes).collect()
}

fn write(folder: &Folder, name: &str, bytes: &[u8]) {
    let path = folder.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn upload(folder: &Folder, server: &Server, more: &[&str]) -> Said {
    folder.run_with(&[("LENSLET_TOKEN", TOKEN)], &[&["upload", "--to", &server.url], more].concat())
}

#[test]
fn whole_files_and_parts_arrive_as_they_were() {
    let (folder, server) = (Folder::new("upload"), Server::start());
    let (small, large) = (picture(700, 1), picture(4 * PART_BYTES + 17, 2));
    write(&folder, "small.jpg", &small);
    write(&folder, "large ä.jpg", &large);
    let said = upload(&folder, &server, &["--prefix", "/a/b/", "--tag", "sea", "small.jpg", "large ä.jpg"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let mut lines: Vec<&str> = said.out.lines().collect();
    lines.sort_unstable();
    assert!(
        lines[0].starts_with("ready\ta/b/large ä.jpg\ti-u")
            && lines[1].starts_with("ready\ta/b/small.jpg\ti-u"),
        "{lines:?}"
    );
    let world = server.world.lock().unwrap();
    let of = |name: &str| world.uploads.values().find(|kept| kept.said["name"] == name).unwrap();
    assert_eq!(of("a/b/small.jpg").bytes(), small);
    assert_eq!(of("a/b/large ä.jpg").bytes(), large);
    assert_eq!(of("a/b/small.jpg").said["tags"][0], "sea");
    assert_eq!(of("a/b/small.jpg").said["media_type"], "image/jpeg");
}

#[test]
fn the_same_again_sends_nothing() {
    let (folder, server) = (Folder::new("again"), Server::start());
    write(&folder, "a.jpg", &picture(700, 1));
    assert_eq!(upload(&folder, &server, &["a.jpg"]).out, "ready\ta.jpg\ti-u1\n");
    assert_eq!(upload(&folder, &server, &["a.jpg"]).out, "was there\ta.jpg\ti-u1\n");
    assert_eq!(server.count("PUT"), 1);
    // Replaced since then, it is wanted anew.
    server.world.lock().unwrap().replaced.push("i-u1".to_owned());
    assert_eq!(upload(&folder, &server, &["a.jpg"]).out, "ready\ta.jpg\ti-u2\n");
    assert_eq!(server.count("PUT"), 2);
}

#[test]
fn what_was_broken_off_goes_on_where_it_was() {
    let (folder, server) = (Folder::new("resume"), Server::start());
    let large = picture(5 * PART_BYTES, 4);
    write(&folder, "large.jpg", &large);
    server.world.lock().unwrap().bad_puts = [400].into();
    let broken = upload(&folder, &server, &["--jobs", "1", "large.jpg"]);
    assert_eq!(broken.code, 1);
    assert!(
        broken.err.contains("large.jpg: answered 400") && broken.err.contains("run the same again"),
        "{}",
        broken.err
    );
    {
        // Two parts arrived before that.
        let mut world = server.world.lock().unwrap();
        let kept = world.uploads.get_mut("u1").unwrap();
        kept.parts.insert(1, large[..PART_BYTES].to_vec());
        kept.parts.insert(4, large[3 * PART_BYTES..4 * PART_BYTES].to_vec());
        world.asked.clear();
    }
    let said = upload(&folder, &server, &["large.jpg"]);
    assert_eq!((said.code, said.out.as_str()), (0, "ready\tlarge.jpg\ti-u1\n"));
    assert_eq!(server.count("PUT"), 3, "those that were not there");
    assert_eq!(server.world.lock().unwrap().uploads["u1"].bytes(), large);
}

#[test]
fn what_may_pass_is_tried_again() {
    let (folder, server) = (Folder::new("retries"), Server::start());
    let bytes = picture(700, 5);
    write(&folder, "a.jpg", &bytes);
    server.world.lock().unwrap().bad_answers = [503, 429].into();
    // A broken connection, a server that fails, and a URL that has run out.
    server.world.lock().unwrap().bad_puts = [0, 500, 403].into();
    let said = upload(&folder, &server, &["a.jpg"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "ready\ta.jpg\ti-u1\n", ""));
    assert_eq!(server.world.lock().unwrap().uploads["u1"].bytes(), bytes);
}

#[test]
fn those_that_fail_are_listed_and_the_others_arrive() {
    let (folder, server) = (Folder::new("some-fail"), Server::start());
    for name in ["a.jpg", "b.jpg", "c.jpg"] {
        write(&folder, name, &picture(300, name.as_bytes()[0]));
    }
    server.world.lock().unwrap().rejects = vec!["b.jpg".to_owned()];
    let said = upload(&folder, &server, &["a.jpg", "b.jpg", "c.jpg"]);
    assert_eq!((said.code, said.out.lines().count()), (1, 2), "{said:?}");
    assert!(said.err.contains("b.jpg: it was rejected: truncated: The file ends early.\n"), "{}", said.err);
    assert!(said.err.contains("1 of 3 did not arrive"), "{}", said.err);
}

#[test]
fn folders_are_taken_with_all_pictures_in_them() {
    let (folder, server) = (Folder::new("folders"), Server::start());
    for name in ["in/a.jpg", "in/deep/er/b.jpg", "in/.hidden.jpg"] {
        write(&folder, name, &picture(300, 1));
    }
    write(&folder, "in/notes.txt", b"text");
    write(&folder, "in/drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>");
    let refused = upload(&folder, &server, &["in"]);
    assert!(refused.code == 1 && refused.err.contains("--recursive"), "{refused:?}");
    let said = upload(&folder, &server, &["--recursive", "--no-wait", "--jobs", "1", "in"]);
    let names: Vec<&str> = said.out.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(names, ["a.jpg", "deep/er/b.jpg", "drawing.svg"]);
    assert!(said.out.lines().all(|line| line.starts_with("received\t")), "{}", said.out);
}

#[test]
fn what_cannot_be_sent_is_said_before_anything_is() {
    let (folder, server) = (Folder::new("unsendable"), Server::start());
    write(&folder, "a.jpg", &picture(300, 1));
    write(&folder, "b/a.jpg", &picture(300, 2));
    write(&folder, "notes.txt", b"text");
    for (files, reason) in [
        (&["a.jpg", "notes.txt"][..], "no picture"),
        (&["a.jpg", "b/a.jpg"], "both be called a.jpg"),
        (&["a.jpg", "gone.jpg"], "cannot be read"),
    ] {
        let said = upload(&folder, &server, files);
        assert!(said.code == 1 && said.err.contains(reason), "{files:?}: {}", said.err);
    }
    assert_eq!(server.count(""), 0);
}

#[test]
fn tokens_are_wanted_and_never_shown() {
    let (folder, server) = (Folder::new("tokens"), Server::start());
    write(&folder, "a.jpg", &picture(300, 1));
    let arguments = ["upload", "--to", &server.url, "a.jpg"];
    assert_eq!(folder.run(&arguments).code, 2);
    let secret = [("LENSLET_TOKEN", "a-secret-of-mine")];
    let refused = folder.run_with(&secret, &arguments);
    assert!(refused.code == 1 && refused.err.contains("the token is not valid (401)"), "{refused:?}");
    let help = folder.run_with(&secret, &["upload", "--help"]);
    for said in [refused, help] {
        assert!(!said.out.contains("a-secret") && !said.err.contains("a-secret"), "{said:?}");
    }
}
