//! What decoding, resampling and encoding hold at most, beside what `picture::budget` says of it.
//!
//! A figure of the budget must not be below what is measured here, nor far above it. The figures are those of
//! wasm, where pointers are shorter and the JPEG decoder has one thread instead of queues between several.

#[cfg(test)]
mod support;

#[cfg(test)]
mod memory {
    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::picture::decode::{DecodeError, Decoder, Reduction, Wanted};
    use lenslet::picture::encode::jpeg::{JpegRows, held_bytes};
    use lenslet::picture::encode::{Encoding, Level, encode};
    use lenslet::picture::probe::{Coding, Header};
    use lenslet::picture::rows::{Colours, Layout, Plane, Planes, RowSink};
    #[cfg(feature = "drawings")]
    use lenslet::picture::svg::sanitise;
    use lenslet::picture::{Channels, Picture, budget};
    use lenslet::render::render;
    use mozjpeg_rs::{Encoder, Subsampling};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{console_log as println, wasm_bindgen_test as test};

    use crate::support::bytes::Dice;
    use crate::support::counting::{Counting, alone, peak_bytes};
    use crate::support::lens::{decode_only, prepare, rgba};
    use crate::support::pictures::{file, paint, photo_like};
    use crate::support::{exif, metadata, png_file};

    #[global_allocator]
    static COUNTING: Counting = Counting;

    /// A megapixel, and no multiple of any block.
    const WIDTH: u32 = 1_150;
    const HEIGHT: u32 = 870;

    /// How far a figure may lie above what is measured.
    const SLACK: f64 = 1.35;

    /// What the budget adds whatever the size: tables and small buffers.
    const FIXED_BYTES: u64 = 1 << 19;

    /// What it adds for the tables of many scans, of which there are few here.
    const SCANS_TABLES_BYTES: u64 = 2 << 20;

    /// What it adds for the tables of more colours than there are here.
    const COLOURS_TABLES_BYTES: u64 = 3 << 20;

