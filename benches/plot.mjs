// A plot as SVG: lines through points, of which x grows by factors. Readable on light and on dark pages.

const [WIDTH, HEIGHT] = [760, 460];
const FRAME = { left: 56, right: 16, top: 40, bottom: 48 };
/** On light and on dark; of Okabe and Ito's colours, which are told apart by everybody. */
const COLOURS = [['#d55e00', '#ff8a3d'], ['#0072b2', '#56b4e9'], ['#007a5a', '#2fc79a'], ['#a0508a', '#e29bcb']];
const DASHES = ['', '7 4', '2 4', '10 3 2 3'];

/** `series` are `{ name, points: [{ x, y }] }`. */
export function plot({ title, across, up, series }) {
  const points = series.flatMap((line) => line.points);
  const x = logarithmic(points.map((point) => point.x), FRAME.left, WIDTH - FRAME.right);
  const y = linear(points.map((point) => point.y), HEIGHT - FRAME.bottom, FRAME.top);
  const parts = [
    ...x.ticks.map((tick) => grid(`M${x(tick)} ${FRAME.top}V${HEIGHT - FRAME.bottom}`) + label(x(tick), HEIGHT - FRAME.bottom + 18, tick, 'middle')),
    ...y.ticks.map((tick) => grid(`M${FRAME.left} ${y(tick)}H${WIDTH - FRAME.right}`) + label(FRAME.left - 8, y(tick) + 4, tick, 'end')),
    label((FRAME.left + WIDTH - FRAME.right) / 2, HEIGHT - 10, across, 'middle'),
    `<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${up}</text>`,
    `<text x="${FRAME.left}" y="24" class="title">${title}</text>`,
    ...series.map((line, index) => curve(line.points.map((point) => [x(point.x), y(point.y)]), index)),
    ...series.map(({ name }, index) => legend(name, index, series.length)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${title}">
<style>${style(series.length)}</style>
<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>
${parts.join('\n')}
</svg>
`;
}

function style(count) {
  const colours = (which) => COLOURS.slice(0, count).map((pair, index) => `.s${index}{stroke:${pair[which]};fill:${pair[which]}}`).join('');
  return `text{font:13px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:15px}.page{fill:#fff}
.grid{stroke:#ddd}.line{fill:none!important;stroke-width:2}${colours(0)}
@media(prefers-color-scheme:dark){text{fill:#ccc}.page{fill:#0d1117}.grid{stroke:#30363d}${colours(1)}}`;
}

function curve(points, index) {
  const line = `<path class="line s${index}" stroke-dasharray="${DASHES[index]}" d="M${points.map((point) => point.join(' ')).join('L')}"/>`;
  return line + points.map(([x, y]) => `<circle class="s${index}" cx="${x}" cy="${y}" r="3"/>`).join('');
}

/** In the lower right corner, where lines that rise are not. */
function legend(name, index, count) {
  const [x, y] = [WIDTH - FRAME.right - 190, HEIGHT - FRAME.bottom - 16 - 22 * (count - 1 - index)];
  return `<path class="line s${index}" stroke-dasharray="${DASHES[index]}" d="M${x} ${y}h36"/>${label(x + 44, y + 4, name, 'start')}`;
}

const grid = (path) => `<path class="grid" d="${path}"/>`;

const label = (x, y, text, anchor) => `<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;

function linear(values, from, to) {
  const step = 10;
  const [low, high] = [Math.floor(Math.min(...values) / step) * step, Math.ceil(Math.max(...values) / step) * step];
  const ticks = Array.from({ length: (high - low) / step + 1 }, (_, index) => low + index * step);
  return Object.assign((value) => rounded(from + ((value - low) / (high - low)) * (to - from)), { ticks });
}

function logarithmic(values, from, to) {
  const [low, high] = [Math.min(...values) / 1.08, Math.max(...values) * 1.08];
  const ticks = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20].filter((tick) => tick >= low && tick <= high);
  const span = Math.log(high / low);
  return Object.assign((value) => rounded(from + (Math.log(value / low) / span) * (to - from)), { ticks });
}

const rounded = (value) => Math.round(value * 10) / 10;
