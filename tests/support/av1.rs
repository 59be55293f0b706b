//! A decoder of AV1 that is not ours: `rav1d`.

use std::mem::MaybeUninit;
use std::ptr::{NonNull, copy_nonoverlapping};
use std::slice;

use rav1d::include::dav1d::data::Dav1dData;
use rav1d::include::dav1d::dav1d::{Dav1dContext, Dav1dSettings};
use rav1d::include::dav1d::picture::Dav1dPicture;
use rav1d::src::lib::{
    dav1d_close, dav1d_data_create, dav1d_default_settings, dav1d_get_picture, dav1d_open,
    dav1d_picture_unref, dav1d_send_data,
};

/// The planes of a frame of eight bits, as they are before edges are smoothed or after all; none where it is refused.
#[expect(unsafe_code, reason = "its interface is that of a C library")]
pub fn av1_planes(frame: &[u8], is_smoothed: bool) -> Option<Vec<Vec<u8>>> {
    // SAFETY: what is passed lives until the calls return, is set where they read it, and is freed as they say.
    unsafe {
        let mut settings = MaybeUninit::<Dav1dSettings>::zeroed();
        dav1d_default_settings(NonNull::new(settings.as_mut_ptr())?);
        let mut settings = settings.assume_init();
        (settings.n_threads, settings.max_frame_delay) = (1, 1);
        settings.inloop_filters = if is_smoothed { 7 } else { 0 };
        let mut context: Option<Dav1dContext> = None;
        assert_eq!(dav1d_open(NonNull::new(&raw mut context), NonNull::new(&raw mut settings)).0, 0);
        let mut data = MaybeUninit::<Dav1dData>::zeroed().assume_init();
        let to = dav1d_data_create(NonNull::new(&raw mut data), frame.len());
        copy_nonoverlapping(frame.as_ptr(), to, frame.len());
        let mut picture = MaybeUninit::<Dav1dPicture>::zeroed().assume_init();
        let is_sent = dav1d_send_data(context, NonNull::new(&raw mut data)).0 == 0;
        let is_decoded = is_sent && dav1d_get_picture(context, NonNull::new(&raw mut picture)).0 == 0;
        let planes = is_decoded.then(|| planes(&picture));
        if is_decoded {
            dav1d_picture_unref(NonNull::new(&raw mut picture));
        }
        dav1d_close(NonNull::new(&raw mut context));
        planes
    }
}

#[expect(unsafe_code, reason = "planes are told by pointers")]
fn planes(picture: &Dav1dPicture) -> Vec<Vec<u8>> {
    let side = |side: i32| usize::try_from(side).unwrap();
    let (width, height) = (side(picture.p.w), side(picture.p.h));
    let planes = picture.data.iter().enumerate().filter_map(|(i, data)| Some((i.min(1), (*data)?)));
    let cut = |(by, data): (usize, NonNull<_>)| {
        let stride = picture.stride[by];
        let rows = (0..isize::try_from((height + by) >> by).unwrap()).flat_map(|y| {
            // SAFETY: every row is as wide as the plane.
            unsafe {
                slice::from_raw_parts(data.cast::<u8>().as_ptr().offset(y * stride), (width + by) >> by)
            }
        });
        rows.copied().collect()
    };
    planes.map(cut).collect()
}
