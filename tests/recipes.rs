//! The grammar: every option with what it takes and refuses, printing as parsing's inverse, and nothing that
//! panics.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod recipes {
    mod generated;
    mod table;

    use lenslet::recipe::{Recipe, RecipeError, TransformUrl, options_table};
    use proptest::prelude::*;

    use self::generated::{recipe, source};
    use self::table::{OPTIONS, UNBUILT};
    use crate::support::corpus;

    proptest! {
        #[test]
        fn printing_undoes_parsing(recipe in recipe(), source in source()) {
            let url = TransformUrl { recipe, source };
            let printed = url.print();
            let parsed = read(&printed);
            prop_assert_eq!(parsed.as_ref(), Ok(&url), "{}", printed);
            prop_assert_eq!(parsed.map(|url| url.print()), Ok(printed));
        }

        #[test]
        fn defaults_written_out_are_a_recipe_that_says_the_same(recipe in recipe()) {
            let full = recipe.with_defaults();
            let parsed = Recipe::parse(&full.print());
            prop_assert_eq!(parsed.as_ref(), Ok(&full));
            prop_assert_eq!(full.with_defaults(), full);
        }

        #[test]
        fn whatever_parses_prints_to_itself(url in "/image/((w|h|q|f|fit|g|dpr|trim|mark|background)=[a-z0-9.;%]{1,6},?){1,3}/(https?(://|%3A%2F%2F))?[a-z/?%23F&= ]{0,12}") {
            if let Ok(url) = read(&url) {
                prop_assert_eq!(read(&url.print()), Ok(url));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,80}") {
            touch(&text);
        }

        #[test]
        fn no_text_out_of_its_own_letters_panics(text in "[a-z0-9=,.;:%/?#x-]{0,80}") {
            touch(&text);
        }
    }

    /// Reads a URL as a server gets it: the query is split off first.
    fn read(url: &str) -> Result<TransformUrl, RecipeError> {
        let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
        TransformUrl::parse(path, query)
    }

    /// Uses a text in every place that a client can write to.
    fn touch(text: &str) {
        let _ = Recipe::parse(text);
        for url in [text.to_owned(), format!("/image/{text}"), format!("/image/w=1/{text}")] {
            if let Ok(url) = read(&url) {
                assert_eq!(read(&url.print()), Ok(url));
            }
        }
        for option in OPTIONS {
            let _ = Recipe::parse(&format!("{}={text}", option.name));
        }
    }

    #[test]
    fn naughty_strings_survive_a_round_trip_as_text_and_as_key() {
        let Some(folder) = corpus::folder("blns") else { return };
        let list: Vec<String> = serde_json::from_slice(&corpus::read(&folder.join("blns.json"))).unwrap();
        let mut kept = 0;
        for text in &list {
            touch(text);
            let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
            if let Ok(recipe) = Recipe::parse(&format!("text={encoded}")) {
                let layer = recipe.layers.values().next().unwrap();
                assert_eq!(layer.subject.as_ref().map(|subject| &subject.0), Some(text));
                assert_eq!(Recipe::parse(&recipe.print()), Ok(recipe));
                kept += 1;
            }
            touch(&encoded.to_string());
        }
        assert!(kept > 400, "only {kept} of {} are text", list.len());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a native test may read files and the environment")]
    fn the_readme_has_the_table_of_options_as_it_is() {
        const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(PATH).unwrap();
        let (before, rest) = readme.split_once("<!-- options: ").unwrap();
        let (remark, rest) = rest.split_once("-->\n").unwrap();
        let (_, after) = rest.split_once("<!-- /options -->").unwrap();
        let right = format!("{before}<!-- options: {remark}-->\n{}<!-- /options -->{after}", options_table());
        if std::env::var_os("UPDATE_README").is_some() {
            std::fs::write(PATH, right).unwrap();
            return;
        }
        assert!(
            readme == right,
            "README.md has another table: UPDATE_README=1 cargo test --test recipes writes it"
        );
    }

    #[test]
    fn every_option_takes_its_values_by_every_name() {
        for option in OPTIONS {
            for value in option.accepted {
                let long = Recipe::parse(&option.with(option.name, value));
                assert!(long.is_ok(), "{}={value}: {long:?}", option.name);
                if let Some(short) = option.short {
                    assert_eq!(Recipe::parse(&option.with(short, value)), long, "{short}={value}");
                }
                let printed = long.as_ref().unwrap().print();
                assert_eq!(Recipe::parse(&printed), long, "{printed}");
            }
        }
    }

    #[test]
    fn every_option_refuses_other_values_and_says_what_it_takes() {
        for option in OPTIONS {
            for value in option.refused {
                let refused = Recipe::parse(&option.with(option.name, value));
                let Err(error @ RecipeError::OutOfRange { .. }) = refused else {
                    panic!("{}={value}: {refused:?}", option.name)
                };
                assert_eq!(error.option(), Some(option.name));
                let told = error.to_string();
                let names_both = told.contains(&format!("'{}'", option.name)) && told.contains(option.says);
                assert!(names_both && !option.says.is_empty(), "{}={value}: {told}", option.name);
            }
        }
    }

    #[test]
    fn every_option_refuses_to_be_empty_or_twice() {
        for option in OPTIONS {
            for name in [Some(option.name), option.short].into_iter().flatten() {
                let empty = Recipe::parse(&format!("{name}="));
                assert_eq!(empty, Err(RecipeError::NotAPair { piece: format!("{name}=") }));
                let value = option.accepted[0];
                let twice = Recipe::parse(&format!("{},{name}={value}", option.with(option.name, value)));
                let Err(error @ RecipeError::Repeated { .. }) = twice else { panic!("{name}: {twice:?}") };
                // `trim=1;2;3;4` and `trim.top` are one option by two names, too.
                assert_eq!(error.option(), Some(option.name));
            }
        }
    }

    #[test]
    fn names_are_exact() {
        for name in [
            "widht",
            "Width",
            "WIDTH",
            "w ",
            "wi%64th",
            "mark.",
            "mark1",
            "mark9",
            "mark.width2",
            "text.height",
            "mark.size",
            "border",
            "draw",
            "origin-auth",
            "trim.border",
            "",
            "=",
        ] {
            let refused = Recipe::parse(&format!("{name}=1,width=1"));
            let is_named = match &refused {
                Err(RecipeError::Unknown { name: unknown }) => unknown == name,
                Err(RecipeError::NotAPair { .. }) => name.is_empty() || name == "=",
                _ => false,
            };
            assert!(is_named, "{name}: {refused:?}");
        }
        for piece in ["width", "width=1,", ",width=1", "width=1,,height=1", "width 1"] {
            assert!(matches!(Recipe::parse(piece), Err(RecipeError::NotAPair { .. })), "{piece}");
        }
        assert_eq!(Recipe::parse(""), Err(RecipeError::Empty));
    }

    #[test]
    fn what_contradicts_itself_or_stands_alone_is_refused() {
        let contradictions = [
            "trim.left=1,trim.right=1,trim.width=1",
            "trim=1;1;1;1,trim.height=1",
            "mark=a,mark.left=1,mark.right=1",
            "mark2=a,mark2.top=1,mark2.bottom=1",
        ];
        for text in contradictions {
            assert!(matches!(Recipe::parse(text), Err(RecipeError::Contradiction { .. })), "{text}");
        }
        for text in ["mark.width=1", "mark=a,mark2.width=1", "text.size=10", "text=a,mark.opacity=1"] {
            assert!(matches!(Recipe::parse(text), Err(RecipeError::Needs { .. })), "{text}");
        }
    }

    #[test]
    fn what_is_not_built_says_so_by_name() {
        for (options, named) in UNBUILT {
            let unbuilt = Recipe::parse(options).unwrap().unbuilt().unwrap_or_else(|| panic!("{options}"));
            assert_eq!(unbuilt.option, *named, "{options}");
            assert!(unbuilt.to_string().contains(&format!("'{named}' is not built yet: ")), "{options}");
        }
    }

    #[test]
    fn every_option_is_built_or_says_that_it_is_not() {
        for option in OPTIONS {
            for value in option.accepted {
                let options = option.with(option.name, value);
                let recipe = Recipe::parse(&options).unwrap();
                let unbuilt = recipe.unbuilt().map(|unbuilt| unbuilt.option);
                let expected = (!option.built.contains(value)).then(|| option.name.to_owned());
                assert_eq!(unbuilt, expected, "{options}");
            }
        }
    }
}