    /// What a file is, and how it is made.
    type Made = (&'static str, fn() -> Vec<u8>);

    /// One file of every coding, made when it is wanted: together they would not fit.
    const SOURCES: &[Made] = &[
        ("JPEG 4:2:0", || jpeg(Subsampling::S420, false)),
        ("JPEG 4:2:2", || jpeg(Subsampling::S422, false)),
        ("JPEG 4:4:4", || jpeg(Subsampling::S444, false)),
        ("JPEG grey", || Encoder::fastest().encode_gray(&grey(), WIDTH, HEIGHT).unwrap()),
        ("JPEG progressive 4:2:0", || jpeg(Subsampling::S420, true)),
        ("JPEG progressive 4:4:4", || jpeg(Subsampling::S444, true)),
        ("PNG RGB", || file(&opaque(), Format::Png, 100)),
        ("PNG RGBA", || file(&translucent(), Format::Png, 100)),
        ("PNG grey", || png_of(png::ColorType::Grayscale, png::BitDepth::Eight, &grey())),
        ("PNG 16-bit RGBA", || {
            let deep: Vec<u8> = translucent().samples().iter().flat_map(|&sample| [sample, 0]).collect();
            png_of(png::ColorType::Rgba, png::BitDepth::Sixteen, &deep)
        }),
        ("PNG interlaced RGBA", || interlaced(8, 6, 4)),
        ("PNG interlaced RGB", || interlaced(8, 2, 3)),
        ("PNG interlaced 16-bit RGBA", || interlaced(16, 6, 8)),
        ("WebP lossy", || file(&opaque(), Format::Webp, 85)),
        ("WebP lossy with alpha", || file(&translucent(), Format::Webp, 85)),
        ("WebP lossless", || file(&opaque(), Format::Webp, 100)),
        ("WebP lossless with alpha", || file(&translucent(), Format::Webp, 100)),
        ("WebP animated", || animated(&file(&opaque(), Format::Webp, 85), 0)),
        ("WebP animated with alpha", || animated(&file(&translucent(), Format::Webp, 85), 0x10)),
        ("WebP animated, lossless", || animated(&file(&opaque(), Format::Webp, 100), 0)),
        ("WebP animated, lossless with alpha", || animated(&file(&translucent(), Format::Webp, 100), 0x10)),
        ("GIF", || file(&opaque(), Format::Gif, 100)),
        ("GIF with alpha", || file(&translucent(), Format::Gif, 100)),
    ];

    /// Files with metadata and profiles, of which every kind of conversion is made.
    const LADEN: &[Made] = &[
        ("JPEG with metadata", || metadata::laden(&jpeg(Subsampling::S420, false))),
        ("PNG with metadata", || metadata::laden(&file(&opaque(), Format::Png, 100))),
        ("JPEG of inks", || include_bytes!("colours/press.jpg").to_vec()),
        ("PNG with a table", || include_bytes!("colours/table.png").to_vec()),
        ("PNG with linear light", || {
            png_file::with_chunks(
                &file(&translucent(), Format::Png, 100),
                &png_file::chunk(*b"gAMA", &100_000_u32.to_be_bytes()),
            )
        }),
    ];

    fn opaque() -> Picture {
        photo_like(WIDTH, HEIGHT, Channels::Rgb)
    }

    fn translucent() -> Picture {
        photo_like(WIDTH, HEIGHT, Channels::Rgba)
    }

    fn grey() -> Vec<u8> {
        opaque().samples().iter().copied().step_by(3).collect()
    }

    fn jpeg(subsampling: Subsampling, is_progressive: bool) -> Vec<u8> {
        let encoder = Encoder::fastest().progressive(is_progressive).subsampling(subsampling).quality(90);
        encoder.encode_rgb(opaque().samples(), WIDTH, HEIGHT).unwrap()
    }

    /// The picture of a WebP as the one frame of an animation (RFC 9649, 2.7.1).
    fn animated(webp: &[u8], alpha: u8) -> Vec<u8> {
        let chunk = exif::webp_chunk;
        let sides = [&(WIDTH - 1).to_le_bytes()[..3], &(HEIGHT - 1).to_le_bytes()[..3]].concat();
        let frame = [&[0; 6][..], &sides, &[100, 0, 0, 0], exif::webp_chunks(webp)].concat();
        let extended = chunk(*b"VP8X", &[&[2 | alpha, 0, 0, 0][..], &sides].concat());
        chunk(
            *b"RIFF",
            &[b"WEBP", &extended[..], &chunk(*b"ANIM", &[0; 6]), &chunk(*b"ANMF", &frame)].concat(),
        )
    }

    fn interlaced(depth: u8, colour: u8, pixel_bytes: usize) -> Vec<u8> {
        let pixel = |x: u32, y: u32| vec![x.to_le_bytes()[0] ^ y.to_le_bytes()[0]; pixel_bytes];
        png_file::interlaced(WIDTH, HEIGHT, depth, colour, pixel)
    }

    fn png_of(colour: png::ColorType, depth: png::BitDepth, samples: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(samples).unwrap();
        bytes
    }

    #[expect(clippy::cast_precision_loss, reason = "a ratio of two sizes")]
    fn ratio(a: u64, b: u64) -> f64 {
        a as f64 / b as f64
    }

    /// One line of the table; what is wrong with it, if anything.
    fn compare(what: &str, area: u64, measured: u64, figure: u64) -> Option<String> {
        let line = format!(
            "{what:36} {:6.2} bytes per pixel, budget {:6.2}, ratio {:.2}",
            ratio(measured, area),
            ratio(figure, area),
            ratio(figure, measured)
        );
        println!("{line}");
        let is_far_above = ratio(figure - FIXED_BYTES, measured) > SLACK;
        (measured > figure || is_far_above).then_some(line)
    }

    #[test]
    fn decoders_hold_what_the_budget_says() {
        let _alone = alone();
        let mut wrong = Vec::new();
        for (name, make) in SOURCES {
            let file = make();
            let header = Header::read(&file).unwrap();
            let reductions: &[u8] = if header.format == Format::Jpeg { &[1, 2, 4, 8] } else { &[1] };
            for &by in reductions {
                let reduction = Reduction { luma: by, chroma: by };
                let (measured, result) = peak_bytes(|| decode_only(&file, &header, reduction));
                result.unwrap();
                let what = format!("{name}, 1/{by}");
                let figure = budget::decoding(&header, file.len() as u64, reduction);
                // What is decoded as it comes need not be kept. But where the pixels begin and that there is but one
                // scan is not in the header.
                let unforeseen = match &header.coding {
                    Coding::Jpeg(coding) if coding.progressive && by < 8 => SCANS_TABLES_BYTES,
                    // Nor is that no frame of an animation has alpha.
                    Coding::Jpeg(_) | Coding::Png { interlaced: false, .. } | Coding::WebpAnimated => {
                        figure.saturating_sub(measured + FIXED_BYTES)
                    }
                    _ => 0,
                };
                wrong.extend(compare(&what, header.size.area(), measured, figure - unforeseen));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn encoders_hold_what_the_budget_says() {
        let _alone = alone();
        let mut wrong = Vec::new();
        let size = Size::new(WIDTH, HEIGHT);
        let encodings = [(Format::Png, 100), (Format::Webp, 100), (Format::Gif, 85)];
        for channels in [Channels::Rgb, Channels::Rgba] {
            let picture = photo_like(WIDTH, HEIGHT, channels);
            for (format, quality) in encodings {
                if channels == Channels::Rgba && !format.holds_alpha() {
                    continue;
                }
                let encoding = Encoding::new(format, quality);
                let (measured, result) = peak_bytes(|| encode(&picture, encoding));
                result.unwrap();
                let what = format!("{} at {quality}, {channels:?}", format.name());
                let figure = budget::encoding(size, channels, encoding);
                // A palette is found with tables that may be fuller, whatever the size.
                let unforeseen = if format == Format::Gif { COLOURS_TABLES_BYTES } else { 0 };
                wrong.extend(compare(&what, size.area(), measured, figure - unforeseen));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// The figure is for levels that all take two bytes, of which chance makes but a few.
    #[test]
    fn noise_becomes_a_lossy_webp_within_its_figure() {
        let _alone = alone();
        let mut wrong = Vec::new();
        for channels in [Channels::Rgb, Channels::Rgba] {
            for (width, height) in [(1, 1), (64, 64), (WIDTH, 33), (WIDTH, HEIGHT)] {
                let mut dice = Dice::new(u64::from(width * height));
                let picture = paint(width, height, channels, |_, _| {
                    let [r, g, b] = [0; 3].map(|_| if dice.byte() < 128 { 0 } else { 255 });
                    [r, g, b, dice.byte()]
                });
                for quality in [1, 80, 99] {
                    let encoding = Encoding::new(Format::Webp, quality);
                    let (measured, file) = peak_bytes(|| encode(&picture, encoding));
                    file.unwrap();
                    let what = format!("webp of noise, {width}x{height} at {quality}, {channels:?}");
                    let planned = budget::encoding(picture.size(), channels, encoding);
                    let _ = compare(&what, picture.size().area(), measured, planned);
                    let is_large = (width, height, quality) == (WIDTH, HEIGHT, 99);
                    if measured > planned || (is_large && planned * 3 > measured * 5) {
                        wrong.push(what);
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// What AVIF holds grows with what there is to say, by doubling: a figure may lie as far above as that.
    #[test]
    fn noise_becomes_an_avif_within_its_figure() {
        let _alone = alone();
        let mut wrong = Vec::new();
        let mut noise = |width: u32, height: u32, quality, channels| {
            let mut dice = Dice::new(u64::from(width * height));
            let picture = paint(width, height, channels, |_, _| {
                [0; 4].map(|_| if dice.byte() < 128 { 0 } else { 255 })
            });
            let encoding = Encoding::new(Format::Avif, quality);
            let (measured, file) = peak_bytes(|| encode(&picture, encoding));
            file.unwrap();
            let what = format!("avif of noise, {width}x{height} at {quality}, {channels:?}");
            let planned = budget::encoding(picture.size(), channels, encoding);
            let _ = compare(&what, picture.size().area(), measured, planned);
            if measured > planned || planned - FIXED_BYTES > 2 * measured {
                wrong.push(what);
            }
        };
        for (width, height, quality) in [(1, 1, 100), (64, 64, 85), (1_200, 1, 95), (1, 1_200, 85)] {
            noise(width, height, quality, Channels::Rgba);
        }
        for (width, height) in [(1_200, 100), (511, 513), (1_200, 1_200)] {
            noise(width, height, 100, Channels::Rgb);
        }
        noise(511, 513, 85, Channels::Rgb);
        noise(350, 343, 85, Channels::Rgba);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Palettes are found in tables that do not grow; qualities by name, on a part of the picture.
    #[test]
    fn palettes_and_tries_stay_within_their_figures() {
        let _alone = alone();
        let mut wrong = Vec::new();
        let few = Encoding { few_colours: true, ..Encoding::new(Format::Png, 85) };
        let high = |format| Encoding { level: Some(Level::High), ..Encoding::new(format, 85) };
        let encodings = [few, Encoding::new(Format::Gif, 85), high(Format::Jpeg), high(Format::Webp)];
        for (width, height) in [(1, 1), (64, 64), (400, 400), (WIDTH, HEIGHT), (2_400, 70)] {
            for channels in [Channels::Rgb, Channels::Rgba] {
                let mut dice = Dice::new(u64::from(width));
                let noise = paint(width, height, channels, |_, _| [0; 4].map(|_| dice.byte()));
                for encoding in encodings {
                    if encoding.format == Format::Jpeg && channels == Channels::Rgba {
                        continue;
                    }
                    let (measured, file) = peak_bytes(|| encode(&noise, encoding));
                    file.unwrap();
                    let what = format!("{encoding:?} of noise, {width}x{height}, {channels:?}");
                    let planned = budget::encoding(noise.size(), channels, encoding);
                    let _ = compare(&what, noise.size().area(), measured, planned);
                    if measured > planned {
                        wrong.push(what);
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Drawings, from the document to the answer: many elements, one long line, layers, tiles, and some of everything.
    #[cfg(feature = "drawings")]
    #[test]
    fn drawings_stay_within_their_figures() {
        let _alone = alone();
        let svg = |inside: &str| {
            format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'>{inside}</svg>")
        };
        let square = |n: u32| {
            format!("<rect x='{}' y='{}' width='2' height='1' fill='#0{}8'/>", n % 97, n % 89, n % 10)
        };
        let squares = (0..12_000).map(square).collect::<Vec<_>>().concat();
        let line = (0..8_000).map(|n| format!("L{} {}", n % 97, n / 80)).collect::<Vec<_>>().concat();
        let line = format!("<path fill='none' stroke='red' stroke-linejoin='round' d='M0 0{line}'/>");
        let square = "<rect width='90' height='90' fill='#08f'/>";
        let layers = format!("{}{square}{}", "<g opacity='.9'>".repeat(8), "</g>".repeat(8));
        let clipped = format!(
            "<clipPath id='c'><circle r='50'/></clipPath><mask id='m'>{square}</mask><g clip-path='url(#c)' mask='url(#m)'>{square}</g>"
        );
        let tiled = format!(
            "<pattern id='p' width='60' height='60' patternUnits='userSpaceOnUse'>{square}</pattern><rect width='90' height='90' fill='url(#p)'/>"
        );
        let everything = include_str!("drawings/everything.svg").to_owned();
        let drawings = [&squares, &line, &layers, &clipped, &tiled].map(|inside| svg(inside));
        for text in drawings.into_iter().chain([everything]) {
            let what = text.chars().skip(65).take(30).collect::<String>();
            let drawing = sanitise(text.as_bytes(), 2 << 20).unwrap();
            let (measured, planned) = peak_bytes(|| drawing.measuring_bytes().unwrap());
            println!("{what}: surveyed {measured} of {}", drawing.surveying_bytes());
            assert!(measured <= drawing.surveying_bytes() + FIXED_BYTES, "{what}");
            let (measured, header) = peak_bytes(|| drawing.header().unwrap());
            println!("{what}: measured {measured} of {planned}");
            assert!(measured <= planned + FIXED_BYTES, "{what}: {header:?}");
            let (plan, source, _) =
                prepare("width=1000,fit=contain,format=png", text.as_bytes(), &[]).unwrap();
            let planned = plan.peak_bytes(&source.header, source.file_bytes(), &[]);
            let (measured, file) = peak_bytes(|| render(&source, &[], &plan).unwrap());
            println!("{what}: {} bytes drawn with {measured} of {planned}", file.len());
            assert!(measured + source.file_bytes() <= planned, "{what}: {:?}", source.header);
        }
    }

    /// What comes between scans is held once, not twice.
    #[test]
    fn a_long_file_of_several_scans_is_held_once() {
        let _alone = alone();
        let jpeg = jpeg(Subsampling::S420, true);
        let second = jpeg.windows(2).enumerate().filter(|(_, pair)| *pair == [0xFF, 0xDA]).nth(1).unwrap().0;
        let comment = [&[0xFF, 0xFE, 0xFD, 0xEA][..], &vec![b' '; 65_000]].concat();
        let file = [&jpeg[..second], &comment.repeat(330), &jpeg[second..]].concat();
        let header = Header::read(&file).unwrap();
        let (measured, result) = peak_bytes(|| decode_in_pieces(&file, &header));
        result.unwrap();
        let planned = budget::decoding(&header, file.len() as u64, Reduction::NONE);
        assert!(measured <= planned, "{measured} of {planned}");
    }

    fn decode_in_pieces(file: &[u8], header: &Header) -> Result<(), DecodeError> {
        let Size { width, height } = header.size;
        let wanted = Wanted { columns: 0..width, rows: 0..height, drawn: None };
        let mut decoder = Decoder::new(header, file.len() as u64, Reduction::NONE, wanted);
        let mut sink = Planes::default();
        for piece in file.chunks(1 << 16) {
            if decoder.push(piece, &mut sink)?.is_break() {
                return Ok(());
            }
        }
        decoder.finish(&mut sink)
    }

    /// Planes of the worst that chance makes: what the figures of JPEG are for.
    #[test]
    fn noise_becomes_a_jpeg_within_its_figure() {
        let _alone = alone();
        let size = Size::new(WIDTH, HEIGHT);
        let half = Size::new(WIDTH.div_ceil(2), HEIGHT.div_ceil(2));
        let planes: Vec<Plane> = [size, half, half].map(|size| Plane { size, density: (1.0, 1.0) }).to_vec();
        let layout = Layout { colours: Colours::FullYcc, planes };
        let mut wrong = Vec::new();
        for quality in [20, 50, 85, 100] {
            let mut dice = Dice::new(quality.into());
            let mut row = vec![0; WIDTH as usize];
            let (measured, file) = peak_bytes(|| {
                let mut rows = JpegRows::new(quality);
                rows.begin(&layout);
                for (index, plane) in layout.planes.iter().enumerate() {
                    for _ in 0..plane.size.height {
                        row.fill_with(|| if dice.byte() < 128 { 0 } else { 255 });
                        let _ = rows.row(index, &row);
                    }
                }
                rows.finish()
            });
            file.unwrap();
            let what = format!("jpeg of noise at {quality}");
            wrong.extend(compare(&what, size.area(), measured, held_bytes(size, quality) + FIXED_BYTES));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn whole_transforms_hold_no_more_than_was_planned() {
        let _alone = alone();
        let recipes = [
            "width=100,format=png",
            "width=800,format=webp",
            "width=1150,format=webp,quality=100",
            "width=700,height=700,fit=cover,rotate=90,format=jpeg",
            "width=900,height=900,fit=pad,format=gif",
            "width=160,format=avif",
            "trim=0.1;0;0;0,format=png",
            "width=900,rotate=20,gamma=2,saturation=2,format=jpeg",
            "width=900,height=1100,blur=250,sharpen=3,radius=max,fit=pad,background=blur,format=jpeg",
            "width=1000,border.width=50,pixelate=5,mask=star,format=jpeg",
            "width=1150,text=everywhere,text.repeat=true,text.size=0.1,format=jpeg",
        ];
        let mut wrong = Vec::new();
        let made = SOURCES.iter().map(|(name, make)| {
            // A turn holds the frame twice.
            (*name, if *name == "JPEG 4:2:0" { exif::oriented(&make(), 6) } else { make() })
        });
        for (name, file) in made.chain(LADEN.iter().map(|(name, make)| (*name, make()))) {
            for options in recipes {
                let options = format!("{options},metadata=keep");
                let (plan, source, marks) = prepare(&options, &file, &[]).unwrap();
                let planned = plan.peak_bytes(&source.header, source.file_bytes(), &[]);
                let (measured, result) = peak_bytes(|| render(&source, &marks, &plan));
                result.unwrap();
                if measured > planned {
                    wrong.push(format!("{name}, {options}: {measured} of {planned}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Frames like photographs, each over the one before, which comes back.
    fn film(channels: Channels) -> Vec<u8> {
        let side = |side: u32| u16::try_from(side).unwrap();
        let mut bytes = Vec::new();
        let mut encoder = gif::Encoder::new(&mut bytes, side(WIDTH), side(HEIGHT), &[]).unwrap();
        for number in 0..4 {
            let still = photo_like(WIDTH, HEIGHT - 7 * number, channels);
            let mut samples: Vec<u8> = rgba(&still).flatten().collect();
            let (width, height) = (side(WIDTH), side(HEIGHT - 7 * number));
            let mut frame = gif::Frame::from_rgba_speed(width, height, &mut samples, 30);
            (frame.delay, frame.dispose) = (10, gif::DisposalMethod::Previous);
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        bytes
    }

    #[test]
    fn films_hold_no_more_than_was_planned() {
        let _alone = alone();
        let recipes = [
            "width=100,format=webp",
            "width=1150,format=webp",
            "width=1150,format=webp,quality=100",
            "width=100,format=gif",
            "width=1150,format=gif",
            "width=900,height=900,fit=pad,rotate=90,format=gif",
        ];
        let gifs = [Channels::Rgb, Channels::Rgba].map(film);
        let (plan, source, _) = prepare("format=webp,quality=90", &gifs[1], &[]).unwrap();
        let webp = render(&source, &[], &plan).unwrap();
        let mut wrong = Vec::new();
        for (name, file) in [("GIF", &gifs[0]), ("GIF with alpha", &gifs[1]), ("WebP", &webp)] {
            for options in recipes {
                let (plan, source, _) = prepare(options, file, &[]).unwrap();
                assert!(plan.animation.is_some(), "{name}, {options}");
                let planned = plan.peak_bytes(&source.header, source.file_bytes(), &[]);
                let (measured, result) = peak_bytes(|| render(&source, &[], &plan));
                result.unwrap();
                println!(
                    "film, {name}, {options}: {measured} of {planned}, ratio {:.2}",
                    ratio(planned, measured)
                );
                // The file that comes out is foreseen at its worst.
                if measured > planned || ratio(planned, measured) > 3.0 {
                    wrong.push(format!("{name}, {options}: {measured} of {planned}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
