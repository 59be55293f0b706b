//! Fills a catalog with pictures that nobody took, and measures searches: `fill <database URL> <pictures> <searches>`.
//!
//! Words and tags are as frequent as in what people write (Zipf): a few are nearly everywhere, most are rare. Pictures are
//! added to those that are there, up to the number.

use std::process::ExitCode;
use std::time::Instant;

use lenslet_origin::catalog::images::{self, Colours, Image, Shade};
use lenslet_origin::index::{Engine, Facet, Index as _, Search, Sort, Text, tagged};
use lenslet_origin::store::db::Db;

const TENANT: &str = "filled";
const BATCH: u64 = 500;
const VOCABULARY: f64 = 20_000.0;
const NOW_MS: i64 = 1_767_225_600_000;

/// Makes a question of a kind.
type Ask = fn(&mut Dice, &mut Search);
type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, pictures, searches] = arguments.as_slice() else {
        eprintln!("fill <database URL> <pictures> <searches>");
        return ExitCode::FAILURE;
    };
    match run(url, pictures, searches).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str, pictures: &str, searches: &str) -> Result<(), Failure> {
    let (pictures, searches): (u64, usize) = (pictures.parse()?, searches.parse()?);
    let db = Db::open(url).await?;
    fill(&db, pictures).await?;
    measure(&db, searches).await?;
    db.close().await;
    Ok(())
}

async fn fill(db: &Db, pictures: u64) -> Result<(), Failure> {
    let row = db.first("SELECT COUNT(*) AS count FROM images", &[]).await?;
    let there = u64::try_from(row.map_or(Ok(0_i64), |row| row.get("count"))?)?;
    let began = Instant::now();
    for first in (there..pictures).step_by(usize::try_from(BATCH)?) {
        let mut tx = db.begin().await?;
        for number in first..pictures.min(first + BATCH) {
            let image = picture(number)?;
            images::put(&mut tx, &image).await?;
            Engine::Catalog.put(&mut tx, &image).await?;
        }
        tx.commit().await?;
    }
    if pictures > there {
        let seconds = began.elapsed().as_secs_f64();
        println!("{} pictures in {seconds:.1} s", pictures - there);
        if url_is_server(db) {
            db.execute("ANALYZE", &[]).await?;
        }
    }
    Ok(())
}

fn url_is_server(db: &Db) -> bool {
    db.kind() == lenslet_origin::store::db::Kind::Postgres
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // splitmix64 (Steele, Lea and Flood, 2014)
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// The rank of a word: the first is as frequent as the next two, and so on.
    fn rank(&mut self, most: f64) -> u64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are enough")]
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to `most`")]
        let rank = most.powf(uniform) as u64;
        rank
    }

    fn words(&mut self, count: u64) -> String {
        (0..count).map(|_| word(self.rank(VOCABULARY))).collect::<Vec<_>>().join(" ")
    }
}

/// A word of syllables for a rank.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "fa", "ge", "hi", "jo", "pu", "da"];
    let mut number = rank.wrapping_mul(2_654_435_761) % (1 << 20);
    let mut word = String::new();
    for _ in 0..2 + rank % 3 {
        word.push_str(SYLLABLES.get(usize::try_from(number % 16).unwrap_or(0)).copied().unwrap_or("ba"));
        number /= 16;
    }
    format!(
        "{word}{}",
        ["", "n", "r", "s"].get(usize::try_from(rank % 4).unwrap_or(0)).copied().unwrap_or("")
    )
}

