/** The few SVG elements that the charts need. Colours follow the reader's light or dark theme. */

const FONT_SIZE = 12;

/** Readable on white and on GitHub's dark background; text and lines change with the theme. */
const STYLE = `
  text { font: ${FONT_SIZE}px ui-sans-serif, system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .faint { fill: #656d76 }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .limit { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3 }
  .met { fill: #2da44e } .missed { fill: #cf222e } .open { fill: #8c959f }
  .line { fill: none; stroke: #0969da; stroke-width: 2 } .dot { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #8d96a0 } .grid { stroke: #30363d }
    .line { stroke: #58a6ff } .dot { fill: #58a6ff } .met { fill: #3fb950 } .missed { fill: #f85149 } .limit { stroke: #f85149 }
  }`;

export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

export function text(
  x: number,
  y: number,
  content: string,
  className = '',
  anchor: 'start' | 'middle' | 'end' = 'start',
) {
  return `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}"${classOf(className)}>${escaped(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, className: string): string {
  return `<line x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}"${classOf(className)}/>`;
}

export function bar(x: number, y: number, width: number, height: number, className: string): string {
  return `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${height}" rx="2"${classOf(className)}/>`;
}

export function dot(x: number, y: number): string {
  return `<circle cx="${short(x)}" cy="${short(y)}" r="3" class="dot"/>`;
}

export function path(points: readonly (readonly [x: number, y: number])[]): string {
  return `<polyline points="${points.map(([x, y]) => `${short(x)},${short(y)}`).join(' ')}" class="line"/>`;
}

/** A position between two others on a logarithmic axis. */
export function onLogAxis(value: number, [low, high]: readonly [number, number], from: number, to: number): number {
  return from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from);
}

function classOf(name: string): string {
  return name === '' ? '' : ` class="${name}"`;
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
