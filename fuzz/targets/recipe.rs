//! Options are parsed or refused; what is parsed prints to what parses to it.
#![no_main]

use lenslet::recipe::Recipe;

libfuzzer_sys::fuzz_target!(|options: &str| {
    if let Ok(recipe) = Recipe::parse(options) {
        assert_eq!(Recipe::parse(&recipe.print()).as_ref(), Ok(&recipe), "{options}");
        let full = recipe.with_defaults();
        assert_eq!(Recipe::parse(&full.print()).as_ref(), Ok(&full), "{options}");
    }
});
