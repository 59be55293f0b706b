//! Pictures of any pixels become PNGs with palettes that another decoder reads, with no alpha where there was none.
#![no_main]

use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::picture::encode::{Encoding, encode};
use lenslet::picture::palette::exact;
use lenslet::picture::{Channels, Picture};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [width, quality, kind, samples @ ..] = input else { return };
    let channels = if kind % 2 == 0 { Channels::Rgb } else { Channels::Rgba };
    let stride = channels.count() * usize::from(*width).max(1);
    let rows = samples.len() / stride;
    let Ok(height) = u32::try_from(rows) else { return };
    let size = Size::new(u32::from(*width).max(1), height);
    if height == 0 {
        return;
    }
    let Some(picture) = Picture::new(size, channels, samples[..rows * stride].to_vec()) else { return };
    let encoding = Encoding { few_colours: true, ..Encoding::new(Format::Png, quality % 100 + 1) };
    let file = encode(&picture, encoding).expect("a picture is written");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("a header");
    let mut out = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut out).expect("all rows");
    assert_eq!((info.width, info.height), (size.width, size.height));
    let grey = info.color_type == png::ColorType::GrayscaleAlpha;
    let pixels = out.chunks_exact(if grey { 2 } else { 4 });
    let read = pixels.map(|pixel| match *pixel {
        [grey, alpha] => [grey, grey, grey, alpha],
        [r, g, b, a] => [r, g, b, a],
        _ => unreachable!("two or four samples"),
    });
    let given = samples[..rows * stride].chunks_exact(channels.count());
    let is_exact = exact(&picture, 256).is_some();
    for (read, given) in read.zip(given) {
        let alpha = given.get(3).copied().unwrap_or(255);
        if is_exact {
            assert_eq!(read, [given[0], given[1], given[2], alpha]);
        }
        assert!(channels == Channels::Rgba || read[3] == 255);
    }
    encode(&picture, Encoding::new(Format::Gif, 85)).expect("a GIF is written");
});