fn picture(number: u64) -> Result<Image, Failure> {
    let mut dice = Dice(number);
    let shade = |dice: &mut Dice| Shade { colour: format!("#{:06x}", dice.below(1 << 24)), share: 0.3 };
    let mut tags: Vec<String> = (0..dice.below(6)).map(|_| word(dice.rank(2_000.0))).collect();
    tags.sort_unstable();
    tags.dedup();
    let name = format!("{}/{}/{number}.jpg", word(dice.rank(50.0)), word(dice.rank(500.0)));
    let created_ms = NOW_MS - 100_000_000_000 + i64::try_from(number)? * 60_000;
    let cameras = ["Canon EOS 5D", "Nikon D850", "Sony ILCE-7M3", "Apple iPhone 15"];
    Ok(Image {
        id: format!("{number:032x}"),
        tenant: TENANT.to_owned(),
        object_key: format!("pictures/{TENANT}/{name}"),
        name,
        version: 1,
        etag: format!("{number:x}"),
        size_bytes: i64::try_from(dice.below(10_000_000))?,
        sha256: format!("{number:064x}"),
        format: ["jpeg", "jpeg", "png", "webp"]
            .get(usize::try_from(dice.below(4))?)
            .copied()
            .unwrap_or("jpeg")
            .to_owned(),
        media_type: "image/jpeg".to_owned(),
        width: i64::try_from(100 + dice.below(6_000))?,
        height: i64::try_from(100 + dice.below(4_000))?,
        title: Some(dice.words(4)),
        caption: Some(dice.words(12)),
        tags,
        taken_ms: Some(created_ms - 1_000_000),
        camera: cameras.get(usize::try_from(dice.below(8))?).map(|camera| (*camera).to_owned()),
        lens: None,
        metadata: serde_json::json!({}),
        private: serde_json::json!({}),
        colours: Colours {
            palette: vec![shade(&mut dice), shade(&mut dice), shade(&mut dice)],
            ..Colours::default()
        },
        thumbhash: None,
        phash: Some(dice.next().cast_signed()),
        duplicate_of: None,
        variants: Vec::new(),
        created_ms,
        updated_ms: created_ms,
        deleted_ms: None,
    })
}

/// Kinds of questions, each asked so many times.
async fn measure(db: &Db, searches: usize) -> Result<(), Failure> {
    let kinds: [(&str, Ask); 10] = [
        ("a word", |dice, search| search.text = text(&format!("{} ", word(dice.rank(VOCABULARY))))),
        ("two words", |dice, search| {
            search.text = text(&format!("{} {} ", word(dice.rank(200.0)), word(dice.rank(200.0))));
        }),
        ("the commonest", |_, search| search.text = text(&format!("{} {} jpg ", word(1), word(2)))),
        ("a beginning", |dice, search| {
            let word = word(dice.rank(VOCABULARY));
            search.text = text(word.get(..usize::try_from(1 + dice.below(4)).unwrap_or(1)).unwrap_or("ba"));
        }),
        ("a phrase", |dice, search| {
            search.text = text(&format!("\"{} {}\"", word(1), word(dice.rank(20.0))));
        }),
        ("a mistake", |dice, search| search.text = text(&format!("{}q ", word(dice.rank(VOCABULARY))))),
        ("word, tag, facets", |dice, search| {
            search.text = text(&format!("{} ", word(dice.rank(100.0))));
            search.facts = vec![vec![tagged(&word(dice.rank(50.0)))]];
            search.facets = Facet::ALL.iter().map(|(_, facet)| *facet).collect();
        }),
        ("tag by name", |dice, search| {
            search.facts = vec![vec![tagged(&word(dice.rank(200.0)))]];
            search.sort = Sort::Name;
        }),
        ("newest", |_, search| search.sort = Sort::Newest),
        ("a colour", |dice, search| {
            let colour = lenslet_origin::index::Oklab::parse(&format!("{:06x}", dice.below(1 << 24)));
            search.colour =
                colour.map(|colour| lenslet_origin::index::ColourQuery { colour, distance: 10.0 });
        }),
    ];
    let mut all = Vec::new();
    for (name, ask) in kinds {
        let mut dice = Dice(1);
        let mut times = Vec::new();
        for _ in 0..searches {
            let mut search = question();
            ask(&mut dice, &mut search);
            let began = Instant::now();
            let found = Engine::Catalog.search(db, &search).await?;
            images::find_many(db, TENANT, &found.images).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        all.extend(times.clone());
        say(name, times);
    }
    say("all", all);
    Ok(())
}

fn question() -> Search {
    Search {
        tenant: TENANT.to_owned(),
        text: None,
        facts: Vec::new(),
        ranges: Vec::new(),
        colour: None,
        sort: Sort::Relevance,
        limit: 20,
        cursor: None,
        facets: Vec::new(),
        now_ms: NOW_MS,
    }
}

fn text(text: &str) -> Option<Text> {
    Text::parse(text).ok()
}

fn say(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get(times.len() * percent / 100).or(times.last()).copied().unwrap_or(0.0);
    println!("{name:<20} p50 {:7.2} ms   p99 {:7.2} ms   most {:7.2} ms", at(50), at(99), at(100));
}
