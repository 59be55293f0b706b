//! Contact sheets: many small pictures in one, so that one file holds a family of cases.

use lenslet::geometry::Size;
use lenslet::picture::{Channels, Picture};

use super::lens::rgba;

const GUTTER: u32 = 2;
const BACKDROP: [u8; 4] = [128, 128, 128, 255];

/// Rows of pictures on grey, translucent pixels copied as they are.
pub fn sheet(rows: &[Vec<Picture>]) -> Picture {
    let widest = |row: &Vec<Picture>| row.iter().map(|cell| cell.size().width + GUTTER).sum::<u32>();
    let tallest = |row: &Vec<Picture>| row.iter().map(|cell| cell.size().height).max().unwrap_or(0) + GUTTER;
    let width = rows.iter().map(widest).max().unwrap() + GUTTER;
    let height = rows.iter().map(tallest).sum::<u32>() + GUTTER;
    let mut sheet = Picture::filled(Size::new(width, height), Channels::Rgba, BACKDROP);
    let mut top = GUTTER;
    for row in rows {
        let mut left = GUTTER;
        for cell in row {
            copy(cell, &mut sheet, left, top);
            left += cell.size().width + GUTTER;
        }
        top += tallest(row);
    }
    sheet
}

fn copy(cell: &Picture, sheet: &mut Picture, left: u32, top: u32) {
    let pixels: Vec<u8> = rgba(cell).flatten().collect();
    let lines = pixels.chunks_exact(cell.size().width as usize * 4);
    for (line, row) in lines.zip(sheet.rows_mut().skip(top as usize)) {
        row[left as usize * 4..][..line.len()].copy_from_slice(line);
    }
}
