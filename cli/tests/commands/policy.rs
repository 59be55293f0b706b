//! `lenslet policy check`: what the Worker would not start with is pointed at.

use super::support::Folder;

const GOOD: &str = "name = \"x\"\n[vars]\nACCESS = \"public\"\nMAX_AGE_SECONDS = 60\n[vars.PRESETS]\nthumb = \"width=200\"\n";

/// What the check says of a wrangler.toml.
fn said_of(folder: &Folder, text: &str, arguments: &[&str]) -> String {
    folder.write("wrangler.toml", text);
    folder.fails(&[&["policy", "check"], arguments].concat())
}

#[test]
fn good_settings_are_one_line() {
    let folder = Folder::new("good");
    folder.write("wrangler.toml", GOOD);
    let said = folder.run(&["policy", "check"]);
    assert_eq!((said.code, said.out.lines().count(), &*said.err), (0, 1, ""));
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let folder = Folder::new("wrong");
    for (from, to, place, reason) in [
        ("\"public\"", "\"Public\"", "wrangler.toml:3:10: ACCESS ", "cannot be 'Public'"),
        ("60", "-1", "wrangler.toml:4:19: MAX_AGE_SECONDS ", "-1"),
        ("width=200", "widht=200", "wrangler.toml:5:", "preset 'thumb'"),
        ("ACCESS = ", "ACCESS ", "wrangler.toml:3:8: ", ""),
    ] {
        let said = said_of(&folder, &GOOD.replace(from, to), &[]);
        assert!(said.contains(place) && said.contains(reason), "{to}: {said}");
    }
    assert!(said_of(&folder, "name = 'x'\nvars = 5\n", &[]).contains("wrangler.toml:2:8: invalid type"));
}

#[test]
fn environments_are_checked_each_with_its_own_settings() {
    let folder = Folder::new("environments");
    let both = format!("{GOOD}[env.staging.vars]\nACCESS = \"public\"\n[env.wide.vars]\nACCESS = \"wide\"\n");
    let said = said_of(&folder, &both, &[]);
    assert!(said.contains("wrangler.toml:10:10: ACCESS cannot be 'wide'"), "{said}");
    assert!(said_of(&folder, &both, &["--env", "wide"]).contains("'wide'"));
    folder.ok(&["policy", "check", "--env", "staging"]);
    let none = said_of(&folder, &both, &["--env", "production"]);
    assert!(none.contains("no [env.production]; there is staging, wide"), "{none}");
}

#[test]
fn secrets_and_given_settings_win_over_the_file() {
    let folder = Folder::new("secrets");
    folder.write(".dev.vars", "# mine\nORIGINALS='nobody'\n");
    let said = said_of(&folder, GOOD, &[]);
    assert!(said.contains(".dev.vars:2: ORIGINALS cannot be 'nobody'"), "{said}");
    folder.ok(&["policy", "check", "--var", "ORIGINALS:public"]);
    folder.write(".dev.vars", "ACCESS=private\n");
    let said = said_of(&folder, &GOOD.replace("public", "Public"), &[]);
    assert!(said.contains("wrangler.toml:3:10: ACCESS"), "a secret hides nothing that is deployed: {said}");
    folder.write(".dev.vars", "ACCESS=all\n");
    assert!(said_of(&folder, GOOD, &[]).contains(".dev.vars:1: ACCESS cannot be 'all'"));
    folder.write(".dev.vars", "");
    let said = said_of(&folder, GOOD, &["--var", "ORIGINALS:all"]);
    assert!(said.contains("--var: ORIGINALS cannot be 'all'"), "{said}");
    folder.write("other.vars", "no pair\n");
    let said = said_of(&folder, GOOD, &["--vars", "other.vars"]);
    assert!(said.contains("other.vars:1: a line here is NAME=value"), "{said}");
    assert!(said_of(&folder, GOOD, &["--vars", "absent"]).contains("absent cannot be read"));
    assert!(folder.fails(&["policy", "check", "--config", "absent.toml"]).contains("--config"));
}

#[test]
fn classes_of_rate_limits_are_held_to_their_bindings() {
    let folder = Folder::new("rates");
    let rates = "[vars.RATES]\nguests = { binding = \"GUESTS\", limit = 60, period = 10 }\n";
    let bound = |name, limit| {
        format!(
            "{rates}[[ratelimits]]\nname = \"{name}\"\nnamespace_id = \"1\"\nsimple = {{ limit = {limit}, period = 10 }}\n"
        )
    };
    assert!(said_of(&folder, rates, &[]).contains("RATES: 'guests' counts by GUESTS, and no [[ratelimits]]"));
    assert!(said_of(&folder, &bound("OTHERS", 60), &[]).contains("no [[ratelimits]] has that name"));
    let said = said_of(&folder, &bound("GUESTS", 61), &[]);
    assert!(said.contains("wrangler.toml:1:") && said.contains("GUESTS 61 in 10 s"), "{said}");
    folder.write("wrangler.toml", &bound("GUESTS", 60));
    folder.ok(&["policy", "check"]);
}

#[test]
fn the_configuration_that_the_documentation_shows_is_good() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/access.md")).unwrap();
    let blocks: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    // What begins without a table's head belongs to the one policy that the page builds.
    let (tables, members): (Vec<&str>, Vec<&str>) =
        blocks.into_iter().partition(|block| block.starts_with('['));
    let (policy, others): (Vec<&str>, Vec<&str>) =
        tables.into_iter().partition(|table| table.starts_with("[[vars.POLICIES]]"));
    assert_eq!((policy.len(), members.len(), others.len()), (1, 2, 3));
    let folder = Folder::new("documented");
    let all = [policy, members, others].concat().join("\n");
    folder.write("wrangler.toml", &all);
    folder.ok(&["policy", "check"]);
    assert!(said_of(&folder, &all.replace("thumb =", "thump ="), &[]).contains("PRESETS has no 'thumb'"));
}

#[test]
fn buckets_that_nothing_binds_are_named() {
    let folder = Folder::new("buckets");
    let sources = "[vars.SOURCES]\na = { type = \"r2\", binding = \"PHOTOS\" }\n";
    let bound =
        |binding| format!("{GOOD}{sources}[[r2_buckets]]\nbinding = \"{binding}\"\nbucket_name = \"x\"\n");
    let said = said_of(&folder, &bound("PICTURES"), &[]);
    assert!(said.contains("SOURCES.a: no [[r2_buckets]] has the binding PHOTOS"), "{said}");
    folder.write("wrangler.toml", &bound("PHOTOS"));
    folder.ok(&["policy", "check"]);
    let store = bound("PHOTOS")
        .replace("[vars.SOURCES]", "[vars.VARIANT_STORE]\nbinding = \"OTHER\"\n[vars.SOURCES]");
    assert!(said_of(&folder, &store, &[]).contains("VARIANT_STORE: no [[r2_buckets]] has the binding OTHER"));
}

#[test]
fn a_setting_is_shown_as_the_worker_reads_it() {
    let folder = Folder::new("show");
    folder.write(
        "wrangler.toml",
        "[vars]\nACCESS = 'public'\nADMIN_KEYS = 'x'\n[vars.PRESETS]\na = 'width=1'\n",
    );
    folder.write(".dev.vars", "ADMIN_KEYS=secret\n");
    for (name, value) in [("ACCESS", "public"), ("PRESETS", r#"{"a":"width=1"}"#), ("ADMIN_KEYS", "secret")] {
        assert_eq!(folder.ok(&["policy", "show", name]), value);
    }
    assert!(folder.fails(&["policy", "show", "NOTHING"]).contains("NOTHING is not set"));
}
