/**
 * The figures as a picture (spec 8.7): a bar for each row from the least to the most of the rounds, a stroke at the median,
 * and the floor where there is one. Rates above, times below, each on a logarithmic scale of its own.
 */
import { amount, type Figure } from "./report.ts";

const rowHeight = 26;
const headHeight = 34;
const labelWidth = 520;
const barWidth = 420;
const amountWidth = 110;
const margin = 14;

/** An SVG document. */
export function plot(all: readonly Figure[]): string {
  const groups = [
    { title: "a second: more is better", figures: all.filter(({ row }) => row.unit !== "ms") },
    { title: "milliseconds: less is better", figures: all.filter(({ row }) => row.unit === "ms") },
  ].filter(({ figures }) => figures.length > 0);
  let top = margin;
  const parts = groups.map(({ title, figures }) => {
    const at = top;
    top += headHeight + figures.length * rowHeight + margin;
    return group(title, figures, at);
  });
  const width = labelWidth + barWidth + amountWidth + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${top}" fill="#ffffff"/>`,
    ...parts.flat(),
    "</svg>\n",
  ].join("\n");
}

function group(title: string, figures: readonly Figure[], top: number): string[] {
  const values = figures.flatMap(({ least, most, row }) => [least, most, row.floor ?? least]);
  const [low, high] = [decade(Math.min(...values), Math.floor), decade(Math.max(...values), Math.ceil)];
  const left = margin + labelWidth;
  const x = (value: number): number => left + ((Math.log10(value) - low) / (high - low)) * barWidth;
  const bottom = top + headHeight + figures.length * rowHeight;
  const lines = [`<text x="${margin}" y="${top + 14}" font-weight="bold">${escaped(title)}</text>`];
  for (let power = low; power <= high; power++) {
    const at = x(10 ** power).toFixed(1);
    lines.push(
      `<line x1="${at}" y1="${top + headHeight - 10}" x2="${at}" y2="${bottom}" stroke="#dddddd"/>`,
      `<text x="${at}" y="${top + 14}" text-anchor="middle" fill="#666666">${tick(power)}</text>`,
    );
  }
  for (const [i, figure] of figures.entries()) lines.push(...bar(figure, top + headHeight + i * rowHeight, x));
  return lines;
}

function bar(figure: Figure, top: number, x: (value: number) => number): string[] {
  const { row, value, least, most, good } = figure;
  const colour = good ? "#3b6ea5" : "#b5452c";
  const [from, to, middle] = [x(least), x(most), x(value)];
  const base = top + 14;
  const lines = [
    `<text x="${margin}" y="${base}">${escaped(row.title)}</text>`,
    `<rect x="${from.toFixed(1)}" y="${top + 3}" width="${Math.max(2, to - from).toFixed(1)}" height="14" fill="${colour}" opacity="0.45"/>`,
    `<rect x="${(middle - 1.5).toFixed(1)}" y="${top + 1}" width="3" height="18" fill="${colour}"/>`,
    `<text x="${margin + labelWidth + barWidth + 8}" y="${base}" fill="${colour}">${amount(row, value)}</text>`,
  ];
  if (row.floor === undefined) return lines;
  const at = x(row.floor).toFixed(1);
  return [
    ...lines,
    `<line x1="${at}" y1="${top}" x2="${at}" y2="${top + 20}" stroke="#222222" stroke-dasharray="3 2"/>`,
  ];
}

function decade(value: number, round: (power: number) => number): number {
  return round(Math.log10(value));
}

function tick(power: number): string {
  const names = ["", "K", "M", "G"];
  if (power < 0) return String(10 ** power);
  return `${10 ** (power % 3)}${names[Math.floor(power / 3)] ?? `e${power}`}`;
}

function escaped(text: string): string {
  return text.replaceAll("`", "").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
