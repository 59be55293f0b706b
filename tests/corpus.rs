//! Other people's test files: what must decode does, what must not is refused, and nothing panics or stalls.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod corpus {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use lenslet::picture::Picture;

    use crate::support::corpus::{files, folder, name, note, read};
    use crate::support::lens::{Refusal, mean_difference, pixels, transform};

    const RECIPES: [&str; 3] = ["width=64,format=png", "width=64,format=webp", "width=64,format=jpeg"];

    /// A file that takes longer is told of; how fast a machine is, no test can say.
    const SLOW: Duration = Duration::from_secs(2);

    /// Carries every recipe out on a file: the first refusal, if any. Defects fail the test.
    fn result(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
        #[expect(clippy::disallowed_methods, reason = "slow files are told of")]
        let now = std::time::Instant::now;
        RECIPES.iter().try_for_each(|options| {
            let began = now();
            let result = transform(options, bytes, &[]);
            let took = began.elapsed();
            if took > SLOW {
                note(&format!("slow: {} took {took:?} for {options}", path.display()));
            }
            result.map(drop)
        })
    }

    fn pngsuite() -> Option<Vec<PathBuf>> {
        let mut files = files(&folder("pngsuite")?);
        files.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
        Some(files)
    }

    #[test]
    fn pngsuite_decodes_what_is_valid_and_refuses_what_is_not() {
        let Some(files) = pngsuite() else { return };
        let (broken, valid): (Vec<_>, Vec<_>) = files.iter().partition(|path| name(path).starts_with('x'));
        assert_eq!((valid.len(), broken.len()), (162, 14));
        let refused: Vec<_> =
            valid.iter().filter_map(|path| Some((name(path), result(path, &read(path)).err()?))).collect();
        assert!(refused.is_empty(), "valid and refused: {refused:#?}");
        let accepted: Vec<_> =
            broken.iter().filter(|path| result(path, &read(path)).is_ok()).map(|path| name(path)).collect();
        assert!(accepted.is_empty(), "broken and accepted: {accepted:#?}");
    }

    #[test]
    fn pngsuite_pixels_are_those_of_another_decoder() {
        let Some(files) = pngsuite() else { return };
        for path in files.iter().filter(|path| !name(path).starts_with('x')) {
            let bytes = read(path);
            // Their colours are another question: the other decoder does not look at gAMA.
            let ours = pixels(&bytes);
            let theirs = image::load_from_memory(&bytes).unwrap().into_rgba8();
            let same = ours.size().width == theirs.width()
                && crate::support::lens::rgba(&ours).zip(theirs.pixels()).all(|(a, b)| {
                    // 16 bits are cut to 8 by one and rounded by the other.
                    a.iter().zip(b.0).all(|(a, b)| a.abs_diff(b) <= 1) || (a[3] == 0 && b.0[3] == 0)
                });
            assert!(same, "{}", name(path));
        }
    }

    /// Every file of a folder renders or is refused with a reason.
    fn nothing_breaks_on(name: &str) {
        let Some(folder) = folder(name) else { return };
        let (mut rendered, mut refused) = (0, 0);
        let mut defects = Vec::new();
        for path in files(&folder) {
            match result(&path, &read(&path)) {
                Ok(()) => rendered += 1,
                Err(refusal) if refusal.is_defect() => defects.push((path, refusal)),
                Err(_) => refused += 1,
            }
        }
        println!("{name}: {rendered} rendered, {refused} refused, {} defects", defects.len());
        assert!(defects.is_empty(), "{defects:#?}");
    }

    macro_rules! folders {
        ($($test:ident: $folder:literal;)+) => {$(
            #[test]
            fn $test() {
                nothing_breaks_on($folder);
            }
        )+};
    }

    folders! {
        nothing_breaks_on_pngsuite: "pngsuite";
        nothing_breaks_on_image_rs: "image-rs";
        nothing_breaks_on_image_png: "image-png";
        nothing_breaks_on_image_gif: "image-gif";
        nothing_breaks_on_image_webp: "image-webp";
        nothing_breaks_on_zune_jpeg: "zune-jpeg-edge";
        nothing_breaks_on_mozjpeg: "mozjpeg";
        nothing_breaks_on_pygif: "pygif";
    }

    #[test]
    fn odd_but_valid_jpegs_decode() {
        let Some(folder) = folder("zune-jpeg-edge") else { return };
        let refused: Vec<_> = files(&folder)
            .iter()
            .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
            .filter_map(|path| Some((name(path), result(path, &read(path)).err()?)))
            .collect();
        for (name, refusal) in &refused {
            println!("refused: {name}: {refusal}");
        }
        let unknown: Vec<_> =
            refused.iter().filter(|(name, _)| !REFUSED_JPEGS.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
    }

    /// Cut off within its only scan.
    const REFUSED_JPEGS: [&str; 1] = ["incomplete_image.jpg"];

    #[test]
    fn every_orientation_comes_out_upright() {
        let Some(folder) = folder("exif-orientation") else { return };
        for kind in ["Landscape", "Portrait"] {
            let upright = |orientation: u32| -> Picture {
                let bytes = read(&folder.join(format!("{kind}_{orientation}.jpg")));
                pixels(&transform("width=90,height=90,fit=contain,format=png", &bytes, &[]).unwrap())
            };
            let first = upright(1);
            for orientation in 1..=8 {
                // The files were coded one by one; a wrong turn differs by more than 40 on average.
                let mean = mean_difference(&upright(orientation), &first);
                assert!(mean <= 4.0, "{kind}, orientation {orientation}: differs by {mean} on average");
            }
        }
    }
}
