use serde::Serialize;

use crate::author::Author;
use crate::tongues::Tongue;

/// An Excalidraw library, version 2, with the fields its editor writes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Drawing {
    r#type: &'static str,
    version: u32,
    source: &'static str,
    library_items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    id: String,
    status: &'static str,
    elements: Vec<Element>,
    created: i64,
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    id: String,
    r#type: &'static str,
    x: i32,
    y: i32,
    width: u32,
    height: u32,
    angle: u32,
    stroke_color: &'static str,
    background_color: &'static str,
    fill_style: &'static str,
    stroke_width: u32,
    stroke_style: &'static str,
    roughness: u32,
    opacity: u32,
    group_ids: [String; 1],
    stroke_sharpness: &'static str,
    seed: u32,
    version: u32,
    version_nonce: u32,
    is_deleted: bool,
    bound_elements: [(); 0],
    updated: i64,
    link: (),
    locked: bool,
    #[serde(flatten)]
    words: Option<Words>,
    #[serde(flatten)]
    path: Option<Path>,
}

/// What only texts have.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Words {
    font_size: u32,
    font_family: u32,
    text: String,
    baseline: u32,
    text_align: &'static str,
    vertical_align: &'static str,
    container_id: (),
    original_text: String,
}

/// What only lines and arrows have.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Path {
    start_binding: (),
    end_binding: (),
    last_committed_point: (),
    start_arrowhead: (),
    end_arrowhead: Option<&'static str>,
    points: Vec<[i32; 2]>,
}

const SHAPES: [&str; 6] = ["rectangle", "ellipse", "diamond", "line", "arrow", "text"];
const COLORS: [&str; 5] = ["#000000", "#868e96", "#c92a2a", "#1864ab", "#2b8a3e"];

impl Drawing {
    /// A few groups of shapes and words, last touched at `updated`, in milliseconds.
    pub(crate) fn sketch(
        title: &str,
        updated: i64,
        tongues: &[&'static Tongue],
        author: &mut Author,
    ) -> Self {
        let items = (1..=author.chance.between(1, 3)).map(|number| {
            let group = identifier(author);
            let count = author.chance.between(2, 9);
            Item {
                id: identifier(author),
                status: "published",
                elements: (0..count).map(|_| element(&group, updated, tongues, author)).collect(),
                created: updated,
                name: format!("{title} ({number})"),
            }
        });
        let library_items = items.collect();
        Self { r#type: "excalidrawlib", version: 2, source: "https://boards.example", library_items }
    }
}

fn element(group: &str, updated: i64, tongues: &[&'static Tongue], author: &mut Author) -> Element {
    let shape = author.chance.pick(&SHAPES);
    let (width, height) = (author.chance.between(20, 900), author.chance.between(20, 600));
    let words = (shape == "text").then(|| words(height, author.text(tongues, 1)));
    let path = matches!(shape, "line" | "arrow").then(|| path(shape, width, height));
    let chance = &mut author.chance;
    Element {
        id: chance.hex(16),
        r#type: shape,
        x: chance.below(2_000) as i32 - 500,
        y: chance.below(2_000) as i32 - 500,
        width,
        height,
        angle: 0,
        stroke_color: chance.pick(&COLORS),
        background_color: if chance.one_in(2) { "transparent" } else { chance.pick(&COLORS) },
        fill_style: if chance.one_in(3) { "hachure" } else { "solid" },
        stroke_width: chance.between(1, 4),
        stroke_style: "solid",
        roughness: chance.below(3),
        opacity: chance.between(3, 10) * 10,
        group_ids: [group.to_owned()],
        stroke_sharpness: if chance.one_in(2) { "round" } else { "sharp" },
        seed: chance.below(1 << 31),
        version: chance.between(1, 400),
        version_nonce: chance.below(1 << 31),
        is_deleted: false,
        bound_elements: [],
        updated,
        link: (),
        locked: false,
        words,
        path,
    }
}

fn words(height: u32, text: String) -> Words {
    Words {
        font_size: 20,
        font_family: 1,
        original_text: text.clone(),
        text,
        baseline: height - 7,
        text_align: "left",
        vertical_align: "top",
        container_id: (),
    }
}

fn path(shape: &str, width: u32, height: u32) -> Path {
    let (width, height) = (width as i32, height as i32);
    Path {
        start_binding: (),
        end_binding: (),
        last_committed_point: (),
        start_arrowhead: (),
        end_arrowhead: (shape == "arrow").then_some("arrow"),
        points: vec![[0, 0], [width / 2, height / 3], [width, height]],
    }
}

fn identifier(author: &mut Author) -> String {
    author.chance.hex(16)
}
