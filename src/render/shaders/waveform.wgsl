// A picture of the sound (cap-additions.md), premultiplied. Each mark's edge is softened over one pixel.

struct Waveform {
    // R, G, B at the top of the box and at its bottom.
    top: vec4<f32>,
    bottom: vec4<f32>,
    // Left, top, width, height of the box.
    box: vec4<f32>,
    slot: f32,
    // Half the width of a bar or of the line, radius of a dot.
    half: f32,
    // Of a bar's corners.
    radius: f32,
    count: i32,
    // Slots to either side whose marks may reach a pixel.
    overhang: i32,
    // Of each slot, four by four: a bar's height, or the row of a dot's centre or of a point of the line.
    reach: array<vec4<f32>, 64>,
}

@group(0) @binding(0) var<uniform> wave: Waveform;

fn reach(number: i32) -> f32 {
    return wave.reach[number >> 2u][number & 3];
}

// Column of the middle of a slot.
fn middle(number: i32) -> f32 {
    return wave.box.x + (f32(number) + 0.5) * wave.slot;
}

// The slots whose marks may reach a column: first and last.
fn near(x: f32) -> vec2<i32> {
    let own = i32(floor((x - wave.box.x) / wave.slot));
    let last = wave.count - 1;
    return clamp(vec2<i32>(own - wave.overhang, own + wave.overhang), vec2<i32>(0), vec2<i32>(last));
}

fn painted(y: f32, coverage: f32) -> vec4<f32> {
    let share = clamp((y - wave.box.y) / wave.box.w, 0.0, 1.0);
    let color = mix(wave.top.rgb, wave.bottom.rgb, share);
    return vec4<f32>(color * coverage, coverage);
}

// How much of a pixel bars cover that stand on the bottom of the box, or lie about its middle.
fn bars(pixel: vec2<f32>, mirrored: bool) -> f32 {
    let slots = near(pixel.x);
    var coverage = 0.0;
    for (var number = slots.x; number <= slots.y; number++) {
        let tall = reach(number) * 0.5;
        let bottom = wave.box.y + wave.box.w;
        let centre = vec2<f32>(middle(number), select(bottom - tall, bottom - wave.box.w * 0.5, mirrored));
        let corner = abs(pixel - centre) - vec2<f32>(wave.half, tall) + wave.radius;
        let beyond = length(max(corner, vec2<f32>(0.0)));
        let distance = beyond + min(max(corner.x, corner.y), 0.0) - wave.radius;
        coverage += clamp(0.5 - distance, 0.0, 1.0);
    }
    return min(coverage, 1.0);
}

@fragment
fn standing(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return painted(position.y, bars(position.xy, false));
}

@fragment
fn mirrored(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return painted(position.y, bars(position.xy, true));
}

@fragment
fn dots(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let slots = near(position.x);
    var coverage = 0.0;
    for (var number = slots.x; number <= slots.y; number++) {
        let distance = length(position.xy - vec2<f32>(middle(number), reach(number))) - wave.half;
        coverage += clamp(0.5 - distance, 0.0, 1.0);
    }
    return painted(position.y, min(coverage, 1.0));
}

@fragment
fn line(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let slots = near(position.x);
    var nearest = 1e9;
    for (var number = slots.x; number < slots.y; number++) {
        let start = vec2<f32>(middle(number), reach(number));
        let along = vec2<f32>(middle(number + 1), reach(number + 1)) - start;
        let since = position.xy - start;
        let share = clamp(dot(since, along) / dot(along, along), 0.0, 1.0);
        nearest = min(nearest, length(since - along * share));
    }
    return painted(position.y, clamp(0.5 - (nearest - wave.half), 0.0, 1.0));
}
